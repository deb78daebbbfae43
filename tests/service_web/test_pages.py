"""Pages, their data and what operators ask for: hostile text is inert, ETags, rates, health, metrics."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.record import Check
from autograder.service.status import Fault, Queued, Refused, Running
from autograder.service.web.limits import MAX_BUCKETS, Buckets
from autograder.service.web.logs import JsonLines
from tests.service_web import classroom
from tests.service_web.classroom import exercise, judge, submit
from tests.service_web.conftest import THEN, Site
from tests.service_web.fake_hub import SERVICE_TOKEN, student

MARKUP = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>{{ 7*7 }}\u202egnp.exe\x1b[31m\x00\ud800"
NAME = "<b>&\"'\u202eeve"


class Tags(HTMLParser):
    """All tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture
def hostile(site: Site) -> Site:
    """A student with a hostile name whose submission says hostile things, and hostile names in the exchange."""
    site.course.root.joinpath("attempts").mkdir(exist_ok=True)
    check = Check(f"test_a.py::test_b[{MARKUP[:40]}]", MARKUP, 1.0, "failed", MARKUP)
    result = exercise("ridge_fit", 4, 1, check, mistake=MARKUP)
    for who in (NAME, "ada"):
        attempt = submit(site.course, "ridge", who, THEN, notes=[MARKUP.replace("\ud800", "")])
        clean = MARKUP.replace("\ud800", "")
        fixed = exercise("ridge_fit", 4, 1, Check(check.id, clean, 1.0, "failed", clean), mistake=clean)
        judge(site.course, attempt, [fixed], flags=[clean], alterations=[clean])
        submit(site.course, "ridge", who, THEN, refused=clean)
    assert result.mistake
    classroom.engine(
        site.course,
        queue=(Queued("ridge", NAME, 1, THEN),),
        running=(Running("ridge", NAME, 1, THEN),),
        faults=(Fault(MARKUP.replace("\ud800", ""), THEN, "dropout", NAME),),
        refused=(Refused(MARKUP.replace("\ud800", "") + "/../x", MARKUP.replace("\ud800", ""), THEN),),
    )
    return site


def test_hostile_names_and_messages_are_inert_on_every_page(hostile: Site) -> None:
    client = hostile.as_user("ira")
    from urllib.parse import quote

    one = f"students/{quote(NAME, safe='')}"
    for who, path in ((client, "class"), (client, one), (hostile.as_user("ada"), "")):
        answer = who.get(path)
        assert answer.status_code == 200, path
        assert "alert(1)" in answer.text  # it is told, as text
        tags = Tags()
        tags.feed(answer.text)
        assert {tag for tag, _ in tags.tags} & {"b", "object", "iframe", "style"} == set()
        assert [attributes["src"] for tag, attributes in tags.tags if tag == "img"] == ["/hub/logo"]
        assert len([tag for tag, _ in tags.tags if tag == "script"]) == 1
        for _, attributes in tags.tags:
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            for link in (attributes[name] for name in ("href", "action") if name in attributes):
                assert (link or "").startswith(("/", "#")), link
        shown = answer.text.replace("&#34;", '"')
        assert all(character not in shown.replace(NAME, "") for character in "\x00\x1b")
        assert "{{" in answer.text
    data = client.get("api/class").text
    assert "<" not in data
    assert json.loads(data)["class"]["named"][0]["sentence"].startswith("<img src=x")


def test_marks_that_reorder_text_are_not_shown(hostile: Site) -> None:
    assert "\u202e" not in hostile.as_user("ada").get("").text
    page = hostile.as_user("ira").get("class").text
    # A name is what the hub knows the student by: it stays, shut in a <bdi> or an attribute.
    assert "\u202e" not in page.replace("&lt;b&gt;&amp;&#34;&#39;\u202eeve", "")
    assert "<bdi>&lt;b&gt;&amp;&#34;&#39;\u202eeve</bdi>" in page


def test_an_answer_that_has_not_changed_is_not_sent_again(site: Site) -> None:
    attempt = submit(site.course, "ridge", "ada", THEN)
    paths = {"ada": ["api/me"], "ira": ["api/class", "api/queue", "api/students/ada"]}
    for name, own in paths.items():
        client = site.as_user(name)
        for path in own:
            first = client.get(path)
            assert first.status_code == 200
            tag = first.headers["ETag"]
            again = client.get(path, headers={"If-None-Match": tag})
            assert (again.status_code, again.content) == (304, b"")
    tag = site.as_user("ada").get("api/me").headers["ETag"]
    judge(site.course, attempt, [exercise("ridge_fit", 4, 2)])
    changed = site.as_user("ada").get("api/me", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["news"]["ridge"] == "Ridge & shrinkage, attempt 1: graded, 2 of 4 points"


def test_who_asks_too_often_is_told_to_wait_and_others_are_not(serve: Callable[..., Site]) -> None:
    site = serve(read_rate=(0.1, 3), write_rate=(0.1, 1))
    client = site.as_user("ada")
    assert [client.get("api/me").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert 1 <= int(client.get("api/me").headers["Retry-After"]) <= 10
    assert site.as_user("ben").get("api/me").status_code == 200
    submit(site.course, "ridge", "ada", THEN)
    teacher = site.as_user("ira")
    order = {"assignment": "ridge", "students": None}
    assert [teacher.post("api/regrades", json=order).status_code for _ in range(2)] == [201, 429]
    assert teacher.get("class").status_code == 200
    assert b"autograder_web_limited_total 4.0" in site.services.metrics.text()


def test_guessing_tokens_is_slowed_down_before_the_hub_is_asked(site: Site) -> None:
    client = site.as_user("")
    answers = {client.get("api/me", headers={"Authorization": f"token {number}"}).status_code for number in range(230)}
    assert answers == {403, 429}
    assert len(site.hub_asked) < 225


def test_a_bucket_fills_again_and_is_forgotten() -> None:
    now = [0.0]
    buckets = Buckets(2.0, 2, lambda: now[0])
    assert [buckets.take("ada") for _ in range(3)] == [0, 0, 0.5]
    now[0] = 0.5
    assert [buckets.take("ada"), buckets.take("ada")] == [0, 0.5]
    now[0] = 1000.0
    assert [buckets.take("ada") for _ in range(3)] == [0, 0, 0.5]
    for number in range(MAX_BUCKETS + 5):
        buckets.take(str(number))
    assert len(buckets._levels) == MAX_BUCKETS


def test_health_says_what_is_wrong(site: Site) -> None:
    client = site.as_user("")
    assert (client.get("health").status_code, client.get("health").json()) == (200, {"web": "ok", "engine": "ok"})
    classroom.engine(site.course, at=THEN - timedelta(days=2000))
    assert (client.get("health").status_code, client.get("health").json()["engine"]) == (503, "not running")
    (site.course.root / "service" / "status.json").write_text("{")
    assert (client.get("health").status_code, client.get("health").json()["engine"]) == (503, "unreadable state")
    (site.course.root / "service" / "status.json").unlink()
    assert (client.get("health").status_code, client.get("health").json()["engine"]) == (503, "never started")


def test_metrics_are_for_this_machine_and_for_the_services_token(site: Site) -> None:
    submit(site.course, "ridge", "ada", THEN)
    classroom.engine(site.course, queue=(Queued("ridge", "ada", 1, THEN),))
    site.as_user("ada").get("api/me")
    text = site.as_user("").get("metrics").text
    assert "autograder_queue_length 1.0" in text
    assert "autograder_engine_up 1.0" in text
    assert 'autograder_web_requests_total{method="GET",page="OwnData",status="200"} 1.0' in text
    assert "ada" not in text
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"):
        through_the_proxy = {header: "127.0.0.1"}
        assert site.as_user("").get("metrics", headers=through_the_proxy).status_code == 403
        assert site.as_user("ira").get("metrics", headers=through_the_proxy).status_code == 403
        token = {**through_the_proxy, "Authorization": f"token {SERVICE_TOKEN}"}
        assert site.as_user("").get("metrics", headers=token).status_code == 200


def test_the_class_in_numbers(site: Site) -> None:
    for who, score in (("ada", 4.0), ("ben", 1.0)):
        attempt = submit(site.course, "ridge", who, THEN)
        mistake = None if score == 4 else "The penalty is forgotten."
        judge(site.course, attempt, [exercise("ridge_fit", 4, score, mistake=mistake), exercise("lasso_fit", 2, 2)])
    view = site.as_user("ira").get("api/class?assignment=ridge").json()["class"]
    assert (view["students"], view["submitted"], view["graded"], view["missing"]) == (3, 2, 2, ["cy"])
    assert (view["mean"], view["median"], view["points"]) == (4.5, 4.5, 6)
    assert view["bins"] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert [(column["name"], column["mean"]) for column in view["columns"]] == [("ridge_fit", 2.5), ("lasso_fit", 2)]
    assert [(line["student"], line["scores"]) for line in view["lines"]] == [
        ("ada", [4, 2]),
        ("ben", [1, 2]),
        ("cy", [None, None]),
    ]
    assert view["failed"] == [{"count": 1, "exercise": "ridge_fit", "graded": 2, "sentence": "The result is right."}]
    assert view["named"] == [{"exercise": "ridge_fit", "sentence": "The penalty is forgotten.", "students": ["ben"]}]


def test_the_export_is_a_table_that_runs_no_formula(site: Site) -> None:
    for who in ("ada", "=cmd|x"):
        attempt = submit(site.course, "ridge", who, THEN, late=who == "ada")
        judge(site.course, attempt, [exercise("ridge_fit", 4, 1.5)])
    client = site.as_user("ira")
    answer = client.get("export.csv?assignment=ridge")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="ridge.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["student"] for row in rows] == ["'=cmd|x", "ada", "ben", "cy"]
    assert (rows[1]["name"], rows[1]["score"], rows[1]["late"], rows[1]["ridge_fit"]) == (
        "Lovelace, Ada",
        "1.5",
        "yes",
        "1.5",
    )
    assert (rows[2]["state"], rows[2]["score"]) == ("none", "")
    everything = list(csv.DictReader(io.StringIO(client.get("export.csv").text)))
    assert {row["assignment"] for row in everything} == {"ridge", "dropout"}
    assert client.get("export.csv?assignment=../x").status_code == 404


def test_a_gradebook_that_cannot_be_read_is_said_and_hides_no_score(site: Site) -> None:
    (site.course.root / "gradebook.db").write_text("no database")
    judge(site.course, submit(site.course, "ridge", "ada", THEN), [exercise("ridge_fit", 4, 2)])
    page = site.as_user("ira").get("class")
    assert page.status_code == 200
    assert "Who belongs to the class is not known just now" in page.text
    assert [line["student"] for line in site.as_user("ira").get("api/class").json()["class"]["lines"]] == ["ada"]


def test_a_course_in_which_nothing_happened_yet_has_pages(site: Site) -> None:
    (site.course.root / "service" / "status.json").unlink()
    assert "Grading has stopped for the moment" in site.as_user("ada").get("").text
    assert "It has never been started here" in site.as_user("ira").get("class").text


def test_static_files_are_served_and_nothing_beside_them(site: Site) -> None:
    client = site.as_user("")
    for name, kind in (("live.js", "javascript"), ("class.js", "javascript"), ("pages.css", "text/css")):
        answer = client.get(f"static/{name}")
        assert answer.status_code == 200
        assert kind in answer.headers["Content-Type"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("static/").status_code in (403, 404)
    assert client.get("templates/base.html.jinja").status_code == 404


def test_a_foreign_text_cannot_start_a_line_of_the_log() -> None:
    import logging

    record = logging.LogRecord("autograder.web", logging.INFO, "f", 1, 'a\n{"level": "forged"}\x1b[2J', (), None)
    record.fields = {"user": "eve\n\u202e"}
    text = JsonLines().format(record)
    assert len(text.splitlines()) == 1
    assert json.loads(text)["user"] == "eve\n"
    assert "\x1b" not in text


def test_pages_need_neither_torch_nor_the_grader() -> None:
    code = (
        "import sys, autograder.service.web.server\n"
        "from autograder.service.reading import Reader\n"
        "from autograder.course.layout import Course\n"
        "from pathlib import Path\n"
        "Reader(Course.at(Path('.'))).released()\n"
        "heavy = {'torch', 'pytest', 'autograder.judge', 'autograder.suite', 'autograder.student',\n"
        "         'autograder.grading.grader', 'autograder.grading.worker', 'autograder.grading.gradebook'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_fake_hub_names_groups_as_the_hub_does() -> None:
    assert student("ada")["groups"] == ["nbgrader-ridge-to-bayes"]
