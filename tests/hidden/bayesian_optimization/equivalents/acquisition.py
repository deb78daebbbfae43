"""Right acquisition functions in other styles: none of them may lose a point."""

from __future__ import annotations

import torch

from autograder.suite import equivalent


@equivalent("acquisition")
def distribution_object_and_masks():
    def expected_improvement(mean, std, best_f):
        normal = torch.distributions.Normal(0.0, 1.0)
        out = torch.clamp(mean - best_f, min=0)
        ok = std > 0
        z = (mean[ok] - best_f) / std[ok]
        out[ok] = std[ok] * (z * normal.cdf(z) + torch.exp(normal.log_prob(z)))
        return out

    def log_expected_improvement(mean, std, best_f):
        z = (mean - best_f) / std
        normal = torch.distributions.Normal(0.0, 1.0)
        direct = torch.log((z * normal.cdf(z) + torch.exp(normal.log_prob(z))).clamp_min(1e-300))
        far = normal.log_prob(z) + torch.log1p(
            -torch.exp(torch.special.log_ndtr(z) - normal.log_prob(z) + torch.log(z.abs()))
        )
        return torch.log(std) + torch.where(z < -4, far, direct)

    def probability_of_improvement(mean, std, best_f):
        out = (mean > best_f).to(mean.dtype)
        ok = std > 0
        out[ok] = torch.distributions.Normal(mean[ok], std[ok]).cdf(torch.as_tensor(best_f)).neg().add(1.0)
        return out

    def upper_confidence_bound(mean, std, beta):
        return mean + torch.sqrt(torch.tensor(beta)) * std


@equivalent("acquisition")
def clamped_and_asymptotic():
    def expected_improvement(mean, std, best_f):
        s = std.clamp_min(1e-9)
        z = (mean - best_f) / s
        return s * (torch.exp(-(z**2) / 2) / (2 * torch.pi) ** 0.5 + z * 0.5 * (1 + torch.erf(z / 2**0.5)))

    def log_expected_improvement(mean, std, best_f):
        z = (mean - best_f) / std
        safe = torch.clamp(z, min=-6.0)
        h = torch.exp(-(safe**2) / 2) / (2 * torch.pi) ** 0.5 + safe * 0.5 * torch.erfc(-safe / 2**0.5)
        tail = torch.clamp(z, max=-6.0)
        asymptotic = -(tail**2) / 2 - 0.5 * math.log(2 * torch.pi) - 2 * torch.log(-tail)
        return std.log() + torch.where(z < -6.0, asymptotic, h.log())

    def probability_of_improvement(mean, std, best_f):
        z = (mean - best_f) / std.clamp_min(1e-9)
        p = 0.5 * (1 + torch.erf(z / 2**0.5))
        return torch.where((std == 0) & (mean <= best_f), torch.zeros_like(p), p)

    def upper_confidence_bound(mean, std, beta):
        return torch.add(mean, std, alpha=float(beta) ** 0.5)


@equivalent("acquisition")
def scipy_underneath():
    import numpy as np
    from scipy import special, stats

    def expected_improvement(mean, std, best_f):
        m, s = mean.numpy(), std.numpy()
        gain = m - float(best_f)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = gain / s
            ei = gain * stats.norm.cdf(z) + s * stats.norm.pdf(z)
        return torch.from_numpy(np.where(s == 0, np.maximum(gain, 0.0), ei))

    def log_expected_improvement(mean, std, best_f):
        m, s = mean.numpy(), std.numpy()
        z = (m - float(best_f)) / s
        t = np.minimum(z, -2.0)
        far = stats.norm.logpdf(z) + np.log1p(t * np.exp(special.log_ndtr(t) - stats.norm.logpdf(t)))
        near = np.log(np.maximum(stats.norm.pdf(z) + z * stats.norm.cdf(z), 1e-320))
        return torch.from_numpy(np.log(s) + np.where(z < -2.0, far, near))

    def probability_of_improvement(mean, std, best_f):
        m, s = mean.numpy(), std.numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            p = stats.norm.sf((float(best_f) - m) / s)
        return torch.from_numpy(np.where(s > 0, p, (m > float(best_f)) * 1.0))

    def upper_confidence_bound(mean, std, beta):
        return mean + np.sqrt(beta) * std


@equivalent("acquisition")
def botorchs_own_pieces():
    from botorch.acquisition.analytic import _ei_helper, _log_ei_helper

    def expected_improvement(mean, std, best_f):
        positive = std > 0
        s = torch.where(positive, std, 1.0)
        return torch.where(positive, s * _ei_helper((mean - best_f) / s), torch.relu(mean - best_f))

    def log_expected_improvement(mean, std, best_f):
        return _log_ei_helper((mean - best_f) / std) + std.log()

    def probability_of_improvement(mean, std, best_f):
        return torch.where(
            std > 0,
            0.5 * torch.erfc((best_f - mean) / (std * 2**0.5 + (std == 0))),
            torch.heaviside(mean - best_f, torch.zeros((), dtype=mean.dtype)),
        )

    def upper_confidence_bound(mean, std, beta):
        return mean + (beta * std**2) ** 0.5


@equivalent("acquisition")
def arrays_in_and_out_of_a_list():
    def expected_improvement(mean, std, best_f):
        values = []
        for m, s in zip(mean.flatten().tolist(), std.flatten().tolist()):
            if s == 0:
                values.append(max(m - best_f, 0.0))
                continue
            z = (m - best_f) / s
            values.append((m - best_f) * 0.5 * math.erfc(-z / 2**0.5) + s * math.exp(-z * z / 2) / (2 * math.pi) ** 0.5)
        return torch.tensor(values, dtype=mean.dtype).reshape(mean.shape)

    def log_expected_improvement(mean, std, best_f):
        values = []
        for m, s in zip(mean.flatten().tolist(), std.flatten().tolist()):
            z = (m - best_f) / s
            log_phi = -z * z / 2 - math.log(2 * math.pi) / 2
            if z > -10:
                h = math.exp(log_phi) + z * 0.5 * math.erfc(-z / 2**0.5)
                values.append(math.log(s) + math.log(h))
            else:
                series = 1 - 3 / z**2 + 15 / z**4 - 105 / z**6
                values.append(math.log(s) + log_phi - 2 * math.log(-z) + math.log(series))
        return torch.tensor(values, dtype=mean.dtype).reshape(mean.shape)

    def probability_of_improvement(mean, std, best_f):
        pairs = zip(mean.flatten().tolist(), std.flatten().tolist())
        values = [float(m > best_f) if s == 0 else 0.5 * math.erfc((best_f - m) / s / 2**0.5) for m, s in pairs]
        return torch.tensor(values, dtype=mean.dtype).reshape(mean.shape)

    def upper_confidence_bound(mean, std, beta):
        return mean + math.sqrt(beta) * std
