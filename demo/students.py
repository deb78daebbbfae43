"""The class of the demo: who hands in what, and what it must cost.

Every student hands in both assignments. What is not said to be lost must get full points; ``demo/expected.py`` says
which checks a misconception fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from demo import tricks
from demo.expected import EVERYTHING, EXERCISES, MISCONCEPTIONS, Lost, all_but
from demo.tricks import LEAF, in_the_leaf, in_the_style_of, only, solved
from demo.workbook import Edit

ALL_EXERCISES = tuple(exercise for exercises in EXERCISES.values() for exercise in exercises)
ALL_LOST = dict.fromkeys(ALL_EXERCISES, EVERYTHING)
LEAVES_LOST = dict.fromkeys(LEAF.values(), EVERYTHING)


@dataclass(frozen=True)
class Student:
    """One student of the class: ``edits`` make the notebooks, ``lost`` says which checks fail in which exercises."""

    name: str
    what: str
    edits: tuple[Edit, ...]
    lost: Mapping[str, Lost] = field(default_factory=dict)
    mistakes: tuple[str, ...] = ()  # misconceptions that feedback must name
    unreadable: bool = False


def _right(name: str, what: str, *, normalization: tuple[str, ...], dropout: tuple[str, ...]) -> Student:
    """One who has solved everything, in the style of these equivalents."""
    return Student(name, what, (solved, in_the_style_of(normalization=normalization, dropout=dropout)))


def _learner(name: str, what: str, *, normalization: tuple[str, ...], dropout: tuple[str, ...]) -> Student:
    """One who has solved everything, but for these misconceptions."""
    mistakes = (*normalization, *dropout)
    lost = {exercise: lost for mistake in mistakes for exercise, lost in MISCONCEPTIONS[mistake].items()}
    edits = (solved, in_the_style_of(normalization=normalization, dropout=dropout))
    return Student(name, what, edits, lost, mistakes)


RIGHT = [
    Student("ada", "right, in the reference's style", (solved,)),
    _right(
        "bruno", "right: step by step, one-pass sums, boolean masks",
        normalization=("feature_by_feature", "as_in_the_paper", "one_pass_and_recomputed", "sample_by_sample"),
        dropout=("boolean_mask_and_p", "written_out", "welford", "scaled_after_the_product"),
    ),
    _right(
        "chen", "right: matrices, distributions, hooks, other caches",
        normalization=("dictionary_cache_one_pass", "jacobian_of_each_row", "membership_matrix", "counts_batches"),
        dropout=("bernoulli_distribution", "gradient_by_autograd", "autograd_function", "through_forward_hooks"),
    ),
    Student("dalia", "right; prints to stderr and warns in every cell", (solved, tricks.chatty)),
]  # fmt: skip

LEARNERS = [
    _learner(
        "emil", "biased running variance, interleaved groups; keep and drop swapped",
        normalization=("tracks_the_biased_variance", "groups_interleaved"), dropout=("keep_and_drop_swapped",),
    ),
    _learner(
        "farah", "eps outside the root, only the Jacobian's diagonal; scaled by 1/p",
        normalization=("eps_outside_the_root", "statistics_held_constant"), dropout=("scaled_by_the_drop_probability",),
    ),
    _learner(
        "goran", "statistics without an axis, layer norm over the batch; not scaled",
        normalization=("statistics_without_an_axis", "normalizes_each_feature"), dropout=("not_scaled",),
    ),
    _learner(
        "hana", "unbiased variance in the forward pass; randn for rand, backward without the scale, biased std",
        normalization=("normalizes_with_the_unbiased_variance",),
        dropout=("randn_for_rand", "without_the_scale", "biased_std"),
    ),
    _learner(
        "ivan", "standard deviation tracked, running values no buffers; seed inside, backward without the mask",
        normalization=("tracks_the_standard_deviation", "buffers_as_plain_attributes"),
        dropout=("seed_fixed_inside", "without_the_mask"),
    ),
    _learner(
        "jana", "running mean with batch variance, no 1/n; one row's mask, all in train mode",
        normalization=("running_mean_with_batch_variance", "one_over_n_missing"),
        dropout=("one_row_for_all", "whole_model_in_train_mode"),
    ),
    _learner(
        "kofi", "batch statistics in evaluation; NaN at p = 1, active in eval mode, drops activations",
        normalization=("batch_statistics_in_evaluation",),
        dropout=("nan_at_one", "active_in_eval_mode", "drops_activations"),
    ),
    _learner(
        "lena", "momentum swapped, gamma outside the average; p taken for keep, no bias",
        normalization=("momentum_swapped", "gamma_outside_the_average"),
        dropout=("p_is_the_keep_probability", "bias_missing"),
    ),
]  # fmt: skip

UNFINISHED = [
    Student(
        "maria", "half done: the first two exercises", (tricks.first_exercises(2),),
        {exercise: EVERYTHING for exercises in EXERCISES.values() for exercise in [*exercises][2:]},
    ),
    Student(
        "nils", "one class has a constructor and no forward pass", (solved, tricks.constructor_only),
        {
            "batchnorm_module": all_but("test_parameters_and_buffers"),
            "dropout_module": EVERYTHING,
        },
    ),
    Student("olga", "handed in as released", (), ALL_LOST),
]  # fmt: skip

UNLUCKY = [
    Student(
        "pablo", "a syntax error (normalization); imports of what is not there (dropout)",
        (solved, only("normalization", tricks.syntax_error), only("dropout", tricks.missing_import)), LEAVES_LOST,
    ),
    # Endless loops cost seconds of waiting, so there is one in each assignment. That in a function holds up two checks;
    # then the exercise's time is used up.
    Student(
        "quentin", "an endless loop: in a cell (normalization), in a function (dropout)",
        (solved, only("normalization", tricks.loops_in_a_cell), only("dropout", tricks.loops_for_float64)),
        {LEAF["dropout"]: all_but("test_weights_are_dropped_or_scaled[torch.float32]")},
    ),
    Student("rosa", "a function that takes all memory", (solved, in_the_leaf(tricks.HOARD)), LEAVES_LOST),
    Student(
        "sami", "os._exit: in a cell (normalization), in a function (dropout)",
        (solved, only("normalization", tricks.exits_in_a_cell), only("dropout", in_the_leaf(tricks.EXIT))),
        {LEAF["dropout"]: EVERYTHING},
    ),
    Student("tara", "cells pasted twice, ids and all; others deleted", (solved, tricks.pastes_and_deletes)),
    Student("uma", "under another file name", (solved, tricks.under_another_name), ALL_LOST, unreadable=True),
    Student("vera", "marks of a failed merge: no JSON", (solved, tricks.conflict_markers), ALL_LOST, unreadable=True),
]  # fmt: skip

DISHONEST = [
    Student("willem", "calls a banned function", (solved, tricks.banned_function), LEAVES_LOST),
    Student("xenia", "gives herself 100 points, edits the tests", (tricks.gives_points,), ALL_LOST),
    Student(
        "yusuf", "prints a score, saves outputs that claim full points",
        (solved, tricks.prints_a_score, tricks.claims_full_points), LEAVES_LOST,
    ),
    Student("zoe", "right; looks for tests, solutions and a network", (solved, tricks.looks_around)),
]  # fmt: skip

CLASS = (*RIGHT, *LEARNERS, *UNFINISHED, *UNLUCKY, *DISHONEST)
_SMALL = ("ada", "bruno", "emil", "olga", "sami", "yusuf")
SMALL_CLASS = tuple(student for student in CLASS if student.name in _SMALL)
