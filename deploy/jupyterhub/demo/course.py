"""Makes the demonstration's course: a copy of this repository's, released into an exchange, with a class list.

    python deploy/jupyterhub/demo/course.py STATE ASSIGNMENT...

``run.py`` starts it as a process of its own, which takes nbgrader's memory along when it ends.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # the repository, whose demo is not installed
sys.path.insert(0, str(Path(__file__).resolve().parent))

from settings import STUDENTS

from autograder.course.layout import CONFIG_FILE, Course
from autograder.errors import AutograderError
from autograder.grading.gradebook import open_api
from demo import steps

EXCHANGE = Path(__file__).resolve().parents[1] / "production" / "exchange.sh"
IN_THE_EXCHANGE = """
# --- the demonstration's exchange -------------------------------------------------------------------------------------

c.Exchange.root = {root!r}
"""


def main(arguments: Sequence[str]) -> int:
    """Make the course in a directory; returns the exit code."""
    state, *assignments = arguments
    try:
        make(Path(state), assignments)
    except (steps.DemoFailed, AutograderError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def make(state: Path, assignments: Sequence[str]) -> Course:
    """The course in ``state/course``, its assignments in ``state/exchange``. Raises DemoFailed if a step fails."""
    course = steps.build(state / "course")
    with (course.root / CONFIG_FILE).open("a", encoding="utf-8") as config:
        config.write(IN_THE_EXCHANGE.format(root=str(state / "exchange")))
    subprocess.run([EXCHANGE, state / "exchange", course.course_id], check=True)
    steps.finish(steps.start(course, "autograder", "release", *assignments))
    api = open_api(course)
    for assignment in assignments:
        released = api.release_assignment(assignment)
        if not released["success"]:
            raise steps.DemoFailed(
                f"nbgrader release_assignment {assignment}: {released.get('error') or released['log']}"
            )
    with api.gradebook as gradebook:
        for student in STUDENTS:
            gradebook.update_or_create_student(student)
    return course


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
