"""The search for what could run in a page finds it, and nothing in a harmless one."""

from __future__ import annotations

import pytest

from tests.attacks.pages import dangers, dangers_in_notebook

PIXEL = "data:image/png;base64,iVBORw0KGgo="
HARMLESS = (
    "<p>text</p><table class='dataframe' border='1'><tr><td style='color: rgb(1, 2, 3); text-align: left'>1</td></tr>"
    f"</table><img src='{PIXEL}'><a href='https://example.org'>x</a><a href='#top'>y</a>&lt;script&gt;"
)


@pytest.mark.parametrize(
    "page",
    [
        "<script>alert(1)</script>",
        "<SCRIPT src=x>",
        "<p><svg onload=alert(1)>",
        "<img src=x onerror=alert(1)>",
        "<img src='http://127.0.0.1/x.png'>",
        "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<a href='page.html'>x</a>",
        "<form action=x>",
        "<input name=x>",
        "<iframe srcdoc=x>",
        "<meta http-equiv=refresh content=0>",
        "<base href=x>",
        "<link rel=stylesheet href=x>",
        "<style>p { display: none }</style>",
        "<div style='position: fixed'>x</div>",
        "<div style='/**/POS\\69TION: fixed'>x</div>",
        "<div style='color: red; margin-top: -99px'>x</div>",
        "<div style='background-color: url(x)'>x</div>",
        "<div style='color: expression(x)'>x</div>",
        "<td background=x>",
    ],
)
def test_what_could_run_load_or_cover_is_found(page: str) -> None:
    assert dangers(HARMLESS + page)


def test_a_harmless_page_has_nothing() -> None:
    assert dangers(HARMLESS) == set()


def test_a_notebook_is_looked_through() -> None:
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": HARMLESS, "text/plain": "<script>"}}
    cells = [
        {"cell_type": "markdown", "source": ["# x\n", "**y** $z$"]},
        {"cell_type": "code", "source": "'<script>'", "outputs": [output]},
    ]
    assert dangers_in_notebook({"cells": cells}) == set()

    bad = [
        {"cell_type": "raw", "source": ""},
        {"cell_type": "markdown", "source": "<script>"},
        {"cell_type": "markdown", "source": "x", "attachments": {"a.svg": {"image/svg+xml": ""}}},
        {"cell_type": "code", "outputs": [output | {"data": {"application/javascript": "x"}}]},
        {"cell_type": "code", "outputs": [output | {"data": {"text/markdown": "<img src=x onerror=y>"}}]},
        {"cell_type": "code", "outputs": [output | {"metadata": {"isolated": True}}]},
    ]
    assert all(dangers_in_notebook({"cells": [cell]}) for cell in bad)
