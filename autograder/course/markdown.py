"""Makes a student's Markdown harmless in nbgrader's pages, and leaves it as it is wherever it already is.

nbgrader's templates render Markdown cells with ``escape=False`` and never sanitize them
(``HTMLExporter.sanitize_html`` reaches outputs only), so raw HTML in an answer would run in the browser of
whoever grades it. The text is therefore parsed with nbconvert's own parser, and what that would pass on raw
is found where it happens: HTML, links and images with other addresses than they should have, attachments that
do not exist (these make the whole page fail), headings that take the id of a score's input. If there is none
of it, the text stays untouched.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath

from autograder.course.attachments import image_base64
from autograder.course.text import plain_characters

MAX_CHARACTERS = 20_000  # above it is shown as it was typed: nbconvert's parser needs quadratic time for some texts
MAX_UNCLOSED = 200  # places where mathematics begins and does not end: from each, that parser looks to the text's end
MAX_SPACES = 1000  # in a row: from each, that parser looks to the last for the end of the line

_HARMLESS_TAG = r"</?(?:b|i|em|strong|u|s|del|ins|sub|sup|small|mark|kbd|code)>|<[bh]r ?/?>"
_HARMLESS_HTML = re.compile(rf"(?:[^<]|{_HARMLESS_TAG})*", re.IGNORECASE)

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
LINK_SCHEMES = ("http:", "https:", "mailto:")
_DATA_IMAGE = re.compile(r"data:(image/(?:png|jpeg|gif));base64,(.*)", re.DOTALL)
_LOCAL_IMAGE = re.compile(r"(?!.*\.\.)\w[\w./-]*\.(?:png|jpe?g|gif)", re.IGNORECASE)
_ANCHOR = re.compile(r'^<h[1-6] id="([^"]*)"')

# Parts of Markdown in which "<" is shown as it stands; the same shapes as in nbconvert's parser.
_VERBATIM = (
    r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
    r"|\$\$.*?\$\$|(?<![$\\])\$[^$]+?(?<![$\\])\$|\\\\\[.*?\\\\\]|\\\\\(.*?\\\\\)"
    r"|\\begin\{(?P<env>[a-z]*\*?)\}.*?\\end\{(?P=env)\}"
)
_AUTOLINK = r"<(?:https?://|mailto:)[^<>\s\"]*>"
_KEPT_OR_TAG = re.compile(
    rf"(?P<kept>{_VERBATIM}|{_AUTOLINK}|{_HARMLESS_TAG})|<(?=[A-Za-z/!?])",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_HEADING = re.compile(
    r"^(?P<hashes> {0,3}#{1,6})[ \t]+(?=\S)|^ {0,3}(?=\S[^\n]*\n {0,3}(?:=+|-+)[ \t]*$)", re.MULTILINE
)
_MARK = "\u200b"  # a zero-width space: a heading that begins with it looks the same and has another id
_BRACKET = re.compile(r"(?<!\\)(!?)\[")
_MATH_EDGE = re.compile(
    r"(?<!\\)\\\\(?:(?P<open>[(\[])|(?P<close>[)\]]))|\\begin\{(?P<begin>[a-z]*\*?)\}|\\end\{(?P<end>[a-z]*\*?)\}"
)
_CODE = re.compile(r"(?P<fence>`{3,})\n(?P<text>.*)\n(?P=fence)", re.DOTALL)
_OPENER = {")": "(", "]": "["}


def clean_markdown(
    source: str,
    *,
    attachments: Mapping[str, Mapping[str, Any]] | None = None,
    is_taken: Callable[[str], bool] = lambda _: False,
) -> str:
    """``source`` itself if nbconvert would render nothing dangerous from it, else the least changed safe
    text.

    ``attachments`` are the cell's; ``is_taken`` tells ids of the page that no heading may have.
    """
    for candidate in _candidates(source) if not _is_costly(source) else ():
        if len(candidate) > MAX_CHARACTERS:
            break
        if is_safe_markdown(candidate, attachments=attachments, is_taken=is_taken):
            return candidate
    return as_code(source)


def is_safe_markdown(
    source: str,
    *,
    attachments: Mapping[str, Mapping[str, Any]] | None = None,
    is_taken: Callable[[str], bool] = lambda _: False,
) -> bool:
    """Whether nbconvert's rendering of ``source`` holds only markup that Markdown itself makes."""
    auditor = _Auditor(attachments or {}, is_taken)
    try:
        MarkdownWithMath(renderer=auditor).render(source)
    except (InvalidNotebook, RecursionError):
        return False
    return not auditor.findings


def is_unmarked(heading_id: str) -> bool:
    """For ``is_taken`` where the page's ids are not known: true but for headings that were marked by cleaning."""
    return not heading_id.startswith(quote(_MARK))


def as_code(source: str) -> str:
    """``source`` as it was typed, in a block of code."""
    longest = max((len(run) for run in re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{source}\n{fence}"


def _candidates(source: str) -> Iterator[str]:
    yield source
    steps: tuple[Callable[[str], str], ...] = (
        _without_control,
        _free_headings,
        _escape_tags,
        _escape_brackets,
    )
    for step in steps:
        source = step(source)
        yield source
    yield _TAG.sub("&lt;", source)


def _is_costly(source: str) -> bool:
    """Whether nbconvert's parser would take too long; never for what ``as_code`` made, which it does not look into."""
    shown = _CODE.fullmatch(source)
    if shown and as_code(shown["text"]) == source:
        return False
    if " " * (MAX_SPACES + 1) in source:
        return True
    unclosed: Counter[str] = Counter()
    for edge in _MATH_EDGE.finditer(source):
        opened = edge["open"] or edge["begin"]
        if opened is None:
            del unclosed[_OPENER.get(edge["close"], edge["end"])]
            continue
        unclosed[opened] += 1
        if unclosed.total() > MAX_UNCLOSED:
            return True
    return False


def _without_control(source: str) -> str:
    return plain_characters(source.replace("\x1b", ""))


def _free_headings(source: str) -> str:
    return _HEADING.sub(lambda match: f"{match['hashes'] or ''} {_MARK}".lstrip(" "), source)


def _escape_tags(source: str) -> str:
    return _KEPT_OR_TAG.sub(lambda match: match["kept"] or "&lt;", source)


def _escape_brackets(source: str) -> str:
    """No links and no images; their text and address are shown."""
    return _BRACKET.sub(r"\1\\[", source)


class _Auditor(IPythonRenderer):
    """Renders as nbconvert does and notes what would reach the page without being escaped."""

    def __init__(self, attachments: Mapping[str, Mapping[str, Any]], is_taken: Callable[[str], bool]) -> None:
        super().__init__(escape=False, attachments={name: dict(each) for name, each in attachments.items()})
        self.findings: list[str] = []
        self._is_taken = is_taken

    def block_html(self, html: str) -> str:
        return self._raw(html)

    def inline_html(self, html: str) -> str:
        return self._raw(html)

    def block_mermaidjs(self, code: str) -> str:
        # nbconvert writes a diagram's text into the page without escaping it.
        return self._raw(code)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if not _is_link(url):
            self.findings.append(f"link {url}")
        return str(super().link(text, url, title))

    def image(self, text: str, url: str, title: str | None = None) -> str:
        if not self._is_image(url):
            self.findings.append(f"image {url}")
            return ""
        return str(super().image(text, url, title))

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        html = str(super().heading(text, level, **attributes))
        anchor = _ANCHOR.match(html)
        if anchor and self._is_taken(anchor[1]):
            self.findings.append(f"heading {anchor[1]}")
        return html

    def _raw(self, html: str) -> str:
        if not _HARMLESS_HTML.fullmatch(html):
            self.findings.append(f"html {html}")
        return html

    def _is_image(self, url: str) -> bool:
        if url.startswith("attachment:"):
            bundle = self.attachments.get(url.removeprefix("attachment:"), {})
            return bool(bundle) and all(image_base64(mime, data) for mime, data in bundle.items())
        data = _DATA_IMAGE.fullmatch(url)
        if data:
            return image_base64(data[1], data[2]) is not None
        return bool(_LOCAL_IMAGE.fullmatch(url))


def _is_link(url: str) -> bool:
    """Web and mail addresses, and places on the page. Not other files: they are served from nbgrader's own
    site.
    """
    address = re.sub(r"[\x00-\x20]", "", url).lower()
    return address.startswith((*LINK_SCHEMES, "#"))
