"""``assert_matches`` and the checked values."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autograder.compare import as_array, as_number, as_tensor, assert_matches, recording, tolerance
from autograder.compare.differences import scale_of
from autograder.errors import Mismatch, SuiteFault


class Hostile:
    """A stand-in for a handle: the code under test (pytest may) must not ask it for anything."""

    def __getattribute__(self, name: str) -> Any:
        return _refuse_or(object.__getattribute__, self, name)

    def __eq__(self, other: object) -> bool:
        return bool(_refuse_or(lambda: self is other))

    def __hash__(self) -> int:
        return int(_refuse_or(lambda: id(self)))

    def __bool__(self) -> bool:
        return bool(_refuse_or(lambda: True))

    def __len__(self) -> int:
        return int(_refuse_or(lambda: 0))

    def __float__(self) -> float:
        return float(_refuse_or(lambda: 0.0))

    def __repr__(self) -> str:
        return str(_refuse_or(lambda: "Hostile()"))


def _refuse_or(answer: Callable[..., Any], *arguments: Any) -> Any:
    asking = sys._getframe(2).f_globals["__name__"]
    if asking.startswith(("autograder.", "numpy", "torch")):
        raise RuntimeError(f"{asking} asks")
    return answer(*arguments)


def message_of(actual: Any, expected: Any, **options: Any) -> str:
    with pytest.raises(Mismatch) as caught:
        assert_matches(actual, expected, **options)
    return str(caught.value)


@pytest.fixture
def expected() -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(8, 5, dtype=torch.float64, generator=generator)


class TestTensors:
    def test_equal_passes(self, expected: torch.Tensor) -> None:
        assert_matches(expected.clone().requires_grad_(), expected)

    def test_rounding_passes(self, expected: torch.Tensor) -> None:
        assert_matches(expected * (1 + 1e-11), expected)

    @pytest.mark.parametrize("error", [8e-5, 1e-6, 3e-9])
    def test_a_small_relative_error_is_found_in_float64(self, expected: torch.Tensor, error: float) -> None:
        assert message_of(expected * (1 + error), expected)

    def test_one_wrong_entry_is_found(self, expected: torch.Tensor) -> None:
        wrong = expected.clone()
        wrong[3, 2] *= 1 + 1e-4
        assert "in 1 of 40 entries" in message_of(wrong, expected, what="dx")

    def test_no_tensor(self, expected: torch.Tensor) -> None:
        assert message_of(expected.numpy(), expected) == "the result is a NumPy array; expected a torch tensor"
        assert "a list" in message_of(expected.tolist(), expected)

    def test_dtype(self, expected: torch.Tensor) -> None:
        message = message_of(expected, expected.float(), what="dx")
        assert message == "dx is float64; expected float32, the dtype of the input"
        assert "expected int64" in message_of(torch.zeros(3), torch.zeros(3, dtype=torch.int64))

    def test_device(self, expected: torch.Tensor) -> None:
        assert "on meta; expected it on cpu" in message_of(expected.to("meta"), expected)

    def test_sparse(self, expected: torch.Tensor) -> None:
        assert "dense" in message_of(expected.to_sparse(), expected)

    def test_nested(self, expected: torch.Tensor) -> None:
        with pytest.warns(UserWarning, match="nested"):
            nested = torch.nested.nested_tensor([torch.zeros(1), torch.zeros(2)])
        assert "expected a torch tensor" in message_of(nested, expected)

    def test_integers_are_exact(self) -> None:
        large = torch.tensor([2**53, 1])
        assert_matches(large.clone(), large)
        assert "1 of 2" in message_of(torch.tensor([2**53 + 1, 1]), large)

    def test_booleans_are_exact(self) -> None:
        mask = torch.tensor([True, False, True])
        assert_matches(mask.clone(), mask)
        assert "3 of 3" in message_of(~mask, mask)
        assert "expected bool" in message_of(mask.double(), mask)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
    def test_lower_precision(self, expected: torch.Tensor, dtype: torch.dtype) -> None:
        right = expected.to(dtype)
        assert_matches(right * (1 + tolerance(dtype)[0] / 10), right)
        assert message_of(right * (1 + 3 * tolerance(dtype)[0]), right)

    def test_parameters_are_tensors(self, expected: torch.Tensor) -> None:
        assert_matches(expected, torch.nn.Parameter(expected))

    def test_empty(self) -> None:
        assert_matches(torch.zeros(0, 3), torch.zeros(0, 3))
        assert "shape (3, 0)" in message_of(torch.zeros(3, 0), torch.zeros(0, 3))


class TestShapes:
    def test_column_for_a_vector(self) -> None:
        v = torch.arange(4.0)
        assert_matches(v[:, None], v)
        assert_matches([[0.0], [1.0]], np.array([0.0, 1.0]))
        assert_matches(torch.ones(1, 1), torch.ones(1))

    @pytest.mark.parametrize("shape", [(1, 4), (4, 4), (4, 1, 1), (2, 2), (1,), ()], ids=str)
    def test_nothing_else_for_a_vector(self, shape: tuple[int, ...]) -> None:
        for right in (torch.ones(4), np.ones(4)):
            actual: Any = torch.ones(shape) if isinstance(right, torch.Tensor) else np.ones(shape)
            assert "expected shape (4,)" in message_of(actual, right)

    @pytest.mark.parametrize("shape", [(4,), (4, 4), (1, 4)], ids=str)
    def test_nothing_is_broadcast(self, shape: tuple[int, ...]) -> None:
        assert "shape" in message_of(torch.ones(shape), torch.ones(4, 1))
        assert "shape" in message_of(torch.ones(*shape, 1, 1), torch.ones(*shape, 1))

    def test_hints(self) -> None:
        assert "transposed" in message_of(torch.ones(3, 5), torch.ones(5, 3))
        assert "keepdim" in message_of(torch.ones(1, 5), torch.ones(5))


class TestArrays:
    right = np.array([[1.0, 2.0], [3.0, 4.0]])

    @pytest.mark.parametrize(
        "actual",
        [
            right,
            [[1.0, 2.0], [3.0, 4.0]],
            ((1, 2), (3, 4)),
            [np.array([1.0, 2.0]), [3.0, 4]],
            [[torch.tensor(1.0), np.float64(2)], [3, np.int64(4)]],
            torch.tensor(right),
            torch.tensor(right, dtype=torch.float32),
            np.array([[1, 2], [3, 4]], dtype=np.uint8),
            np.asfortranarray(right),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_whatever_stands_for_an_array(self, actual: Any) -> None:
        assert_matches(actual, self.right)

    @pytest.mark.parametrize(
        ("actual", "message"),
        [
            (None, "None"),
            ("1234", "a str"),
            (1.0, "is a scalar"),
            ([[1.0, 2.0], [3.0]], "ragged"),
            ([[1.0, 2.0], 3.0], "ragged"),
            ([[1.0, None], [3.0, 4.0]], "an item of w is None"),
            ([["1", "2"], ["3", "4"]], "str"),
            (np.array([[1.0, None], [3.0, 4.0]]), "objects"),
            (np.array([["1", "2"], ["3", "4"]]), "text"),
            (right.astype(complex), "complex"),
            ([[1.0 + 0j, 2.0], [3.0, 4.0]], "complex"),
            (right > 2, "booleans"),
            ([[True, 2.0], [3.0, 4.0]], "booleans"),
            ([[10**30, 2.0], [3.0, 4.0]], "64 bits"),
            ([10**400], "64 bits"),
            (right.astype("datetime64[s]"), "datetime64"),
            (torch.ones(2, 2, dtype=torch.complex64), "complex"),
            (torch.ones(2, 2, device="meta"), "meta"),
            ({"a": 1.0}, "a dict"),
            (Hostile(), "an object of another kind"),
            ([[Hostile(), 2.0], [3.0, 4.0]], "an item of w is an object"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_does_not(self, actual: Any, message: str) -> None:
        assert message in message_of(actual, self.right, what="w")

    def test_deep_nesting(self) -> None:
        nested: Any = 1.0
        for _ in range(100):
            nested = [nested]
        assert "nested" in message_of(nested, self.right)

    def test_integers_stand_for_floats_only_if_equal(self) -> None:
        assert "1 of 2" in message_of([1, 2], np.array([1.0, 2.5]))

    def test_floats_stand_for_integers(self) -> None:
        assert_matches([1.0, 2.0], np.array([1, 2]))
        assert message_of([1.0, 2.1], np.array([1, 2]))

    def test_booleans(self) -> None:
        assert_matches([True, False], np.array([True, False]))
        assert "expected booleans" in message_of([1, 0], np.array([True, False]))

    def test_lower_precision_is_told(self) -> None:
        assert "computed in float32" in message_of(np.array([0.1, 0.2], dtype=np.float32), np.array([0.1, 0.2]))
        assert "float32" not in message_of(np.array([0.1, 0.3], dtype=np.float32), np.array([0.1, 0.2]))


class TestScalars:
    @pytest.mark.parametrize("right", [0.5, np.float64(0.5), np.array(0.5), torch.tensor(0.5, dtype=torch.float64)])
    @pytest.mark.parametrize("actual", [0.5, np.float32(0.5), np.array(0.5), torch.tensor(0.5)])
    def test_all_scalars_are_interchangeable(self, actual: Any, right: Any) -> None:
        assert_matches(actual, right)

    @pytest.mark.parametrize("actual", [True, np.True_, torch.tensor(True), 0.5 + 0j, None, "0.5", [0.5], Hostile()])
    def test_what_is_no_scalar(self, actual: Any) -> None:
        assert "expected a" in message_of(actual, 0.5)

    @pytest.mark.parametrize("actual", [np.ones(1), torch.ones(1), np.ones((1, 1))])
    def test_one_element_arrays_are_no_scalars(self, actual: Any) -> None:
        assert "expected a scalar" in message_of(actual, 1.0)

    def test_integers(self) -> None:
        assert_matches(3.0, 3)
        assert_matches(torch.tensor(3), 3)
        assert message_of(2**53 + 1, 2**53)
        assert message_of(3.1, 3)
        assert "64 bits" in message_of(10**400, 3.0)

    def test_booleans(self) -> None:
        assert_matches(np.True_, True)
        assert_matches(torch.tensor(False), False)
        assert "a single boolean" in message_of(1, True)
        assert message_of(False, True)

    def test_precision_follows_the_expected_value(self) -> None:
        assert_matches(1.001, torch.tensor(1.0, dtype=torch.float32))
        assert message_of(torch.tensor(1.001), 1.0)


class TestContainers:
    def test_items_are_named(self) -> None:
        right = (torch.ones(2), torch.zeros(3))
        assert_matches([torch.ones(2), torch.zeros(3)], right)
        assert message_of((torch.ones(2), torch.ones(3)), right, what="grads").startswith("grads[1] differs")
        assert "grads[0] is None" in message_of((None, torch.ones(3)), right, what="grads")

    def test_number_of_items(self) -> None:
        right = (torch.ones(2), 1.0)
        assert message_of((torch.ones(2),), right) == "the result has 1 items; expected 2"
        assert message_of(None, right) == "the result is None; expected 2 values"
        assert "a dict" in message_of({0: torch.ones(2)}, right)

    def test_an_array_may_hold_the_items(self) -> None:
        assert_matches(np.array([[1.0, 2.0], [3.0, 4.0]]), [np.array([1.0, 2.0]), np.array([3.0, 4.0])])
        assert_matches(torch.ones(2, 3), [torch.ones(3), torch.ones(3)])
        assert "2 values" in message_of(torch.ones(2, 3).to_sparse(), [torch.ones(3), torch.ones(3)])

    def test_plain_numbers_are_an_array(self) -> None:
        assert_matches(np.array([1.0, 2.0]), [1.0, 2])
        assert_matches(torch.tensor([[1.0], [2.0]]), (1.0, 2.0))
        assert "shape (1, 2)" in message_of([[1.0, 2.0]], [1.0, 2.0])

    def test_empty(self) -> None:
        assert_matches([], [])
        assert_matches(np.zeros(0), [])
        assert "1 items" in message_of([1], [])

    def test_dicts(self) -> None:
        right = {"W1": np.ones((2, 2)), "b1": np.zeros(2)}
        assert_matches(dict(right), right)
        assert message_of({"W1": np.ones((2, 2))}, right) == "the result lacks the key 'b1'"
        assert "'W2' that should not" in message_of({**right, "W2": 1}, right)
        assert "a key that should not" in message_of({**right, 7: 1}, right)
        assert "params['b1'] differs" in message_of({**right, "b1": np.ones(2)}, right, what="params")
        assert "expected a dict" in message_of([1, 2], right)

    def test_exact_values(self) -> None:
        for value in (None, "adam", b"x", torch.float32, torch.device("cpu")):
            assert_matches(value, value)
            assert "expected" in message_of(1.0, value)
            assert "expected" in message_of(Hostile(), value)
        assert message_of("sgd", "adam", what="name") == "name is a str, but not the right one"

    def test_all_items_are_logged(self) -> None:
        with recording() as log, pytest.raises(Mismatch):
            assert_matches((1.0, 2.0, None), (torch.tensor(1.5), 2.0, "a"), what="x")
        assert [(seen.label, seen.passed) for seen in log] == [("x[0]", False), ("x[1]", True), ("x[2]", False)]

    def test_shapes_are_tuples(self) -> None:
        assert_matches((2, 3), torch.ones(2, 3).shape)
        assert_matches(torch.ones(2, 3).shape, (2, 3))


class TestNotFinite:
    def test_nan_never_passes(self, expected: torch.Tensor) -> None:
        wrong = expected.clone()
        wrong[0, 0] = float("nan")
        assert message_of(wrong, expected, what="y") == "y is NaN in 1 of 40 entries"
        assert message_of(expected, wrong)
        assert message_of(wrong, wrong)
        assert message_of(float("nan"), 0.5, what="loss") == "loss is NaN"

    def test_unless_it_is_meant(self, expected: torch.Tensor) -> None:
        right = expected.clone()
        right[0, 0] = float("nan")
        assert_matches(right.clone(), right, nan_ok=True)
        assert message_of(expected, right, nan_ok=True)
        assert "NaN in 1" in message_of(right, expected, nan_ok=True)

    def test_infinity_equals_only_itself(self) -> None:
        right = torch.tensor([float("inf"), 1.0, -float("inf")])
        assert_matches(right.clone(), right)
        assert "infinite in 2 of 3" in message_of(-right * torch.tensor([1.0, -1.0, 1.0]), right)
        assert "1 of 3" in message_of(torch.tensor([1e30, 1.0, -float("inf")]), right)
        assert message_of(float("inf"), 1e300, rtol=0.9) == "the result is infinite"

    def test_large_numbers_do_not_overflow(self) -> None:
        right = np.array([1e308, 1e-308, 1.0])
        assert_matches(right, right)
        assert message_of(-right, right)


class TestMeasure:
    def test_entries_out_of_a_cancellation_are_judged_by_the_typical_size(self) -> None:
        right = torch.tensor([1.0, -2.0, 1e-9], dtype=torch.float64)
        assert_matches(right + torch.tensor([0.0, 0.0, 1e-12]), right)

    def test_one_large_entry_excuses_no_other(self) -> None:
        right = torch.ones(1000, dtype=torch.float64)
        right[0] = 1e4
        wrong = right.clone()
        wrong[5] += 1e-5
        assert message_of(wrong, right)

    def test_all_zeros_leave_the_absolute_tolerance(self) -> None:
        right = np.zeros(3)
        assert_matches(np.full(3, 1e-13), right)
        assert message_of(np.full(3, 1e-11), right) == "the result differs from the correct values in 3 of 3 entries"

    def test_scale(self) -> None:
        np.testing.assert_allclose(scale_of(np.array([3.0, -4.0, 0.0])), [3.0, 4.0, np.sqrt(25 / 3)])
        assert scale_of(np.array(-2.0)) == 2.0
        assert scale_of(np.array([np.inf, 2.0]))[1] == 2.0

    @settings(deadline=None, max_examples=60)
    @given(arrays(np.float64, (3, 4), elements=st.floats(-1e6, 1e6)), st.integers(0, 11))
    def test_property(self, right: np.ndarray, index: int) -> None:
        """What is right stays right under rounding, and an error of 1e-6 of its scale in any entry is found."""
        assert_matches(right * (1 + 2e-15), right)
        wrong = right.copy().ravel()
        wrong[index] += 1e-6 * scale_of(right).ravel()[index] + 1e-9
        assert message_of(wrong.reshape(3, 4).tolist(), right)

    def test_own_tolerances(self) -> None:
        assert_matches(1.05, 1.0, rtol=0.1)
        assert_matches(1.05, 1.0, atol=0.1)
        assert message_of(1.05, 1.0, rtol=0.01)
        assert_matches(4, 3, atol=1.0)


class TestMessages:
    def test_full_message(self) -> None:
        right = torch.arange(1.0, 41.0, dtype=torch.float64)
        wrong = right.clone()
        wrong[28:] *= 1.031 + 0.001 * torch.arange(12, dtype=torch.float64)
        message = message_of(wrong, right, what="dx")
        found = (
            r"dx differs from the correct values in 12 of 40 entries \(largest error 4\.2e-02 relative, allowed 1e-09\)"
        )
        assert re.fullmatch(found, message)

    @pytest.mark.parametrize(
        ("change", "hint"),
        [
            (lambda x: 2.5 * x, "same multiple"),
            (lambda x: x * (1 + 8e-5), "same multiple"),
            (lambda x: -x, "sign is flipped"),
            (lambda x: x + 3, "same constant"),
            (lambda x: x.T, "transposed"),
            (lambda x: 0 * x, "Every entry is zero"),
        ],
    )
    def test_hints(self, change: Any, hint: str) -> None:
        right = torch.randn(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        assert hint in message_of(change(right), right)

    @pytest.mark.parametrize("right", [1.0, torch.ones(1, dtype=torch.float64)], ids=["scalar", "one entry"])
    def test_the_error_of_a_single_number_has_one_digit(self, right: Any) -> None:
        assert "(error about 1e-01 relative, allowed 1e-09)" in message_of(1.123 * right, right)

    def test_no_hint_without_a_pattern(self) -> None:
        right = torch.randn(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        assert message_of(right**2, right).endswith("1e-09)")
        assert message_of([1.0, 2.0], [2.0, 4.0]).endswith("1e-09)")  # two entries fit too many patterns

    @settings(deadline=None, max_examples=60)
    @given(
        arrays(np.float64, st.sampled_from([(), (1,), (2,), (3, 3)]), elements=st.floats(1.0, 1e3)),
        st.sampled_from([lambda x: 2 * x, lambda x: -x, lambda x: x + 1, lambda x: 0 * x, lambda x: x * np.nan]),
    )
    def test_no_entry_is_shown(self, right: np.ndarray, change: Any) -> None:
        """Numbers in a message are counts, shapes, tolerances and relative errors of at most two digits."""
        with np.errstate(all="ignore"):
            message = message_of(change(right), right)
        for number in re.findall(r"\d[\d.e+-]*", message):
            assert re.fullmatch(r"\d|\d(\.\d)?e[+-]\d\d", number), message


class TestSuiteFaults:
    @pytest.mark.parametrize(
        "options", [{"rtol": 1.0}, {"rtol": -1e-9}, {"rtol": float("nan")}, {"atol": float("inf")}]
    )
    def test_tolerances(self, options: dict[str, float]) -> None:
        with pytest.raises(SuiteFault):
            assert_matches(1.0, 1.0, **options)

    @pytest.mark.parametrize("right", [object(), 1j, np.array(["a"]), torch.ones(2, dtype=torch.complex64), {1, 2}])
    def test_expected_values(self, right: Any) -> None:
        with pytest.raises(SuiteFault):
            assert_matches(1.0, right)


class TestCheckedValues:
    def test_as_tensor(self) -> None:
        x = torch.ones(3, 1, requires_grad=True)
        found = as_tensor(x, what="x", shape=(3,), dtype=torch.float32, device="cpu", finite=True)
        assert found.shape == (3,)
        assert not found.requires_grad

    @pytest.mark.parametrize(
        ("value", "options", "message"),
        [
            ([1.0], {}, "a list; expected a torch tensor"),
            (Hostile(), {}, "an object of another kind; expected a torch tensor"),
            (torch.ones(2), {"shape": (3,)}, "shape (2,)"),
            (torch.ones(1, 3), {"shape": (3,)}, "shape (1, 3)"),
            (torch.ones(2), {"dtype": torch.float64}, "float32; expected float64"),
            (torch.ones(2), {"device": "cuda"}, "on cpu"),
            (torch.tensor([1.0, float("nan")]), {"finite": True}, "NaN"),
            (torch.ones(2).to_sparse(), {}, "dense"),
            (torch.ones(2, device="meta"), {}, "dense"),
        ],
    )
    def test_as_tensor_refuses(self, value: Any, options: dict[str, Any], message: str) -> None:
        with recording() as log, pytest.raises(Mismatch, match=re.escape(message)):
            as_tensor(value, what="x", **options)
        assert [(seen.label, seen.passed) for seen in log] == [("x", False)]

    def test_as_array(self) -> None:
        source = np.array([1.0, 2.0])
        found = as_array(source, what="x")
        found[0] = 7
        assert source[0] == 1
        assert as_array([[1], [2]], what="x", shape=(2,)).tolist() == [1.0, 2.0]
        assert as_array(torch.ones(2), what="x").dtype == np.float64

    @pytest.mark.parametrize(
        ("value", "options"),
        [
            (None, {}),
            ([[1], [1, 2]], {}),
            ([True], {}),
            ([1j], {}),
            ([1.0], {"shape": (1, 1)}),
            ([np.inf], {"finite": True}),
            (Hostile(), {}),
        ],
    )
    def test_as_array_refuses(self, value: Any, options: dict[str, Any]) -> None:
        with recording() as log, pytest.raises(Mismatch):
            as_array(value, what="x", **options)
        assert [(seen.label, seen.passed) for seen in log] == [("x", False)]

    @pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.array(2), torch.tensor(2.0, requires_grad=True)])
    def test_as_number(self, value: Any) -> None:
        found = as_number(value, what="x")
        assert type(found) is float
        assert found == 2

    @pytest.mark.parametrize("value", [None, "2", True, 2j, [2.0], np.ones(1), torch.ones(1), 10**400, Hostile()])
    def test_as_number_refuses(self, value: Any) -> None:
        with pytest.raises(Mismatch):
            as_number(value, what="x")


crossing = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=3)
    | st.binary(max_size=3)
    | arrays(
        st.sampled_from([np.float64, np.int32, np.bool_, np.complex128]), st.sampled_from([(), (1,), (2,), (2, 1)])
    )
    | st.builds(torch.zeros, st.sampled_from([(), (2,), (2, 1)]), dtype=st.sampled_from([torch.float32, torch.int64]))
    | st.builds(Hostile),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(
    crossing,
    st.sampled_from(
        [0.5, 3, True, None, "a", np.ones(2), np.ones((2, 1)), torch.ones(2), (1.0, np.ones(2)), {"a": 1.0}, [1.0, 2.0]]
    ),
)
def test_nothing_but_a_mismatch(actual: Any, right: Any) -> None:
    """Whatever crosses the wire is judged, and judged the same with and without a log."""
    outcomes = []
    for attempt in (lambda: assert_matches(actual, right), lambda: _recorded(actual, right)):
        try:
            attempt()
            outcomes.append("")
        except Mismatch as mismatch:
            outcomes.append(str(mismatch))
    assert outcomes[0] == outcomes[1]


def _recorded(actual: Any, right: Any) -> None:
    with recording() as log:
        try:
            assert_matches(actual, right)
        finally:
            assert log
