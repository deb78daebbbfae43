"""Wrong ways to condition a Gaussian."""

from __future__ import annotations

import torch

from autograder.suite import misconception


@misconception(
    "condition_gaussian",
    "Your new mean uses the observed value itself. What counts is by how much it differs from its own mean.",
)
def value_not_centered():
    def condition_gaussian(mean, cov, index, value):
        rest = [i for i in range(len(mean)) if i not in index]
        gain = torch.linalg.solve(cov[index][:, index], cov[index][:, rest]).T
        return mean[rest] + gain @ value, cov[rest][:, rest] - gain @ cov[index][:, rest]


@misconception(
    "condition_gaussian", "Your new mean is only the correction: the mean that the rest had before is missing."
)
def prior_mean_missing():
    def condition_gaussian(mean, cov, index, value):
        rest = [i for i in range(len(mean)) if i not in index]
        gain = torch.linalg.solve(cov[index][:, index], cov[index][:, rest]).T
        return gain @ (value - mean[index]), cov[rest][:, rest] - gain @ cov[index][:, rest]


@misconception("condition_gaussian", "Your covariance grows by an observation. Knowing more can only make it smaller.")
def covariance_grows():
    def condition_gaussian(mean, cov, index, value):
        rest = [i for i in range(len(mean)) if i not in index]
        gain = torch.linalg.solve(cov[index][:, index], cov[index][:, rest]).T
        return mean[rest] + gain @ (value - mean[index]), cov[rest][:, rest] + gain @ cov[index][:, rest]


@misconception(
    "condition_gaussian",
    "Your covariance is the one from before the observation: you returned the marginal of the rest.",
)
def covariance_of_the_marginal():
    def condition_gaussian(mean, cov, index, value):
        rest = [i for i in range(len(mean)) if i not in index]
        gain = torch.linalg.solve(cov[index][:, index], cov[index][:, rest]).T
        return mean[rest] + gain @ (value - mean[index]), cov[rest][:, rest]


@misconception("condition_gaussian", "You return the marginal of the rest: what was observed has no effect at all.")
def marginal():
    def condition_gaussian(mean, cov, index, value):
        rest = [i for i in range(len(mean)) if i not in index]
        return mean[rest], cov[rest][:, rest]


@misconception(
    "condition_gaussian",
    "You treat the observed coordinates as independent of each other: their whole covariance matrix must be inverted, "
    "not only its diagonal.",
)
def observed_taken_as_independent():
    def condition_gaussian(mean, cov, index, value):
        rest = [i for i in range(len(mean)) if i not in index]
        gain = cov[rest][:, index] / cov.diagonal()[index]
        return mean[rest] + gain @ (value - mean[index]), cov[rest][:, rest] - gain @ cov[index][:, rest]


@misconception(
    "condition_gaussian",
    "You divide by the entries of the observed covariance. A matrix is not inverted entry by entry.",
)
def inverse_entry_by_entry():
    def condition_gaussian(mean, cov, index, value):
        rest = [i for i in range(len(mean)) if i not in index]
        gain = cov[rest][:, index] @ (1 / cov[index][:, index])
        return mean[rest] + gain @ (value - mean[index]), cov[rest][:, rest] - gain @ cov[index][:, rest]


@misconception("condition_gaussian", "The inverse is missing: covariances are multiplied, so the units do not fit.")
def inverse_missing():
    def condition_gaussian(mean, cov, index, value):
        rest = [i for i in range(len(mean)) if i not in index]
        gain = cov[rest][:, index]
        return mean[rest] + gain @ (value - mean[index]), cov[rest][:, rest] - gain @ gain.T


@misconception(
    "condition_gaussian", "You return all coordinates. The observed ones are known now: only the rest is asked for."
)
def observed_not_removed():
    def condition_gaussian(mean, cov, index, value):
        gain = torch.linalg.solve(cov[index][:, index], cov[index]).T
        return mean + gain @ (value - mean[index]), cov - gain @ cov[index]


@misconception(
    "condition_gaussian",
    "Your covariance is a block of the precision matrix. That block is the inverse of the conditional covariance.",
)
def precision_for_covariance():
    def condition_gaussian(mean, cov, index, value):
        rest = [i for i in range(len(mean)) if i not in index]
        gain = torch.linalg.solve(cov[index][:, index], cov[index][:, rest]).T
        return mean[rest] + gain @ (value - mean[index]), torch.linalg.inv(cov)[rest][:, rest]


@misconception("condition_gaussian", "The correction of your mean has the wrong sign.")
def wrong_sign():
    def condition_gaussian(mean, cov, index, value):
        rest = [i for i in range(len(mean)) if i not in index]
        gain = torch.linalg.solve(cov[index][:, index], cov[index][:, rest]).T
        return mean[rest] - gain @ (value - mean[index]), cov[rest][:, rest] - gain @ cov[index][:, rest]


@misconception(
    "condition_gaussian",
    "Your covariance depends on the observed value. It shrinks by the same amount whatever was seen.",
)
def covariance_depends_on_the_value():
    def condition_gaussian(mean, cov, index, value):
        rest = [i for i in range(len(mean)) if i not in index]
        gain = torch.linalg.solve(cov[index][:, index], cov[index][:, rest]).T
        surprise = value - mean[index]
        scale = 1 + surprise @ torch.linalg.solve(cov[index][:, index], surprise)
        return mean[rest] + gain @ surprise, (cov[rest][:, rest] - gain @ cov[index][:, rest]) * scale
