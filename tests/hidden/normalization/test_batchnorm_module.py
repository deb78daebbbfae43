"""Hidden checks of the class ``BatchNorm1d``, against ``torch.nn.functional.batch_norm``.

Each is made with the student's own ``batchnorm_forward`` or, where that fails, a stand-in for it (see conftest.py).
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from autograder.compare import assert_all, assert_matches

pytestmark = pytest.mark.exercise("batchnorm_module")

# Autograd started by the judge: it has to run where the module is. The gradient of a sum, because torch imports half a
# second of symbolic algebra to be handed a dy.
BACKWARD = """
def _backward_through_a_module():
    def backward(module, x, dy):
        x = x.clone().requires_grad_()
        (module(x) * dy).sum().backward()
        return {"x": x.grad, "weight": module.weight.grad, "bias": module.bias.grad}
    return backward
"""


def example(device, dtype=torch.float64, n=7, d=4):
    """x (n, d) whose features differ in mean and scale."""
    x = torch.randn(n, d) * torch.linspace(0.5, 3.0, d) + torch.linspace(-3.0, 5.0, d)
    return x.to(device, dtype)


def state(device, dtype=torch.float64, d=4):
    """A state dict unlike the initial one."""
    values = {
        "weight": torch.linspace(-1.5, 2.0, d),
        "bias": torch.randn(d),
        "running_mean": torch.randn(d),
        "running_var": torch.rand(d) + 0.5,
    }
    return {name: value.to(device, dtype) for name, value in values.items()}


def module_with(student, state, **settings):
    """The student's module with its parameters and running values set."""
    value = state["weight"]
    module = student.BatchNorm1d(len(value), **settings)
    module.call("to", value.device, value.dtype)
    module.call("load_state_dict", state, strict=False)  # not strict: a module may keep more than these four
    return module


def right(x, state, training, momentum=0.1, eps=1e-5):
    """(y, running_mean, running_var) after x, computed in float64 whatever the dtype of x."""
    wide = {name: value.double().cpu().clone() for name, value in state.items()}
    mean, var = wide["running_mean"], wide["running_var"]
    y = F.batch_norm(x.double().cpu(), mean, var, wide["weight"], wide["bias"], training, momentum, eps)
    return [value.to(x) for value in (y, mean, var)]


def test_parameters_and_buffers(student, device):
    """weight and bias are parameters, the running values are buffers; they start at 1, 0, 0 and 1, of shape (d,)."""
    module = student.BatchNorm1d(4)
    assert_all(student.isinstance(module, "torch.nn.Module"), "should be a torch.nn.Module", what="BatchNorm1d")
    module.call("to", device)
    parameters = student.library("builtins.dict")(module.call("named_parameters"))
    buffers = student.library("builtins.dict")(module.call("named_buffers"))
    initial = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
    for name, value in initial.items():
        mine, kind = (buffers, "buffer") if name.startswith("running") else (parameters, "parameter")
        assert_all(name in mine, f"should be registered as a {kind}", what=name)
        assert_matches(mine[name], torch.full((4,), value).to(device), what=f"the initial {name}")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_training(student, on_its_own, device, dtype):
    """In train mode the layer normalizes with the batch and applies weight and bias, in the dtype of x."""
    x, given = example(device, dtype), state(device, dtype)

    def check():
        module = module_with(student, given)
        assert_matches(module(x), right(x, given, True)[0], what="the output")

    on_its_own(student, check)


def test_running_values(student, on_its_own, device):
    """In train mode each batch moves the running mean and the running (unbiased) variance by momentum."""
    given, batches = state(device), [example(device, n=n) for n in (5, 2, 6)]  # two are enough for a batch
    after = dict(given)
    for x in batches:
        _, after["running_mean"], after["running_var"] = right(x, after, True)

    def check():
        module = module_with(student, given)
        for x in batches:
            module(x)
        assert_matches(module.running_mean, after["running_mean"], what="running_mean after three batches")
        assert_matches(module.running_var, after["running_var"], what="running_var after three batches")

    on_its_own(student, check)


def test_evaluation(student, on_its_own, device):
    """In eval mode the layer normalizes with the running values, also a single sample, and leaves them as they are."""
    given, batch, single = state(device), example(device), example(device, n=1)

    def check():
        module = module_with(student, given)
        module.call("eval")
        for x in (batch, single):
            assert_matches(module(x), right(x, given, False)[0], what="the output in eval mode")
        assert_matches(module.running_mean, given["running_mean"], what="running_mean in eval mode")
        assert_matches(module.running_var, given["running_var"], what="running_var in eval mode")
        module.call("train")
        assert_matches(module(batch), right(batch, given, True)[0], what="the output back in train mode")

    on_its_own(student, check)


def test_eps_and_momentum(student, on_its_own, device):
    """The arguments eps and momentum of the constructor are used, in both modes."""
    x, given = example(device), state(device)
    y, mean, var = right(x, given, True, 0.375, 0.25)

    def check():
        module = module_with(student, given, eps=0.25, momentum=0.375)
        assert_matches(module(x), y, what="the output")
        assert_matches(module.running_mean, mean, what="running_mean")
        assert_matches(module.running_var, var, what="running_var")
        module.call("eval")
        after = given | {"running_mean": mean, "running_var": var}
        assert_matches(module(x), right(x, after, False, 0.375, 0.25)[0], what="the output in eval mode")

    on_its_own(student, check)


def test_state_dict_round_trip(student, on_its_own, device):
    """A fresh layer that loads the state dict of a trained one gives the same output in eval mode."""
    x, given = example(device), state(device)
    _, mean, var = right(x, given, True)
    after = given | {"running_mean": mean, "running_var": var}

    def check():
        module = module_with(student, given)
        module(x)
        fresh = student.BatchNorm1d(4)
        fresh.call("to", x.device, x.dtype)
        fresh.call("load_state_dict", module.call("state_dict"))
        fresh.call("eval")
        assert_matches(fresh(x), right(x, after, False)[0], what="the output of the fresh layer")

    on_its_own(student, check)


@pytest.mark.exercise("batchnorm_module", weight=2)
def test_gradients(student, on_its_own, device):
    """In train mode the gradient reaches x (through the batch statistics too), weight and bias."""
    x, given = example(device), state(device)
    dy = torch.randn_like(x) + torch.linspace(2.0, -1.0, 4).to(x)
    leaves = [value.detach().double().cpu().requires_grad_() for value in (x, given["weight"], given["bias"])]
    y = F.batch_norm(leaves[0], None, None, leaves[1], leaves[2], True)
    gradients = torch.autograd.grad((y * dy.double().cpu()).sum(), leaves)
    expected = {name: value.to(x) for name, value in zip(("x", "weight", "bias"), gradients, strict=True)}

    def check():
        student.define(BACKWARD)
        backward = student._backward_through_a_module()
        found = student.library("operator.call")(backward, module_with(student, given), x, dy)
        assert_matches(found, expected, what="the gradients")

    on_its_own(student, check)
