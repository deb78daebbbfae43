"""Orders of regrading: a diff that is proposed, and nothing that anybody sees changes before it is accepted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.errors import CourseFault
from autograder.service import orders, retries
from autograder.service.orders import Change, Difference, Order
from tests.service.classroom import ASSIGNMENT, RIGHT, SCALARS, SQUARES, Classroom, wait_for

CHECK = "\n\ndef test_large(student):\n    \"\"\"Large numbers are doubled too.\"\"\"\n    assert_matches(student.double(np.full(3, 1e3)), np.full(3, 2e3), what=\"y\")\n"  # fmt: skip # noqa: E501


def harder(classroom: Classroom) -> None:
    """One more check, of weight 1 in 5, that whoever squares fails."""
    with (classroom.root / "tests/hidden/tiny/test_double.py").open("a") as suite:
        suite.write(CHECK)


def seen(classroom: Classroom) -> dict[str, bytes]:
    """All that students, pages and the gradebook's readers may see."""
    names = ("attempts", "records", "submitted", "autograded")
    files = (path for name in names for path in (classroom.root / name).rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def state(classroom: Classroom, order: Order) -> str:
    found = orders.read(classroom.root, order.id)
    assert found is not None
    return found.state


def test_an_order_proposes_and_changes_nothing_before_it_is_accepted(classroom: Classroom) -> None:
    students = {"ada": RIGHT, "bob": SQUARES, "cyd": SCALARS}
    for student, source in students.items():
        classroom.submit(student, source)
    with classroom.engine():
        assert wait_for(lambda: classroom.told(*students)), classroom.status()
        before = seen(classroom)
        harder(classroom)
        order = orders.create(classroom.root, ASSIGNMENT, None, "teacher")
        assert wait_for(lambda: state(classroom, order) == "proposed"), classroom.status()
        assert seen(classroom) == before
        proposed = orders.read(classroom.root, order.id)
        assert proposed is not None
        assert proposed.differences == (
            Difference("bob", 1.0, 0.8, (Change("double", 1.0, 0.8),)),
            Difference("cyd", 3.0, 3.2, (Change("double", 3.0, 3.2),)),
        )
        assert (proposed.unchanged, proposed.by) == (1, "teacher")

        orders.decide(classroom.root, order.id, True, "teacher")
        assert wait_for(lambda: classroom.grade("cyd") == (3.2, 0.0)), classroom.status()
        assert wait_for(lambda: classroom.grade("bob") == (0.8, 0.0)), classroom.status()
        assert wait_for(lambda: orders.read(classroom.root, order.id).applied)
    assert [classroom.scores(student) for student in students] == [[4.0], [0.8], [3.2]]
    assert classroom.grade("ada") == (4.0, 0.0)
    assert not orders.records_of(classroom.root, order).exists()
    with pytest.raises(CourseFault, match="is accepted; expected a proposed one"):
        orders.decide(classroom.root, order.id, False, "teacher")


def test_a_rejected_order_leaves_nothing(classroom: Classroom) -> None:
    classroom.submit("bob", SQUARES)
    classroom.submit("cyd", SCALARS)
    with classroom.engine():
        assert wait_for(lambda: classroom.told("bob", "cyd")), classroom.status()
        before = seen(classroom)
        harder(classroom)
        order = orders.create(classroom.root, ASSIGNMENT, ["bob"], "teacher")
        assert wait_for(lambda: state(classroom, order) == "proposed"), classroom.status()
        assert [one.student for one in orders.read(classroom.root, order.id).differences] == ["bob"]
        orders.decide(classroom.root, order.id, False, "teacher")
        assert wait_for(lambda: not orders.records_of(classroom.root, order).exists())
    assert seen(classroom) == before


def test_the_order_of_one_who_has_submitted_nothing_fails(classroom: Classroom) -> None:
    with classroom.engine():
        order = orders.create(classroom.root, ASSIGNMENT, ["nobody"], "teacher")
        nothing = orders.create(classroom.root, "another", None, "teacher")
        assert wait_for(lambda: state(classroom, order) == state(classroom, nothing) == "failed")
    assert orders.read(classroom.root, order.id).reason == "nobody has submitted nothing"


def test_an_order_that_cannot_be_judged_fails_and_changes_nothing(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "PAUSES", (0.2,))
    classroom.submit("ada")
    with classroom.engine():
        assert wait_for(lambda: classroom.told("ada")), classroom.status()
        before = seen(classroom)
        (classroom.root / "tests/hidden/tiny/test_double.py").write_text("import a_module_that_is_not_there\n")
        order = orders.create(classroom.root, ASSIGNMENT, None, "teacher")
        assert wait_for(lambda: state(classroom, order) == "failed")
    assert "the suite cannot be loaded" in orders.read(classroom.root, order.id).reason
    assert seen(classroom) == before


def test_orders_outlive_the_engine(classroom: Classroom) -> None:
    classroom.submit("cyd", SCALARS)
    classroom.run_until(lambda: classroom.graded("cyd"))
    harder(classroom)
    first = orders.create(classroom.root, ASSIGNMENT, None, "teacher")
    second = orders.create(classroom.root, ASSIGNMENT, ["cyd"], "teacher")
    running = orders.directory_of(classroom.root) / f"{first.id}.json"
    running.write_text(running.read_text().replace('"waiting"', '"running"'))  # as a killed engine leaves it
    damaged = running.with_name("20260101T000000-01234567.json")
    damaged.write_text("{")
    classroom.run_until(lambda: state(classroom, first) == state(classroom, second) == "proposed")
    assert str(damaged) in " ".join(fault.text for fault in classroom.status().faults)
    orders.decide(classroom.root, first.id, True, "teacher")
    classroom.run_until(lambda: classroom.grade("cyd") == (3.2, 0.0))


def test_ids_are_no_paths(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps({"format": 1}))
    for name in ("", "../secret", "secret", "../../secret", "20260101T000000-01234567/../x", "\0"):
        assert orders.read(tmp_path, name) is None
        with pytest.raises(CourseFault, match="is unknown"):
            orders.decide(tmp_path, name, True, "teacher")
