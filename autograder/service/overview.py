"""What an instructor's page shows of the class, as plain data. A student's page never sees any of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import fmean, median
from typing import Any

from autograder.course.report import MAX_MESSAGE, rows
from autograder.course.text import plain_text
from autograder.errors import CourseFault
from autograder.record import Record
from autograder.service import rules
from autograder.service.attempts import Attempt
from autograder.service.reading import Reader
from autograder.service.standing import State, late_rule, state_of
from autograder.service.status import Status

BINS = 10
MOST = 12  # lines of a table of what happened most


@dataclass(frozen=True)
class Summary:
    """One assignment in the list of all."""

    name: str
    title: str
    due: str | None
    submitted: int
    graded: int
    waiting: int
    mean: float | None  # share of the points of those that count


@dataclass(frozen=True)
class Line:
    """One student in the heat map: ``scores`` in the order of the exercises, None where there is none."""

    student: str
    name: str
    state: State
    attempts: int
    late: bool
    score: float | None
    points: float | None
    penalty: float
    scores: tuple[float | None, ...]


@dataclass(frozen=True)
class Column:
    """One exercise in the heat map, with the class's mean score."""

    name: str
    points: float
    mean: float | None


@dataclass(frozen=True)
class Failed:
    """A check, and how many of those who were graded failed it."""

    exercise: str
    sentence: str
    count: int
    graded: int


@dataclass(frozen=True)
class Named:
    """A mistake that was named, and whose it is."""

    exercise: str
    sentence: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Flagged:
    """What there is to look at in one attempt: flags of the autograder, notes of the intake."""

    student: str
    number: int
    flags: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ClassView:
    """One assignment of the class. ``bins`` count the scores that count, by tenths of the points."""

    assignment: str
    title: str
    due: str | None
    late_rule: str
    extensions: int
    students: int
    submitted: int
    graded: int
    waiting: int
    missing: tuple[str, ...]
    points: float | None
    mean: float | None
    median: float | None
    bins: tuple[int, ...]
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    failed: tuple[Failed, ...]
    named: tuple[Named, ...]
    flagged: tuple[Flagged, ...]
    unread: tuple[str, ...]  # records that could not be read, and why


def summaries(reader: Reader) -> list[Summary]:
    """All assignments that are released or were submitted, the latest due first. Raises CourseFault."""
    names = sorted(set(reader.assignments()) | set(reader.released()))
    found = [_summary(reader, name) for name in names]
    return sorted(found, key=lambda one: one.due or "", reverse=True)


def class_view(reader: Reader, roster: Mapping[str, str], assignment: str) -> ClassView:
    """One assignment of the course. Raises CourseFault."""
    policy, status = reader.policies().of(assignment), reader.status()
    everybody = {student: reader.attempts(assignment, student) for student in reader.submitters(assignment)}
    unread: list[str] = []
    records: dict[str, Record] = {}
    for student, attempts in everybody.items():
        record = _read(reader, rules.counting(policy, attempts), unread)
        if record is not None:
            records[student] = record
    exercises = {exercise.name: exercise.points for record in records.values() for exercise in record.exercises}
    lines = [
        _line(
            reader, assignment, student, roster.get(student, ""), everybody.get(student, []), records, exercises, status
        )
        for student in sorted({*roster, *everybody})
    ]
    scored = [line for line in lines if line.score is not None]
    shares = [line.score / line.points for line in scored if line.score is not None and line.points]
    scores = [line.score for line in scored if line.score is not None]
    return ClassView(
        assignment=assignment,
        title=reader.title(assignment),
        due=policy.due.isoformat() if policy.due else None,
        late_rule=late_rule(policy),
        extensions=len(policy.extensions),
        students=len(lines),
        submitted=sum(bool(attempts) for attempts in everybody.values()),
        graded=len(scored),
        waiting=sum(line.state in ("queued", "running", "delayed") for line in lines),
        missing=tuple(line.student for line in lines if not line.attempts),
        points=max((line.points for line in scored if line.points is not None), default=None),
        mean=fmean(scores) if scores else None,
        median=median(scores) if scores else None,
        bins=_bins(shares),
        columns=tuple(_columns(exercises, lines)),
        lines=tuple(lines),
        failed=tuple(_failed(records.values())),
        named=tuple(_named(records)),
        flagged=tuple(_flagged(reader, everybody, unread)),
        unread=tuple(dict.fromkeys(unread)),
    )


def queue_view(reader: Reader, now: datetime) -> dict[str, Any]:
    """The queue, what runs, and the engine. Nothing in it changes while nothing happens."""
    status = reader.status()
    if status is None:
        return {"engine": {"running": False, "started": None}, "queue": [], "running": [], "faults": [], "refused": []}
    engine = {
        "running": status.alive(now),
        "started": status.started.isoformat(),
        "workers": status.workers,
        "check_owner": status.check_owner,
    }
    lists = {name: [_plain(asdict(one)) for one in getattr(status, name)] for name in _LISTS}
    return {"engine": engine, **lists}


_LISTS = ("queue", "running", "faults", "refused")


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """With dates as text, and foreign text made harmless."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else _clean(value) if isinstance(value, str) else value
        for name, value in entry.items()
    }


def _summary(reader: Reader, name: str) -> Summary:
    policy, status = reader.policies().of(name), reader.status()
    everybody = [reader.attempts(name, student) for student in reader.submitters(name)]
    counting = [attempt for attempts in everybody if (attempt := rules.counting(policy, attempts)) is not None]
    results = [attempt.result for attempt in counting if attempt.result is not None and attempt.result.points]
    latest = [state_of(attempts[-1], status) for attempts in everybody if attempts]
    return Summary(
        name=name,
        title=reader.title(name),
        due=policy.due.isoformat() if policy.due else None,
        submitted=len(latest),
        graded=len(counting),
        waiting=sum(state in ("queued", "running", "delayed") for state in latest),
        mean=fmean(result.score / result.points for result in results) if results else None,
    )


def _line(
    reader: Reader,
    assignment: str,
    student: str,
    name: str,
    attempts: Sequence[Attempt],
    records: Mapping[str, Record],
    exercises: Mapping[str, float],
    status: Status | None,
) -> Line:
    policy = reader.policies().of(assignment)
    counting = rules.counting(policy, attempts)
    result = counting.result if counting else None
    record = records.get(student)
    mine = {exercise.name: exercise.score for exercise in record.exercises} if record else {}
    return Line(
        student=student,
        name=name,
        state=state_of(attempts[-1], status) if attempts else "none",
        attempts=len(attempts),
        late=bool(counting and counting.late) or bool(attempts and attempts[-1].late),
        score=result.score if result else None,
        points=result.points if result else None,
        penalty=policy.penalty(student, counting.arrived) if counting else 0.0,
        scores=tuple(mine.get(exercise) for exercise in exercises),
    )


def _read(reader: Reader, attempt: Attempt | None, unread: list[str]) -> Record | None:
    """The record of an attempt; where it cannot be read the reason goes to ``unread``."""
    try:
        return reader.record(attempt) if attempt is not None else None
    except CourseFault as fault:
        unread.append(_clean(str(fault)))
        return None


def _bins(shares: Iterable[float]) -> tuple[int, ...]:
    counts = Counter(min(BINS - 1, int(share * BINS + 1e-9)) for share in shares)
    return tuple(counts[number] for number in range(BINS))


def _columns(exercises: Mapping[str, float], lines: Sequence[Line]) -> Iterable[Column]:
    for number, (name, points) in enumerate(exercises.items()):
        scores = [score for line in lines if (score := line.scores[number]) is not None]
        yield Column(_clean(name), points, fmean(scores) if scores else None)


def _failed(records: Iterable[Record]) -> list[Failed]:
    """The checks that most of the graded failed, one line a test function."""
    failed: Counter[tuple[str, str]] = Counter()
    seen: Counter[tuple[str, str]] = Counter()
    for record in records:
        for exercise in record.exercises:
            for row in rows(exercise.checks):
                seen[exercise.name, row.sentence] += 1
                failed[exercise.name, row.sentence] += row.outcome == "failed"
    most = [(key, count) for key, count in failed.most_common(MOST) if count]
    return [Failed(_clean(key[0]), key[1], count, seen[key]) for key, count in most]


def _named(records: Mapping[str, Record]) -> list[Named]:
    whose: dict[tuple[str, str], list[str]] = {}
    for student, record in sorted(records.items()):
        for exercise in record.exercises:
            if exercise.mistake:
                whose.setdefault((exercise.name, exercise.mistake), []).append(student)
    most = sorted(whose.items(), key=lambda item: -len(item[1]))[:MOST]
    return [Named(_clean(key[0]), _clean(key[1]), tuple(students)) for key, students in most]


def _flagged(reader: Reader, everybody: Mapping[str, Sequence[Attempt]], unread: list[str]) -> Iterable[Flagged]:
    """Every attempt with a flag or a note, also one that a later attempt has replaced."""
    for student, attempts in everybody.items():
        for attempt in attempts:
            record = _read(reader, attempt, unread)
            flags = tuple(_clean(flag) for flag in record.flags) if record else ()
            notes = tuple(_clean(note) for note in attempt.notes)
            if flags or notes:
                yield Flagged(student, attempt.number, flags, notes)


def _clean(text: str) -> str:
    return plain_text(text, MAX_MESSAGE)
