"""What each misconception of the demo's class must cost: the checks that it fails, and no others.

A score follows from them: an exercise's points times its passed weight over its whole weight. The names below are
worked out from what a check looks at and what the mistake does to that; where it is not obvious, a comment says why.
They are not taken from a run: they are what a run is held against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograder.record import Check

# exercise -> (points of its test cell, weight of all its checks)
EXERCISES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "normalization": {
        "batchnorm_forward": (4, 13),
        "batchnorm_backward": (6, 12.5),
        "layernorm": (4, 12.5),
        "groupnorm": (3, 7),
        "batchnorm_module": (3, 9),
    },
    "dropout": {
        "dropout_forward": (4, 25),
        "dropout_backward": (3, 15),
        "dropout_module": (3, 21),
        "mc_dropout": (4, 16),
        "dropconnect": (4, 16),
    },
}
ASSIGNMENTS = tuple(EXERCISES)


@dataclass(frozen=True)
class Lost:
    """Checks of one exercise that must fail, by name or, for one case alone, with its id: ``test_y[torch.float64]``."""

    names: tuple[str, ...]
    all_others: bool = False  # these must pass, all others fail

    def includes(self, check: Check) -> bool:
        """Whether this check must fail."""
        name = check.id.rpartition("::")[2]
        return (name in self.names or name.partition("[")[0] in self.names) != self.all_others


def these(*names: str) -> Lost:
    """These checks fail."""
    return Lost(names)


def all_but(*names: str) -> Lost:
    """All checks fail but these."""
    return Lost(names, all_others=True)


EVERYTHING = all_but()
NOTHING = these()


def score_due(points: float, checks: Iterable[Check], lost: Lost) -> float:
    """The score of an exercise that loses these checks, rounded as records are."""
    checks = tuple(checks)
    passed = sum(check.weight for check in checks if not lost.includes(check))
    return round(points * passed / sum(check.weight for check in checks), 6)


# What a wrong y in training shows in, where evaluation is right: test_eps_is_an_argument looks at both modes.
_Y_IN_TRAINING = (
    "test_normalizes_with_the_batch",
    "test_eps_is_inside_the_root",
    "test_eps_is_an_argument",
    "test_two_samples_in_training",
)
# The check of two samples looks at y and at the running variance.
_RUNNING_VARIANCE = (
    "test_running_variance",
    "test_momentum_is_the_weight_of_the_batch",
    "test_two_samples_in_training",
)
_GRADIENT_OF_LAYERNORM = ("test_gradient_of_the_input", "test_one_sample", "test_eps_is_an_argument")
_FACTOR = "test_values_are_dropped_or_scaled"
_SHARE = ("test_share_of_dropped_values", "test_mask_does_not_depend_on_the_values")

# misconception -> exercise -> checks. No mistake costs anything in another exercise: those are judged on their own.
MISCONCEPTIONS: Mapping[str, Mapping[str, Lost]] = {
    # The running values are checked once with the default momentum and once with another.
    "tracks_the_biased_variance": {
        "batchnorm_forward": these(*_RUNNING_VARIANCE),
    },
    "tracks_the_standard_deviation": {
        "batchnorm_forward": these(*_RUNNING_VARIANCE),
    },
    "momentum_swapped": {
        "batchnorm_forward": these("test_running_mean", *_RUNNING_VARIANCE),
    },
    # For features of ordinary variance the difference is about 1e-5 relative: seen in float64, within rounding in
    # float32. A running variance of 1e-6, or a constant feature, shows it in every dtype.
    "eps_outside_the_root": {
        "batchnorm_forward": these(
            "test_normalizes_with_the_batch[torch.float64]", "test_eps_is_inside_the_root", "test_eps_is_an_argument",
            "test_evaluation_uses_the_running_values", "test_one_sample_in_evaluation", "test_two_samples_in_training",
        ),
    },
    "normalizes_with_the_unbiased_variance": {"batchnorm_forward": these(*_Y_IN_TRAINING)},
    "running_mean_with_batch_variance": {"batchnorm_forward": these(*_Y_IN_TRAINING)},
    "statistics_without_an_axis": {
        "batchnorm_forward": these(
            *_Y_IN_TRAINING, "test_running_mean", *_RUNNING_VARIANCE
        ),
    },
    "batch_statistics_in_evaluation": {
        "batchnorm_forward": these(
            "test_evaluation_uses_the_running_values", "test_one_sample_in_evaluation", "test_eps_is_an_argument"
        ),
    },
    # dx is wrong whatever dy is; dgamma and dbeta are right.
    "statistics_held_constant": {
        "batchnorm_backward": all_but("test_gradients_of_the_parameters", "test_arguments_are_left_alone"),
    },
    "one_over_n_missing": {
        "batchnorm_backward": all_but("test_gradients_of_the_parameters", "test_arguments_are_left_alone"),
    },
    # Nothing of it is right: that it leaves its arguments alone earns nothing then. So with the next two.
    "normalizes_each_feature": {"layernorm": EVERYTHING},
    "gamma_outside_the_average": {
        "layernorm": these(*_GRADIENT_OF_LAYERNORM, "test_cache_belongs_to_its_forward_pass"),
    },
    # With one group, or one for each channel, interleaving changes nothing.
    "groups_interleaved": {"groupnorm": these("test_groups_of_channels", "test_single_precision", "test_eps")},
    # load_state_dict passes over plain attributes, so all that starts from given running values goes wrong too.
    "buffers_as_plain_attributes": {
        "batchnorm_module": these(
            "test_parameters_and_buffers", "test_running_values", "test_evaluation", "test_eps_and_momentum",
            "test_state_dict_round_trip",
        ),
    },
    # At p = 0 it drops everything; at p = 1 it has a case of its own.
    "keep_and_drop_swapped": {"dropout_forward": these(*_SHARE, "test_drop_probability_zero")},
    # Both ends have cases of their own.
    "p_is_the_keep_probability": {"dropout_forward": these(*_SHARE, _FACTOR)},
    # Each value is still drawn on its own: only how often it is dropped is wrong.
    "randn_for_rand": {"dropout_forward": these(*_SHARE)},
    "scaled_by_the_drop_probability": {"dropout_forward": these(_FACTOR)},
    "not_scaled": {"dropout_forward": these(_FACTOR)},
    "seed_fixed_inside": {"dropout_forward": these("test_each_call_draws_a_fresh_mask")},
    # The row itself is drawn as it should be.
    "one_row_for_all": {"dropout_forward": these("test_values_are_dropped_one_by_one")},
    "nan_at_one": {"dropout_forward": these("test_drop_probability_one")},
    # At p = 0, where nothing is dropped, dx is dout, as if it computed nothing.
    "without_the_mask": {"dropout_backward": EVERYTHING},
    # At p = 0 the factor is 1, at p = 1 dx is zero whatever it is: right without computing anything.
    "without_the_scale": {"dropout_backward": EVERYTHING},
    "active_in_eval_mode": {
        "dropout_module": these("test_eval_mode_is_the_identity", "test_works_in_a_sequential"),
    },
    # The mean and the deviation of models of nothing but dropout and linear layers are right.
    "whole_model_in_train_mode": {
        "mc_dropout": these("test_everything_else_stays_in_eval_mode", "test_modes_are_restored"),
    },
    # The deviation is checked in every model, the mean for itself in one.
    "biased_std": {
        "mc_dropout": these(
            "test_std_is_unbiased", "test_all_dropout_modules_sample", "test_everything_else_stays_in_eval_mode"
        ),
    },
    # Every row has a mask of its own, which is not what the checks of a weight's share and of single weights expect.
    # Values are dropped or scaled, and both ends are right.
    "drops_activations": {
        "dropconnect": these(
            "test_single_weights_are_dropped", "test_one_mask_for_all_rows", "test_share_of_dropped_weights",
            "test_each_call_draws_a_fresh_mask",
        ),
    },
    # out is off by the bias everywhere.
    "bias_missing": {"dropconnect": EVERYTHING},
}  # fmt: skip
