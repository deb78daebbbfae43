"""Wrong acquisition functions, each with a sentence for the student who made the mistake."""

from __future__ import annotations

import torch

from autograder.suite import misconception


@misconception(
    "acquisition",
    "You treat std as a variance and take its root. It is a standard deviation already.",
)
def root_of_the_standard_deviation():
    def expected_improvement(mean, std, best_f):
        sigma = std.sqrt()
        z = (mean - best_f) / sigma.clamp_min(1e-12)
        normal = torch.distributions.Normal(torch.zeros_like(z), torch.ones_like(z))
        return (mean - best_f) * normal.cdf(z) + sigma * normal.log_prob(z).exp()

    def log_expected_improvement(mean, std, best_f):
        sigma = std.sqrt()
        z = (mean - best_f) / sigma
        tail = z.clamp_max(-1.0)
        log_phi = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)
        far = log_phi + torch.log1p(tail * math.sqrt(math.pi / 2) * torch.special.erfcx(-tail / math.sqrt(2)))
        near = torch.log(log_phi.exp() + z * torch.special.ndtr(z))
        return torch.log(sigma) + torch.where(z > -1, near, far)

    def probability_of_improvement(mean, std, best_f):
        gain = mean - best_f
        inside = torch.special.ndtr(gain / torch.where(std > 0, std, torch.ones_like(std)).sqrt())
        return torch.where(std > 0, inside, (gain > 0).double())

    def upper_confidence_bound(mean, std, beta):
        return mean + beta**0.5 * std.sqrt()


@misconception(
    "acquisition",
    "Your improvement is that of a minimization, best_f - mean. Here large values are good.",
)
def improvement_downwards():
    def expected_improvement(mean, std, best_f):
        gain = best_f - mean
        safe = torch.where(std > 0, std, torch.ones_like(std))
        z = gain / safe
        value = gain * torch.special.ndtr(z) + safe * torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
        return torch.where(std > 0, value, gain.clamp_min(0))

    def log_expected_improvement(mean, std, best_f):
        return torch.log(expected_improvement(mean, std, best_f))

    def probability_of_improvement(mean, std, best_f):
        gain = best_f - mean
        inside = torch.special.ndtr(gain / torch.where(std > 0, std, torch.ones_like(std)))
        return torch.where(std > 0, inside, (gain > 0).double())

    def upper_confidence_bound(mean, std, beta):
        return mean - beta**0.5 * std


@misconception(
    "acquisition",
    "Your log EI is the logarithm of EI. Far below the best EI underflows to 0, and the logarithm of 0 is no number to "
    "climb on.",
)
def logarithm_of_zero():
    def expected_improvement(mean, std, best_f):
        gain = mean - best_f
        safe = torch.where(std > 0, std, torch.ones_like(std))
        z = gain / safe
        value = gain * torch.special.ndtr(z) + safe * torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
        return torch.where(std > 0, value, gain.clamp_min(0))

    def log_expected_improvement(mean, std, best_f):
        return torch.log(expected_improvement(mean, std, best_f))

    def probability_of_improvement(mean, std, best_f):
        gain = mean - best_f
        inside = torch.special.ndtr(gain / torch.where(std > 0, std, torch.ones_like(std)))
        return torch.where(std > 0, inside, (gain > 0).double())

    def upper_confidence_bound(mean, std, beta):
        return mean + beta**0.5 * std


@misconception(
    "acquisition",
    "You keep log EI finite by a floor under EI. Then it is the same number everywhere far below the best, and wrong.",
)
def floor_under_the_logarithm():
    def expected_improvement(mean, std, best_f):
        gain = mean - best_f
        safe = torch.where(std > 0, std, torch.ones_like(std))
        z = gain / safe
        value = gain * torch.special.ndtr(z) + safe * torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
        return torch.where(std > 0, value, gain.clamp_min(0))

    def log_expected_improvement(mean, std, best_f):
        return torch.log(expected_improvement(mean, std, best_f).clamp_min(1e-20))

    def probability_of_improvement(mean, std, best_f):
        gain = mean - best_f
        inside = torch.special.ndtr(gain / torch.where(std > 0, std, torch.ones_like(std)))
        return torch.where(std > 0, inside, (gain > 0).double())

    def upper_confidence_bound(mean, std, beta):
        return mean + beta**0.5 * std


@misconception(
    "acquisition",
    "You divide by std also where it is 0: 0/0 is NaN. Where nothing is uncertain, the improvement is known.",
)
def division_by_zero():
    def expected_improvement(mean, std, best_f):
        z = (mean - best_f) / std
        return (mean - best_f) * torch.special.ndtr(z) + std * torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)

    def log_expected_improvement(mean, std, best_f):
        z = (mean - best_f) / std
        tail = z.clamp_max(-1.0)
        log_phi = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)
        far = log_phi + torch.log1p(tail * math.sqrt(math.pi / 2) * torch.special.erfcx(-tail / math.sqrt(2)))
        near = torch.log(log_phi.exp() + z * torch.special.ndtr(z))
        return torch.log(std) + torch.where(z > -1, near, far)

    def probability_of_improvement(mean, std, best_f):
        return torch.special.ndtr((mean - best_f) / std)

    def upper_confidence_bound(mean, std, beta):
        return mean + beta**0.5 * std


@misconception(
    "acquisition",
    "Your upper confidence bound adds beta * std. It is the ROOT of beta: beta weighs the variance.",
)
def beta_without_its_root():
    def expected_improvement(mean, std, best_f):
        gain = mean - best_f
        safe = torch.where(std > 0, std, torch.ones_like(std))
        z = gain / safe
        value = gain * torch.special.ndtr(z) + safe * torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
        return torch.where(std > 0, value, gain.clamp_min(0))

    def log_expected_improvement(mean, std, best_f):
        z = (mean - best_f) / std
        tail = z.clamp_max(-1.0)
        log_phi = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)
        far = log_phi + torch.log1p(tail * math.sqrt(math.pi / 2) * torch.special.erfcx(-tail / math.sqrt(2)))
        near = torch.log(log_phi.exp() + z * torch.special.ndtr(z))
        return torch.log(std) + torch.where(z > -1, near, far)

    def probability_of_improvement(mean, std, best_f):
        gain = mean - best_f
        inside = torch.special.ndtr(gain / torch.where(std > 0, std, torch.ones_like(std)))
        return torch.where(std > 0, inside, (gain > 0).double())

    def upper_confidence_bound(mean, std, beta):
        return mean + beta * std


@misconception(
    "acquisition",
    "Your EI lacks its second term, the one with the density: it counts the mean's gain alone, and none of what the "
    "spread promises.",
)
def density_term_missing():
    def expected_improvement(mean, std, best_f):
        gain = mean - best_f
        safe = torch.where(std > 0, std, torch.ones_like(std))
        return torch.where(std > 0, gain * torch.special.ndtr(gain / safe), gain).clamp_min(0)

    def log_expected_improvement(mean, std, best_f):
        return torch.log(expected_improvement(mean, std, best_f))

    def probability_of_improvement(mean, std, best_f):
        gain = mean - best_f
        inside = torch.special.ndtr(gain / torch.where(std > 0, std, torch.ones_like(std)))
        return torch.where(std > 0, inside, (gain > 0).double())

    def upper_confidence_bound(mean, std, beta):
        return mean + beta**0.5 * std
