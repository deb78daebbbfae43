"""The engine's side of an order of regrading: what is judged again, what that would change, and bringing it about.

New records go into a directory of the order's own, where they are found again after a restart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.errors import CourseFault, JudgeFault
from autograder.grading import store
from autograder.record import Record
from autograder.service import orders
from autograder.service.attempts import Attempt, record_of, result_of, write_result
from autograder.service.files import remove_tree, write_bytes
from autograder.service.lanes import Done, Job
from autograder.service.orders import Change, Difference, Order, Regraded
from autograder.service.policy import Policy
from autograder.service.retries import Retries
from autograder.service.rules import counting

MOST_TRIES = 3  # of one attempt that cannot be judged, before the order fails

History = Mapping[str, Sequence[Attempt]]  # student -> attempts


def begin(root: Path, order: Order, history: History) -> Order:
    """Have an order that waits run. Raises JudgeFault."""
    students = tuple(history) if order.students is None else order.students
    unknown = [student for student in students if student not in history]
    if unknown or not any(counting(Policy(), history[student]) for student in students):
        reason = f"{unknown[0]} has submitted nothing" if unknown else "nobody of these has a graded submission"
        return _written(root, replace(order, state="failed", reason=reason))
    return _written(root, replace(order, state="running"))


class Regrading:
    """One order that runs."""

    def __init__(self, root: Path, order: Order, policy: Policy, history: History) -> None:
        self._root = root
        self.order = order
        self._policy = policy
        self._history = {s: list(a) for s, a in history.items() if order.students is None or s in order.students}
        self._done: dict[tuple[str, int], Record] = {}
        self._given: set[tuple[str, int]] = set()
        self._retries = Retries()
        self._targets = {(one.student, one.number): one for found in self._history.values() for one in self._of(found)}

    def _of(self, found: Sequence[Attempt]) -> list[Attempt]:
        """What is judged again: the attempt that counts; where the best counts, any may be that afterwards."""
        graded = [attempt for attempt in found if attempt.result is not None]
        return graded if self._policy.counts == "best" else graded[-1:]

    def next_jobs(self, most: int) -> list[Job]:
        """Some that are to be judged now, of different students."""
        jobs: dict[str, Job] = {}
        records = orders.records_of(self._root, self.order)
        for key, target in self._targets.items():
            waits = key in self._done or key in self._given or not self._retries.may(key)
            if not waits and key[0] not in jobs and len(jobs) < most:
                self._given.add(key)
                jobs[key[0]] = Job(*_named(target), target.files, self.order.id, records)
        return list(jobs.values())

    def hear(self, done: Done) -> None:
        """Take a result in. Raises JudgeFault where the order has to be given up, with why."""
        key = (done.job.student, done.job.number)
        self._given.discard(key)
        if done.record is not None and done.record.outcome != "not judged":
            self._done[key] = done.record
        elif self._retries.failed(key) >= MOST_TRIES:
            reason = done.record.reason if done.record is not None else done.fault
            raise JudgeFault(f"the submission of {key[0]} could not be judged: {reason}")

    def finished(self) -> bool:
        """Whether all of it is judged."""
        return self._done.keys() == self._targets.keys()

    def propose(self) -> Order:
        """Store what would change. Raises JudgeFault."""
        found = [self._difference(student) for student in self._history]
        changed = tuple(one for one in found if one is not None)
        records = tuple(Regraded(s, n, result_of(record, 1).record) for (s, n), record in self._done.items())
        unchanged = len({student for student, _ in self._targets}) - len(changed)
        return _written(
            self._root,
            replace(self.order, state="proposed", differences=changed, unchanged=unchanged, records=records),
        )

    def fail(self, reason: str) -> Order:
        """Give it up. Raises JudgeFault."""
        return _written(self._root, replace(self.order, state="failed", reason=reason))

    def _difference(self, student: str) -> Difference | None:
        then = self._history[student]
        now = [
            replace(one, result=result_of(self._done[student, one.number], 1)) if (student, one.number) in self._done
            else one for one in then
        ]  # fmt: skip
        counted, counts = counting(self._policy, then), counting(self._policy, now)
        if counted is None or counts is None:
            return None
        before = record_of(self._root, counted)
        after = self._done.get((student, counts.number)) or record_of(self._root, counts)
        assert before is not None, "it is graded"
        assert after is not None, "it is graded"
        changes = tuple(_changes(before, after))
        if not changes and before.score == after.score:
            return None
        return Difference(student, before.score, after.score, changes)


def apply(root: Path, order: Order, history: History) -> list[Attempt]:
    """Bring an accepted order into effect: the attempts with their new results. Done again, it comes to the same.

    Raises JudgeFault; ``finish`` it afterwards.
    """
    changed = []
    for entry in order.records:
        found = [attempt for attempt in history.get(entry.student, ()) if attempt.number == entry.number]
        if not found:
            raise CourseFault(f"attempt {entry.number} of {entry.student} is gone: put a backup in its place")
        source = orders.records_of(root, order) / order.assignment / entry.student / entry.record
        target = root / "records" / order.assignment / entry.student / entry.record
        record = store.load(source)
        for path in (Path(entry.record).with_suffix(".run.json").name, entry.record):
            write_bytes(target.with_name(path), source.with_name(path).read_bytes())
        tries = found[0].result.tries + 1 if found[0].result else 1
        changed.append(write_result(found[0], result_of(record, tries)))
    return changed


def finish(root: Path, order: Order) -> None:
    """Note that an order needs no more, and remove its own records. Raises JudgeFault, OSError."""
    _written(root, replace(order, applied=True))
    remove_tree(orders.records_of(root, order))


def _written(root: Path, order: Order) -> Order:
    orders.write(root, order)
    return order


def _changes(before: Record, after: Record) -> list[Change]:
    was, now = ({e.name: e.score for e in record.exercises} for record in (before, after))
    names = dict.fromkeys([*was, *now])
    return [Change(name, was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name)]


def _named(attempt: Attempt) -> tuple[str, str, int]:
    return attempt.assignment, attempt.student, attempt.number
