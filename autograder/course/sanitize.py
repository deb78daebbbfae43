"""Makes what student code displayed harmless before it is stored in a notebook that somebody opens.

nbgrader's feedback and formgrader pages render HTML and Markdown outputs raw. Only known kinds of output and
content stay, each in a form that cannot run, load or hide anything; what is left out is replaced by a line
that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import nh3

from autograder.course.attachments import image_base64
from autograder.course.markdown import LINK_SCHEMES, MAX_CHARACTERS, clean_markdown, is_unmarked
from autograder.course.text import clean_text, plain_text, without_surrogates

MAX_TEXT = 100_000
MAX_HTML = 200_000
MAX_CELL = 8 * 2**20
MAX_OUTPUTS = 100
MAX_TRACEBACK = 200

_BLOCKS = {"p", "div", "span", "pre", "code", "br", "hr", "blockquote", "ul", "ol", "li", "dl", "dt", "dd"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_TABLES = {"table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"}
_PHRASES = {
    "a",
    "b",
    "i",
    "em",
    "strong",
    "u",
    "s",
    "del",
    "ins",
    "sub",
    "sup",
    "small",
    "mark",
    "kbd",
    "img",
}
_TAGS = _BLOCKS | _HEADINGS | _TABLES | _PHRASES
_CONTENT_DROPPED = {
    "script",
    "style",
    "template",
    "title",
    "textarea",
    "noscript",
    "iframe",
    "object",
    "select",
}
_CELL = {"style", "colspan", "rowspan"}
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "table": {"style", "border"},
    "td": _CELL,
    "th": {*_CELL, "scope"},
    "tr": {"style"},
    "span": {"style"},
    "ol": {"start"},
}
# None of these can load anything or move an element over another one.
_STYLES = {"text-align", "vertical-align", "font-weight", "font-style", "color", "background-color"}


def clean_outputs(outputs: Iterable[Any]) -> list[dict[str, Any]]:
    """One cell's outputs (nbformat dicts) as valid, harmless ones.

    Kept are stream, error, display_data and execute_result with text/plain, text/html, text/markdown,
    text/latex, image/png and image/jpeg, without metadata; at most 100 outputs and 8 MiB. Cleaning twice
    gives the same.
    """
    clean: list[dict[str, Any]] = []
    size = 0
    for number, output in enumerate(outputs):
        if number >= MAX_OUTPUTS or size > MAX_CELL:
            clean[MAX_OUTPUTS - 1 :] = [_stream("stdout", "… the cell's further outputs are not shown\n")]
            break
        made = _clean_output(output)
        if made is not None:
            clean.append(made)
            size += _size(made)
    return clean


def _clean_output(output: Any) -> dict[str, Any] | None:
    kind = output.get("output_type") if isinstance(output, Mapping) else None
    cleaner = _CLEANERS.get(kind) if isinstance(kind, str) else None
    return cleaner(output) if cleaner else None


def clean_html(html: str) -> str:
    """HTML with tables and plain formatting only: no scripts, styles that load, forms, ids, or foreign
    addresses.
    """
    cleaned: str = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_CONTENT_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=_checked_attribute,
        filter_style_properties=_STYLES,
        allowed_classes={"table": {"dataframe"}},
        url_schemes={"http", "https", "mailto", "data"},
        strip_comments=True,
        link_rel="noopener noreferrer",
    )
    return cleaned


def _checked_attribute(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return value if value.lower().startswith(LINK_SCHEMES) else None
    if attribute == "src":
        header, _, data = value.partition(";base64,")
        mime = header.removeprefix("data:")
        image = image_base64(mime, data)
        return None if image is None else f"data:{mime};base64,{image}"
    if attribute == "style" and "(" in value:  # url(), image-set(), expression(): nothing of it is needed
        return None
    return value


def _clean_stream(output: Mapping[str, Any]) -> dict[str, Any] | None:
    text = _joined(output.get("text"))
    if text is None:
        return None
    name = "stderr" if _joined(output.get("name")) == "stderr" else "stdout"
    return _stream(name, clean_text(text, MAX_TEXT))


def _clean_error(output: Mapping[str, Any]) -> dict[str, Any]:
    lines = output.get("traceback")
    given = [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []
    limit = max(MAX_TEXT // max(len(given), 1), 200)
    return {
        "output_type": "error",
        "ename": plain_text(_joined(output.get("ename")) or "", 200) or "Error",
        "evalue": plain_text(_joined(output.get("evalue")) or "", 2000),
        "traceback": [clean_text(line, limit) for line in given[:MAX_TRACEBACK]],
    }


def _clean_display(output: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "output_type": "display_data",
        "metadata": {},
        "data": _clean_data(output.get("data")),
    }
    if output.get("output_type") == "execute_result":
        count = output.get("execution_count")
        valid = isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 2**31
        result |= {"output_type": "execute_result", "execution_count": count if valid else None}
    return result


def _clean_data(data: Any) -> dict[str, str]:
    found = dict(data) if isinstance(data, Mapping) else {}
    kept: dict[str, str] = {}
    for mime, cleaner in _CONTENT.items():
        text = _joined(found.get(mime))
        made = cleaner(text) if text is not None else None
        if made is not None:
            kept[mime] = made
    if not kept:
        kinds = ", ".join(sorted(plain_text(str(mime), 60) for mime in found)[:5]) or "nothing"
        kept["text/plain"] = f"[an output that is not shown: {kinds}]"
    return kept


def _clean_html_output(html: str) -> str | None:
    # The length again afterwards: escaping makes it longer, and cleaning twice must give the same.
    made = clean_html(html) if len(html) <= MAX_HTML else ""
    return made if 0 < len(made) <= MAX_HTML else None


def _clean_markdown_output(source: str) -> str | None:
    made = clean_markdown(source, is_taken=is_unmarked) if len(source) <= MAX_CHARACTERS else source
    return made if len(made) <= MAX_CHARACTERS else None


def _clean_latex(latex: str) -> str | None:
    return plain_text(latex, MAX_TEXT) if len(latex) <= MAX_TEXT else None


_CONTENT: dict[str, Callable[[str], str | None]] = {
    "text/plain": lambda text: clean_text(text, MAX_TEXT),
    "text/html": _clean_html_output,
    "text/markdown": _clean_markdown_output,
    "text/latex": _clean_latex,
    "image/png": lambda data: image_base64("image/png", data),
    "image/jpeg": lambda data: image_base64("image/jpeg", data),
}
_CLEANERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any] | None]] = {
    "stream": _clean_stream,
    "error": _clean_error,
    "display_data": _clean_display,
    "execute_result": _clean_display,
}


def _stream(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def _joined(text: Any) -> str | None:
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        text = "".join(text)
    return without_surrogates(text) if isinstance(text, str) else None


def _size(output: Mapping[str, Any]) -> int:
    texts = [output.get("text", ""), *output.get("data", {}).values(), *output.get("traceback", ())]
    return sum(len(text) for text in texts)
