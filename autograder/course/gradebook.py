"""Grades that nbgrader's autograde does not write: of a submission without the notebook it should hold."""

from __future__ import annotations

from nbgrader.api import Gradebook, MissingEntry

from autograder.course.layout import Course
from autograder.errors import CourseFault


def record_missing_notebook(course: Course, assignment: str, student: str) -> None:
    """Zero points for every cell of a submission that lacks its notebook, final and not to be graded by hand.

    nbgrader gives these zeros itself where one of several notebooks is missing, but passes over a submission that
    has none. Raises CourseFault if the assignment is not in the gradebook.
    """
    with Gradebook(course.db_url, course.course_id) as gradebook:
        gradebook.update_or_create_student(student)
        try:
            submission = gradebook.update_or_create_submission(assignment, student)
        except MissingEntry as error:
            raise CourseFault(f"{error}: run `autograder release {assignment}` again") from error
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                grade.auto_score, grade.needs_manual_grade = 0.0, False
        gradebook.db.commit()
