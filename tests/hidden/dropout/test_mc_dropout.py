"""Checks of ``mc_dropout_predict`` on models whose every output is one input, dropped or kept.

Over n passes such an output is ``unit`` k times and 0 otherwise (plus the bias), with k binomial. So the mean
says how many passes kept it, and the standard deviation follows from that exactly: sqrt(k (n - k) / (n (n - 1)))
units. All numbers are small binary fractions, so that the sums of a one-pass variance are exact too. Each check
runs with a stand-in for the student's ``Dropout`` that asks the judge for its masks, and where that fails with
the student's own.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.compare import as_tensor, assert_all, assert_matches, assert_rate

pytestmark = pytest.mark.exercise("mc_dropout")

FALSE_ALARM = 1e-9
N, D, C = 40, 50, 30  # rows, inputs, outputs

# Not part of any solution: the models that are predicted with.
MODELS = """
import torch as _torch

class _AddsOneInTrainMode(_torch.nn.Module):
    def forward(self, x):
        return x + 1 if self.training else x

def _linear(weight, bias):
    layer = _torch.nn.Linear(*weight.shape[::-1]).to(weight)
    with _torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    return layer

def _norm(mean):
    layer = _torch.nn.BatchNorm1d(len(mean), eps=0.0).to(mean)
    layer.running_mean.copy_(mean)
    layer.running_var.fill_(4.0)
    return layer

def _plain_model(weight, bias):
    return _torch.nn.Sequential(Dropout(0.5), _linear(weight, bias))

def _nested_model(weight, bias):
    inner = _torch.nn.Sequential(_linear(weight, bias), Dropout(0.5))
    return _torch.nn.Sequential(_torch.nn.Identity(), _torch.nn.Sequential(Dropout(0.5), inner))

def _mixed_model(weight, bias, mean):
    inner = _torch.nn.Sequential(_AddsOneInTrainMode(), Dropout(0.5))
    return _torch.nn.Sequential(_norm(mean), inner, _linear(weight, bias))

def _modes(model):
    return [bool(module.training) for module in model.modules()]

def _set_modes(model, modes):
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = mode

def _statistics(model):
    return [model[0].running_mean, model[0].running_var, int(model[0].num_batches_tracked)]
"""


def odd_numbers(*shape, dtype, device):
    return torch.from_numpy(2 * np.random.randint(-4, 4, shape) + 1).to(device, dtype)


def selection(dtype, device):
    """weight (C, D) that passes C of the D inputs on, times 1, 2 or -1, and a bias (C,)."""
    weight = torch.zeros(C, D, dtype=dtype)
    weight[np.arange(C), np.random.permutation(D)[:C]] = torch.tensor([1.0, 2.0, -1.0], dtype=dtype).repeat(C // 3)
    return weight.to(device), odd_numbers(C, dtype=dtype, device=device)


def passes_kept(mean, bias, unit, n):
    """In how many of the n passes each output was kept: the whole number next to what the mean says."""
    mean = as_tensor(mean, what="mean", shape=unit.shape, dtype=unit.dtype, device=unit.device)
    return torch.nan_to_num((mean - bias) / unit * n).round().clamp(0, n)


def assert_mean(mean, bias, unit, n):
    count = passes_kept(mean, bias, unit, n)
    assert_matches(mean, bias + unit * count / n, what="the mean")
    return count


def assert_std(std, count, unit, n):
    assert_matches(std, unit.abs() * (count * (n - count) / (n * (n - 1))).sqrt(), what="std")


@pytest.mark.exercise("mc_dropout", weight=2)
@pytest.mark.parametrize(
    ("dtype", "training"), [(torch.float32, True), (torch.float64, False)], ids=["train mode", "eval mode"]
)
def test_mean_of_the_passes(student, with_either_dropout, device, dtype, training):
    """The mean is taken over n_samples passes, each with its own mask, whatever mode the model was in; it has the
    shape, dtype and device of the model's output."""
    x = odd_numbers(N, D, dtype=dtype, device=device)
    weight, bias = selection(dtype, device)
    student.define(MODELS)

    def check():
        model = student._plain_model(weight, bias)
        model.train(training)
        mean, _ = student.mc_dropout_predict(model, x, 4)
        count = assert_mean(mean, bias, 2 * x @ weight.T, 4)
        share = "the share of outputs that were kept in a pass"
        assert_rate(int(count.sum()), 4 * N * C, 0.5, what=share, false_alarm=FALSE_ALARM / 2)
        differing = int(((count > 0) & (count < 4)).sum())
        share = "the share of outputs that differ from pass to pass"
        assert_rate(differing, N * C, 7 / 8, what=share, false_alarm=FALSE_ALARM / 2)

    with_either_dropout(student, check)


@pytest.mark.exercise("mc_dropout", weight=2)
@pytest.mark.parametrize("n", [2, 4])
def test_std_is_unbiased(student, with_either_dropout, device, n):
    """std is the unbiased standard deviation over the passes: the sum of squares is divided by n_samples - 1."""
    x = odd_numbers(N, D, dtype=torch.float64, device=device)
    weight, bias = selection(torch.float64, device)
    student.define(MODELS)

    def check():
        mean, std = student.mc_dropout_predict(student._plain_model(weight, bias), x, n)
        unit = 2 * x @ weight.T
        count = passes_kept(mean, bias, unit, n)
        assert_std(std, count, unit, n)
        differing = int(((count > 0) & (count < n)).sum())
        share = "the share of outputs that differ from pass to pass"
        assert_rate(differing, N * C, 1 - 2 * 0.5**n, what=share, false_alarm=FALSE_ALARM)

    with_either_dropout(student, check)


@pytest.mark.exercise("mc_dropout", weight=2)
def test_all_dropout_modules_sample(student, with_either_dropout, device):
    """Every Dropout of the model samples, however deep it is nested."""
    x = odd_numbers(N, D, dtype=torch.float64, device=device)
    weight, _ = selection(torch.float64, device)
    bias = torch.zeros(C, dtype=torch.float64, device=device)
    student.define(MODELS)

    def check():
        model = student._nested_model(weight, bias)
        model.eval()
        mean, std = student.mc_dropout_predict(model, x, 4)
        unit = 4 * x @ weight.T
        count = assert_mean(mean, bias, unit, 4)
        assert_std(std, count, unit, 4)
        share = "the share of outputs that were kept in a pass"
        assert_rate(int(count.sum()), 4 * N * C, 0.25, what=share, false_alarm=FALSE_ALARM)

    with_either_dropout(student, check)


@pytest.mark.exercise("mc_dropout", weight=2)
def test_everything_else_stays_in_eval_mode(student, with_either_dropout, device):
    """Only Dropout samples: batch norm and all other layers work as in eval mode, and batch norm's statistics do
    not move."""
    x, mean_of_norm = (odd_numbers(*s, dtype=torch.float64, device=device) for s in ((N, D), (D,)))
    weight, bias = selection(torch.float64, device)
    mean_of_norm += 9  # even, and never equal to x
    student.define(MODELS)

    def check():
        model = student._mixed_model(weight, bias, mean_of_norm)
        before = student._statistics(model)
        mean, std = student.mc_dropout_predict(model, x, 4)
        unit = 2 * ((x - mean_of_norm) / 2) @ weight.T
        count = assert_mean(mean, bias, unit, 4)
        assert_std(std, count, unit, 4)
        assert_matches(student._statistics(model), before, what="batch norm's running statistics")

    with_either_dropout(student, check)


@pytest.mark.exercise("mc_dropout", supporting=True)
@pytest.mark.parametrize(
    "modes",
    [[False] * 6, [True] * 6, [True, False, True, True, False, True]],
    ids=["all in eval mode", "all in train mode", "some layers frozen"],
)
def test_modes_are_restored(student, with_either_dropout, device, modes):
    """Afterwards every module is in the mode in which it was before, also where some are in train and some in
    eval mode."""
    x = odd_numbers(N, D, dtype=torch.float64, device=device)
    weight, bias = selection(torch.float64, device)
    student.define(MODELS)

    def check():
        model = student._mixed_model(weight, bias, bias.new_zeros(D))
        student._set_modes(model, modes)
        student.mc_dropout_predict(model, x, 2)
        restored = student._modes(model) == modes
        assert_all(restored, "should be as it was before the call", what="the mode of each module")

    with_either_dropout(student, check)


@pytest.mark.exercise("mc_dropout", supporting=True)
def test_no_gradient_is_recorded(student, with_either_dropout, device):
    """Predictions record no gradient: mean and std do not require one."""
    x = odd_numbers(N, D, dtype=torch.float64, device=device)
    weight, bias = selection(torch.float64, device)
    student.define(MODELS)

    def check():
        results = student.mc_dropout_predict(student._plain_model(weight, bias), x, 3)
        for value, name in zip(results, ("mean", "std"), strict=True):
            assert_all(not value.requires_grad, "should not require a gradient", what=name)

    with_either_dropout(student, check)
