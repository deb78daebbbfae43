"""Values to bytes and back: the only data that crosses between judge and student process.

None, bool, int, float and str are themselves in msgpack; every other value is an array whose first item is a tag
(see ``Tag``). Everything that has no tag crosses as a handle (student to judge) or as a callback (judge to student).
Nothing here calls, imports or names a class of the other side's choice; there is no pickle and no eval.

Decoding trusts nothing: sizes, depth, dtypes and shapes are checked before memory is taken, and every fault of the
other side is an ``Undecodable``. The result consists of exact built-in types, ``numpy.ndarray`` and ``torch.Tensor``.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import math
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import msgpack
import numpy as np

from autograder.wire import tables
from autograder.wire.structure import MAX_LENGTH, MAX_VALUES, Malformed, check_structure

MAX_DEPTH = 32  # containers within containers
MAX_ITEMS = MAX_LENGTH - 4  # of one list; larger data belongs in an array
MAX_ODD_KEYS = 2**10  # of one dict, other than text: these can be chosen to collide, which costs quadratic time
MAX_ELEMENTS = 2**25  # of one array, counting an empty axis as one: no small frame may stand for a huge broadcast
MAX_DIMS = 16
MAX_INT_BITS = 12_000  # Python itself refuses to parse more than 4300 digits
_MAX_INT_DIGITS = len(str(-(2**MAX_INT_BITS)))


class Tag(IntEnum):
    """The first item of an encoded value that is not a msgpack scalar."""

    LIST = 0
    TUPLE = 1
    DICT = 2
    ARRAY = 3
    TENSOR = 4
    REMOTE = 5
    CALLBACK = 6
    BYTES = 7
    COMPLEX = 8
    INT = 9
    FRAME = 10
    SERIES = 11
    DTYPE = 12
    DEVICE = 13
    SCALAR = 14


class Undecodable(Exception):
    """The bytes are not a value of the wire; the text says why."""


@dataclass(frozen=True)
class Remote:
    """A value that stayed on the student's side: its number there, and its class's name (for messages only)."""

    number: int
    kind: str


@dataclass(frozen=True)
class Callback:
    """A function of the judge that the student's side may call, by its number."""

    number: int


ToRemote = Callable[[Any], Remote | Callback]
FromRemote = Callable[[Remote | Callback], Any]

_ARRAY_DTYPES = frozenset(
    ["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"]
)
_TENSOR_DTYPES: Mapping[str, int] = {
    "bool": 1, "uint8": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8,
    "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16,
}  # fmt: skip
_DEVICES = ("cpu", "cuda")
_KEYS = (type(None), bool, int, float, str, bytes, tuple)
_THEMSELVES = frozenset([type(None), bool, float, str])
_CONTAINERS = frozenset([list, tuple, dict, np.ndarray])
_TAGS: Mapping[int, Tag] = {int(tag): tag for tag in Tag}
_NESTING = frozenset([Tag.LIST, Tag.TUPLE, Tag.DICT, Tag.FRAME, Tag.SERIES])


def encode(value: Any, to_remote: ToRemote | None = None) -> bytes:
    """Encode a value; ``to_remote`` turns what cannot cross into a handle or callback.

    Raises TypeError for what cannot cross without it, ValueError for what is too large; a tensor subclass of the
    caller's own may raise anything.
    """
    with untraced():
        tree = _Encoder(to_remote).tree(value, 0)
    packed: bytes = msgpack.packb(tree, use_bin_type=True, unicode_errors="replace")
    if len(packed) > min(MAX_LENGTH, MAX_VALUES):  # fewer bytes hold neither too long a list nor too many parts
        try:
            check_structure(packed)  # what the other side would refuse is refused here, in words for whoever made it
        except Malformed as error:
            raise ValueError(f"too large to cross the wire: {error}; use an array for numbers in bulk") from error
    return packed


def decode(data: bytes, from_remote: FromRemote | None = None) -> Any:
    """Decode a value that the other side sent. Raises Undecodable and nothing else."""
    try:
        check_structure(data)
        tree = msgpack.unpackb(data, raw=False, max_array_len=MAX_LENGTH, max_map_len=0, max_ext_len=0)
    except Malformed as error:
        raise Undecodable(f"not a message of the wire: {error}") from error
    except (ValueError, msgpack.UnpackException) as error:
        raise Undecodable(f"not a message of the wire ({type(error).__name__})") from error
    with untraced():
        return _Decoder(from_remote).value(tree, 0)


@contextlib.contextmanager
def untraced() -> Iterator[None]:
    """Let no mode see what happens inside: it is our doing, and must not show in the trace of a student's call."""
    torch = _torch()
    if torch is None:
        yield
        return
    with torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
        yield


def _torch() -> Any:
    """Torch where it is loaded already; an environment without torch has no tensors to send."""
    return sys.modules.get("torch")


def _pandas() -> Any:
    """Pandas where it is loaded whole: another thread may be importing it just now, for a table of another process."""
    pandas = sys.modules.get("pandas")
    return None if getattr(getattr(pandas, "__spec__", None), "_initializing", False) else pandas


class _Encoder:
    def __init__(self, to_remote: ToRemote | None) -> None:
        self._to_remote = to_remote
        self._values = 0

    def tree(self, value: Any, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise ValueError(f"more than {MAX_VALUES} values cannot cross the wire; use an array for numbers in bulk")
        kind = type(value)
        if kind in _THEMSELVES:
            return value
        if kind in _CONTAINERS:
            return self._container(value, depth)
        if isinstance(value, int):
            return self._integer(int(value))
        if isinstance(value, bytes | bytearray):
            return [Tag.BYTES, bytes(value)]
        if isinstance(value, np.generic):
            return self._scalar(value)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, str):
            return str(value)
        if isinstance(value, complex):
            return [Tag.COMPLEX, value.real, value.imag]
        if isinstance(value, Remote):
            return [Tag.REMOTE, value.number, value.kind]
        if isinstance(value, Callback):
            return [Tag.CALLBACK, value.number]
        return self._container(value, depth)

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, list | tuple) and len(value) <= MAX_ITEMS and depth < MAX_DEPTH:
            tag = Tag.LIST if isinstance(value, list) else Tag.TUPLE
            return [tag, *[self.tree(item, depth + 1) for item in value]]
        if isinstance(value, dict) and _keys_fit(value, (*_KEYS, np.generic)) and depth < MAX_DEPTH:
            keys = (key.item() if isinstance(key, np.generic) else key for key in value)
            items = (part for pair in zip(keys, value.values(), strict=True) for part in pair)
            return [Tag.DICT, *[self.tree(item, depth + 1) for item in items]]
        if isinstance(value, np.ndarray):
            return self._array(value)
        return self._library(value, depth)

    def _library(self, value: Any, depth: int) -> Any:
        torch, pandas = _torch(), _pandas()
        if torch is not None:
            if isinstance(value, torch.Tensor):
                return self._tensor(value, torch)
            if isinstance(value, torch.dtype) and _dtype_name(value) in _TENSOR_DTYPES:
                return [Tag.DTYPE, _dtype_name(value)]
            if isinstance(value, torch.device) and value.type in _DEVICES:
                return [Tag.DEVICE, str(value)]
        if pandas is not None and depth < MAX_DEPTH:
            if isinstance(value, pandas.DataFrame):
                return self._table(Tag.FRAME, tables.frame_parts(value), value)
            if isinstance(value, pandas.Series):
                return self._table(Tag.SERIES, tables.series_parts(value), value)
        return self._remote(value)

    def _table(self, tag: Tag, parts: tuple[Any, ...] | None, table: Any) -> Any:
        return self._remote(table) if parts is None else [tag, self.tree(parts, 1)]  # levels as the decoder counts them

    def _remote(self, value: Any) -> Any:
        if self._to_remote is None:
            raise TypeError(f"a value of type {type(value).__name__} cannot cross the wire")
        return self.tree(self._to_remote(value), 0)

    @staticmethod
    def _integer(value: int) -> Any:
        if -(2**63) <= value < 2**64:
            return value
        if value.bit_length() > MAX_INT_BITS:
            raise ValueError(f"an integer of {value.bit_length()} bits cannot cross the wire")
        return [Tag.INT, str(value)]

    def _scalar(self, value: np.generic) -> Any:
        dtype = value.dtype.newbyteorder("<").str
        if dtype not in _ARRAY_DTYPES:
            return str(value) if isinstance(value, np.str_) else self._remote(value)
        return [Tag.SCALAR, dtype, np.asarray(value).astype(dtype).tobytes()]

    def _array(self, value: np.ndarray[Any, Any]) -> Any:
        dtype = value.dtype.newbyteorder("<").str
        if dtype not in _ARRAY_DTYPES:
            return self._remote(value)
        exact = np.ascontiguousarray(np.asarray(value)).astype(dtype, copy=False)
        return [Tag.ARRAY, dtype, _sent_shape(value.shape), exact.tobytes()]

    def _tensor(self, value: Any, torch: Any) -> Any:
        dtype = _dtype_name(value.dtype)
        if dtype not in _TENSOR_DTYPES or value.layout is not torch.strided or value.device.type not in _DEVICES:
            return self._remote(value)
        shape = _sent_shape(value.shape)
        return [Tag.TENSOR, dtype, shape, str(value.device), bool(value.requires_grad), tensor_bytes(value)]


def tensor_bytes(value: Any) -> bytes:
    """The entries of a strided tensor, in order. Raises RuntimeError for one of another layout or without memory."""
    plain = value.detach().resolve_conj().resolve_neg().cpu().contiguous()
    # Not by way of numpy(): that would keep the caller's tensor from ever being resized.
    return ctypes.string_at(plain.data_ptr(), plain.numel() * plain.element_size()) if plain.numel() else b""


@functools.cache
def _dtype_name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


class _Decoder:
    def __init__(self, from_remote: FromRemote | None) -> None:
        self._from_remote = from_remote

    def value(self, tree: Any, depth: int) -> Any:
        if not isinstance(tree, list):
            if tree is None or type(tree) in (bool, int, float, str):
                return tree
            raise Undecodable(f"an untagged {type(tree).__name__}")
        if not tree or type(tree[0]) is not int or tree[0] not in _TAGS:
            raise Undecodable("a value without a tag")
        tag, parts = _TAGS[tree[0]], tree[1:]
        if tag in _NESTING and depth >= MAX_DEPTH:  # even an empty one: it could not be sent back
            raise Undecodable(f"values nested deeper than {MAX_DEPTH}")
        if tag <= Tag.DICT:
            return self._container(tag, parts, depth)
        sizes, build = self._builders[tag]
        if len(parts) != sizes:
            raise Undecodable(f"{tag.name.lower()} of {len(parts)} parts, expected {sizes}")
        try:
            return build(self, *parts)
        except Undecodable:
            raise
        except Exception as error:  # numpy, torch and pandas have many ways to refuse what does not fit together
            raise Undecodable(f"a broken {tag.name.lower()} ({type(error).__name__})") from error

    def _container(self, tag: Tag, parts: list[Any], depth: int) -> Any:
        values = [self.value(part, depth + 1) for part in parts]
        if tag is Tag.LIST:
            return values
        if tag is Tag.TUPLE:
            return tuple(values)
        if len(values) % 2:
            raise Undecodable("a dict with a key and no value")
        keys = values[::2]
        if not _keys_fit(keys, _KEYS):
            raise Undecodable("a dict whose keys are neither text nor numbers, or too many")
        try:
            return dict(zip(keys, values[1::2], strict=True))
        except TypeError as error:
            raise Undecodable("a dict key that cannot be hashed") from error

    def _array(self, dtype: str, shape: list[int], data: bytes) -> np.ndarray[Any, Any]:
        if dtype not in _ARRAY_DTYPES:
            raise Undecodable("an array of a dtype that cannot cross")
        exact = np.dtype(dtype)
        _check_shape(shape, exact.itemsize, data)
        # Of its own memory: it is aligned, and the code may do with it what it may do with any array.
        if exact.kind == "b":  # a truth value of any other byte than 0 and 1 would count as more than one
            truth = np.empty(shape, dtype=exact)
            np.not_equal(np.frombuffer(data, dtype=np.uint8).reshape(shape), 0, out=truth)
            return truth
        return np.frombuffer(data, dtype=exact).reshape(shape).copy()

    def _scalar(self, dtype: str, data: bytes) -> Any:
        return self._array(dtype, [], data)[()]

    def _tensor(self, dtype: str, shape: list[int], device: str, requires_grad: bool, data: bytes) -> Any:
        torch = _torch()
        if torch is None:
            raise Undecodable("a torch tensor where torch is not loaded")
        if dtype not in _TENSOR_DTYPES or type(requires_grad) is not bool:
            raise Undecodable("a tensor of a dtype that cannot cross")
        _check_shape(shape, _TENSOR_DTYPES[dtype], data)
        exact = getattr(torch, dtype)
        tensor = torch.empty(shape, dtype=exact, device="cpu")  # of its own memory, as in _array
        if data and exact is torch.bool:
            tensor.copy_(torch.frombuffer(bytearray(data), dtype=torch.uint8).reshape(shape))  # see _array
        elif data:
            ctypes.memmove(tensor.data_ptr(), data, len(data))  # as many bytes as it has: see _check_shape
        if device != "cpu":
            tensor = tensor.to(self._device(device))
        if requires_grad and (exact.is_floating_point or exact.is_complex):
            tensor.requires_grad_()
        return tensor

    def _device(self, name: str) -> Any:
        torch = _torch()
        kind, _, index = name.partition(":")
        if torch is None or kind not in _DEVICES or not (index == "" or (index.isdecimal() and index.isascii())):
            raise Undecodable("a device that is neither cpu nor cuda")
        if kind == "cuda" and not torch.cuda.is_available():
            raise Undecodable("a tensor on a GPU that this machine does not have")
        device = torch.device(name)
        if str(device) != name:  # torch 2.13 keeps the number in eight bits: cpu:128 becomes cpu:-128, cpu:255 cpu
            raise Undecodable("a device of an impossible number")
        return device

    def _dtype(self, name: str) -> Any:
        torch = _torch()
        if torch is None or name not in _TENSOR_DTYPES:
            raise Undecodable("a dtype that cannot cross")
        return getattr(torch, name)

    def _integer(self, digits: str) -> int:
        if type(digits) is not str or len(digits) > _MAX_INT_DIGITS or not digits.removeprefix("-").isdecimal():
            raise Undecodable("an integer that is not one")
        number = int(digits)
        if number.bit_length() > MAX_INT_BITS:
            raise Undecodable(f"an integer of more than {MAX_INT_BITS} bits")
        return number

    def _bytes(self, data: bytes) -> bytes:
        if type(data) is not bytes:
            raise Undecodable("bytes that are not bytes")
        return data

    def _complex(self, real: float, imag: float) -> complex:
        if type(real) is not float or type(imag) is not float:
            raise Undecodable("a complex number that is not one")
        return complex(real, imag)

    def _remote(self, number: int, kind: str) -> Any:
        if type(number) is not int or type(kind) is not str:
            raise Undecodable("a handle that is not one")
        return self._known(Remote(number, kind[:200]))

    def _callback(self, number: int) -> Any:
        if type(number) is not int:
            raise Undecodable("a callback that is not one")
        return self._known(Callback(number))

    def _known(self, remote: Remote | Callback) -> Any:
        if self._from_remote is None:
            raise Undecodable("a handle where none is expected")
        return self._from_remote(remote)

    def _frame(self, parts: Any) -> Any:
        return tables.build_frame(_Decoder(None).value(parts, 1))

    def _series(self, parts: Any) -> Any:
        return tables.build_series(_Decoder(None).value(parts, 1))

    _builders: Mapping[Tag, tuple[int, Callable[..., Any]]] = {
        Tag.ARRAY: (3, _array),
        Tag.TENSOR: (5, _tensor),
        Tag.REMOTE: (2, _remote),
        Tag.CALLBACK: (1, _callback),
        Tag.BYTES: (1, _bytes),
        Tag.COMPLEX: (2, _complex),
        Tag.INT: (1, _integer),
        Tag.FRAME: (1, _frame),
        Tag.SERIES: (1, _series),
        Tag.DTYPE: (1, _dtype),
        Tag.DEVICE: (1, lambda self, name: self._device(name)),
        Tag.SCALAR: (2, _scalar),
    }


def _check_shape(shape: Any, itemsize: int, data: Any) -> None:
    if type(shape) is not list or type(data) is not bytes or len(shape) > MAX_DIMS:
        raise Undecodable("an array without shape or data")
    if not all(type(size) is int and 0 <= size <= MAX_ELEMENTS for size in shape):
        raise Undecodable("an array with an impossible shape")
    if _elements(shape) > MAX_ELEMENTS:
        raise Undecodable(f"an array of more than {MAX_ELEMENTS} elements")
    if math.prod(shape) * itemsize != len(data):
        raise Undecodable("an array whose shape and data disagree")


def _elements(shape: Sequence[int]) -> int:
    return math.prod(max(size, 1) for size in shape)


def _sent_shape(shape: Sequence[int]) -> list[int]:
    if len(shape) > MAX_DIMS or _elements(shape) > MAX_ELEMENTS:
        raise ValueError(f"an array of shape {tuple(shape)} is too large to cross the wire")
    return list(shape)


def _keys_fit(keys: Collection[Any], kinds: tuple[type, ...]) -> bool:
    if len(keys) <= MAX_ODD_KEYS and set(map(type, keys)) <= {str}:
        return True
    if len(keys) > MAX_ITEMS // 2 or not all(isinstance(key, kinds) for key in keys):
        return False
    return len(keys) <= MAX_ODD_KEYS or all(isinstance(key, str) for key in keys)
