"""What a student may see: decided by the policy, before anything reaches a page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from autograder.course.layout import Course
from autograder.service.reading import Reader
from autograder.service.standing import DELAYED, student_view
from autograder.service.status import Fault, Queued, Running
from tests.service_web import classroom
from tests.service_web.classroom import exercise, judge, submit
from tests.service_web.conftest import THEN, Site

DUE = THEN + timedelta(days=1)
BEFORE, AFTER = DUE - timedelta(seconds=1), DUE + timedelta(seconds=1)
HIDDEN = {"score": "3.25", "sentence": "The result has the shape of x.", "mistake": "the-named-mistake"}


def policy(course: Course, text: str) -> None:
    (course.root / "policies.toml").write_text(text)


def graded(course: Course, student: str = "ada", arrived: datetime = THEN, score: float = 3.25) -> None:
    mistake = "the-named-mistake"
    results = [exercise("ridge_fit", 4, score, mistake=mistake), exercise("lasso_fit", 2, 0)]
    judge(
        course,
        submit(course, "ridge", student, arrived),
        results,
        flags=["a-flag"],
        alterations=["a cell was put back"],
    )


def seen(course: Course, now: datetime, student: str = "ada", inspected: bool = False) -> str:
    return json.dumps(student_view(Reader(course), student, now, inspected=inspected).to_json(), default=vars)


@pytest.mark.parametrize(
    ("word", "shown"), [("visible", []), ("scores", ["score"]), ("mistakes", ["score", "sentence", "mistake"])]
)
@pytest.mark.parametrize("when", ["before_due", "after_due"])
def test_what_the_policy_hides_is_not_in_the_data(course: Course, word: str, shown: list[str], when: str) -> None:
    other = "after_due" if when == "before_due" else "before_due"
    opposite = "visible" if word != "visible" else "mistakes"
    policy(course, f'[ridge]\ndue = {DUE.isoformat()}\n{when} = "{word}"\n{other} = "{opposite}"\n')
    graded(course)
    text = seen(course, BEFORE if when == "before_due" else AFTER)
    assert [name for name, value in HIDDEN.items() if value in text] == shown
    assert ("a cell was put back" in text) == (word == "mistakes")
    assert "a-flag" not in text
    whole = seen(course, BEFORE, inspected=True)
    assert all(value in whole for value in (*HIDDEN.values(), "a-flag"))


def test_with_scores_alone_no_number_of_checks_is_told(course: Course) -> None:
    policy(course, '[default]\nbefore_due = "scores"\n')
    graded(course)
    (one,) = [view for view in student_view(Reader(course), "ada", BEFORE).assignments if view.attempts]
    (attempt,) = one.attempts
    assert [(part.name, part.score, part.tally, part.rows) for part in attempt.exercises] == [
        ("ridge_fit", 3.25, "", ()),
        ("lasso_fit", 0, "", ()),
    ]


def test_which_attempt_is_best_is_not_told_where_scores_are_hidden(course: Course) -> None:
    policy(course, '[default]\nbefore_due = "visible"\ncounts = "best"\n')
    graded(course, score=3.25)
    graded(course, arrived=THEN + timedelta(hours=1), score=1)
    (one,) = [view for view in student_view(Reader(course), "ada", BEFORE).assignments if view.attempts]
    assert (one.counted, one.score, one.points) == (None, None, None)
    assert [attempt.shown for attempt in one.attempts] == [True, False]
    assert one.attempts[0].told == "It was graded. Scores are not shown here."


def test_an_extension_moves_the_moment_for_this_student_alone(course: Course) -> None:
    later = DUE + timedelta(days=2)
    policy(
        course,
        f'[ridge]\ndue = {DUE.isoformat()}\nbefore_due = "visible"\nafter_due = "mistakes"\nlate = "penalty"\n'
        f"[ridge.extensions]\nada = {later.isoformat()}\n",
    )
    graded(course, "ada", AFTER)
    graded(course, "ben", AFTER)
    assert "3.25" not in seen(course, AFTER, "ada")
    assert "3.25" in seen(course, AFTER, "ben")
    views = {name: student_view(Reader(course), name, AFTER).assignments for name in ("ada", "ben")}
    ada, ben = (next(view for view in views[name] if view.name == "ridge") for name in ("ada", "ben"))
    assert (ada.due, ada.extended, ada.penalty) == (later.isoformat(), True, 0)
    assert (ben.due, ben.extended, ben.penalty) == (DUE.isoformat(), False, 0.1)


def test_parameters_of_hidden_tests_are_shown_to_nobody(course: Course) -> None:
    graded(course)
    assert "hidden7" not in seen(course, BEFORE)
    assert "hidden7" not in seen(course, BEFORE, inspected=True)
    assert "float32: the values differ" in seen(course, BEFORE)


def test_the_states_of_an_attempt(course: Course) -> None:
    later = [THEN + timedelta(minutes=number) for number in range(5)]
    submit(course, "ridge", "ada", later[0], refused="all 1 attempts are used up")
    for arrived in later[1:4]:
        submit(course, "ridge", "ada", arrived)
    judge(
        course,
        submit(course, "ridge", "ada", later[4]),
        [exercise("ridge_fit", 4, 0)],
        outcome="unreadable",
        reason="no JSON",
    )
    wait = later[4] + timedelta(hours=1)
    classroom.engine(
        course, running=(Running("ridge", "ada", 2, later[4]),), queue=(Queued("ridge", "ada", 3, later[2], wait),)
    )
    one = next(view for view in student_view(Reader(course), "ada", BEFORE).assignments if view.attempts)
    told = {attempt.number: (attempt.state, attempt.told) for attempt in one.attempts}
    assert told == {
        1: ("refused", "all 1 attempts are used up"),
        2: ("running", ""),
        3: ("queued", ""),
        4: ("queued", ""),
        5: ("unreadable", "no JSON"),
    }
    assert [(one.position, one.not_before) for one in one.attempts if one.number in (3, 4)] == [
        (None, None),
        (1, wait.isoformat()),
    ]


@pytest.mark.parametrize("student", ["ada", ""])
def test_a_fault_of_the_service_is_told_without_its_reason(course: Course, student: str) -> None:
    submit(course, "ridge", "ada", THEN)
    fault = Fault("/srv/course/secret.py broke", THEN, "ridge", student)
    classroom.engine(course, queue=(Queued("ridge", "ada", 1, THEN),), faults=(fault,))
    one = next(view for view in student_view(Reader(course), "ada", BEFORE).assignments if view.attempts)
    assert (one.state, one.attempts[0].told) == ("delayed", DELAYED)
    assert "secret.py" not in seen(course, BEFORE)


def test_a_record_that_is_damaged_costs_its_details_alone(course: Course) -> None:
    graded(course)
    (path,) = (path for path in (course.root / "records").rglob("*.json") if ".run" not in path.name)
    path.write_text("{}")
    one = next(view for view in student_view(Reader(course), "ada", BEFORE).assignments if view.attempts)
    assert (one.score, one.attempts[0].exercises) == (3.25, ())
    assert "score stands" in one.attempts[0].told
    assert str(course.root) not in seen(course, BEFORE)


def test_only_what_is_released_or_submitted_is_listed(course: Course) -> None:
    (course.root / "exchange" / "ridge-to-bayes" / "outbound" / "dropout").rmdir()
    graded(course, "ben")
    assert [view.name for view in student_view(Reader(course), "ada", BEFORE).assignments] == ["ridge"]
    submit(course, "dropout", "ada", THEN)
    assert [view.name for view in student_view(Reader(course), "ada", BEFORE).assignments] == ["dropout", "ridge"]


def test_a_change_on_disk_is_seen_at_once(course: Course) -> None:
    import os
    import time

    reader = Reader(course)
    attempt = submit(course, "ridge", "ada", THEN)
    before = time.time() - 60
    for path in (attempt.directory, attempt.directory.parent):
        os.utime(path, (before, before))  # what was read settles and is kept
    assert reader.attempts("ridge", "ada")[0].result is None
    assert reader.attempts("ridge", "ada") is reader.attempts("ridge", "ada")
    judge(course, attempt, [exercise("ridge_fit", 4, 2)])
    result = reader.attempts("ridge", "ada")[0].result
    assert result is not None
    assert result.score == 2
    submit(course, "ridge", "ada", THEN)
    assert len(reader.attempts("ridge", "ada")) == 2


def test_a_policy_that_cannot_be_read_hides_everything(site: Site) -> None:
    graded(site.course)
    policy(site.course, '[ridge]\nbefore_due = "everything"\n')
    for path in ("", "api/me"):
        answer = site.as_user("ada").get(path)
        assert answer.status_code == 500
        assert "3.25" not in answer.text
        assert str(site.course.root) not in answer.text
    assert site.as_user("").get("health").json()["engine"] == "unreadable state"


def test_the_moment_itself_is_utc_or_has_its_zone() -> None:
    from autograder.service.web.pages import moment

    assert moment(datetime(2026, 12, 1, 12, 0, tzinfo=UTC).isoformat()).startswith("Tue 1 Dec 2026, ")
