"""Late penalties by the course's policies.toml, through nbgrader's own step; named in ``nbgrader_config.py``."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import nbgrader.plugins

from autograder.course.layout import Course
from autograder.service.policy import FILE, load_policies


class LateSubmissionPlugin(nbgrader.plugins.LateSubmissionPlugin):  # type: ignore[misc]  # nbgrader is not annotated
    """nbgrader's plugin, whose settings hold where the course has no policies.toml, or that has no due date."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The points that a submission loses. Raises CourseFault if policies.toml is wrong: no grade by a guess."""
        root = Course.find(Path.cwd()).root  # nbgrader works in the course's directory
        policy = load_policies(root).of(self.parent.assignment_id) if (root / FILE).exists() else None
        if policy is None or policy.due is None:
            penalty: float | None = super().late_submission_penalty(student_id, score, total_seconds_late)
            return penalty
        submission = self.parent.gradebook.find_submission(self.parent.assignment_id, student_id)
        share = policy.penalty(student_id, submission.timestamp.replace(tzinfo=UTC))
        return round(share * score, 6) if share else None
