"""Right solutions of ``log_rmse`` in other styles: none of them may lose a point."""

from __future__ import annotations

import numpy as np

from autograder.suite import equivalent


@equivalent("log_rmse")
def with_plain_python():
    def log_rmse(prediction, target):
        import math

        total = 0.0
        for p, t in zip(list(prediction), list(target)):
            if p <= 0 or t <= 0:
                raise ValueError("prices must be positive")
            total += (math.log(p) - math.log(t)) ** 2
        return math.sqrt(total / len(target))


@equivalent("log_rmse")
def of_the_ratio():
    def log_rmse(prediction, target):
        if min(np.min(prediction), np.min(target)) <= 0:
            raise ValueError("prices must be positive")
        log_ratio = np.log(np.asarray(prediction) / np.asarray(target))
        return np.linalg.norm(log_ratio) / np.sqrt(len(log_ratio))


@equivalent("log_rmse")
def with_scikit_learn():
    def log_rmse(prediction, target):
        from sklearn.metrics import root_mean_squared_error

        if (np.asarray(prediction) <= 0).any():
            raise ValueError("a prediction is not positive")
        if (np.asarray(target) <= 0).any():
            raise ValueError("a target is not positive")
        return root_mean_squared_error(np.log(target), np.log(prediction))


@equivalent("log_rmse")
def with_torch():
    def log_rmse(prediction, target):
        import torch
        import torch.nn.functional as F

        prediction = torch.as_tensor(prediction)
        target = torch.as_tensor(target)
        if not (bool((prediction > 0).all()) and bool((target > 0).all())):
            raise ValueError("log_rmse is for positive numbers")
        return torch.sqrt(F.mse_loss(prediction.log(), target.log()))


@equivalent("log_rmse")
def with_torch_in_single_precision():
    def log_rmse(prediction, target):
        import torch

        prediction = torch.tensor(prediction, dtype=torch.float32)
        target = torch.tensor(target, dtype=torch.float32)
        if (prediction <= 0).any() or (target <= 0).any():
            raise ValueError("not positive")
        return ((prediction.log() - target.log()) ** 2).mean().sqrt().item()


@equivalent("log_rmse")
def an_error_class_of_its_own():
    class NotAPrice(ValueError):
        pass

    def log_rmse(prediction, target):
        both = np.concatenate([np.ravel(prediction), np.ravel(target)])
        if not np.all(both > 0):
            raise NotAPrice("not a price")
        logs = np.log(both).reshape(2, -1)
        return np.array(np.sqrt(((logs[0] - logs[1]) ** 2).mean()))


@equivalent("log_rmse")
def warnings_as_errors():
    def log_rmse(prediction, target):
        try:
            with np.errstate(divide="raise", invalid="raise"):
                difference = np.log(prediction) - np.log(target)
        except FloatingPointError:
            raise ValueError("a number has no logarithm") from None
        return float((difference @ difference / difference.size) ** 0.5)
