"""Changes to valid inputs that keep their outer form, so that they get past a reader's first check.

A change of random bytes in JSON or msgpack is nearly always refused by the parser. Here the input is parsed, its tree
is changed at a random place, and written again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any

import msgpack

from autograder.wire.codec import Tag
from autograder.wire.frames import HEADER

MAX_SIZE = 2**16
Mutation = Callable[[bytes, Random], bytes]

_NUMBERS = [0, 1, -1, 2, 3, 15, 16, 17, 31, 32, 33, 255, 2**25, 2**31, 2**32, -(2**31), 2**53 + 1, 2**63 - 1, 2**64 - 1]
_PLAIN = [None, True, False, "", "a", "1", "²", "-0", "\x00", "é", "\u202e", "\ud800", 1.5, -0.0, [], *_NUMBERS]
WIRE = [
    *_PLAIN, *map(int, Tag), b"", b"12345678", bytes(16), float("nan"), float("inf"), -(2**63),
    "<f8", "|b1", "|u1", "<f2", "<c16", ">f8", "|O", "float32", "bfloat16", "bool", "quint8",
    "cpu", "cuda", "cpu:0", "cpu:1", "cpu:128", "cuda:0", "meta", "9" * 4000, "-" + "9" * 3700,
    [0], [1], [2, 0], [Tag.LIST], [Tag.TUPLE], [Tag.DICT], [Tag.LIST, None], [Tag.TUPLE, 1, "a"], [Tag.DICT, "a", 1],
    [Tag.INT, "7"], [Tag.REMOTE, 1, "K"], [Tag.CALLBACK, 0], [Tag.SCALAR, "<f8", b"12345678"], [Tag.DEVICE, "cpu"],
    [Tag.ARRAY, "<f8", [1], b"12345678"], [Tag.TENSOR, "float32", [], "cpu", True, b"1234"], [Tag.DTYPE, "int8"],
]  # fmt: skip
JSON = [
    *_PLAIN, {}, 1e999, -1e999, float("nan"), 10**400, 1e308, "x" * 70, [[]], {"a": {}}, "code", "markdown", "raw",
    "cell_type", "metadata", "source", "id", "nbgrader", "attachments", "grade_id", "points", "tags", "skip-execution",
    "nbformat", "text/html", "text/markdown", "text/plain", "image/png", "iVBORw0KGgo=", "display_data", "error",
    "<script>alert(1)</script>", "\x1b[38m", "a\rb", "def double(x):\n    return x", "passed", "graded", "not judged",
]  # fmt: skip
MARKDOWN = [
    "<script>", "<img src=x onerror=alert(1)>", "</b>", "<b>", "<!--", "-->", "<?", "<a href='b'>", "<http://a>",
    "`", "```", "~~~", "```mermaid\n", "$", "$$", "\\\\(", "\\\\)", "\\\\[", "\\begin{a}", "\\end{a}",
    "[a](javascript:b)", "[a]: data:b\n", "[a]", "![a](attachment:b)", "[^1]", "[^1]: a\n", "# a\n", "\n=\n", "\n\n",
    "    ", "\t", "> ", "- ", "1. ", "|a|b|\n|-|-|\n", "&#106;", "&lt;", "\\", "*", "_", "~~",
    "\r", "\x0b", "\x1b", "\u200b", "\u2028",
]  # fmt: skip


def wire_tree(data: bytes, randomness: Random) -> bytes:
    """A message of the wire with its tree changed."""
    tree = msgpack.unpackb(data, raw=False, strict_map_key=False, unicode_errors="surrogatepass")
    packed: bytes = msgpack.packb(_changed(tree, randomness, WIRE), unicode_errors="surrogatepass")
    return packed


def json_tree(data: bytes, randomness: Random) -> bytes:
    """JSON with its tree changed; infinity is written as a number that is too large."""
    return json.dumps(_changed(json.loads(data), randomness, JSON)).replace("Infinity", "1e999").encode()


def markdown_pieces(data: bytes, randomness: Random) -> bytes:
    """Markdown with pieces of its syntax put in, taken out, or repeated."""
    text = data.decode()
    at, end = sorted(randomness.randint(0, len(text)) for _ in range(2))
    times = randomness.choice([0, 1, 2, 3, 50, 5000])
    piece = randomness.choice([*MARKDOWN, text[at : at + 40]])
    return (text[:at] + (piece * times)[:MAX_SIZE] + text[randomness.choice([at, end]) :]).encode()


def frames(data: bytes, randomness: Random) -> bytes:
    """A stream of frames with one more frame in it, which may lie about its length."""
    at = randomness.randint(0, len(data))
    size = randomness.choice([0, 1, 5, 255, 4096])
    claimed = randomness.choice([size, size + 1, 2**16, 2**16 + 1, 2**32 - 1])
    return data[:at] + HEADER.pack(claimed) + bytes(size) + data[at:]


def any_bytes(data: bytes, randomness: Random) -> bytes:
    """Some bytes overwritten, put in, or cut off."""
    changed = bytearray(data)
    for _ in range(randomness.randint(1, 4)):
        at = randomness.randint(0, len(changed))
        changed[at : at + randomness.choice([0, 1, 1, 8])] = bytes([randomness.randint(0, 255)])
    return bytes(changed[: randomness.choice([len(changed), len(changed), randomness.randint(0, len(changed))])])


def mutated(data: bytes, mutation: Mutation, randomness: Random) -> bytes:
    """``data`` changed by ``mutation``, or byte by byte where it has no such form (any more)."""
    if randomness.randint(0, 9) < 9:
        try:
            made = mutation(data, randomness)
        except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException):
            made = b""
        if 0 < len(made) <= MAX_SIZE:
            return made
    return any_bytes(data, randomness)[:MAX_SIZE]


def _changed(tree: Any, randomness: Random, leaves: Sequence[Any]) -> Any:
    holder = [deepcopy(tree)]
    for _ in range(randomness.choice([1, 1, 2, 3])):
        places = list(_places(holder))
        inside, key = randomness.choice(places)
        other, another = randomness.choice(places)
        choice = randomness.randint(0, 7)
        if choice <= 2:
            inside[key] = deepcopy(randomness.choice(leaves))
        elif choice == 3:
            inside[key] = deepcopy(other[another])
        elif choice == 4:
            inside[key] = [inside[key]] * randomness.choice([1, 2])
        elif choice == 5 and inside is not holder:
            del inside[key]
        elif isinstance(inside, list) and inside is not holder:
            times = randomness.choice([1, 1, 2, 40]) if choice == 6 else 1
            inside[key:key] = [deepcopy(other[another] if choice == 6 else randomness.choice(leaves))] * times
        elif isinstance(inside, dict):
            name = randomness.choice(leaves)
            inside[name if isinstance(name, str) else str(another)] = deepcopy(other[another])
    return holder[0]


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a tree of lists and dicts."""
    waiting = [tree]
    while waiting:
        inside = waiting.pop()
        for key in list(inside) if isinstance(inside, dict) else range(len(inside)):
            yield inside, key
            if isinstance(inside[key], list | dict):
                waiting.append(inside[key])
