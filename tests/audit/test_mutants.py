"""Mutation operators and the mutants that they make."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from cosmic_ray.mutating import mutate_code

from autograder.audit.mutants import listed, mutants, operators
from autograder.audit.operators import FIELD_OPERATORS, DropDevice
from autograder.errors import SuiteFault

OPERATORS = (*FIELD_OPERATORS, DropDevice)
EXAMPLES = [(operator, example) for operator in OPERATORS for example in operator.examples()]
CELL = '''\
def center(x: "list | None", eps: float = 1e-5):
    """Subtract - the mean."""
    if x is None:
        raise ValueError("nothing to center")
    return (x - x.mean(axis=0)) / (np.sqrt(x.var(axis=0, ddof=1)) + eps)
'''


@pytest.mark.parametrize(("operator", "example"), EXAMPLES, ids=lambda value: getattr(value, "__name__", None))
def test_operator_does_what_its_example_says(operator, example) -> None:
    changed = mutate_code(example.pre_mutation_code, operator(), example.occurrence)
    assert changed == example.post_mutation_code


def test_each_operator_has_an_example() -> None:
    assert [operator for operator in OPERATORS if not operator.examples()] == []


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.__name__)
def test_operator_leaves_other_code_alone(operator) -> None:
    assert mutate_code("y = f(x)\nz = [y, 'a + b']\n", operator(), 0) is None


@pytest.mark.parametrize(
    "becomes",
    [
        "return (x.mean(axis=0)) / (np.sqrt(x.var(axis=0, ddof=1)) + eps)",
        "return (x) / (np.sqrt(x.var(axis=0, ddof=1)) + eps)",
        "return (x - x.mean()) / (np.sqrt(x.var(axis=0, ddof=1)) + eps)",
        "return (x - x.mean(axis=1)) / (np.sqrt(x.var(axis=0, ddof=1)) + eps)",
        "return (x - x.mean(axis=0)) / (np.sqrt(x.var(axis=0, ddof=0)) + eps)",
        "return (x - x.mean(axis=0)) / (np.sqrt(x.var(axis=0, ddof=1)))",
        "return (x - x.mean(axis=0)) / ((x.var(axis=0, ddof=1)) + eps)",
        "return (x - x.mean(axis=0))",
        "return (x + x.mean(axis=0)) / (np.sqrt(x.var(axis=0, ddof=1)) + eps)",
        "pass",
    ],
)
def test_slips_of_this_field_are_made(becomes: str) -> None:
    made = [mutant.becomes.replace("= ", "=") for mutant in mutants("center", CELL)]
    # A minus has no first term to leave out: the sign would change, which is another operator's.
    expected = becomes != "return (x.mean(axis=0)) / (np.sqrt(x.var(axis=0, ddof=1)) + eps)"
    assert (becomes in made) is expected


def test_mutants_are_python_and_differ() -> None:
    made = mutants("center", CELL)
    trees = [ast.dump(ast.parse(mutant.cell)) for mutant in made]
    assert len(set(trees)) == len(made) > 15
    assert ast.dump(ast.parse(CELL)) not in trees


def test_neither_docstrings_nor_annotations_are_mutated() -> None:
    for mutant in mutants("center", CELL):
        assert '"""Subtract - the mean."""' in mutant.cell
        assert not mutant.line.startswith("def") or mutant.becomes.count("eps: float =") == 1


def test_operators_are_many_and_named_once() -> None:
    names = [name for name, _ in operators()]
    assert len(set(names)) == len(names) > 30


def test_listed_mutants_need_a_reason(tmp_path: Path) -> None:
    assert listed(tmp_path) == []
    path = tmp_path / "equivalent_mutants.toml"
    path.write_text('[[mutant]]\nexercise = "center"\nline = "a"\nbecomes = "b"\nreason = ""\n')
    with pytest.raises(SuiteFault, match="has no reason"):
        listed(tmp_path)
    path.write_text('[[mutant]]\nexercise = "center"\nline = "a"\n')
    with pytest.raises(SuiteFault, match="each \\[\\[mutant\\]\\] has exercise, line, becomes and reason"):
        listed(tmp_path)
    path.write_text('[[mutant]]\nexercise = "center"\nline = "a"\nbecomes = "b"\nreason = "x is never negative"\n')
    assert listed(tmp_path)[0].key == ("center", "a", "b")
