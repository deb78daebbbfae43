"""Mutation operators of numerical code: the slips that people make with arrays, in cosmic-ray's form.

Each takes a node of a parso tree, says where in it it applies, and applies itself. What the library has already (other
arithmetic operators, comparisons, numbers, booleans, loops) is not repeated here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cosmic_ray.operators.operator import Example, Operator

Position = tuple[tuple[int, int], tuple[int, int]]

ELEMENTWISE = frozenset({"sqrt", "exp", "log", "log1p", "square", "abs", "relu", "tanh", "sigmoid", "softplus"})
REDUCTIONS = frozenset({"sum", "mean", "var", "std", "max", "min", "amax", "argmax", "argmin", "cumsum", "prod"})
TRANSPOSES = frozenset({"T", "mT"})
AXES = frozenset({"axis", "dim"})
CORRECTIONS = frozenset({"unbiased", "correction", "ddof"})


class _Changes(Operator):  # type: ignore[misc]  # cosmic-ray is not annotated
    """An operator whose ``changes`` are the ways to change one node, as new lists of its children."""

    kinds: tuple[str, ...] = ()

    def changes(self, node: Any) -> Iterator[list[Any]]:
        """New children of ``node``, one list for each mutation."""
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterable[Position]:
        """Where in ``node`` this operator applies: one entry for each change."""
        if node.type not in self.kinds:
            return []
        return [(node.start_pos, node.end_pos) for _ in self.changes(node)]

    def mutate(self, node: Any, index: int) -> Any:
        """``node`` with its ``index``-th change."""
        node.children = list(self.changes(node))[index]
        return node

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """Code before and after, for the tests."""
        return ()


def _text(node: Any) -> str:
    code: str = node.get_code(include_prefix=False)
    return code


def _is(node: Any, *texts: str) -> bool:
    return node.type == "operator" and node.value in texts


class DropTerm(_Changes):
    """``a + b`` and ``a - b`` lose a term: centering forgotten, no eps, no penalty, no bias."""

    kinds = ("arith_expr",)

    def changes(self, node: Any) -> Iterator[list[Any]]:
        """Without each term in turn; the first only where a plus follows it."""
        children = node.children
        for place in range(1, len(children), 2):
            yield children[:place] + children[place + 2 :]
        if _is(children[1], "+"):
            yield children[2:]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (Example("x = a + eps\n", "x = a\n"), Example("x = a - b + c\n", "x = a - b\n", occurrence=1))


class DropFactor(_Changes):
    """``a * b`` and ``a / b`` lose a factor or divisor: a wrong scale."""

    kinds = ("term",)

    def changes(self, node: Any) -> Iterator[list[Any]]:
        """Without each factor in turn; the first only where it is multiplied."""
        children = node.children
        for place in range(1, len(children), 2):
            yield children[:place] + children[place + 2 :]
        if _is(children[1], "*", "@"):
            yield children[2:]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (Example("x = a / n\n", "x = a\n"), Example("x = a * b\n", "x = b\n", occurrence=1))


class DropPower(_Changes):
    """``a**b`` becomes ``a``: a length scale not squared, a root not taken."""

    kinds = ("power",)

    def changes(self, node: Any) -> Iterator[list[Any]]:
        """Without the exponent."""
        if len(node.children) > 2 and _is(node.children[-2], "**"):
            yield node.children[:-2]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (Example("x = ell**2\n", "x = ell\n"),)


class DropElementwise(_Changes):
    """``torch.sqrt(v)`` and ``v.sqrt()`` become ``v``: a root, logarithm or exponential forgotten."""

    kinds = ("atom_expr", "power")

    def changes(self, node: Any) -> Iterator[list[Any]]:
        """Without the function, around its argument or after the value."""
        children = node.children
        for place, child in enumerate(children[1:-1], start=1):
            call = children[place + 1]
            if not (_names(child, ELEMENTWISE) and _is_call(call)):
                continue
            if len(call.children) == 2:  # v.sqrt()
                yield children[:place] + children[place + 2 :]
            elif place == 1 and _text(children[0]) in ("np", "torch", "math", "F"):  # torch.sqrt(v)
                yield [_parenthesized(call), *children[place + 2 :]]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (
            Example("x = np.sqrt(v + e)\n", "x =(v + e)\n"),
            Example("x = v.sqrt()\n", "x = v\n"),
        )


class DropTranspose(_Changes):
    """``a.T`` becomes ``a``."""

    kinds = ("atom_expr", "power")

    def changes(self, node: Any) -> Iterator[list[Any]]:
        """Without each transposition."""
        for place, child in enumerate(node.children):
            if _names(child, TRANSPOSES):
                yield node.children[:place] + node.children[place + 1 :]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (Example("x = a.T @ b\n", "x = a @ b\n"),)


class _ChangesArguments(_Changes):
    kinds = ("trailer",)

    def changes(self, node: Any) -> Iterator[list[Any]]:
        """One change for each argument that this operator knows."""
        if not _is_call(node) or len(node.children) != 3:
            return
        inside = node.children[1]
        arguments = list(inside.children) if inside.type == "arglist" else [inside]
        for place, argument in enumerate(arguments):
            if argument.type == "argument" and _is(argument.children[1], "="):
                for replaced in self.replacements(_text(argument.children[0]), _text(argument.children[2])):
                    yield [node.children[0], *_with(arguments, place, replaced), node.children[2]]

    def replacements(self, name: str, value: str) -> Iterator[str]:
        """New texts of the argument ``name=value``; "" leaves it out."""
        raise NotImplementedError


class ReplaceAxis(_ChangesArguments):
    """Another axis, or none: ``x.mean(dim=0)`` becomes ``x.mean(dim=1)`` and ``x.mean()``."""

    def replacements(self, name: str, value: str) -> Iterator[str]:
        """The other of the two usual axes, and no axis."""
        if name in AXES:
            yield f"{name}={'1' if value == '0' else '0'}"
            yield ""

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (
            Example("x.mean(dim=0)\n", "x.mean(dim=1)\n"),
            Example("x.sum(axis=1, keepdims=True)\n", "x.sum( keepdims=True)\n", occurrence=1),
        )


class ReplaceBias(_ChangesArguments):
    """The other estimate of a variance: biased for unbiased."""

    def replacements(self, name: str, value: str) -> Iterator[str]:
        """The other value of the setting."""
        if name in CORRECTIONS:
            yield f"{name}=" + {"False": "True", "True": "False", "0": "1"}.get(value, "0")

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (Example("x.var(dim=0, unbiased=False)\n", "x.var(dim=0, unbiased=True)\n"),)


class DropKeepdim(_ChangesArguments):
    """A reduction that does not keep its axis: a shape that broadcasts the wrong way, or not at all."""

    def replacements(self, name: str, value: str) -> Iterator[str]:
        """Without the setting."""
        if name in ("keepdim", "keepdims"):
            yield ""

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (Example("x.sum(dim=0, keepdim=True)\n", "x.sum(dim=0)\n"),)


class DropRaise(_Changes):
    """A broken precondition that nobody reports: ``raise`` becomes ``pass``."""

    kinds = ("simple_stmt",)

    def changes(self, node: Any) -> Iterator[list[Any]]:
        """``pass`` in its place."""
        if node.children[0].type in ("raise_stmt", "keyword") and _text(node.children[0]).startswith("raise"):
            yield [_leaf(node.children[0], "pass"), *node.children[1:]]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (Example("if p > 1:\n    raise ValueError(p)\n", "if p > 1:\n    pass\n"),)


class DropDevice(_ChangesArguments):
    """A tensor that is made where tensors are made by default: only a GPU's checks can see it."""

    def replacements(self, name: str, value: str) -> Iterator[str]:
        """Without the setting."""
        if name == "device":
            yield ""

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return (Example("torch.rand(3, device=x.device)\n", "torch.rand(3)\n"),)


FIELD_OPERATORS: tuple[type[_Changes], ...] = (
    DropTerm,
    DropFactor,
    DropPower,
    DropElementwise,
    DropTranspose,
    ReplaceAxis,
    ReplaceBias,
    DropKeepdim,
    DropRaise,
)


def _names(node: Any, names: frozenset[str]) -> bool:
    """Whether a node is the attribute ``.name`` of one of these names."""
    return node.type == "trailer" and _is(node.children[0], ".") and node.children[1].value in names


def _is_call(node: Any) -> bool:
    return node.type == "trailer" and _is(node.children[0], "(")


def _leaf(like: Any, text: str) -> Any:
    """A leaf with this text, and the space and comments before ``like``."""
    from parso.python.tree import Name

    first = like.get_first_leaf()
    return Name(text, first.start_pos, prefix=first.prefix)


def _parenthesized(call: Any) -> Any:
    return _leaf(call, _text(call))


def _with(arguments: list[Any], place: int, text: str) -> list[Any]:
    """The arguments and their commas, with the one at ``place`` replaced, or left out with one comma."""
    if text:
        return [*arguments[:place], _leaf(arguments[place], text), *arguments[place + 1 :]]
    if place == 0:
        kept = arguments[2:]
        return [_leaf(kept[0], _text(kept[0])), *kept[1:]] if kept else []
    return arguments[: place - 1] + arguments[place + 1 :]
