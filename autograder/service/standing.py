"""What a student's page shows, as plain data. What the policy hides from the student is left out here, so that no
page, script or API can show it.

An instructor sees the same with nothing hidden, and with flags and notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from autograder.course.report import MAX_MESSAGE, Row, rows
from autograder.course.text import plain_text
from autograder.errors import CourseFault
from autograder.record import ExerciseResult, Record
from autograder.service import rules
from autograder.service.attempts import Attempt
from autograder.service.policy import Policy, Visibility
from autograder.service.reading import Reader
from autograder.service.status import Status

State = Literal["none", "queued", "running", "delayed", "refused", "unreadable", "graded"]

DELAYED = (
    "It could not be graded yet. The reason lies with the grading service and not with you, and costs no points. "
    "It is tried again by itself."
)
UNKNOWN = "The details cannot be shown just now. The score stands."


@dataclass(frozen=True)
class CheckRow:
    """One line of the table of checks; parameters of hidden tests are not in it."""

    outcome: str
    sentence: str
    remark: str
    messages: tuple[str, ...]


@dataclass(frozen=True)
class Exercise:
    """One exercise. ``rows`` are empty, ``tally`` "" and ``mistake`` None where the policy hides them."""

    name: str
    score: float
    points: float
    tally: str = ""
    mistake: str | None = None
    rows: tuple[CheckRow, ...] = ()


@dataclass(frozen=True)
class AttemptView:
    """One attempt. ``told`` is a sentence about its state; ``shown`` whether the page shows it in full."""

    number: int
    arrived: str
    state: State
    late: bool
    shown: bool
    told: str = ""
    position: int | None = None
    queue_length: int = 0
    not_before: str | None = None
    graded: str | None = None
    score: float | None = None
    points: float | None = None
    exercises: tuple[Exercise, ...] = ()
    alterations: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AssignmentView:
    """One assignment of one student; ``attempts`` the newest first. ``score`` is the counting attempt's, without its
    late ``penalty`` (a share).
    """

    name: str
    title: str
    state: State
    due: str | None
    extended: bool
    late_rule: str
    attempts_told: str
    attempts: tuple[AttemptView, ...]
    counted: int | None = None
    score: float | None = None
    points: float | None = None
    penalty: float = 0.0
    news: str = ""


@dataclass(frozen=True)
class StudentView:
    """All of a student's page."""

    student: str
    engine_running: bool
    assignments: tuple[AssignmentView, ...]

    @property
    def news(self) -> dict[str, str]:
        """One sentence for each assignment; a page reads out those that change."""
        return {one.name: one.news for one in self.assignments}

    def to_json(self) -> dict[str, Any]:
        """The view as JSON has it, but for the dataclasses in it, whose fields stand for them."""
        return {**vars(self), "news": self.news}


def student_view(reader: Reader, student: str, now: datetime, *, inspected: bool = False) -> StudentView:
    """What this student may see now; with ``inspected`` what an instructor sees of the student.

    Raises CourseFault where the course's policies or a file of the student's attempts cannot be read.
    """
    released = set() if inspected else set(reader.released())
    own = {name for name in reader.assignments() if reader.attempts(name, student)}
    views = [_assignment(reader, name, student, now, inspected) for name in sorted(own | released)]
    views.sort(key=lambda view: view.attempts[0].arrived if view.attempts else "", reverse=True)
    status = reader.status()
    return StudentView(student, status is not None and status.alive(now), tuple(views))


def _assignment(reader: Reader, name: str, student: str, now: datetime, inspected: bool) -> AssignmentView:
    policy, attempts = reader.policies().of(name), reader.attempts(name, student)
    visibility = "mistakes" if inspected else policy.visibility(student, now)
    counting = rules.counting(policy, attempts)
    status, shown = reader.status(), _shown(attempts, counting if visibility != "visible" else None)
    views = [_attempt(reader, status, policy, one, visibility, one.number in shown, inspected) for one in attempts]
    due = policy.due_for(student)
    view = AssignmentView(
        name=name,
        title=reader.title(name),
        state=views[-1].state if views else "none",
        due=due.isoformat() if due else None,
        extended=student in policy.extensions,
        late_rule=late_rule(policy),
        attempts_told=_attempts_told(policy, attempts),
        attempts=tuple(reversed(views)),
    )
    if counting and counting.result and visibility != "visible":
        penalty = policy.penalty(student, counting.arrived)
        result = counting.result
        view = replace(view, counted=counting.number, score=result.score, points=result.points, penalty=penalty)
    return replace(view, news=_news(view))


def _attempt(
    reader: Reader,
    status: Status | None,
    policy: Policy,
    attempt: Attempt,
    visibility: Visibility,
    shown: bool,
    inspected: bool,
) -> AttemptView:
    state = state_of(attempt, status)
    view = AttemptView(attempt.number, attempt.arrived.isoformat(), state, attempt.late, shown)
    if inspected:
        view = replace(view, notes=tuple(_clean(note) for note in attempt.notes))
    if state == "queued":
        return _with_place(view, attempt, status)
    if state in ("refused", "unreadable") and attempt.result is None:
        return replace(view, told=_clean(attempt.refused or attempt.unreadable))
    if state == "delayed":
        return replace(view, told=DELAYED)
    if attempt.result is None:
        return view
    view = replace(view, graded=attempt.result.at.isoformat())
    if state == "unreadable":
        view = replace(view, told=_clean(attempt.result.reason))
    if visibility == "visible":
        told = view.told or _when_shown(policy, attempt.student)
        return replace(view, told=told)
    view = replace(view, score=attempt.result.score, points=attempt.result.points)
    try:
        record = reader.record(attempt)
    except CourseFault as fault:
        return replace(view, told=_clean(str(fault)) if inspected else UNKNOWN)
    return view if record is None else _with_record(reader, view, attempt, record, visibility, inspected)


def _with_record(
    reader: Reader, view: AttemptView, attempt: Attempt, record: Record, visibility: Visibility, inspected: bool
) -> AttemptView:
    """``view`` with the exercises, in as much detail as the student may see and the page has room for."""
    whole = visibility == "mistakes" and view.shown
    exercises = reader.made_of(attempt, whole, lambda: tuple(exercise_view(one, whole) for one in record.exercises))
    view = replace(view, exercises=exercises)
    if whole:
        view = replace(view, alterations=tuple(_clean(text) for text in record.alterations))
    if inspected:
        view = replace(view, flags=tuple(_clean(text) for text in record.flags))
    return view


def exercise_view(result: ExerciseResult, whole: bool) -> Exercise:
    """One exercise; with its checks and its mistake where ``whole``."""
    plain = Exercise(_clean(result.name), result.score, result.points)
    if not whole:
        return plain
    grouped = rows(result.checks)
    passed = sum(check.outcome == "passed" for check in result.checks)
    weighted = len({row.weight / row.cases for row in grouped}) > 1
    return replace(
        plain,
        tally=f"{passed} of {len(result.checks)} checks passed",
        mistake=_clean(result.mistake) if result.mistake else None,
        rows=tuple(_row(row, weighted) for row in grouped),
    )


def late_rule(policy: Policy) -> str:
    """What happens to a submission after the due date, in words."""
    if policy.late == "refuse":
        return "not accepted after the due date"
    if policy.late == "penalty":
        return f"each day begun after the due date costs {policy.late_penalty * 100:g} % of the points"
    return "accepted after the due date, and marked late"


def _row(row: Row, weighted: bool) -> CheckRow:
    remarks = [f"{row.passed} of {row.cases} cases passed"] if row.cases > 1 else []
    remarks += [f"weight {round(row.weight, 2):g}"] if weighted else []
    return CheckRow(row.outcome, row.sentence, ", ".join(remarks), row.messages)


def state_of(attempt: Attempt, status: Status | None) -> State:
    """What has become of an attempt, by its result and the engine's state."""
    if attempt.result is not None:
        outcome = attempt.result.outcome
        return "graded" if outcome == "graded" else "unreadable" if outcome == "unreadable" else "delayed"
    if attempt.unreadable or attempt.refused:
        return "unreadable" if attempt.unreadable else "refused"
    me = (attempt.assignment, attempt.student, attempt.number)
    if status is None:
        return "queued"
    if any((one.assignment, one.student, one.number) == me for one in status.running):
        return "running"
    troubled = {(fault.assignment, fault.student) for fault in status.faults if fault.assignment}
    if troubled & {(attempt.assignment, attempt.student), (attempt.assignment, "")}:
        return "delayed"
    return "queued"


def _with_place(view: AttemptView, attempt: Attempt, status: Status | None) -> AttemptView:
    """The place in the queue of this attempt alone: nobody else's is told."""
    queue = status.queue if status else ()
    me = (attempt.assignment, attempt.student, attempt.number)
    for place, one in enumerate(queue, 1):
        if (one.assignment, one.student, one.number) == me:
            wait = one.not_before.isoformat() if one.not_before else None
            return replace(view, position=place, queue_length=len(queue), not_before=wait)
    return view


def _shown(attempts: Sequence[Attempt], counting: Attempt | None) -> set[int]:
    """The attempts that a page shows in full: the latest, the latest that is graded, and the one that counts."""
    graded = [attempt.number for attempt in attempts if attempt.result is not None]
    return {attempt.number for attempt in attempts[-1:]} | set(graded[-1:]) | ({counting.number} if counting else set())


def _when_shown(policy: Policy, student: str) -> str:
    due = policy.due_for(student)
    if policy.before_due == "visible" and policy.after_due != "visible" and due is not None:
        return "It was graded. Scores are shown after the due date."
    return "It was graded. Scores are not shown here."


def _attempts_told(policy: Policy, attempts: Sequence[Attempt]) -> str:
    used = rules.attempts_used(policy, attempts)
    told = [f"{used} of {policy.attempts} used" if policy.attempts else f"{used}, as many as you like"]
    if policy.wait_minutes:
        told.append(f"{policy.wait_minutes:g} minutes between two")
    told.append(f"the {policy.counts} one counts")
    return "; ".join(told)


def _news(view: AssignmentView) -> str:
    """The newest attempt's state in one sentence, for those who hear the page."""
    if not view.attempts:
        return ""
    newest = view.attempts[0]
    told = f"{view.title}, attempt {newest.number}: {newest.state}"
    if newest.position:
        told += f", position {newest.position} of {newest.queue_length}"
    if newest.score is not None and newest.points is not None:
        told += f", {round(newest.score, 2):g} of {round(newest.points, 2):g} points"
    return told


def _clean(text: str) -> str:
    return plain_text(text, MAX_MESSAGE)
