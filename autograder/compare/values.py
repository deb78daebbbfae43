"""Plain numbers out of whatever a submission returned.

Runs in the judge's process. A value may be anything that crosses the wire or a handle of something that stayed on the
student's side. So nothing here asks an unknown object for an attribute, not even by ``isinstance``: known types are
looked into, and everything else is a ``Mismatch`` with a message for the student.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeGuard

import numpy as np
import numpy.typing as npt
import torch

from autograder.compare.tolerances import dtype_name
from autograder.errors import Mismatch

AnyArray = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
Wanted = Literal["numbers", "booleans"]

MAX_DEPTH = 32
SEQUENCES = (list, tuple, torch.Size)
_PYTHON_NUMBERS = (bool, int, float, complex)
_NAMED = (*_PYTHON_NUMBERS, str, bytes, list, tuple, dict, torch.dtype, torch.device, torch.Size)
_WANTED = {"b": "booleans", "i": "numbers", "u": "numbers", "f": "numbers"}
_FOUND = {"b": "booleans", "c": "complex numbers", "O": "objects", "U": "text", "S": "bytes"}


def is_tensor(value: object) -> TypeGuard[torch.Tensor]:
    """A nested tensor is none: it has no shape."""
    return issubclass(type(value), torch.Tensor) and not value.is_nested  # type: ignore[attr-defined]  # a tensor has it


def is_array(value: object) -> TypeGuard[AnyArray]:
    return issubclass(type(value), np.ndarray)


def is_scalar(value: object) -> bool:
    """A Python or NumPy number or boolean, or an array or tensor without axes."""
    if type(value) in _PYTHON_NUMBERS or issubclass(type(value), np.generic):
        return True
    return (is_tensor(value) or is_array(value)) and value.ndim == 0


def described(value: object) -> str:
    """What a value is, in kind: "None", "a list", "a torch tensor", "an object of another kind"."""
    if value is None:
        return "None"
    if is_tensor(value):
        return "a torch tensor"
    if is_array(value):
        return "a NumPy array"
    if issubclass(type(value), np.generic):
        return "a NumPy scalar"
    if type(value) in _NAMED:
        name = type(value).__name__
        return f"an {name}" if name == "int" else f"a {name}"
    return "an object of another kind"


def plain_array(value: Any, what: str, wanted: Wanted = "numbers") -> AnyArray:
    """An array of exactly these entries: from a number, an array, a CPU tensor, or a rectangular nested list or tuple.

    The dtype is an integer or floating one for "numbers" and bool for "booleans". Raises Mismatch for anything else,
    above all for ragged lists, None, text, objects, complex numbers, and booleans where numbers are meant.
    """
    array = _converted(value, what, wanted, 0)
    if _WANTED.get(array.dtype.kind) == wanted:
        return array
    found = _FOUND.get(array.dtype.kind, "numbers" if array.dtype.kind in "iuf" else f"dtype {array.dtype.name}")
    if is_scalar(value):
        raise Mismatch(f"{what} holds {found}; expected a single {wanted.removesuffix('s')}")
    raise Mismatch(f"{what} holds {found}; expected {wanted}")


def _converted(value: Any, what: str, wanted: Wanted, depth: int) -> AnyArray:
    if is_tensor(value):
        return _tensor_entries(value, what)
    if is_array(value) or issubclass(type(value), np.generic) or type(value) in _PYTHON_NUMBERS:
        array: AnyArray = np.asarray(value)
        if array.dtype.kind == "O" and type(value) is int:
            raise Mismatch(f"{what} holds an integer of more than 64 bits")
        return array
    if type(value) in SEQUENCES:
        return _nested(value, what, wanted, depth)
    raise Mismatch(f"{what} is {described(value)}; expected {'' if depth else 'an array of '}{wanted}")


def _nested(value: Sequence[Any], what: str, wanted: Wanted, depth: int) -> AnyArray:
    if depth >= MAX_DEPTH:
        raise Mismatch(f"{what} is nested more than {MAX_DEPTH} deep; expected an array of {wanted}")
    if set(map(type, value)) <= {float}:  # the common case, and a list may be long
        return np.array(value, dtype=np.float64)
    inner = f"an item of {what}" if depth == 0 else what
    parts = [_converted(item, inner, wanted, depth + 1) for item in value]
    if len({part.shape for part in parts}) > 1:
        raise Mismatch(f"{what} is a ragged {type(value).__name__}: its items differ in shape")
    kinds = {part.dtype.kind for part in parts}
    if len(kinds) > 1 and not kinds <= set("iuf"):
        found = sorted({_FOUND.get(kind, "numbers") for kind in kinds})
        raise Mismatch(f"{what} mixes {' and '.join(found)}; expected {wanted}")
    return np.stack(parts)


def _tensor_entries(tensor: torch.Tensor, what: str) -> AnyArray:
    """The entries as a NumPy array, half precision as float32, which holds it exactly."""
    refuse_unusual(tensor, what)
    if tensor.ndim > 0 and tensor.device.type != "cpu":  # a scalar result may lie anywhere
        raise Mismatch(f"{what} is on {tensor.device.type}; expected it on cpu")
    try:
        plain = tensor.detach().cpu().resolve_conj().resolve_neg()
        if plain.is_floating_point() and plain.dtype not in (torch.float32, torch.float64):
            plain = plain.to(torch.float32)
        entries: AnyArray = plain.numpy()
    except (TypeError, RuntimeError) as error:  # a dtype that NumPy lacks, e.g. complex32
        raise Mismatch(f"{what} has dtype {dtype_name(tensor.dtype)}; expected ordinary numbers") from error
    return entries


def refuse_unusual(tensor: torch.Tensor, what: str) -> None:
    """Raise Mismatch for sparse and quantized tensors, and for those of the meta device, which have no entries."""
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.device.type == "meta":
        raise Mismatch(f"{what} is a sparse, quantized or empty-handed (meta) tensor; expected an ordinary, dense one")


def as_float64(array: AnyArray) -> FloatArray:
    """Without a warning: what lies beyond the range of float64 becomes infinite."""
    with np.errstate(all="ignore"):
        return np.asarray(array, dtype=np.float64)


def fits_shape(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Equal, or (m, 1) where (m,) is meant. Never (1, m), and nothing is ever broadcast."""
    return found == wanted or (len(wanted) == 1 and found == (*wanted, 1))


def shape_fault(what: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """The message for a wrong shape, with a hint where an axis was kept or the axes are exchanged."""
    meant = f"shape {wanted}" if wanted else "a scalar (a number, or an array or tensor without axes)"
    text = f"{what} has shape {found}; expected {meant}" if found else f"{what} is a scalar; expected {meant}"
    if len(wanted) == 2 and found == wanted[::-1]:
        return f"{text}. It seems to be transposed"
    if len(wanted) == 1 and found == (1, *wanted):
        return f"{text}. Was an axis kept, by keepdim or keepdims?"
    return text


def dtype_fault(what: str, found: torch.dtype, wanted: torch.dtype) -> str:
    """The message for a wrong dtype of a tensor; in this course a floating result keeps the dtype of its input."""
    origin = ", the dtype of the input" if wanted.is_floating_point else ""
    return f"{what} is {dtype_name(found)}; expected {dtype_name(wanted)}{origin}"


def device_fault(what: str, found: torch.device, wanted: torch.device) -> str:
    return f"{what} is on {found.type}; expected it on {wanted.type}, the device of the input"


def same_device(found: torch.device, wanted: torch.device) -> bool:
    """An index that one side leaves open does not matter: "cuda" is "cuda:0"."""
    return found.type == wanted.type and (None in (found.index, wanted.index) or found.index == wanted.index)
