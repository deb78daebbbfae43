"""The class of the demo: who hands in what, and the score that it must get.

A score follows from the weights of the checks: an exercise's points times its passed weight over its whole weight. So for each
submission this file says how much weight it must lose in which exercise; the comments say by which checks. The numbers are not
taken from a run, they are what a run is held against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from demo import tricks
from demo.tricks import in_the_style_of, solved
from demo.workbook import Edit

# exercise -> (points of its test cell, weight of all its checks)
EXERCISES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "normalization": {
        "batchnorm_forward": (4, 13),
        "batchnorm_backward": (6, 13),
        "layernorm": (4, 13),
        "groupnorm": (3, 7),
        "batchnorm_module": (3, 9),
    },
    "dropout": {
        "dropout_forward": (4, 17),
        "dropout_backward": (3, 14),
        "dropout_module": (3, 15),
        "mc_dropout": (4, 16),
        "dropconnect": (4, 13),
    },
}
ASSIGNMENTS = tuple(EXERCISES)

WEIGHT = {exercise: weight for exercises in EXERCISES.values() for exercise, (_, weight) in exercises.items()}
EVERYTHING = WEIGHT
FIRST_TWO = ("batchnorm_forward", "batchnorm_backward", "dropout_forward", "dropout_backward")
LEAVES = {exercise: WEIGHT[exercise] for exercise in tricks.LEAF.values()}
"""The weight lost by who hands in nothing that works for the exercises on which no other one builds."""

# misconception -> exercise -> weight lost
MISCONCEPTIONS: Mapping[str, Mapping[str, float]] = {
    # The check of the running variance, and of momentum (two dtypes), which looks at it too.
    "tracks_the_biased_variance": {"batchnorm_forward": 3},
    "tracks_the_standard_deviation": {"batchnorm_forward": 3},
    # Those, and the check of the running mean.
    "momentum_swapped": {"batchnorm_forward": 4},
    # y in float64 (in float32 the difference of 1e-5 relative is within rounding), the nearly constant feature, eps = 0.25,
    # evaluation with a tiny running variance (two dtypes), one sample in evaluation (half).
    "eps_outside_the_root": {"batchnorm_forward": 5.5},
    # y (two dtypes), the nearly constant feature, eps = 0.25: all that looks at y in training, and nothing else.
    "normalizes_with_the_unbiased_variance": {"batchnorm_forward": 4},
    "running_mean_with_batch_variance": {"batchnorm_forward": 4},
    # All that looks at y in training, the running mean and variance, and momentum (two dtypes): evaluation is right.
    "statistics_without_an_axis": {"batchnorm_forward": 8},
    # eps = 0.25 (it looks at both modes), evaluation (two dtypes), one sample in evaluation (half).
    "batch_statistics_in_evaluation": {"batchnorm_forward": 3.5},
    # Every check of dx (weight 2 in each of two dtypes, five more, and the one where eps = 0.25); dgamma and dbeta (two dtypes)
    # and unchanged arguments remain.
    "statistics_held_constant": {"batchnorm_backward": 10},
    "one_over_n_missing": {"batchnorm_backward": 10},
    # Everything but unchanged arguments: another function altogether.
    "normalizes_each_feature": {"layernorm": 12},
    # Everything but y (two dtypes), eps inside the root, gradients of the parameters (two dtypes), unchanged arguments.
    "gamma_outside_the_average": {"layernorm": 7},
    # Two or three groups (two checks), float32 and eps, which use two and three: with one group, or each channel its own,
    # interleaving is no mistake.
    "groups_interleaved": {"groupnorm": 4},
    # Registered names, and all that loads or saves the running values: three batches, eval mode, state dict, eps and momentum.
    "buffers_as_plain_attributes": {"batchnorm_module": 5},
    # The share of dropped values (two p), for values of any size, and p = 0 (two dtypes), where it drops everything: there the
    # gradient of the next exercise, which goes through this mask, is zero too.
    "keep_and_drop_swapped": {"dropout_forward": 5, "dropout_backward": 1},
    # The share of dropped values (two p), for values of any size, and the factor (three shapes); p = 0 and 1 are right.
    "p_is_the_keep_probability": {"dropout_forward": 6},
    # The share (two p), for values of any size, and independence of neighbors (two shapes), which is told by the share.
    "randn_for_rand": {"dropout_forward": 5},
    # The factor, in three shapes. The mask that is handed on fits the output, so the gradient is right.
    "scaled_by_the_drop_probability": {"dropout_forward": 3},
    "not_scaled": {"dropout_forward": 3},
    # The second mask; which values it drops is right otherwise.
    "seed_fixed_inside": {"dropout_forward": 1},
    # Independence of neighbors (two shapes) and of two calls; the share at one p and for values of any size, because a row of few
    # draws is no large sample: these draws are the same in every run, as each check has a seed of its own.
    "one_row_for_all": {"dropout_forward": 5},
    # p = 1, in two dtypes, and in the gradient, which goes through the same mask.
    "nan_at_one": {"dropout_forward": 2, "dropout_backward": 1},
    # All but p = 0, where the gradient is dout.
    "without_the_mask": {"dropout_backward": 13},
    # All but p = 0, where the factor is 1, and p = 1, where everything is zero.
    "without_the_scale": {"dropout_backward": 12},
    # Eval mode, alone (weight 2, two dtypes) and in a Sequential (weight 2).
    "active_in_eval_mode": {"dropout_module": 6},
    # Batch norm and others in eval mode (weight 2), and the modes afterwards (three models).
    "whole_model_in_train_mode": {"mc_dropout": 5},
    # std, for two numbers of passes (weight 2 each), in the nested and in the mixed model (weight 2 each); the mean is right.
    "biased_std": {"mc_dropout": 8},
    # Single weights (weight 2), one mask for all rows (weight 2), and the share at one p: a draw for each input of each row is
    # not a draw for each weight.
    "drops_activations": {"dropconnect": 5},
    # All that looks at out: at p = 0, at p = 1, for x = 0 and for the identity.
    "bias_missing": {"dropconnect": 13},
}


@dataclass(frozen=True)
class Student:
    """One student of the class: ``edits`` make the notebooks, ``lost`` is exercise -> weight that they must lose."""

    name: str
    what: str
    edits: tuple[Edit, ...]
    lost: Mapping[str, float] = field(default_factory=dict)
    mistakes: tuple[str, ...] = ()  # misconceptions that feedback must name
    unreadable: bool = False

    def expected(self, assignment: str) -> dict[str, float]:
        """Exercise -> score, rounded as records are."""
        return {
            exercise: round(points * (weight - self.lost.get(exercise, 0.0)) / weight, 6)
            for exercise, (points, weight) in EXERCISES[assignment].items()
        }


def _learner(name: str, what: str, *, normalization: tuple[str, ...], dropout: tuple[str, ...]) -> Student:
    """One who has solved everything, but for these misconceptions."""
    mistakes = (*normalization, *dropout)
    lost: dict[str, float] = {}
    for mistake in mistakes:
        lost |= MISCONCEPTIONS[mistake]
    edits = (solved, in_the_style_of(normalization=normalization, dropout=dropout))
    return Student(name, what, edits, lost, mistakes)


def _right(name: str, what: str, *, normalization: tuple[str, ...], dropout: tuple[str, ...]) -> Student:
    return Student(name, what, (solved, in_the_style_of(normalization=normalization, dropout=dropout)))


def _but(*exercises: str) -> dict[str, float]:
    """Everything lost but these exercises."""
    return {exercise: weight for exercise, weight in EVERYTHING.items() if exercise not in exercises}


RIGHT = [
    Student("ada", "right, in the reference's style", (solved,)),
    _right(
        "bruno", "right: step by step, loops over rows and features",
        normalization=("feature_by_feature", "as_in_the_paper", "row_by_row", "sample_by_sample", "counts_batches"),
        dropout=("row_by_row", "where_kept", "written_out", "welford", "output_by_output"),
    ),
    _right(
        "chen", "right: matrices, einsum, distributions",
        normalization=("centering_matrix", "jacobian_matrices", "jacobian_of_each_row", "membership_matrix"),
        dropout=("bernoulli_distribution", "gradient_by_autograd", "autograd_function", "one_large_batch", "einsum"),
    ),
    _right(
        "dalia", "right: one-pass variance, boolean masks, caches of other kinds",
        normalization=("dictionary_cache_one_pass", "one_pass_and_recomputed", "channel_moments_combined"),
        dropout=("boolean_mask_and_p", "p_as_a_buffer", "one_pass_sums", "scaled_after_the_product"),
    ),
    Student("emil", "right; prints to stderr and warns in every cell", (solved, tricks.chatty)),
]  # fmt: skip

LEARNERS = [
    _learner(
        "farah", "biased running variance; keep and drop swapped",
        normalization=("tracks_the_biased_variance",), dropout=("keep_and_drop_swapped",),
    ),
    _learner(
        "goran", "eps outside the root; scaled by 1/p",
        normalization=("eps_outside_the_root",), dropout=("scaled_by_the_drop_probability",),
    ),
    _learner(
        "hana", "mean and variance without an axis; not scaled",
        normalization=("statistics_without_an_axis",), dropout=("not_scaled",),
    ),
    _learner(
        "ivan", "unbiased variance in the forward pass; randn for rand",
        normalization=("normalizes_with_the_unbiased_variance",), dropout=("randn_for_rand",),
    ),
    _learner(
        "jana", "standard deviation tracked as variance; seed fixed inside",
        normalization=("tracks_the_standard_deviation",), dropout=("seed_fixed_inside",),
    ),
    _learner(
        "kofi", "batch variance with running mean; one row's mask for all",
        normalization=("running_mean_with_batch_variance",), dropout=("one_row_for_all",),
    ),
    _learner(
        "lena", "batch statistics in evaluation; NaN at p = 1",
        normalization=("batch_statistics_in_evaluation",), dropout=("nan_at_one",),
    ),
    _learner(
        "maria", "only the Jacobian's diagonal; backward without the mask",
        normalization=("statistics_held_constant",), dropout=("without_the_mask",),
    ),
    _learner(
        "nils", "sums without 1/n; backward without the scale",
        normalization=("one_over_n_missing",), dropout=("without_the_scale",),
    ),
    _learner(
        "olga", "running values are no buffers; active in eval mode",
        normalization=("buffers_as_plain_attributes",), dropout=("active_in_eval_mode",),
    ),
    _learner(
        "pablo", "layer norm over the batch; whole model in train mode",
        normalization=("normalizes_each_feature",), dropout=("whole_model_in_train_mode",),
    ),
    _learner(
        "quentin", "groups interleaved; biased standard deviation",
        normalization=("groups_interleaved",), dropout=("biased_std",),
    ),
    _learner(
        "rosa", "momentum swapped; drops activations",
        normalization=("momentum_swapped",), dropout=("drops_activations",),
    ),
    _learner(
        "sami", "a mistake in each of several exercises",
        normalization=("tracks_the_biased_variance", "gamma_outside_the_average", "groups_interleaved"),
        dropout=("p_is_the_keep_probability", "biased_std", "bias_missing"),
    ),
]  # fmt: skip

UNFINISHED = [
    Student("tara", "half done: the first two exercises", (tricks.first_exercises(2),), _but(*FIRST_TWO)),
    # The constructor makes parameters and buffers (one check), or an nn.Module in train mode (one check).
    Student(
        "uma", "one class has a constructor and no forward pass", (solved, tricks.constructor_only),
        {"batchnorm_module": 8, "dropout_module": 14},
    ),
    Student("vera", "handed in as released", (), EVERYTHING),
]  # fmt: skip

UNLUCKY = [
    Student("willem", "a syntax error in one cell", (solved, tricks.syntax_error), LEAVES),
    Student("xenia", "imports what is not there, in two cells", (solved, tricks.missing_import), LEAVES),
    Student("yusuf", "an endless loop in a cell of its own", (solved, tricks.loops_in_a_cell)),
    Student("zoe", "an endless loop in a function", (solved, tricks.in_the_leaf("while True:\n    pass")), LEAVES),
    Student(
        "ahmed", "a function that takes all memory",
        (solved, tricks.in_the_leaf("hoard = []\nwhile True:\n    hoard.append(bytearray(2**28))")), LEAVES,
    ),
    Student("bea", "os._exit in a cell of its own", (solved, tricks.exits_in_a_cell)),
    Student("carl", "os._exit in a function", (solved, tricks.in_the_leaf("import os\nos._exit(0)")), LEAVES),
    Student("dora", "cells pasted twice, nbgrader ids and all", (solved, tricks.duplicates_cells)),
    Student("erik", "deleted every locked cell, tests included", (solved, tricks.tidies_up)),
    Student(
        "fatima", "handed in under another file name", (solved, tricks.under_another_name), EVERYTHING, unreadable=True
    ),
    Student("george", "marks of a failed merge: not JSON", (solved, tricks.conflict_markers), EVERYTHING, unreadable=True),
]  # fmt: skip

DISHONEST = [
    Student("heidi", "calls a banned function", (solved, tricks.banned_function), LEAVES),
    Student("ines", "gives herself 100 points, edits the tests", (tricks.gives_points,), EVERYTHING),
    Student("jonas", "saved outputs that claim full points", (tricks.claims_full_points,), EVERYTHING),
    Student("katja", "prints a score, and a script for the reader", (solved, tricks.prints_a_score), LEAVES),
    Student("luca", "right; looks for tests, solutions and a network", (solved, tricks.looks_around)),
]

CLASS = (*RIGHT, *LEARNERS, *UNFINISHED, *UNLUCKY, *DISHONEST)
SMALL_CLASS = tuple(student for student in CLASS if student.name in {"ada", "bruno", "farah", "vera", "carl", "katja"})
