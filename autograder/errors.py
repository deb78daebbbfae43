"""Every error that the autograder raises on purpose.

    AutograderError
    ├── StudentFault          the submission's own doing: a failed check, never our fault
    │   ├── Mismatch          (also an AssertionError) a value is not what it should be
    │   ├── StudentError      the student's code raised; ``kinds`` names the exception's classes
    │   ├── MissingName       the notebook does not define the name
    │   ├── BadReturn         a returned value is not of the declared kind
    │   ├── ArgumentChanged   an argument was changed in place
    │   ├── BannedOperation   a function that the assignment bans was used
    │   ├── LimitReached      time, memory, output or another stated limit
    │   ├── ProcessEnded      the student's process died (crash, exit, kill)
    │   ├── WireViolation     malformed, oversized, late or unasked-for data on the wire
    │   └── UnreadableNotebook  not JSON, not a notebook, another version, missing, huge
    └── JudgeFault            our doing: the submission stays ungraded, with the reason
        ├── SandboxUnavailable   confinement cannot be had on this machine
        ├── ForkserverLost       the forkserver ended or does not answer
        ├── SuiteFault           a hidden suite or its settings are wrong
        └── CourseFault          the course's own files are wrong or missing

Foreign exceptions are translated where they enter: nothing above ``judge`` sees an ``OSError`` of a socket.
"""

from __future__ import annotations

from collections.abc import Sequence


class AutograderError(Exception):
    """Base of all errors raised on purpose."""


class StudentFault(AutograderError):
    """The submission's own doing. The text is written for the student and holds no hidden value."""


class Mismatch(StudentFault, AssertionError):
    """A value differs from what the exercise asks for."""


class StudentError(StudentFault):
    """The student's code raised an exception.

    ``kinds`` are the class names of the exception's method resolution order, nearest first, as told by the
    student's side; ``detail`` is the (capped) traceback text.
    """

    def __init__(self, message: str, kinds: Sequence[str] = (), detail: str = "") -> None:
        super().__init__(message)
        self.kinds = tuple(kinds)
        self.detail = detail


class MissingName(StudentFault):
    """The notebook does not define a name that the exercise asks for."""


class BadReturn(StudentFault):
    """A returned value is not of the declared kind or number."""


class ArgumentChanged(StudentFault):
    """An argument was changed in place although the contract forbids it."""


class BannedOperation(StudentFault):
    """A function that the assignment bans was used."""


class LimitReached(StudentFault):
    """A stated limit (time, memory, output, number of calls) was reached."""


class ProcessEnded(StudentFault):
    """The student's process ended before it answered."""


class WireViolation(StudentFault):
    """The student's side sent something that the wire does not allow."""


class UnreadableNotebook(StudentFault):
    """The submitted notebook cannot be read at all."""


class JudgeFault(AutograderError):
    """A fault of ours: the submission stays ungraded, with this reason."""


class SandboxUnavailable(JudgeFault):
    """Confinement cannot be had here; the text says why and how to mend it."""


class ForkserverLost(JudgeFault):
    """The forkserver ended, or does not answer in time."""


class SuiteFault(JudgeFault):
    """A hidden suite, its variants or its ``assignment.toml`` are wrong."""


class CourseFault(JudgeFault):
    """The course's own files (source, release, solutions, configuration) are wrong or missing."""
