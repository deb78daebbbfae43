"""What nbgrader's feedback and formgrader pages make of a submission: reports, and nothing that could run."""

from __future__ import annotations

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

from autograder.record import CellResult, Check
from tests.nbgrader.conftest import Classroom, _inside
from tests.nbgrader.course_builder import ASSIGNMENT, find, record, result

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 20).decode()
BAD = "<script>alert(1)</script>"

MARKDOWN = [
    f"text {BAD}",
    "<img src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>\n\n<svg onload=alert(1)>",
    "[a](javascript:alert(1)) <javascript:alert(1)> [b](JAVASCRIPT&colon;alert(1))",
    "[c]: javascript:alert(1)\n\n[c]",
    "![x](javascript:alert(1))",
    f"```mermaid\n{BAD}\n```",
    f"- item\n\n  {BAD}\n",
    f"$a$ {BAD} $b$ `c` {BAD}",
    f"`` ` {BAD} `",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;{BAD}'>",
    "<form action=//evil><input id=explain_scaling><button>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>@import '//evil'</style><link rel=stylesheet href=//evil>",
    "<base href=//evil>",
    "<meta http-equiv=refresh content='0;url=//evil'>",
    "# explain_scaling\n\n# test_double\n\ntest_double\n===========",
    "![gone](attachment:gone.png)",
    "[page](page.html) ![tracker](//evil/x.png) ![logout](/hub/logout)",
]
HTML = [
    BAD,
    "<img src=x onerror=alert(1)>",
    "<table class='dataframe x' id=test_double onclick=alert(1)><tr><td style='background:url(//evil)'>1</td></table>",
    "<a href=javascript:alert(1)>x</a><a href='data:text/html,x'>y</a><a href=page.html>z</a>",
    "<style>*{display:none}</style><form><input></form><iframe src=//evil></iframe>",
    f"<svg><desc>{BAD}</desc></svg><math href=javascript:alert(1)></math>",
    "<div style='position:fixed;top:0'>fake</div>",
]


def hostile(notebook: NotebookNode) -> None:
    answer = find(notebook, "explain_scaling")
    answer.source = "\n\n".join(MARKDOWN)
    answer.attachments = {"a.svg": {"image/svg+xml": "<svg onload=alert(1)>"}, "empty": {}}
    notebook.cells[1:1] = [new_markdown_cell(source) for source in MARKDOWN]
    notebook.cells.append(new_raw_cell(f"<div id=test_double>{BAD}", metadata={"raw_mimetype": "text/html"}))
    notebook.cells.append(new_code_cell(f"print('''{BAD}''')", metadata={"tags": ["x' onclick='alert(1)"]}))
    find(notebook, "double").source = f"%%html\n{BAD}"
    notebook.metadata |= {"widgets": {"application/vnd.jupyter.widget-state+json": {"x": BAD}}, "title": BAD}
    notebook.metadata.language_info = {"name": "python", "pygments_lexer": f"'>{BAD}"}


def hostile_outputs() -> tuple[CellResult, ...]:
    def display(data: dict[str, str], **more: Any) -> dict[str, Any]:
        return {
            "output_type": "display_data",
            "metadata": {"text/html": {"isolated": True}},
            "data": data,
            **more,
        }

    outputs = [
        *(display({"text/html": html, "text/plain": BAD}) for html in HTML),
        *(display({"text/markdown": source}) for source in MARKDOWN),
        display({"image/svg+xml": f"<svg>{BAD}</svg>"}),
        display({"application/javascript": "alert(1)"}),
        display({"application/vnd.jupyter.widget-view+json": "{}"}),
        display({"text/vnd.mermaid": BAD}),
        display({"image/png": f'{PIXEL}" onerror="alert(1)'}),
        display({"image/png": PIXEL}, metadata={"filenames": {"image/png": 'x" onerror="alert(1)'}}),
        display({"text/latex": f"$\\href{{javascript:alert(1)}}{{x}}$ {BAD}"}),
        {
            "output_type": "stream",
            "name": "stdout",
            "text": f"{BAD}\x1b[38m\x1b[48;5m\x1b[38;2;1mred\ud800\x00",
        },
        {"output_type": "error", "ename": BAD, "evalue": BAD, "traceback": [BAD, "\x1b[38m"]},
    ]
    return (CellResult("check_double", tuple(outputs), note=BAD), CellResult("double", tuple(outputs)))


def feedback_page(classroom: Classroom, student: str) -> str:
    assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log
    assert classroom.nbgrader("generate_feedback", ASSIGNMENT) == 0, classroom.log
    return (classroom.course.feedback(student, ASSIGNMENT) / "scaling.html").read_text()


def formgrader_page(classroom: Classroom, student: str) -> str:
    """The page of manual grading, made by the exporter that the formgrader's server extension makes."""
    if not classroom.course.autograded(student, ASSIGNMENT).exists():
        assert classroom.nbgrader("autograde", ASSIGNMENT) == 0, classroom.log
    resources = {
        "assignment_id": ASSIGNMENT,
        "notebook_id": ASSIGNMENT,
        "submission_id": "0",
        "index": 0,
        "total": 1,
        "base_url": "",
        "student": student,
        "notebook_path": "x",
    }
    with _inside(classroom.course.root):
        extension = FormgradeExtension()
        extension.initialize([])
        exporter = HTMLExporter(config=extension.config)
        path = Path("autograded") / student / ASSIGNMENT / "scaling.ipynb"
        page, _ = exporter.from_filename(str(path), resources=resources)
        extension.reset()
    return page


PAGES = pytest.mark.parametrize("page", [feedback_page, formgrader_page])
URLS = ("src", "href", "action", "formaction", "srcdoc", "data", "xlink:href", "background", "poster")


def dangers(page: str) -> list[str]:
    """Everything in a page that could run, load or take an id, in a comparable form."""
    found = []
    for tag in BeautifulSoup(page, "html.parser").find_all(True):
        assert isinstance(tag, Tag)
        if tag.name in {
            "script",
            "iframe",
            "object",
            "embed",
            "form",
            "style",
            "link",
            "base",
            "meta",
            "svg",
            "math",
        }:
            found.append(f"<{tag.name}> {tag.attrs} {tag.string or ''}")
        if tag.name in {"input", "button", "textarea"}:
            found.append(f"<{tag.name}> {tag.attrs}")
        for name, value in tag.attrs.items():
            address = str(value).lower().replace("\t", "")
            own = address.startswith(("http", "#", "data:image/png;base64,"))
            if name.startswith("on") or (name in URLS and not own):
                found.append(f"{name}={value} of <{tag.name}>")
            if name == "style" and ("url(" in address or "position" in address):
                found.append(f"style={value}")
            if name == "id" and not address.startswith("cell-id="):
                found.append(f"id={value}")
    return found


@PAGES
def test_nothing_of_a_hostile_submission_runs_in_a_page(classroom: Classroom, page: Any):
    classroom.submit("good", lambda _: None)
    classroom.submit("mallory", hostile, record("mallory", cells=hostile_outputs(), flags=(BAD,), alterations=(BAD,)))

    benign, attacked = dangers(page(classroom, "good")), dangers(page(classroom, "mallory"))

    # Headings of a student's own are all that may be added, with ids that no input of the page has.
    added = Counter(attacked) - Counter(benign)
    assert [danger for danger in added if not danger.startswith("id=%E2%80%8B")] == []


@PAGES
def test_the_whole_page_is_there_for_a_hostile_submission(classroom: Classroom, page: Any):
    classroom.submit("mallory", hostile, record("mallory", 2.5, cells=hostile_outputs()))

    text = BeautifulSoup(page(classroom, "mallory"), "html.parser").get_text()

    assert "2.5 of 4 points" in text
    assert text.count("alert(1)") > 50, "it is shown, not hidden"


@PAGES
def test_the_report_shows_sentence_message_and_mistake_and_no_hidden_value(classroom: Classroom, page: Any):
    check = Check("test_double.py::test_zero[0.125-float32]", "Twice <zero> is $0$.", 1.0, "failed", "got <b>1</b>")
    outcome = result(1.0, check, Check("test_double.py::test_one", "Twice one.", 1.0, "passed"))
    mistaken = type(outcome)(**{**vars(outcome), "mistake": "You square & do not double."})
    classroom.submit("ada", lambda _: None, record("ada", 1.0, exercises=(mistaken,)))

    html = page(classroom, "ada")

    text = BeautifulSoup(html, "html.parser").get_text(" ")
    for told in (
        "✗ failed",
        "✓ passed",
        "Twice <zero> is $0$.",
        "float32: got <b>1</b>",
        "You square & do not",
    ):
        assert told in text
    assert "0.125" not in html
    assert "test_zero" not in html
    assert 'class="tex2jax_ignore"' in html


def test_feedback_shows_no_hidden_tests_that_an_instructor_added(classroom: Classroom):
    source = classroom.course.source_notebook(ASSIGNMENT)
    tree = json.loads(source.read_text())
    cell = next(cell for cell in tree["cells"] if cell["id"] == "test_double")
    cell["source"] = "# Tests.\n### BEGIN HIDDEN TESTS\nassert double(21) == 42\n### END HIDDEN TESTS"
    source.write_text(json.dumps(tree))
    assert classroom.nbgrader("generate_assignment", ASSIGNMENT, "--force") == 0, classroom.log
    classroom.submit("ada", lambda _: None)

    html = feedback_page(classroom, "ada")

    assert "42" in find(classroom.autograded("ada"), "test_double").source
    assert "42" not in BeautifulSoup(html, "html.parser").get_text()


def test_a_student_who_writes_the_delimiters_still_gets_feedback(classroom: Classroom):
    def edit(notebook: NotebookNode) -> None:
        find(notebook, "double").source = "### BEGIN HIDDEN TESTS\ndef double(x): return 2 * x"
        notebook.cells.append(new_markdown_cell("BEGIN HIDDEN TESTS"))

    classroom.submit("ada", edit)

    assert "BEGIN HIDDEN TESTS" in feedback_page(classroom, "ada")


def test_ordinary_answers_are_rendered_as_they_were_written(classroom: Classroom):
    answer = "Because $a<b$ and `<div>`:\n\n| x | y |\n|---|---|\n| 1 | **2** |\n\n![p](attachment:p.png)"

    def edit(notebook: NotebookNode) -> None:
        find(notebook, "explain_scaling").source = answer
        find(notebook, "explain_scaling").attachments = {"p.png": {"image/png": PIXEL}}

    classroom.submit("ada", edit)
    html = feedback_page(classroom, "ada")

    assert find(classroom.autograded("ada"), "explain_scaling").source == answer
    soup = BeautifulSoup(html, "html.parser")
    assert soup.find("strong", string="2") is not None
    assert "<code>&lt;div&gt;</code>" in html
    assert "$a&lt;b$" in html
    assert soup.find("img", alt="p")["src"] == f"data:image/png;base64,{PIXEL}"


def test_feedback_of_an_unreadable_notebook_says_what_to_do(classroom: Classroom):
    reason = "scaling.ipynb is empty; expected a notebook. Save it again."
    classroom.submit("ada", b"", record("ada", 0.0, outcome="unreadable", reason=reason, exercises=()))

    text = BeautifulSoup(feedback_page(classroom, "ada"), "html.parser").get_text(" ")

    assert reason in text
    assert "0 of 4 points" in text
