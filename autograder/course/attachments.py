"""Pictures inside a notebook: attachments of markdown cells and image outputs, kept only if they are what
they say.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

MAX_IMAGE_BYTES = 4 * 2**20
_SPACE = re.compile(r"\s+")
_SIGNATURES = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
}


def image_base64(mime: str, data: Any, *, max_bytes: int = MAX_IMAGE_BYTES) -> str | None:
    """``data`` as clean base64 if it holds an image of type ``mime`` (png, jpeg, gif), None if not.

    The characters come out of our own encoder, so nothing but base64 can end up in a page's ``src``.
    """
    signatures = _SIGNATURES.get(mime)
    if signatures is None or not isinstance(data, str) or len(data) > 2 * max_bytes:
        return None
    try:
        content = base64.b64decode(_SPACE.sub("", data), validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(content) > max_bytes or not content.startswith(signatures):
        return None
    return base64.b64encode(content).decode("ascii")


def keep_images(attachments: Mapping[str, Any], cell: str, notes: list[str]) -> dict[str, dict[str, str]]:
    """The attachments that are png, jpeg or gif images; what is left out is added to ``notes``."""
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in attachments.items():
        images = {mime: image for mime, data in bundle.items() if (image := image_base64(mime, data)) is not None}
        if images:
            kept[name] = images
        else:
            notes.append(f"an attachment of the cell {cell} was left out: it is no png, jpeg or gif image")
    return kept
