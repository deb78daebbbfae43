"""What the checks of ``optimizers`` share: examples, the student's steps, and torch's.

The oracle is the update rule of ``torch.optim`` in its functional form, the code behind the classes; the classes
themselves import torch's compiler when they are made, which takes longer than judging a submission.

Gradients do not depend on the parameters here, so that a mistake is not hidden by a loss surface that forgives it. The
parameters of a step are those that the step before returned, as in a training loop: a small error adds up.

``AdamW`` may well be built on the student's own ``Adam``. So it is judged with that and, where a check fails, once more
with a sound one: no mistake costs points twice. Our code on the student's side holds no solution: the judge computes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.adagrad import adagrad
from torch.optim.adam import adam
from torch.optim.rmsprop import rmsprop
from torch.optim.sgd import sgd

from autograder.compare import as_array, assert_all, assert_matches, recording
from autograder.errors import ArgumentChanged, BadReturn, BannedOperation, Mismatch, MissingName, StudentError

Arrays = dict[str, np.ndarray]
Tensors = list[torch.Tensor]
Check = Callable[[], None]

STEPS = 12

# W1 and W2 are alike in shape, so that a state shared by them is no error but a wrong result.
SHAPES = {"W1": (2, 3), "b1": (4,), "W2": (2, 3)}

# Failures after which the student's process still answers, so that a second try is possible.
REPEATABLE = (ArgumentChanged, BadReturn, BannedOperation, Mismatch, MissingName, StudentError)

# The student's optimizers take their steps in turn, each from where its last one led: one call for all, as each is a
# round trip. What cannot be gone on with ends the walk, and the judge finds it at the end. Copies are taken at once: a
# later step may write into what an earlier one returned.
#
# The name, because messages show it: "Adam.step raised ...". And what a class keeps in a dict or list of its own, where
# it should be the object's, is put back as it was: checks share a process, and that mistake has a check of its own.
WALK = """
import copy as _copy
import numpy as _numpy

def _walk(optimizers, params, gradients):
    params, found = list(params), [[] for _ in optimizers]
    for number in range(len(gradients[0])):
        for i, optimizer in enumerate(optimizers):
            new = optimizer.step(params[i], gradients[i][number])
            found[i].append(_copy.deepcopy(new))
            try:
                shapes = {{key: value.shape for key, value in params[i].items()}}
                params[i] = {{key: _numpy.array(new[key], dtype=float).reshape(shapes[key]) for key in shapes}}
            except (KeyError, TypeError, ValueError):
                return found
    return found

def _put_back(name):
    for kind in getattr(globals().get(name), "__mro__", ()):
        for key, value in vars(kind).items():
            if isinstance(value, (dict, list)) and not key.startswith("__"):
                first = _at_first.setdefault((kind, key), value.copy())
                value.clear()
                (value.update if isinstance(value, dict) else value.extend)(first)

_at_first = globals().get("_at_first", {{}})
_put_back("{kind}")
globals()["{kind}.step"] = _walk
"""

STAND_IN = """
if "_own_Adam" not in globals():
    _own_Adam = globals().get("Adam")

def _ask_the_judge(step):
    global _judge_step
    _judge_step = step

class Adam:
    def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.beta1, self.beta2 = betas

    def step(self, params, grads):
        settings = [float(value) for value in (self.lr, *self.betas, self.eps, self.weight_decay)]
        return _judge_step(id(self), settings, params, grads)

def _rebase(old, new):
    for kind in getattr(globals().get("AdamW"), "__mro__", ()):
        if old in kind.__bases__:
            kind.__bases__ = tuple(new if base is old else base for base in kind.__bases__)

if _own_Adam is not None:
    _rebase(_own_Adam, Adam)
"""

OWN = """
if "_own_Adam" in globals():
    if _own_Adam is not None:
        _rebase(Adam, _own_Adam)
    Adam = _own_Adam
"""


def _example(steps: int = STEPS) -> tuple[Arrays, list[Arrays]]:
    """Parameters of size 1, and gradients of size 0.3 to 2 with both signs, whose mean is not zero."""
    params = {key: np.random.uniform(0.5, 2, shape) * _signs(shape) for key, shape in SHAPES.items()}
    trend = {key: _signs(shape) for key, shape in SHAPES.items()}

    def gradient(key: str, shape: tuple[int, ...]) -> np.ndarray:
        against = np.random.rand(*shape) < 0.3
        return np.random.uniform(0.3, 2, shape) * np.where(against, -trend[key], trend[key])

    return params, [{key: gradient(key, shape) for key, shape in SHAPES.items()} for _ in range(steps)]


def _signs(shape: tuple[int, ...]) -> np.ndarray:
    return np.where(np.random.rand(*shape) < 0.5, -1.0, 1.0)


def _prepare(student: Any, kind: str) -> None:
    student.define(WALK.format(kind=kind))


def _walk(student: Any, kind: str, optimizers: list[Any], params: list[Any], gradients: list[Any]) -> list[list[Any]]:
    """What the steps of each optimizer returned. Changed arguments are not looked for: that has its own check."""
    found = student[f"{kind}.step"].may_mutate(optimizers, params, gradients)
    lengths = [len(steps) if type(steps) is list else 0 for steps in found] if type(found) is list else []
    assert_all(len(lengths) == len(optimizers) and min(lengths) > 0, "should take its steps", what=f"{kind}.step")
    return found


def _checked(new: Any, params: Arrays, kind: str) -> Arrays:
    """What a step returned, as arrays of the shapes of ``params``."""
    what = f"what {kind}.step returns"
    assert_all(type(new) is dict, "should be a dict: the new parameters", what=what)
    assert_all(new.keys() == params.keys(), "should have the keys of params, no more and no less", what=what)
    return {key: as_array(new[key], what=f"the new params[{key!r}]", shape=params[key].shape) for key in params}


def _stacked(found: list[Any], params: Arrays, kind: str, steps: int) -> Arrays:
    """The parameters after each step: arrays (steps, *shape)."""
    checked = [_checked(new, params, kind) for new in found]
    assert_all(len(checked) == steps, "should take parameters of the kind that it returns", what=f"{kind}.step")
    return {key: np.stack([new[key] for new in checked]) for key in params}


def _follows(
    student: Any,
    kind: str,
    example: tuple[Arrays, list[Arrays]],
    lr: float,
    *,
    rtol: float | None = None,
    **settings: Any,
) -> None:
    """The student's ``kind(lr, **settings)`` goes where torch's goes, step by step."""
    params, gradients = example
    _prepare(student, kind)
    (found,) = _walk(student, kind, [student[kind](lr, **settings)], [params], [gradients])
    _assert_follows(_stacked(found, params, kind, len(gradients)), RIGHT[kind](*example, lr, **settings), rtol=rtol)


def _assert_independent(student: Any, kind: str, *settings: dict[str, Any], rtol: float | None = None) -> None:
    """Two optimizers that take turns, on parameters of the same names: each goes its own way."""
    examples = [_example(8) for _ in settings]
    _prepare(student, kind)
    optimizers = [student[kind](**each) for each in settings]
    walks = _walk(student, kind, optimizers, *(list(part) for part in zip(*examples, strict=True)))
    for name, found, example, each in zip(("first", "second"), walks, examples, settings, strict=True):
        mine = _stacked(found, example[0], kind, len(example[1]))
        _assert_follows(mine, RIGHT[kind](*example, **each), f"the {name} optimizer's parameters", rtol)


def _assert_arguments_left_alone(student: Any, kind: str, **settings: Any) -> None:
    """No step changes what it was handed, not even at a later step: the state keeps nothing of the caller's."""
    params, gradients = _example(3)
    _prepare(student, kind)
    optimizer = student[kind](**settings)
    handed = []
    for grads in gradients:
        pair = {"params": params, "grads": grads}
        handles = {name: student.put(value) for name, value in pair.items()}
        ((new,),) = _walk(student, kind, [optimizer], [handles["params"]], [[handles["grads"]]])
        params = _checked(new, params, kind)
        handed.append((pair, handles))
    for number, (pair, handles) in enumerate(handed, start=1):
        for name, value in pair.items():
            what = f"{name} of step {number}, looked at again after step {len(handed)},"
            assert_matches(handles[name].fetch(), value, what=what, rtol=0.0, atol=0.0)  # the same numbers, exactly


def _assert_follows(
    found: Arrays, accepted: list[Arrays], what: str = "the new parameters", rtol: float | None = None
) -> None:
    """The student's trajectory is one of those accepted; where it is none, the nearest is what it is compared with."""
    assert_matches(found, min(accepted, key=lambda right: _distance(found, right)), what=what, rtol=rtol)


def _distance(found: Arrays, right: Arrays) -> float:
    with np.errstate(all="ignore"):
        largest = max(float(np.abs(found[key] - right[key]).max()) for key in right)
    return largest if np.isfinite(largest) else np.inf


def _torch_trajectory(step: Callable[[Tensors, Tensors], None], params: Arrays, gradients: list[Arrays]) -> Arrays:
    """What torch's rule makes of copies of the parameters: arrays (steps, *shape)."""
    thetas, found = [torch.tensor(value) for value in params.values()], []
    for grads in gradients:
        step(thetas, [torch.tensor(grads[key]) for key in params])
        found.append({key: theta.numpy().copy() for key, theta in zip(params, thetas, strict=True)})
    return {key: np.stack([after[key] for after in found]) for key in params}


def _zeros(params: Arrays) -> Tensors:
    return [torch.zeros(value.shape, dtype=torch.float64) for value in params.values()]


def _counters(params: Arrays) -> Tensors:
    return [torch.tensor(0.0) for _ in params]


def _right_sgd(
    params: Arrays,
    gradients: list[Arrays],
    lr: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
) -> list[Arrays]:
    buffers: list[torch.Tensor | None] = [None for _ in params]

    def step(thetas: Tensors, grads: Tensors) -> None:
        settings = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "nesterov": nesterov}
        sgd(thetas, grads, buffers, foreach=False, dampening=0.0, maximize=False, **settings)

    return [_torch_trajectory(step, params, gradients)]


def _right_adagrad(params: Arrays, gradients: list[Arrays], lr: float, eps: float = 1e-10) -> list[Arrays]:
    sums, counters = _zeros(params), _counters(params)

    def step(thetas: Tensors, grads: Tensors) -> None:
        settings = {"lr": lr, "lr_decay": 0.0, "weight_decay": 0.0, "eps": eps}
        adagrad(thetas, grads, sums, counters, foreach=False, maximize=False, **settings)

    return [_torch_trajectory(step, params, gradients)]


def _right_rmsprop(
    params: Arrays, gradients: list[Arrays], lr: float, alpha: float = 0.99, eps: float = 1e-8
) -> list[Arrays]:
    squares, counters = _zeros(params), _counters(params)

    def step(thetas: Tensors, grads: Tensors) -> None:
        settings = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": 0.0, "momentum": 0.0, "centered": False}
        rmsprop(thetas, grads, squares, [], [], counters, foreach=False, **settings)

    return [_torch_trajectory(step, params, gradients)]


def _right_adam(
    params: Arrays,
    gradients: list[Arrays],
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled: bool = False,
) -> list[Arrays]:
    """Two right answers: torch's, and Kingma & Ba's with the bias correction folded into the rate (end of section 2).

    The second adds eps to the root of v, not of v / (1 - beta2^t), so the two differ by order eps. People who fold the
    correction write the second one. So it is accepted, in every check, and nothing else needs a wider tolerance for it.
    """
    beta1, beta2 = betas

    def follow(folded: bool) -> Arrays:
        means, squares, counters = _zeros(params), _zeros(params), _counters(params)
        count = iter(range(1, len(gradients) + 1))

        def step(thetas: Tensors, grads: Tensors) -> None:
            eps_now = eps / (1 - beta2 ** next(count)) ** 0.5 if folded else eps
            settings = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps_now, "weight_decay": weight_decay}
            settings |= {"amsgrad": False, "maximize": False, "decoupled_weight_decay": decoupled}
            adam(thetas, grads, means, squares, [], counters, foreach=False, **settings)

        return _torch_trajectory(step, params, gradients)

    return [follow(folded=False), follow(folded=True)]


def _right_adamw(params: Arrays, gradients: list[Arrays], lr: float, **settings: Any) -> list[Arrays]:
    return _right_adam(params, gradients, lr, decoupled=True, **({"weight_decay": 0.01} | settings))


RIGHT = {
    "SGD": _right_sgd,
    "Adagrad": _right_adagrad,
    "RMSprop": _right_rmsprop,
    "Adam": _right_adam,
    "AdamW": _right_adamw,
}


def _judge_step(reference: Any) -> Callable[..., Any]:
    """A callback for the stand-in: a step of the reference's ``Adam`` for one of the student's objects."""
    optimizers: dict[int, Any] = {}

    def step(number: Any, settings: Any, params: Any, grads: Any) -> Any:
        lr, beta1, beta2, eps, weight_decay = (float(value) for value in settings)
        optimizer = optimizers.setdefault(int(number), reference.Adam(lr))
        optimizer.lr, optimizer.betas, optimizer.eps, optimizer.weight_decay = lr, (beta1, beta2), eps, weight_decay
        return optimizer.step(*({key: np.asarray(value) for key, value in given.items()} for given in (params, grads)))

    return step


def _on_its_own(reference: Any, student: Any, check: Check) -> None:
    """Run the check; if it fails, once more with a sound ``Adam`` in place of the student's."""
    student.define(OWN)
    try:
        check()
    except REPEATABLE as with_own:
        with recording():  # what the second try sees is no evidence of the mistake
            try:
                student.define(STAND_IN)
                student._ask_the_judge(_judge_step(reference))
                check()
            except REPEATABLE:
                raise with_own from None


@pytest.fixture(scope="session")
def example() -> Callable[..., tuple[Arrays, list[Arrays]]]:
    """See ``_example``."""
    return _example


@pytest.fixture(scope="session")
def follows() -> Callable[..., None]:
    """See ``_follows``."""
    return _follows


@pytest.fixture(scope="session")
def assert_independent_optimizers() -> Callable[..., None]:
    """See ``_assert_independent``."""
    return _assert_independent


@pytest.fixture(scope="session")
def assert_arguments_left_alone() -> Callable[..., None]:
    """See ``_assert_arguments_left_alone``."""
    return _assert_arguments_left_alone


@pytest.fixture
def on_its_own(reference: Any) -> Callable[[Any, Check], None]:
    """See ``_on_its_own``; a function of ``student``, and not bound to one."""
    return functools.partial(_on_its_own, reference)
