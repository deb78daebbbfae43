"""Values that cross the wire arrive as the same plain values, whatever they were made of."""

from __future__ import annotations

import enum
import math
from collections import OrderedDict, namedtuple
from typing import Any

import msgpack
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pandas.testing import assert_frame_equal, assert_series_equal

from autograder.wire import Callback, Remote, Undecodable, codec, decode, encode, structure
from autograder.wire.codec import MAX_DEPTH, MAX_ELEMENTS, MAX_INT_BITS, MAX_ITEMS, MAX_ODD_KEYS, Tag

ARRAY_DTYPES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"]
TENSOR_DTYPES = [
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.complex64, torch.complex128,
]  # fmt: skip
often = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
arrays = st.sampled_from(ARRAY_DTYPES).flatmap(lambda dtype: hnp.arrays(np.dtype(dtype), shapes))
tensors = st.builds(
    lambda array, dtype: torch.from_numpy(array).to(dtype),
    hnp.arrays(np.dtype("f4"), shapes, elements=st.floats(0, 100, width=32)),
    st.sampled_from(TENSOR_DTYPES),
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
keys = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)
values = st.recursive(
    scalars | arrays | tensors,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=12,
)


def crossed(value: Any) -> Any:
    return decode(encode(value))


def assert_same(found: Any, sent: Any) -> None:
    """The same value of exactly the same type: bits for bits, and NaN is NaN."""
    assert type(found) is type(sent)
    if isinstance(sent, list | tuple):
        assert len(found) == len(sent)
        for one, other in zip(found, sent, strict=True):
            assert_same(one, other)
    elif isinstance(sent, dict):
        assert list(found) == list(sent)
        assert_same(list(found.keys()), list(sent.keys()))
        assert_same(list(found.values()), list(sent.values()))
    elif isinstance(sent, np.ndarray):
        assert (found.dtype, found.shape, found.tobytes()) == (sent.dtype, sent.shape, sent.tobytes())
    elif isinstance(sent, torch.Tensor):
        assert (found.dtype, found.device, found.requires_grad) == (sent.dtype, sent.device, sent.requires_grad)
        assert found.shape == sent.shape
        assert torch.equal(found.nan_to_num(), sent.nan_to_num())
    elif isinstance(sent, float | complex):
        assert repr(found) == repr(sent)
    else:
        assert found == sent


@often
@given(values)
def test_plain_values_come_back_exactly(value: Any) -> None:
    assert_same(crossed(value), value)


@pytest.mark.parametrize(
    "value",
    [2**63, 2**64, -(2**63), -(2**63) - 1, 10**3000, -(10**3000), math.nan, math.inf, -math.inf, -0.0, 5e-324],
    ids=lambda value: f"{type(value).__name__}-{str(value)[:12]}",
)
def test_odd_numbers(value: Any) -> None:
    assert_same(crossed(value), value)


@pytest.mark.parametrize("dtype", ARRAY_DTYPES)
def test_arrays_of_every_layout_and_byte_order_arrive_in_plain_order(dtype: str) -> None:
    for order in "<>":
        base = np.arange(24).reshape(4, 6).astype(np.dtype(dtype).newbyteorder(order))
        layouts = [base, np.asfortranarray(base), base[::2, 1::3], base[::-1, ::-1], base[:0], base[1, 1:2].reshape(())]
        for made in [*layouts, np.broadcast_to(base[0], (3, 6))]:
            found = crossed(made)
            assert type(found) is np.ndarray
            assert found.dtype == np.dtype(dtype)
            assert found.dtype.isnative
            assert found.flags.c_contiguous
            assert found.flags.writeable
            assert found.flags.owndata
            assert found.flags.aligned
            assert found.shape == made.shape
            np.testing.assert_array_equal(found, made)


@pytest.mark.parametrize("dtype", TENSOR_DTYPES, ids=str)
def test_tensors_of_every_dtype_and_layout(dtype: torch.dtype) -> None:
    base = torch.arange(24).reshape(4, 6).to(dtype)
    for made in (base, base.t(), base[::2, 1::3], base[:1].expand(3, 6), base[:0], base[1, 1], base[None, None]):
        assert_same(crossed(made), made)
        assert crossed(made).is_contiguous()
        assert crossed(made).resize_(5, 5).shape == (5, 5)


def test_lazily_conjugated_and_negated_tensors_are_resolved() -> None:
    z = torch.tensor([1 + 2j, 3 - 4j])
    for made in (z.conj(), z.conj().imag, torch._neg_view(z.real)):
        found = crossed(made)
        assert not found.is_conj()
        assert not found.is_neg()
        assert torch.equal(found, made.resolve_conj().resolve_neg())


def test_requires_grad_crosses_and_history_does_not() -> None:
    leaf = torch.ones(2, requires_grad=True)
    for made in (leaf, leaf * 2, torch.nn.Parameter(torch.ones(2)), (leaf * 2).sum()):
        found = crossed(made)
        assert type(found) is torch.Tensor
        assert found.requires_grad
        assert found.is_leaf
        assert found.grad is None
    assert not crossed(leaf.detach()).requires_grad


def test_a_tensor_made_in_inference_mode_crosses() -> None:
    with torch.inference_mode():
        made = torch.ones(2) * 3
    assert torch.equal(crossed(made), torch.tensor([3.0, 3.0]))


class _Tensor(torch.Tensor):
    """A tensor subclass that lies about its values."""

    def __eq__(self, other: object) -> Any:
        return torch.ones(self.shape, dtype=torch.bool)


class _Array(np.ndarray[Any, Any]):
    """An array subclass that lies about its values."""

    def __eq__(self, other: object) -> Any:
        return np.ones(self.shape, dtype=bool)


class Colour(enum.IntEnum):
    RED = 3


class Text(str):
    """A str subclass."""


class Number(float):
    """A float subclass."""


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("made", "arrives"),
    [
        (Colour.RED, 3),
        (Text("a"), "a"),
        (Number(0.5), 0.5),
        (Point(1, 2), (1, 2)),
        (torch.Size([2, 3]), (2, 3)),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (bytearray(b"ab"), b"ab"),
        (np.bytes_(b"ab"), b"ab"),
        (np.str_("ab"), "ab"),
        (np.array([[1.0, 2.0]]).view(np.matrix), np.array([[1.0, 2.0]])),
        (np.ma.masked_array([1.0, 2.0], mask=[False, False]), np.array([1.0, 2.0])),
        (np.array([1.0, 2.0]).view(_Array), np.array([1.0, 2.0])),
        (torch.ones(2).as_subclass(_Tensor), torch.ones(2)),
        (torch.float16, torch.float16),
        (torch.device("cpu"), torch.device("cpu")),
        ({np.int64(3): 1, np.float32(0.5): 2, np.str_("a"): 3}, {3: 1, 0.5: 2, "a": 3}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_subclasses_arrive_as_the_plain_type(made: Any, arrives: Any) -> None:
    assert_same(crossed(made), arrives)


@pytest.mark.parametrize("dtype", ARRAY_DTYPES)
def test_numpy_scalars_keep_their_dtype(dtype: str) -> None:
    made = np.dtype(dtype).type(1)
    found = crossed(made)
    assert type(found) is type(made)
    assert found == made


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert crossed({"a\udc80": ["\ud800b"]}) == {"a?": ["?b"]}


def test_values_without_a_tag_become_remotes_wherever_they_are() -> None:
    numbered: list[Any] = []

    def to_remote(value: Any) -> Remote:
        numbered.append(value)
        return Remote(len(numbered), type(value).__name__)

    structured = np.zeros(2, dtype=[("a", "f8")])
    odd = [object(), {1, 2}, structured, np.longdouble(1), np.array([None]), torch.ones(2).to_sparse(), torch.qint8]
    dicts: list[Any] = [{object(): 1}, dict.fromkeys(range(MAX_ODD_KEYS + 1))]
    for value in [*odd, *dicts, [0] * (MAX_ITEMS + 1), torch.empty(2, device="meta"), torch.device("meta")]:
        numbered.clear()
        found = decode(encode([value], to_remote), lambda remote: remote)
        assert found == [Remote(1, type(value).__name__)]
        assert numbered[0] is value
        with pytest.raises(TypeError, match="cannot cross"):
            encode([value])
    assert decode(encode([Remote(5, "Module"), Callback(2)]), lambda remote: remote) == [
        Remote(5, "Module"),
        Callback(2),
    ]


def test_containers_cross_up_to_the_depth_limit_and_scalars_one_deeper() -> None:
    value: Any = 1.5
    for _ in range(MAX_DEPTH):
        value = [value]
    assert crossed(value) == value
    with pytest.raises(TypeError, match="list cannot cross"):
        encode([value])
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(TypeError, match="list cannot cross"):
        encode(circle)


def test_both_ends_have_the_same_limits() -> None:
    table: Any = pd.DataFrame({("a", 1): [1]})
    for _ in range(MAX_DEPTH - 1):
        table = [table]
    assert encode(crossed(table)) == encode(table)
    with pytest.raises(TypeError, match="DataFrame cannot cross"):
        encode([table])
    packed = [Tag.LIST]
    for _ in range(MAX_DEPTH):
        packed = [Tag.LIST, packed]
    with pytest.raises(Undecodable, match="nested deeper"):
        decode(msgpack.packb(packed))

    largest = 2**MAX_INT_BITS - 1
    assert crossed([largest, -largest]) == [largest, -largest]
    with pytest.raises(ValueError, match="integer of"):
        encode(largest + 1)
    with pytest.raises(Undecodable, match=f"more than {MAX_INT_BITS} bits"):
        decode(msgpack.packb([Tag.INT, str(largest + 1)]))


@pytest.mark.parametrize("name", ["cpu:128", "cpu:255", "cpu:-1"])
def test_a_device_of_a_number_that_torch_misreads_is_refused(name: str) -> None:
    with pytest.raises(Undecodable):
        decode(msgpack.packb([Tag.DEVICE, name]))


def test_too_much_is_refused_where_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (codec, structure):
        monkeypatch.setattr(module, "MAX_VALUES", 10_000)
    with pytest.raises(ValueError, match="too large"):
        encode(np.broadcast_to(np.uint8(1), (MAX_ELEMENTS + 1,)))
    with pytest.raises(ValueError, match="too large"):
        encode(torch.empty(0, MAX_ELEMENTS + 1))
    with pytest.raises(ValueError, match="too large"):
        encode(np.zeros([1] * 17))
    with pytest.raises(ValueError, match="integer of"):
        encode(2**20000)
    with pytest.raises(ValueError, match="use an array"):
        encode([[1] * 600] * 18)
    with pytest.raises(ValueError, match="use an array"):
        encode([[1j] * 600] * 5)  # few values, of several parts each


FRAMES = [
    pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan], "c": ["x", None], "d": [True, False]}),
    pd.DataFrame({"a": np.array([1, 2], dtype="i2")}, index=["first", "second"]),
    pd.DataFrame([[1, 2]], columns=["same", "same"]),
    pd.DataFrame({("a", 1): [1.0], ("a", 2): [2.0]}),
    pd.DataFrame({"n": [1, 2, 3]}, index=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["k", "l"])),
    pd.DataFrame({"mixed": [1, "a", 2.5]}),
    pd.DataFrame(),
    pd.DataFrame({"a": []}),
    pd.DataFrame({"a": [1, 1, 2]}).groupby("a").agg(count=("a", "size")),
]


@pytest.mark.parametrize("frame", FRAMES, ids=range(len(FRAMES)))
def test_pandas_frames_come_back(frame: pd.DataFrame) -> None:
    found = crossed(frame)
    assert type(found) is pd.DataFrame
    assert_frame_equal(found, frame, check_index_type=False, check_column_type=False)


def test_pandas_series_come_back() -> None:
    for series in (pd.Series([1, 2], name="n"), pd.Series(["a", None], index=[3, 4]), pd.Series([], dtype=float)):
        assert_series_equal(crossed(series), series, check_index_type=False)
    category = pd.Series(["a", "b", "a"], dtype="category")
    assert_series_equal(crossed(category), category.astype(str))


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"when": pd.to_datetime(["2024-01-01"])}),
        pd.Series([1], index=pd.to_datetime(["2024-01-01"])),
        pd.DataFrame({"lists": [[1], [2]]}),
        pd.DataFrame({"objects": [object()]}),
        pd.DataFrame({"n": np.zeros(70000)}),
    ],
    ids=["dates", "date labels", "lists", "objects", "too long"],
)
def test_other_tables_stay_where_they_are(table: Any) -> None:
    found = decode(encode(table, lambda value: Remote(1, type(value).__name__)), lambda remote: remote)
    assert found == Remote(1, type(table).__name__)
