"""What may be left of outputs, Markdown and text that student code made."""

from __future__ import annotations

import base64
import time
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.filters.ansi import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.course.markdown import (
    MAX_CHARACTERS,
    MAX_SPACES,
    MAX_UNCLOSED,
    as_code,
    clean_markdown,
    is_safe_markdown,
)
from autograder.course.sanitize import MAX_OUTPUTS, clean_html, clean_outputs
from autograder.course.text import clean_text, plain_text

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(50)).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff" + bytes(50)).decode()


def display(data: Any, **more: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data, **more}


def validated(outputs: Any) -> list[dict[str, Any]]:
    made = clean_outputs(outputs)
    cell = {
        "id": "x",
        "cell_type": "code",
        "metadata": {},
        "source": "",
        "execution_count": None,
        "outputs": made,
    }
    nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})
    assert clean_outputs(made) == made, "cleaning twice gives the same"
    return made


def test_ordinary_outputs_stay_as_they_are():
    outputs = [
        {
            "output_type": "stream",
            "name": "stdout",
            "text": "a < b\n\x1b[31mred\x1b[0m\x1b[38;5;28;01mgreen\x1b[39m",
        },
        {"output_type": "stream", "name": "stderr", "text": "warning\n"},
        {"output_type": "execute_result", "execution_count": 3, "metadata": {}, "data": {"text/plain": "42"}},
        display({"text/plain": "<Figure>", "image/png": PNG}),
        display({"text/plain": "<Photo>", "image/jpeg": JPEG}),
        display({"text/latex": "$a < b$", "text/markdown": "**$a<b$**"}),
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[0;31mE\x1b[0m: v"]},
    ]

    assert validated(outputs) == outputs


def test_a_data_frame_stays_a_table():
    html = (
        "<div><style scoped>.dataframe tbody tr th { vertical-align: top; }</style>"
        '<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th><th>a</th></tr></thead>'
        "<tbody><tr><th>0</th><td>1</td></tr></tbody></table></div>"
    )

    assert clean_html(html) == (
        '<div><table border="1" class="dataframe"><thead><tr style="text-align:right"><th></th><th>a</th></tr></thead>'
        "<tbody><tr><th>0</th><td>1</td></tr></tbody></table></div>"
    )


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<script>alert(1)</script>x", "x"),
        ("<b onclick=alert(1) id=a class=b>x</b>", "<b>x</b>"),
        ("<style>*{}</style><noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<img>'&gt;"),
        ("<a href=javascript:alert(1)>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<a href=/hub/logout>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<a href='data:text/html,x'>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<a href=https://a.b>x</a>", '<a href="https://a.b" rel="noopener noreferrer">x</a>'),
        ("<img src=//evil/x.png>", "<img>"),
        ("<img src='data:image/svg+xml;base64,PHN2Zz4='>", "<img>"),
        ("<p style='color:red'>x</p>", "<p>x</p>"),
        ("<span style='color:red;position:fixed'>x</span>", '<span style="color:red">x</span>'),
        ("<span style='color:red;background-color:url(//e)'>x</span>", "<span>x</span>"),
        ("<form><input><textarea>x</textarea></form>", ""),
        ("<!-- <img src=x onerror=alert(1)> -->", ""),
    ],
)
def test_html_keeps_tables_and_formatting_only(html: str, left: str):
    assert clean_html(html) == left


def test_an_image_in_html_stays_if_it_is_one():
    assert clean_html(f'<img src="data:image/png;base64,{PNG}" alt="x">') == (
        f'<img src="data:image/png;base64,{PNG}" alt="x">'
    )


@pytest.mark.parametrize(
    "data",
    [
        {"image/svg+xml": "<svg/>"},
        {"application/javascript": "alert(1)"},
        {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}},
        {"image/png": f'{PNG}" onerror="alert(1)'},
        {"image/png": base64.b64encode(b"<svg onload=alert(1)>").decode()},
        {"image/jpeg": PNG},
        {"image/png": [PNG, 1]},
        {"text/plain": 3},
        {3: "x"},
        {},
        None,
        "x",
    ],
)
def test_content_that_is_not_known_is_replaced_by_a_line(data: Any):
    (made,) = validated([display(data, metadata={"filenames": {"image/png": "x"}})])

    assert list(made["data"]) == ["text/plain"]
    assert made["data"]["text/plain"].startswith("[an output that is not shown")
    assert made["metadata"] == {}


def test_what_is_no_output_is_dropped():
    junk = [
        None,
        3,
        "x",
        [],
        {},
        {"output_type": []},
        {"output_type": "update_display_data"},
        {"output_type": "stream"},
    ]

    assert validated(junk) == []


def test_odd_fields_are_put_right():
    made = validated(
        [
            {"output_type": "stream", "name": "stdin", "text": ["a", "b"]},
            {"output_type": "execute_result", "execution_count": "x", "data": {"text/plain": ["4", "2"]}},
            {"output_type": "execute_result", "execution_count": 10**30, "data": {"text/plain": "4"}},
            {"output_type": "error", "ename": 3, "evalue": None, "traceback": ["a", 3]},
        ]
    )

    assert made[0] == {"output_type": "stream", "name": "stdout", "text": "ab"}
    assert (made[1]["execution_count"], made[1]["data"]) == (None, {"text/plain": "42"})
    assert made[2]["execution_count"] is None
    assert made[3] == {"output_type": "error", "ename": "Error", "evalue": "", "traceback": ["a"]}


def test_the_size_of_everything_is_limited():
    long = "x" * 10**6
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": long},
        display({"text/html": f"<b>{long}</b>"}),
        display({"text/markdown": long}),
        {"output_type": "error", "ename": long, "evalue": long, "traceback": [long] * 5 + ["x"] * 500},
        display({"image/png": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(5 * 10**6)).decode()}),
    ]

    made = validated(outputs)

    assert sum(len(str(output)) for output in made) < 500_000
    assert "1000000 characters, the rest is not shown" in made[0]["text"]


def test_the_number_and_total_size_of_outputs_are_limited():
    many = validated([{"output_type": "stream", "name": "stdout", "text": str(n)} for n in range(500)])
    large = validated([{"output_type": "stream", "name": "stdout", "text": "x" * 99_000}] * 99 * 2)

    assert len(many) == MAX_OUTPUTS
    assert "further outputs are not shown" in many[-1]["text"]
    assert sum(len(output["text"]) for output in large) < 10 * 2**20


OUTPUT = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.sampled_from(["stream", "error", "display_data", PNG]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "output_type",
                    "data",
                    "text",
                    "name",
                    "traceback",
                    "text/html",
                    "text/markdown",
                    "image/png",
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


def test_lone_surrogates_are_replaced_in_every_kind_of_text():
    data = dict.fromkeys(["text/plain", "text/html", "text/markdown", "text/latex"], "a\ud800")
    made = validated([display(data), {"output_type": "error", "ename": "\ud800", "traceback": ["\ud800"]}])

    assert set(made[0]["data"].values()) == {"a\ufffd"}
    assert (made[1]["ename"], made[1]["traceback"]) == ("\ufffd", ["\ufffd"])


def test_an_error_without_a_readable_name_has_one():
    assert validated([{"output_type": "error", "ename": "\x1b[38m"}])[0]["ename"] == "Error"


@settings(max_examples=200, deadline=None)
@given(st.lists(OUTPUT, max_size=3))
def test_any_garbage_becomes_valid_outputs(outputs: list[Any]):
    validated(outputs)


# --- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\x00b\x07c\x7fd\x9b31me", "abcd31me"),
        ("10%\r50%\r100%\nnext\r\n", "100%\nnext\n"),
        ("\x1b]0;title\x07x\x1b]8;;http://evil\x1b\\link\x1b[2J\x1b[Hy\x1bc", "xlinky"),
        ("\x1b[38mx", "x"),
        ("\x1b[48;5mx", "x"),
        ("\x1b[38;2;1;2mx", "x"),
        ("\x1b[38;5;300mx", "x"),
        ("\x1b[999mx", "x"),
        ("\x1b[38;2;1;2;3mx", "\x1b[38;2;1;2;3mx"),
        ("\x1b[mx\x1b[1;31my", "\x1b[mx\x1b[1;31my"),
        ("\ud800 \u202eabc\u2069", "\ufffd abc"),
        ("tab\tü \U0001f600", "tab\tü \U0001f600"),
    ],
)
def test_text_keeps_valid_colors_only(text: str, left: str):
    assert clean_text(text, 100) == left
    assert ansi2html(clean_text(text, 100)) is not None


def test_plain_text_has_no_colors():
    assert plain_text("\x1b[31mred\x1b[0m\x1b[38m", 100) == "red"


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="\x1b[]0123456789;m\r\n\x9b\x07ab\\PX^_? ", max_size=40), st.integers(60, 80))
def test_nbconvert_can_render_any_cleaned_text(text: str, limit: int):
    cleaned = clean_text(text * 3, limit)

    assert len(cleaned) <= limit
    assert clean_text(cleaned, limit) == cleaned
    ansi2html(cleaned)


# --- Markdown -------------------------------------------------------------------------------------------------------


ORDINARY = [
    "",
    "plain *text* with **emphasis**, `code <b>`, a & b, &lt;tag&gt; and 1 < 2 > 0",
    "if $a<b$ then $$\\begin{aligned} x &< y \\\\ &> z \\end{aligned}$$",
    "\\begin{equation} a<b \\end{equation}",
    "```python\nif a<b: print('<script>')\n```",
    "~~~\n<script>\n~~~",
    "    <script>indented</script>",
    "# Head\n\n> quote\n\n1. one\n2. two\n\n- [ ] task\n\n---\n\n~~gone~~",
    "| a | b |\n|:--|--:|\n| 1 | $x<y$ |",
    "[link](https://example.org/a?b=c#d) <https://example.org> mail <mailto:a@b.org> [top](#top)",
    "[ref]: https://example.org\n\n[text][ref]",
    "water is H<sub>2</sub>O<br>and <b>bold</b>",
    "![plot](plot.png) ![](img/a_b-c.JPG)",
    f"![inline](data:image/png;base64,{PNG})",
    "\\$5 and \\< and \\[not a link\\]",
]


@pytest.mark.parametrize("source", ORDINARY)
def test_ordinary_markdown_stays_to_the_letter(source: str):
    assert clean_markdown(source) == source


def test_an_attached_image_stays():
    attachments = {"a.png": {"image/png": PNG}}

    assert clean_markdown("![a](attachment:a.png)", attachments=attachments) == "![a](attachment:a.png)"


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("a <script>x</script> `<b>` $a<b$", "a &lt;script>x&lt;/script> `<b>` $a<b$"),
        ("<div>\n\ntext\n\n</div>", "&lt;div>\n\ntext\n\n&lt;/div>"),
        ("[a](javascript:alert(1)) <i>", "\\[a](javascript:alert(1)) <i>"),
        ("![a](attachment:gone.png)", "!\\[a](attachment:gone.png)"),
        ("```mermaid\n<img>\n```", "```mermaid\n&lt;img>\n```"),
        ("if x<y and y>z:", "if x&lt;y and y>z:"),
        ("nul\x00 <u>\x1b[31m", "nul\x00 <u>\x1b[31m"),
    ],
)
def test_only_what_is_dangerous_is_changed(source: str, left: str):
    assert clean_markdown(source) == left


def test_a_heading_cannot_take_the_id_of_a_score():
    made = clean_markdown("# test_double\n\ntest_double\n===", is_taken={"test_double"}.__contains__)

    assert "test_double" in made
    html = render(made)
    assert 'id="test_double"' not in html
    assert html.count("<h1") == 2


def test_long_markdown_is_shown_as_it_was_typed():
    source = "``` <b> " * MAX_CHARACTERS

    made = clean_markdown(source)

    assert made == as_code(source)
    assert is_safe_markdown(as_code("x\n```\n````\n<script>\n"))


@pytest.mark.parametrize(
    ("piece", "most"),
    [
        ("\\\\( ", MAX_UNCLOSED),
        ("\\\\[x\n", MAX_UNCLOSED),
        ("\\begin{a} ", MAX_UNCLOSED),
        ("\\begin{a} \\end{b} ", MAX_UNCLOSED),
        (" ", MAX_SPACES),
    ],
)
def test_markdown_that_would_take_a_page_seconds_is_shown_as_it_was_typed(piece: str, most: int):
    source = f"a{piece * most}b"

    assert clean_markdown(source) == source
    costly = f"a{piece * (most + 1)}b"
    assert clean_markdown(costly) == as_code(costly)
    assert clean_markdown(as_code(costly)) == as_code(costly)


def test_formulae_that_end_are_not_counted():
    source = "\\\\(x\\\\) \\\\[y\\\\] \\begin{a}z\\end{a} " * (MAX_UNCLOSED + 50)

    assert clean_markdown(source) == source


@pytest.mark.parametrize("unit", ["\\begin{a}", "\\\\[", "[", "![", "*a ", "<a ", "$$", "`", "> ", "- ", "[a](", "&#1"])
def test_markdown_that_is_slow_to_parse_ends_in_seconds(unit: str):
    began = time.process_time()

    clean_markdown((unit * MAX_CHARACTERS)[:MAX_CHARACTERS] + "<script>")

    assert time.process_time() - began < 10


def render(source: str) -> str:
    return MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render(source)


PIECES = st.sampled_from(
    [
        "<script>",
        "</script>",
        "<img src=x onerror=a>",
        "<b",
        "<!--",
        "-->",
        "`",
        "``",
        "```",
        "~~~",
        "$",
        "$$",
        "\\\\[",
        "\\\\]",
        "\\(",
        "\\begin{a}",
        "\\end{a}",
        "[a](javascript:x)",
        "[a]",
        ": javascript:x",
        "![",
        "](",
        ")",
        "<j:x>",
        "\n",
        "\n\n",
        "    ",
        "- ",
        "> ",
        "# ",
        "|",
        "|-|",
        "a",
        " ",
        "\\",
        "&lt;",
        "&#60;",
        "mermaid\n",
        "<br>",
        "<i>",
        "===",
        "<a@b.c>",
        "<http://x y>",
        "'",
        '"',
        "<?",
        "<![CDATA[",
        "]]>",
        "\t",
        "\r",
        "\x0b",
        "<svg",
        "/>",
        "~~",
        ":  ",
    ]
)
ALLOWED = {
    "p",
    "em",
    "strong",
    "code",
    "pre",
    "a",
    "img",
    "br",
    "hr",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "del",
    "dl",
    "dt",
    "dd",
    "div",
    "span",
    "input",
    "b",
    "i",
    "h4",
    "h5",
    "h6",
}


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_nothing_but_markdowns_own_markup_is_rendered(source: str):
    made = clean_markdown(source)

    for tag in BeautifulSoup(render(made), "html.parser").find_all(True):
        assert tag.name in ALLOWED
        for name, value in tag.attrs.items():
            assert not name.startswith("on")
            assert name not in {"href", "src"} or str(value).startswith(("http", "mailto:", "#"))
    assert clean_markdown(made) == made
