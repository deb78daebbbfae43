"""What in a page of feedback, or in a graded notebook, could run, load, or stand over the page.

A page is parsed, and so are the styles in it. Much of this is in nbgrader's own template: what counts is what a page
has beyond those of honest submissions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tinycss2
from bs4 import BeautifulSoup, Tag
from nbconvert.filters import markdown2html

ACTIVE = {
    *("script", "style", "iframe", "frame", "frameset", "object", "embed", "applet", "form", "input", "button", "link"),
    *("textarea", "select", "option", "base", "meta", "svg", "math", "template", "portal", "dialog", "video", "audio"),
    *("source", "track", "canvas", "marquee"),
}
ADDRESSES = {
    *("src", "href", "action", "formaction", "srcdoc", "srcset", "data", "xlink:href", "background", "poster", "cite"),
    "ping",
}
IMAGES = ("data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,")
LINKS = ("http:", "https:", "mailto:", "#")  # of <a>: followed on a click only
STYLES = frozenset(["text-align", "vertical-align", "font-weight", "font-style", "color", "background-color"])
KINDS = frozenset(
    ["text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg"]
)  # of outputs; all but two are shown as text or a picture


def dangers(page: str) -> set[str]:
    """Everything in a page that could run, load, send or be placed over it, each in a comparable form."""
    found: set[str] = set()
    for tag in BeautifulSoup(page, "html.parser").find_all(True):
        assert isinstance(tag, Tag)
        if tag.name in ACTIVE:
            found.add(f"<{tag.name}> {sorted(tag.attrs.items())} {(tag.string or '')[:2000]}")
        for name, value in tag.attrs.items():
            found.update(_of_attribute(tag.name, name.lower(), " ".join(value) if isinstance(value, list) else value))
    return found


def dangers_in_notebook(notebook: dict[str, Any]) -> set[str]:
    """The same for a notebook as the formgrader or JupyterLab would render it."""
    found: set[str] = set()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "raw":
            found.add("a raw cell")
        if cell["cell_type"] == "markdown":
            found |= dangers(markdown2html(_text(cell["source"])))
            bundles = cell.get("attachments", {}).values()
            found |= {f"an attachment of type {kind}" for bundle in bundles for kind in bundle if kind not in KINDS}
        for output in cell.get("outputs", ()):
            found.update(_of_output(output))
    return found


def _of_output(output: dict[str, Any]) -> Iterator[str]:
    data = output.get("data", {})
    yield from (f"an output of type {kind}" for kind in data if kind not in KINDS)
    yield from (f"metadata of an output: {key}" for key in output.get("metadata", {}))
    for kind, render in (("text/html", str), ("text/markdown", markdown2html)):
        if kind in data:
            yield from dangers(render(_text(data[kind])))


def _of_attribute(tag: str, name: str, value: str) -> Iterator[str]:
    address = "".join(value.split()).lower()
    wanted = LINKS if (tag, name) == ("a", "href") else IMAGES
    loads = name in ADDRESSES and not address.startswith(wanted)
    moves = name == "style" and not all(map(_is_plain, tinycss2.parse_blocks_contents(value)))
    if name.startswith("on") or loads or moves:
        yield f"{name}={value[:300]!r} of <{tag}>"


def _is_plain(part: Any) -> bool:
    """Whether a part of a style is a colour or an alignment, and loads nothing."""
    if part.type in ("whitespace", "comment"):
        return True
    if part.type != "declaration":
        return False
    if part.lower_name == "margin":  # none, as in the report of a notebook that cannot be read
        return tinycss2.serialize(part.value).strip() == "0"
    return part.lower_name in STYLES and not any(map(_loads, part.value))


def _loads(token: Any) -> bool:
    return token.type == "url" or (token.type == "function" and token.lower_name not in ("rgb", "rgba", "hsl", "hsla"))


def _text(source: Any) -> str:
    return "".join(source) if isinstance(source, list) else str(source)
