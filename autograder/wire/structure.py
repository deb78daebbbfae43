"""The outline of a message, checked before anything is built from it.

msgpack reserves a list's memory when its length is announced, and builds a Python object for every byte if it is
told to: a kilobyte of announced lists reserves a hundred megabytes, and a frame of empty lists costs a hundred times
its size. This walk over the bytes builds nothing. What passes is well formed up to the text's encoding, and of
bounded cost.
"""

from __future__ import annotations

MAX_VALUES = 2**20  # parts of one message in all; numbers in bulk belong in an array, which is one part
MAX_LENGTH = 2**16 + 4  # of one list as sent
MAX_LEVELS = 72  # lists within lists as sent: a container takes one level, a tagged value one or two more


class Malformed(Exception):
    """The bytes are not a message, or one that would cost too much."""


def _kinds() -> list[tuple[int, int, bool] | None]:
    """For each first byte: bytes (or items) that follow, bytes of a length field, and whether it is a list.

    https://github.com/msgpack/msgpack/blob/master/spec.md; maps and extension types are not used and not allowed.
    """
    kinds: list[tuple[int, int, bool] | None] = [None] * 256
    for byte in [*range(0x80), *range(0xE0, 0x100), 0xC0, 0xC2, 0xC3]:  # small integers, nil, false, true
        kinds[byte] = (0, 0, False)
    for small in range(16):
        kinds[0x90 + small] = (small, 0, True)
    for small in range(32):
        kinds[0xA0 + small] = (small, 0, False)  # text
    for byte, width in zip(range(0xC4, 0xC7), (1, 2, 4), strict=True):
        kinds[byte] = (0, width, False)  # bytes
        kinds[byte + 0x15] = (0, width, False)  # text
    for byte, size in zip(range(0xCA, 0xD4), (4, 8, 1, 2, 4, 8, 1, 2, 4, 8), strict=True):
        kinds[byte] = (size, 0, False)  # floats and integers
    kinds[0xDC], kinds[0xDD] = (0, 2, True), (0, 4, True)
    return kinds


_KINDS = _kinds()


def check_structure(data: bytes) -> None:
    """Raise Malformed unless ``data`` is one message of at most MAX_VALUES parts and MAX_LEVELS levels."""
    size, position, values, left = len(data), 0, 0, 1
    outer: list[int] = []  # parts still to come, for each list that is open around this one; of this one: left
    while left or outer:
        if not left:
            left = outer.pop()
            continue
        left -= 1
        values += 1
        kind = _KINDS[data[position]] if position < size else None
        if kind is None or values > MAX_VALUES:
            raise Malformed(f"more than {MAX_VALUES} parts" if kind else "cut off, or of a kind that is not used")
        follows, width, is_list = kind
        position += 1 + width
        if width:
            follows = int.from_bytes(data[position - width : position], "big")
        if follows > size - position:
            raise Malformed("shorter than it says")
        if not is_list:
            position += follows
        elif len(outer) >= MAX_LEVELS or follows > MAX_LENGTH:
            raise Malformed(f"nested deeper than {MAX_LEVELS} levels, or a list longer than {MAX_LENGTH}")
        else:
            outer.append(left)
            left = follows
    if position != size:
        raise Malformed("followed by more bytes")
