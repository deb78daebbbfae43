"""Whatever the other side sends, decoding says Undecodable or gives plain values, at a bounded cost."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import msgpack
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.wire import Callback, Remote, Undecodable, decode, encode, structure
from autograder.wire.codec import MAX_ELEMENTS, MAX_ITEMS, MAX_ODD_KEYS, Tag
from autograder.wire.structure import MAX_LEVELS

often = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SAMPLES: list[Any] = [
    {"op": "call", "args": (1, 2.5, None, True, "text", b"bytes"), "kwargs": {"a": [1j, 2**70]}},
    [np.arange(6.0).reshape(2, 3), np.float32(1.5), np.array([True, False])],
    (torch.ones(2, 2, requires_grad=True), torch.tensor([1, 2]), torch.bfloat16, torch.device("cpu")),
    [Remote(3, "Module"), Callback(0)],
    pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=["r", "s"]),
    pd.Series([1.5, 2.5], name="s"),
]
EXACT = (
    type(None), bool, int, float, complex, str, bytes, list, tuple, dict, np.ndarray, torch.Tensor,
    torch.dtype, torch.device, pd.DataFrame, pd.Series, Remote, Callback,
)  # fmt: skip


def parts_of(value: Any) -> Iterator[Any]:
    yield value
    inner: Any = [*value.keys(), *value.values()] if type(value) is dict else value
    if type(inner) in (list, tuple):
        for part in inner:
            yield from parts_of(part)


def decoded_or_refused(data: bytes) -> None:
    """The one property of this file: Undecodable and nothing else, or exact types and nothing else."""
    try:
        value = decode(data, lambda remote: remote)
    except Undecodable:
        return
    for part in parts_of(value):
        assert type(part) in EXACT or isinstance(part, np.generic)


@often
@given(st.binary(max_size=400))
def test_random_bytes(data: bytes) -> None:
    decoded_or_refused(data)


trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=9),
    lambda inner: st.tuples(st.sampled_from(list(Tag)) | inner, inner, inner, inner, inner).flatmap(
        lambda parts: st.integers(0, 5).map(lambda count: list(parts[:count]))
    ),
    max_leaves=12,
)


@often
@given(trees)
def test_well_formed_messages_of_nonsense(tree: Any) -> None:
    decoded_or_refused(msgpack.packb(tree))


dtypes = st.sampled_from(["|b1", "<f8", "<i4", ">f8", "|O", "<U4", "V8", "f8", "float32", "bool", "", "bfloat16"])
sizes = st.lists(st.integers(-2, 4) | st.sampled_from([2**25, 2**31, 2**62, -(2**62), True, 1.5, None]), max_size=18)
devices = st.sampled_from(["cpu", "cuda", "cuda:0", "cuda:999999999999", "meta", "cpu:1", "xla", "mps", "", "cuda:²"])


@often
@given(st.sampled_from([Tag.ARRAY, Tag.TENSOR]), dtypes, sizes, devices, st.binary(max_size=64), st.booleans())
def test_arrays_that_lie(tag: Tag, dtype: str, shape: Any, device: str, data: bytes, requires_grad: bool) -> None:
    parts = [dtype, shape, data] if tag is Tag.ARRAY else [dtype, shape, device, requires_grad, data]
    decoded_or_refused(msgpack.packb([tag, *parts]))


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_valid_messages_cut_mutated_and_spliced(sample: Any) -> None:
    data = encode(sample)
    generator = random.Random(7)
    for length in range(len(data)):
        with pytest.raises(Undecodable):
            decode(data[:length], lambda remote: remote)
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(generator.randint(1, 4)):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
        if generator.random() < 0.3:
            start = generator.randrange(len(changed))
            changed[start:start] = changed[: generator.randrange(len(changed))]
        decoded_or_refused(bytes(changed))


REFUSED: dict[str, Any] = {
    "an untagged map": {"a": 1},
    "an untagged list": [[1, 2]],
    "untagged bytes": b"ab",
    "an extension type": msgpack.ExtType(5, b"ab"),
    "a timestamp": msgpack.Timestamp(1, 2),
    "an unknown tag": [99, 1],
    "a truth value for a tag": [True, 1],
    "a float for a tag": [1.0, 1],
    "a negative tag": [-1],
    "text where bytes belong": [Tag.BYTES, "text"],
    "truth values where numbers belong": [Tag.COMPLEX, True, False],
    "a truth value for a size": [Tag.ARRAY, "|u1", [True], b"a"],
    "a negative size": [Tag.ARRAY, "|u1", [-1, -1], b"a"],
    "a wrong size": [Tag.ARRAY, "<f8", [2], b"12345678"],
    "a huge empty array": [Tag.ARRAY, "<f8", [0, 2**40], b""],
    "a wide empty array": [Tag.ARRAY, "<f8", [0, MAX_ELEMENTS + 1], b""],
    "many dimensions": [Tag.ARRAY, "<f8", [1] * 17, b"12345678"],
    "an object array": [Tag.ARRAY, "|O", [1], b"12345678"],
    "a structured array": [Tag.ARRAY, "i4,f4", [1], b"12345678"],
    "a dtype that is a list": [Tag.ARRAY, ["<f8"], [1], b"12345678"],
    "a tensor on a device that is a number": [Tag.TENSOR, "float64", [1], 5, False, b"12345678"],
    "a tensor without values": [Tag.TENSOR, "float64", [1], "meta", False, b"12345678"],
    "a quantized tensor": [Tag.TENSOR, "quint8", [1], "cpu", False, b"1"],
    "a tensor whose requires_grad is a number": [Tag.TENSOR, "float64", [1], "cpu", 1, b"12345678"],
    "a device that is a number": [Tag.DEVICE, 5],
    "a device that is nowhere": [Tag.DEVICE, "xla"],
    "an attribute of torch": [Tag.DTYPE, "load"],
    "a number of letters": [Tag.INT, "12a"],
    "a number that is one": [Tag.INT, 12],
    "a number of too many digits": [Tag.INT, "9" * 4001],
    "a key without value": [Tag.DICT, "a"],
    "a list for a key": [Tag.DICT, [Tag.LIST], 1],
    "a tuple of lists for a key": [Tag.DICT, [Tag.TUPLE, [Tag.LIST]], 1],
    "an array for a key": [Tag.DICT, [Tag.ARRAY, "|u1", [1], b"a"], 1],
    "a handle for a key": [Tag.DICT, [Tag.REMOTE, 1, "a"], 1],
    "a handle of a negative kind": [Tag.REMOTE, 1, -1],
    "a handle of a truth value": [Tag.REMOTE, True, "a"],
    "a callback of text": [Tag.CALLBACK, "0"],
    "a table of numbers": [Tag.FRAME, 5],
    "a table of a handle": [
        Tag.SERIES, [Tag.TUPLE, [Tag.LIST, [Tag.REMOTE, 1, "a"]], [Tag.LIST, None], None, [Tag.LIST, 1]],
    ],
    "a table of arrays in arrays": [
        Tag.SERIES, [Tag.TUPLE, [Tag.LIST, 1], [Tag.LIST, None], None, [Tag.ARRAY, "|u1", [1, 1], b"a"]],
    ],
    "a table whose columns differ": [
        Tag.FRAME,
        [Tag.TUPLE, [Tag.LIST, 1, 2], [Tag.LIST, None], [Tag.LIST, "a"], [Tag.LIST, None], [Tag.LIST, [Tag.LIST, 1]]],
    ],
}  # fmt: skip


@pytest.mark.parametrize("tree", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(tree: Any) -> None:
    with pytest.raises(Undecodable):
        decode(msgpack.packb(tree), lambda remote: remote)


def test_more_that_is_refused() -> None:
    for data in (b"", b"\xc1", encode(1) + b"\x00", encode("a")[:-1], b"\xa2\xff\xfe", b"\x81\xa1a\x01"):
        with pytest.raises(Undecodable):
            decode(data)
    for tree in ([Tag.REMOTE, 1, "a"], [Tag.CALLBACK, 1]):
        with pytest.raises(Undecodable, match="none is expected"):
            decode(msgpack.packb(tree))


def test_the_gpu_of_a_machine_without_one() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU: the claim would be true")
    for tree in ([Tag.TENSOR, "float64", [1], "cuda", False, b"12345678"], [Tag.DEVICE, "cuda:0"]):
        with pytest.raises(Undecodable, match="does not have"):
            decode(msgpack.packb(tree))


def test_a_truth_value_is_zero_or_one_whatever_its_byte() -> None:
    array = decode(msgpack.packb([Tag.ARRAY, "|b1", [3], b"\x00\x02\xff"]))
    tensor = decode(msgpack.packb([Tag.TENSOR, "bool", [3], "cpu", False, b"\x00\x02\xff"]))
    for found in (array, tensor):
        assert found.sum() == 2
        assert bytes(memoryview(np.asarray(found)).cast("B")) == b"\x00\x01\x01"


def test_a_handles_class_name_is_capped() -> None:
    remote = decode(msgpack.packb([Tag.REMOTE, 1, "a" * 10**6]), lambda remote: remote)
    assert len(remote.kind) == 200


COSTLY = {
    "lists announced in lists": lambda size: b"\xdc\xff\xff" * (size // 3),
    "long lists announced in lists": lambda size: b"\xdd\xff\xff\xff\xff" * (size // 5),
    "lists announced as long as the message": lambda size: (
        (b"\xdc" + struct.pack(">H", min(size, 65535))) * (size // 3)
    ),
    "maps announced": lambda size: b"\xde\xff\xff" * (size // 3),
    "bytes announced": lambda size: b"\xc6\xff\xff\xff\xff" + bytes(size),
    "text announced": lambda size: b"\xdb\xff\xff\xff\xff" + bytes(size),
    "extension announced": lambda size: b"\xc9\xff\xff\xff\xff\x05" + bytes(size),
    "deep lists": lambda size: b"\x91" * size,
    "deep tagged lists": lambda size: b"\x92\x00" * (size // 2),
    "empty lists": lambda size: b"\xdc" + struct.pack(">H", min(size, 65000)) + b"\x00" + b"\x91\x00" * (size // 2),
    "broadcast shapes": lambda size: msgpack.packb([Tag.ARRAY, "<f8", [2**62] * 8, bytes(size)]),
    "a wide empty tensor": lambda size: msgpack.packb([Tag.TENSOR, "float64", [0, 2**40], "cpu", False, b""]),
    "long rows of text": lambda size: msgpack.packb([Tag.LIST, "x" * (size // 2), *[""] * (size // 2)]),
}


@pytest.mark.parametrize("make", COSTLY.values(), ids=COSTLY)
def test_a_kilobyte_costs_no_more_than_a_few_and_a_megabyte_no_more_than_a_hundred(make: Any) -> None:
    for size, most in ((2**10, 2**20), (2**20, 100 * 2**20)):
        data = make(size)
        tracemalloc.start()
        began = time.monotonic()
        try:
            decoded_or_refused(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < most
        assert time.monotonic() - began < 10


def test_a_frame_of_empty_lists_is_refused_before_anything_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "MAX_VALUES", 2**15)  # tracing a million steps takes too long
    lists = b"\xdc" + struct.pack(">H", 65001) + b"\x00" + b"\x91\x00" * 65000
    data = b"\xdc" + struct.pack(">H", 101) + b"\x00" + lists * 100
    tracemalloc.start()
    try:
        with pytest.raises(Undecodable, match=f"more than {2**15}"):
            decode(data)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_too_deep_and_too_long() -> None:
    deep = b"\x92\x00" * (MAX_LEVELS + 1) + b"\xc0"
    with pytest.raises(Undecodable, match="deeper"):
        decode(deep)
    with pytest.raises(Undecodable, match="deeper"):
        decode(b"\x92\x00" * 40 + b"\xc0")
    with pytest.raises(Undecodable):
        decode(msgpack.packb([Tag.LIST, *[1] * (MAX_ITEMS + 4)]))


def test_keys_chosen_to_collide_are_few() -> None:
    colliding = [part for n in range(MAX_ODD_KEYS + 1) for part in ([Tag.INT, str(n * (2**61 - 1) + 2**70)], 0)]
    with pytest.raises(Undecodable, match="too many"):
        decode(msgpack.packb([Tag.DICT, *colliding]))
    began = time.monotonic()
    assert len(decode(msgpack.packb([Tag.DICT, *colliding[2:]]))) == MAX_ODD_KEYS
    assert time.monotonic() - began < 5
    assert len(decode(encode({f"word {n}": n for n in range(30000)}))) == 30000
