"""Who may see what: every route, tried directly, by everybody."""

from __future__ import annotations

import json
import logging
import time
from datetime import timedelta

import pytest

from autograder.service import orders
from autograder.service.web.logs import JsonLines
from tests.service_web import classroom
from tests.service_web.classroom import exercise, judge, submit
from tests.service_web.conftest import PREFIX, THEN, Site, xsrf_of

SECRET = "bens-own-mistake"
INSTRUCTORS = [
    ("GET", "class"),
    ("GET", "api/class"),
    ("GET", "api/class?assignment=ridge"),
    ("GET", "api/queue"),
    ("GET", "students/ada"),
    ("GET", "students/ben"),
    ("GET", "api/students/ada"),
    ("GET", "api/students/ben"),
    ("GET", "export.csv"),
    ("GET", "export.csv?assignment=ridge"),
    ("POST", "api/regrades"),
    ("POST", "api/regrades/20261120T120000-0123abcd/accept"),
    ("POST", "api/regrades/20261120T120000-0123abcd/reject"),
]
OWN = [("GET", ""), ("GET", "api/me")]
TRICKS = [
    "?student=ben",
    "api/me?student=ben&user=ben&name=ben",
    "api/me/ben",
    "api/students/../students/ben",
    "api/students/%2e%2e%2fben",
    "api//students/ben",
    "API/STUDENTS/ben",
    "api/students/ben/",
    "students/ben%00",
    "static/../handlers.py",
    "static/%2e%2e/handlers.py",
    "static/..%2f..%2f..%2f..%2fattempts/ridge/ben/1/attempt.json",
    "attempts/ridge/ben/1/attempt.json",
]


@pytest.fixture
def filled(site: Site) -> Site:
    for student, mistake in (("ada", "adas-own-mistake"), ("ben", SECRET)):
        attempt = submit(site.course, "ridge", student, THEN)
        judge(site.course, attempt, [exercise("ridge_fit", 4, 1, mistake=mistake)])
    return site


@pytest.mark.parametrize(("method", "path"), INSTRUCTORS)
@pytest.mark.parametrize("name", ["ada", "ben", "out", "noscope", "robot"])
def test_only_instructors_reach_their_routes(filled: Site, method: str, path: str, name: str) -> None:
    answer = filled.as_user(name).request(method, path, json={"assignment": "ridge", "students": None})
    assert answer.status_code == 403
    assert SECRET not in answer.text
    assert not orders.everything(filled.course.root)


@pytest.mark.parametrize(("method", "path"), [*OWN, *INSTRUCTORS])
def test_who_is_not_logged_in_sees_nothing(filled: Site, method: str, path: str) -> None:
    for client in (filled.as_user(""), filled.as_user("unknown")):
        answer = client.request(method, path, json={"assignment": "ridge"})
        page = method == "GET" and not path.startswith("api/")
        assert answer.status_code == (302 if page else 403), path
        if page:
            assert answer.headers["Location"].startswith("/hub/api/oauth2/authorize?")
        assert SECRET not in answer.text


@pytest.mark.parametrize("name", ["out", "noscope", "robot"])
@pytest.mark.parametrize("path", ["", "api/me"])
def test_who_is_no_member_of_the_course_gets_no_page(filled: Site, name: str, path: str) -> None:
    assert filled.as_user(name).get(path).status_code == 403


def test_a_student_sees_the_own_work_and_nobody_elses(filled: Site) -> None:
    for path in ("", "api/me"):
        answer = filled.as_user("ada").get(path)
        assert answer.status_code == 200
        assert "adas-own-mistake" in answer.text
        assert SECRET not in answer.text
        assert "ben" not in answer.text


@pytest.mark.parametrize("path", TRICKS)
def test_no_address_shows_another_students_work(filled: Site, path: str) -> None:
    answer = filled.as_user("ada").get(path)
    assert SECRET not in answer.text
    assert "submission_sha256" not in answer.text
    if path.startswith(("?", "api/me?")):
        assert answer.status_code == 200
        assert "adas-own-mistake" in answer.text
    else:
        assert answer.status_code in (400, 403, 404)


@pytest.mark.parametrize("name", ["../ridge/ben", "..", ".", "", "ben/1", "ben\0", "nobody", ".taking-1", "x" * 5000])
def test_an_instructor_asks_for_students_by_their_names_alone(filled: Site, name: str) -> None:
    from urllib.parse import quote

    answer = filled.as_user("ira").get(f"api/students/{quote(name, safe='')}")
    assert answer.status_code in (400, 404, 414, 431)
    assert SECRET not in answer.text


def test_a_user_whose_name_is_a_path_has_no_attempts(filled: Site, serve) -> None:
    for name in ("../ridge/ben", "ben/", "..", "ben/1/.."):
        from autograder.service.reading import Reader

        assert Reader(filled.course).attempts("ridge", name) == []


def test_an_instructor_sees_everybody(filled: Site) -> None:
    client = filled.as_user("ira")
    assert client.get("").headers["Location"] == f"{PREFIX}class"
    assert SECRET in client.get("class").text
    assert SECRET in client.get("students/ben").text
    data = client.get("api/class").json()
    assert [line["student"] for line in data["class"]["lines"]] == ["ada", "ben", "cy"]
    assert data["class"]["missing"] == ["cy"]
    assert client.get("api/students/ben").json()["assignments"][0]["score"] == 1
    assert client.get("api/students/cy").json()["assignments"] == []
    assert client.get("api/queue").json()["engine"]["running"] is True


def test_a_browser_logs_in_by_the_hub_and_orders_with_the_token_of_the_page(filled: Site) -> None:
    browser = filled.in_browser("ira")
    page = browser.get("class")
    assert page.status_code == 200
    form = {"assignment": "ridge", "students": "ben", "_xsrf": xsrf_of(page)}
    answer = browser.post("api/regrades", data=form, headers={"Origin": filled.url.partition("/services")[0]})
    assert answer.status_code == 303
    (order,) = orders.everything(filled.course.root)
    assert (order.assignment, order.students, order.by, order.state) == ("ridge", ("ben",), "ira", "waiting")


@pytest.mark.parametrize("path", ["api/regrades", "api/regrades/20261120T120000-0123abcd/accept"])
@pytest.mark.parametrize("token", ["", "2|1234|abcd", "of another"])
def test_an_order_without_the_token_of_the_page_is_refused(filled: Site, path: str, token: str) -> None:
    browser = filled.in_browser("ira")
    if token == "of another":
        token = xsrf_of(filled.in_browser("ada").get(""))
    for headers in ({}, {"Sec-Fetch-Mode": "cors"}, {"Sec-Fetch-Mode": "websocket"}, {"X-Xsrftoken": token}):
        form = {"assignment": "ridge", "students": "", **({"_xsrf": token} if token else {})}
        answer = browser.post(path, data=form, headers=headers)
        assert answer.status_code == 403, headers
    assert not orders.everything(filled.course.root)


def test_an_order_from_another_site_is_refused_even_with_the_token(filled: Site) -> None:
    browser = filled.in_browser("ira")
    form = {"assignment": "ridge", "students": "", "_xsrf": xsrf_of(browser.get("class"))}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert browser.post("api/regrades", data=form, headers=headers).status_code == 403
    assert not orders.everything(filled.course.root)


def test_data_is_not_handed_to_a_script_without_the_token(filled: Site) -> None:
    browser = filled.in_browser("ada")
    token = xsrf_of(browser.get(""))
    script = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
    assert browser.get("api/me", headers=script).status_code == 403
    assert browser.get("api/me", headers={**script, "X-Xsrftoken": token}).status_code == 200


def test_a_token_in_the_address_logs_nobody_in(filled: Site) -> None:
    assert filled.as_user("").get("api/me?token=token-ada").status_code == 403


def _written(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(JsonLines().format(record) for record in caplog.records if record.name == "autograder.web")


def test_no_token_and_no_query_reach_the_log(filled: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "autograder.web")
    browser = filled.in_browser("ada")
    browser.get("api/me?secret=in-the-query")
    filled.as_user("ira").get("class")
    until = time.monotonic() + 5
    while "ira" not in (written := _written(caplog)) and time.monotonic() < until:
        time.sleep(0.02)  # a line is written after its answer was sent
    lines = [json.loads(line) for line in written.splitlines()]
    assert {"ada", "ira"} <= {line.get("user") for line in lines}
    assert all(secret not in written for secret in ("token-ada", "token-ira", "in-the-query", "code-of"))
    assert lines[-1]["path"] == f"{PREFIX}class"
    assert lines[-1]["status"] == 200


def test_every_answer_carries_the_headers_that_keep_it_harmless(filled: Site) -> None:
    client = filled.as_user("ira")
    for path in ("class", "api/class", "students/ben", "export.csv", "health", "nowhere", "api/students/nobody"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store", path
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in headers


def test_pages_have_no_inline_script_and_no_inline_style(filled: Site) -> None:
    client = filled.as_user("ira")
    for path in ("class", "students/ben"):
        text = client.get(path).text
        assert "<script>" not in text
        assert " style=" not in text
        assert " onclick" not in text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"assignment": 1}', b'{"assignment": "ridge", "students": []}',
    b'{"assignment": "ridge", "students": "ben"}', b'{"assignment": "ridge", "students": [1]}',
    b'{"assignment": "../ridge"}', b'{"assignment": "dropout"}', b'{"assignment": "ridge", "students": ["../ben"]}',
    b'{"assignment": "ridge", "students": ["nobody"]}', b"[" * 60_000])  # fmt: skip
def test_a_wrong_order_is_refused_with_the_reason(filled: Site, body: bytes) -> None:
    client = filled.as_user("ira", **{"Content-Type": "application/json"})
    answer = client.post("api/regrades", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert not orders.everything(filled.course.root)


def test_an_order_is_decided_once(filled: Site) -> None:
    client = filled.as_user("ira")
    answer = client.post("api/regrades", json={"assignment": "ridge", "students": None})
    assert answer.status_code == 201
    name = answer.json()["id"]
    assert client.post(f"api/regrades/{name}/accept", json={}).status_code == 409
    order = orders.read(filled.course.root, name)
    assert order is not None
    from dataclasses import replace

    change = orders.Difference("ben", 1.0, 3.0, (orders.Change("ridge_fit", 1.0, 3.0),))
    orders.write(filled.course.root, replace(order, state="proposed", differences=(change,), unchanged=1))
    page = client.get("class?assignment=ridge").text
    assert "▲ +2" in page
    assert "1 score changes, 1 stay" in page
    assert client.post(f"api/regrades/{name}/accept", json={}).json() == {"id": name, "state": "accepted"}
    assert client.post(f"api/regrades/{name}/reject", json={}).status_code == 409
    decided = orders.read(filled.course.root, name)
    assert decided is not None
    assert (decided.state, decided.decided_by) == ("accepted", "ira")


def test_the_hub_is_asked_once_a_minute_and_a_change_of_groups_holds_then(filled: Site) -> None:
    client = filled.as_user("ada")
    for _ in range(5):
        client.get("api/me")
    assert filled.hub_asked.count("token-ada") == 1
    filled.services.hub_auth.cache.clear()
    client.get("api/me")
    assert filled.hub_asked.count("token-ada") == 2
    assert filled.services.hub_auth.cache_max_age <= 60


def test_someone_elses_place_in_the_queue_is_not_told(filled: Site) -> None:
    from autograder.service.status import Queued

    later = THEN + timedelta(hours=1)
    for student in ("ben", "ada"):
        submit(filled.course, "ridge", student, later)
    queue = tuple(Queued("ridge", student, 2, later) for student in ("ben", "ada"))
    classroom.engine(filled.course, queue=queue)
    data = filled.as_user("ada").get("api/me").json()
    newest = data["assignments"][0]["attempts"][0]
    assert (newest["state"], newest["position"], newest["queue_length"]) == ("queued", 2, 2)
    assert data["news"]["ridge"] == "Ridge & shrinkage, attempt 2: queued, position 2 of 2"
    assert "ben" not in filled.as_user("ada").get("").text
