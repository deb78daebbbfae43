"""The demonstration's hub, started as ``make hub`` does, by real requests: who gets where, and what works there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hub.browser import Browser
from tests.hub.conftest import PASSWORD
from tests.hub.hubs import ASSIGNMENTS, Hub

pytestmark = pytest.mark.long

COURSE = "ridge-to-bayes"
FORMGRADER = f"/services/{COURSE}/"
GRADING = "/services/autograder/"
EXTENSIONS = {
    "assignment list": f"assignments?course_id={COURSE}",
    "validate": "nbgrader_version?version=0.9.6",
    "formgrader": "formgrader/manage_assignments",
    "course list": "formgraders",
}


def listed(browser: Browser, user: str) -> list[dict[str, Any]]:
    """What the Assignment List of a user's server shows."""
    answer = browser.get(f"/user/{user}/assignments?course_id={COURSE}").json()
    assert answer["success"], answer
    return answer["value"]


def states(browser: Browser, user: str) -> dict[str, list[str]]:
    """The listed assignments by state: released, fetched or submitted."""
    found: dict[str, list[str]] = {}
    for entry in listed(browser, user):
        state = entry.get("status") or "submitted"
        found.setdefault(state, []).append(entry["assignment_id"])
    return found


def act(browser: Browser, user: str, action: str, assignment: str) -> None:
    """Press a button of the Assignment List."""
    wanted = {"course_id": COURSE, "assignment_id": assignment}
    answer = browser.post(f"/user/{user}/assignments/{action}", json=wanted)
    assert answer.status_code == 200
    assert answer.json()["success"], answer.text


# --- who gets in ------------------------------------------------------------------------------------------------------


def test_it_says_where_it_is_and_who_may_enter(hub: Hub):
    for word in (
        f"{hub.url}/",
        f"{hub.url}{FORMGRADER}",
        f"{hub.url}{GRADING}",
        "instructor, ada, bruno, chen",
        PASSWORD,
    ):
        assert word in hub.text
    assert PASSWORD in Browser(hub.url).get("/hub/login").text, "the login page tells the password of a demonstration"


@pytest.mark.parametrize(("name", "password"), [("ada", "ridge"), ("nobody", PASSWORD), ("", PASSWORD)])
def test_others_do_not_get_in(hub: Hub, name: str, password: str):
    stranger = Browser(hub.url)

    assert stranger.log_in(name, password).status_code == 403
    assert "/hub/login" in stranger.get("/hub/home").url


@pytest.mark.parametrize("path", [FORMGRADER, f"{FORMGRADER}formgrader/api/assignments", GRADING, "/user/ada/lab"])
def test_without_a_login_every_page_leads_to_it(hub: Hub, path: str):
    answer = Browser(hub.url).get(path)

    assert "/hub/login" in answer.url or answer.status_code == 403


# --- a student --------------------------------------------------------------------------------------------------------


def test_a_student_fetches_and_submits_in_the_assignment_list(hub: Hub, ada: Browser):
    assert states(ada, "ada") == {"released": list(ASSIGNMENTS)}

    act(ada, "ada", "fetch", "normalization")
    notebook = hub.state / "homes/ada/normalization/normalization.ipynb"
    assert states(ada, "ada") == {"fetched": ["normalization"], "released": ["ridge"]}
    assert notebook.exists()

    act(ada, "ada", "submit", "normalization")
    assert states(ada, "ada")["submitted"] == ["normalization"]
    (handed_in,) = (hub.state / "exchange" / COURSE / "inbound").iterdir()
    assert handed_in.name.startswith("ada+normalization+"), "under the hub's name, not the system user's"
    assert {path.name for path in handed_in.iterdir()} == {
        "normalization.ipynb", "timestamp.txt", "submission_secret.txt",
    }  # fmt: skip
    assert (handed_in / "normalization.ipynb").read_bytes() == notebook.read_bytes()


def test_the_students_notebooks_run_in_the_courses_environment(ada: Browser):
    specs = ada.get("/user/ada/api/kernelspecs").json()
    started = ada.post("/user/ada/api/kernels", json={"name": specs["default"]})

    assert specs["kernelspecs"]["python3"]
    assert started.status_code == 201


def test_a_student_has_the_assignment_list_and_no_formgrader(ada: Browser):
    found = {name: ada.get(f"/user/ada/{path}").status_code for name, path in EXTENSIONS.items()}

    assert found == {"assignment list": 200, "validate": 200, "formgrader": 404, "course list": 404}
    disabled = page_settings(ada, "/user/ada/lab")["disabledExtensions"]
    for plugin in ("formgrader", "course-list", "create-assignment"):
        assert f"@jupyter/nbgrader:{plugin}" in disabled
    assert "@jupyter/nbgrader:assignment-list" not in disabled


def page_settings(browser: Browser, path: str) -> dict[str, Any]:
    """What JupyterLab's page tells its scripts."""
    page = browser.get(path).text
    return json.loads(page.partition('id="jupyter-config-data" type="application/json">')[2].partition("</script>")[0])


@pytest.mark.parametrize("path", ["formgrader/manage_assignments", "formgrader/api/students", "lab", "api/contents"])
def test_a_student_gets_nothing_of_the_formgrader(ada: Browser, path: str):
    answer = ada.get(f"{FORMGRADER}{path}")

    assert answer.status_code == 403
    # The hub refuses at the login. A script's request is not led there: without a login the formgrader refuses it.
    assert "/hub/api/oauth2/authorize" in answer.url or path.startswith("api/")


@pytest.mark.parametrize("name", ["bruno", "instructor"])
def test_nobody_gets_into_anothers_server(ada: Browser, users: dict[str, Browser], name: str):
    assert users[name].get("/user/ada/lab").status_code == 403
    assert users[name].get("/user/ada/api/contents").status_code == 403


@pytest.mark.parametrize("path", ["users", "groups", "services", "proxy", "users/bruno", f"groups/formgrade-{COURSE}"])
@pytest.mark.parametrize("name", ["ada", "instructor"])
def test_nobody_sees_more_of_the_hub_than_himself(users: dict[str, Browser], name: str, path: str):
    answer = users[name].get(f"/hub/api/{path}")

    assert answer.status_code in {403, 404}


def test_a_students_server_holds_a_token_that_can_do_nothing_else(ada: Browser, hub: Hub):
    """Its code can read that token: it may report the server's activity and open the server, and that is all."""
    (server,) = [path for path in Path("/proc").glob("[0-9]*") if started_for("ada", path)]
    settings = dict(line.split("=", 1) for line in (server / "environ").read_text().split("\0") if "=" in line)
    headers = {"Authorization": f"token {settings['JUPYTERHUB_API_TOKEN']}"}

    answer = Browser(hub.url).get("/hub/api/user", headers=headers).json()

    assert set(answer["scopes"]) == {
        "access:servers!server=ada/", "read:users:activity!user=ada", "users:activity!user=ada",
        "read:users:groups!user=ada", "read:users:name!user=ada",
    }  # fmt: skip


def started_for(user: str, process: Path) -> bool:
    try:
        environment, words = (process / "environ").read_bytes(), (process / "cmdline").read_bytes()
    except OSError:
        return False
    return f"JUPYTERHUB_USER={user}".encode() in environment and b"jupyterhub-singleuser" in words


# --- the instructor ---------------------------------------------------------------------------------------------------


def test_the_instructor_reaches_the_formgrader_from_the_hubs_menu(users: dict[str, Browser]):
    home = users["instructor"].get("/hub/home").text
    page = users["instructor"].get(FORMGRADER)

    assert f'href="{FORMGRADER}"' in home
    assert f'href="{FORMGRADER}"' not in users["ada"].get("/hub/home").text
    assert page.status_code == 200
    assert page.url.endswith("/formgrader/manage_assignments")
    names = {entry["name"] for entry in users["instructor"].get(f"{FORMGRADER}formgrader/api/assignments").json()}
    assert set(ASSIGNMENTS) <= names
    students = {entry["id"] for entry in users["instructor"].get(f"{FORMGRADER}formgrader/api/students").json()}
    assert students == {"ada", "bruno", "chen"}


def test_the_formgraders_frame_is_not_blank_and_no_other_site_may_frame_it(users: dict[str, Browser]):
    policy = users["instructor"].get(f"{FORMGRADER}formgrader/manage_assignments").headers["Content-Security-Policy"]

    assert policy == "frame-ancestors 'self'"


def test_the_formgrader_does_not_print_its_configuration(users: dict[str, Browser]):
    page = users["instructor"].get(f"{FORMGRADER}formgrader/manage_assignments").text

    assert "Manage Assignments" in page
    assert "autograde_preprocessors" not in page


def test_nothing_runs_beside_the_gradebook(users: dict[str, Browser]):
    instructor = users["instructor"]
    instructor.get(f"{FORMGRADER}lab")
    wanted = {"path": "source/ridge/ridge.ipynb", "name": "", "type": "notebook", "kernel": {"name": "python3"}}

    assert instructor.get(f"{FORMGRADER}api/kernelspecs").json()["kernelspecs"] == {}
    for path, asked in (("kernels", {"name": "python3"}), ("sessions", wanted)):
        answer = instructor.post(f"{FORMGRADER}api/{path}", json=asked)
        assert answer.status_code >= 400
        assert "Nothing runs beside the gradebook" in answer.json()["message"]
    assert instructor.get(f"{FORMGRADER}api/kernels").json() == []
    assert instructor.post(f"{FORMGRADER}api/terminals").status_code == 404


def test_the_instructor_releases_in_the_formgrader(users: dict[str, Browser], ada: Browser):
    instructor = users["instructor"]
    instructor.get(f"{FORMGRADER}formgrader/manage_assignments")

    for action, there in (("unrelease", False), ("release", True)):
        answer = instructor.post(f"{FORMGRADER}formgrader/api/assignment/ridge/{action}")
        assert answer.json()["success"], answer.text
        assert ("ridge" in states(ada, "ada").get("released", [])) is there


def test_the_instructors_own_server_shows_what_students_see(users: dict[str, Browser]):
    instructor = users["instructor"]
    instructor.start_server("instructor")

    assert states(instructor, "instructor") == {"released": list(ASSIGNMENTS)}
    disabled = page_settings(instructor, "/user/instructor/lab")["disabledExtensions"]
    assert "@jupyter/nbgrader:create-assignment" not in disabled


# --- the grading service's place --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "group"), [("ada", f"nbgrader-{COURSE}"), ("instructor", f"formgrade-{COURSE}")])
def test_the_grading_service_learns_who_visits_it_and_nothing_else(users: dict[str, Browser], name: str, group: str):
    answer = users[name].get(GRADING)

    assert answer.status_code == 200
    assert answer.json() == {
        "name": name,
        "groups": [group],
        "scopes": [
            "access:services!service=autograder", f"read:users:groups!user={name}", f"read:users:name!user={name}",
        ],
    }  # fmt: skip
    assert f'href="{GRADING}"' in users[name].get("/hub/home").text
