"""Text from student code, fit for pages and terminals: no control characters, only well-formed colors."""

from __future__ import annotations

import re

# What remains of a terminal's language: colors and weights. nbconvert's own reader of them fails on a
# malformed one ("\x1b[38m" raises IndexError and the page of feedback is lost), so these are checked, not
# copied.
_ESCAPE = re.compile(
    r"\x1b\[(?P<sgr>[0-9;]{0,40})m"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b."
    r"|\x1b\Z",
    re.DOTALL,
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
# Marks that reorder what is shown: text would read differently from what it says.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_CODE = 107


def clean_text(text: str, limit: int) -> str:
    """``text`` with valid color sequences only, at most ``limit`` characters; says so where it was cut.

    A carriage return goes back to the start of the line, as in a terminal: a progress bar shows its last
    state. Cleaning twice gives the same.
    """
    if "\r" in text:
        text = "\n".join(_last_state(line) for line in text.split("\n"))
    short = cut(plain_characters(_ESCAPE.sub(_checked_color, text)), limit)
    return _ESCAPE.sub(_checked_color, short)  # the cut may have gone through a sequence


def plain_text(text: str, limit: int) -> str:
    """``text`` without colors and control characters (line breaks and tabs stay), at most ``limit`` long."""
    return cut(plain_characters(_ESCAPE.sub("", text)), limit)


def plain_characters(text: str) -> str:
    """``text`` without control characters (escape sequences stay), marks of direction and lone surrogates."""
    return without_surrogates(_BIDI.sub("", _CONTROL.sub("", text)))


def without_surrogates(text: str) -> str:
    """``text`` with a replacement character for each lone surrogate: neither UTF-8 nor nh3 can hold one."""
    return _SURROGATE.sub("\ufffd", text)


def cut(text: str, limit: int) -> str:
    """The first ``limit`` characters, with a line that says how many were left out."""
    if len(text) <= limit:
        return text
    note = f"\n… {len(text)} characters, the rest is not shown"
    return text[: limit - len(note)] + note


def _last_state(line: str) -> str:
    return line.rstrip("\r").rsplit("\r", 1)[-1]


def _checked_color(match: re.Match[str]) -> str:
    codes = match["sgr"]
    if codes is None:
        return ""
    numbers = [int(code) if code else 0 for code in codes.split(";")]
    while numbers:
        number = numbers.pop(0)
        if number > _MAX_CODE:
            return ""
        if number in (38, 48):  # an extended color: 5;n or 2;r;g;b
            width = {5: 1, 2: 3}.get(numbers.pop(0) if numbers else -1)
            if width is None or len(numbers) < width or max(numbers[:width]) > 255:
                return ""
            del numbers[:width]
    return match[0]
