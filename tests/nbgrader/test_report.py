"""What a student reads about an exercise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from autograder.course.report import exercise_html, exercise_text, notes_html, reason_html, reason_text, rows
from autograder.record import Check, ExerciseResult
from tests.nbgrader.course_builder import record

SUITE = "test_batchnorm.py::"
CHECKS = (
    Check(f"{SUITE}test_shape", "The result has the shape of x.", 1.0, "passed"),
    Check(
        f"{SUITE}test_gradient[0.125-torch.float32]",
        "The gradient must <b>flow</b>.",
        1.0,
        "failed",
        "dx is off",
    ),
    Check(f"{SUITE}test_gradient[0.125-float64]", "The gradient must <b>flow</b>.", 1.0, "failed", "dx is off"),
    Check(f"{SUITE}test_gradient[secret-cpu]", "The gradient must <b>flow</b>.", 1.0, "passed"),
    Check(f"{SUITE}test_eps", "eps is inside the root.", 1.0, "failed", "expected a number\nnot nan"),
)
RESULT = ExerciseResult("batchnorm", 4.0, 1.6, CHECKS, mistake="You divide by n - 1 & not by n.")


def text_of(html: str) -> str:
    return BeautifulSoup(html, "html.parser").get_text(" ", strip=True)


def test_cases_of_one_check_are_one_row():
    shape, gradient, eps = rows(CHECKS)

    assert (shape.outcome, shape.passed, shape.cases, shape.messages) == ("passed", 1, 1, ())
    assert (gradient.outcome, gradient.passed, gradient.cases) == ("failed", 1, 3)
    assert gradient.messages == ("torch.float32, float64: dx is off",)
    assert eps.messages == ("expected a number\nnot nan",)


def test_a_row_of_passed_and_not_judged_cases_was_not_judged():
    (row,) = rows([Check("t::a[1]", "s", 1.0, "passed"), Check("t::a[2]", "s", 1.0, "not judged", "no GPU")])

    assert (row.outcome, row.messages) == ("not judged", ("no GPU",))


def test_the_page_says_it_all_in_words_and_escapes_it():
    html = exercise_html(RESULT)
    text = text_of(html)

    assert text.startswith("batchnorm : 1.6 of 4 points (2 of 5 checks passed)")
    for told in (
        "✓ passed The result has the shape of x.",
        "✗ failed The gradient must <b>flow</b>. (1 of 3 cases passed)",
        "Likely mistake: You divide by n - 1 & not by n.",
    ):
        assert told in text
    assert "<b>" not in html
    assert BeautifulSoup(html, "html.parser").decode() == html, "well-formed"


@pytest.mark.parametrize("hidden", ["0.125", "secret", "test_gradient", "test_batchnorm"])
def test_nothing_of_the_suite_is_shown(hidden: str):
    assert hidden not in exercise_html(RESULT)
    assert hidden not in exercise_text(RESULT)


def test_the_same_for_a_terminal():
    text = exercise_text(replace(RESULT, mistake="\x1b[2Jclear"), width=60)

    assert text.splitlines()[0] == "batchnorm: 1.6 of 4 points (2 of 5 checks passed)"
    assert "  ✗ failed     eps is inside the root." in text.splitlines()
    assert "               expected a number" in text.splitlines()
    assert "Likely mistake: clear" in text
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 60


def test_weights_are_told_where_they_differ():
    heavy = replace(RESULT, checks=(CHECKS[0], replace(CHECKS[4], weight=2.5)))

    assert "weight 2.5" in exercise_html(heavy)
    assert "weight 1" not in exercise_html(RESULT)


def test_a_check_without_a_sentence_has_its_name():
    bare = replace(RESULT, checks=(Check(f"{SUITE}test_shape", "", 1.0, "passed"),))

    assert "test_shape" in exercise_text(bare)


def test_an_exercise_without_checks_has_no_table():
    html = exercise_html(ExerciseResult("x", 2.0, 0.0, ()))

    assert "<table" not in html
    assert "0 of 2 points (0 of 0 checks passed)" in text_of(html)


def test_long_messages_are_cut():
    long = replace(RESULT, checks=(replace(CHECKS[4], message="x" * 10**6),))

    assert len(exercise_html(long)) < 10_000


def test_scores_are_rounded_for_reading_only():
    assert "2.67 of 4 points" in exercise_text(replace(RESULT, score=8 / 3))


def test_the_reason_of_a_zero():
    assert "0 of 4 points" in text_of(reason_html("double", 4.0, "<empty>"))
    assert "<empty>" in text_of(reason_html("double", 4.0, "<empty>"))
    assert reason_text("double", 4.0, "is empty") == "double: 0 of 4 points. is empty"


def test_notes_are_empty_for_an_ordinary_submission_and_one_line_otherwise():
    assert notes_html(record("ada")) == ""

    html = notes_html(record("ada", flags=("a\n\nb",), alterations=("<script>",), confined=False))

    assert "\n" not in html
    assert "<script>" not in html
    assert "graded without confinement" in html
