"""Wrong solutions of ``log_rmse``, each with the sentence that helps the student who made the mistake."""

from __future__ import annotations

import numpy as np

from autograder.suite import misconception


@misconception(
    "log_rmse",
    "You add 1 before taking the logarithm (log1p). That is for quantities that may be 0; a price is positive, and the "
    "1 makes the error depend on the currency.",
)
def log_of_one_plus():
    def log_rmse(prediction, target):
        if np.any(prediction <= 0) or np.any(target <= 0):
            raise ValueError("positive numbers only")
        return np.sqrt(np.mean((np.log1p(prediction) - np.log1p(target)) ** 2))


@misconception("log_rmse", "You measure the error of the prices. The score compares their logarithms.")
def without_logarithm():
    def log_rmse(prediction, target):
        if np.any(prediction <= 0) or np.any(target <= 0):
            raise ValueError("positive numbers only")
        return np.sqrt(np.mean((prediction - target) ** 2))


@misconception(
    "log_rmse",
    "You take the logarithm of the error of the prices. The logarithm belongs to each price, before the difference.",
)
def logarithm_of_the_error():
    def log_rmse(prediction, target):
        if np.any(prediction <= 0) or np.any(target <= 0):
            raise ValueError("positive numbers only")
        return np.log(np.sqrt(np.mean((prediction - target) ** 2)) + 1e-12)


@misconception("log_rmse", "Your result is a mean of squares. The R in RMSE asks for one more step.")
def without_the_root():
    def log_rmse(prediction, target):
        if np.any(prediction <= 0) or np.any(target <= 0):
            raise ValueError("positive numbers only")
        return np.mean((np.log(prediction) - np.log(target)) ** 2)


@misconception(
    "log_rmse",
    "You add up the squares and take the root. The mean is missing: the error grows with the number of rows.",
)
def sum_for_mean():
    def log_rmse(prediction, target):
        if np.any(prediction <= 0) or np.any(target <= 0):
            raise ValueError("positive numbers only")
        return np.linalg.norm(np.log(prediction / target))


@misconception(
    "log_rmse",
    "You take the mean of the absolute differences. Squares weigh large errors more: the result is another one.",
)
def mean_absolute_error():
    def log_rmse(prediction, target):
        if np.any(prediction <= 0) or np.any(target <= 0):
            raise ValueError("positive numbers only")
        return np.mean(np.abs(np.log(prediction) - np.log(target)))


@misconception(
    "log_rmse",
    "You take the standard deviation of the differences, which removes their mean: predictions that are all too high "
    "by the same factor would count as perfect.",
)
def standard_deviation_of_the_differences():
    def log_rmse(prediction, target):
        if np.any(prediction <= 0) or np.any(target <= 0):
            raise ValueError("positive numbers only")
        return np.std(np.log(prediction) - np.log(target))


@misconception("log_rmse", "You use logarithms to the base 10. The natural logarithm makes 0.1 mean about 10 percent.")
def base_ten():
    def log_rmse(prediction, target):
        if np.any(prediction <= 0) or np.any(target <= 0):
            raise ValueError("positive numbers only")
        return np.sqrt(np.mean((np.log10(prediction) - np.log10(target)) ** 2))


@misconception(
    "log_rmse",
    "You raise predictions below 1 to 1 before you take the logarithm. Small predictions are positive numbers like "
    "others, and those that are not positive are an error.",
)
def predictions_clipped_at_one():
    def log_rmse(prediction, target):
        clipped = np.clip(prediction, 1, None)
        return np.sqrt(np.mean((np.log(clipped) - np.log(target)) ** 2))


@misconception(
    "log_rmse",
    "Predictions or targets that are not positive go unnoticed: their logarithm is a NaN or infinite. Raise an error "
    "before it comes to that.",
)
def nothing_is_checked():
    def log_rmse(prediction, target):
        with np.errstate(all="ignore"):
            return np.sqrt(np.mean((np.log(prediction) - np.log(target)) ** 2))


@misconception("log_rmse", "You check the predictions and not the targets: those have to be positive as well.")
def targets_not_checked():
    def log_rmse(prediction, target):
        if np.any(prediction <= 0):
            raise ValueError("positive predictions only")
        with np.errstate(all="ignore"):
            return np.sqrt(np.mean((np.log(prediction) - np.log(target)) ** 2))


@misconception("log_rmse", "You refuse negative numbers and let 0 pass. It has no logarithm either.")
def zero_not_refused():
    def log_rmse(prediction, target):
        if np.any(prediction < 0) or np.any(target < 0):
            raise ValueError("no negative numbers")
        with np.errstate(all="ignore"):
            return np.sqrt(np.mean((np.log(prediction) - np.log(target)) ** 2))


@misconception(
    "log_rmse",
    "You take the ratio of the errors to the targets. That is close for small errors, and treats a prediction of half "
    "and one of double the price differently.",
)
def relative_error():
    def log_rmse(prediction, target):
        if np.any(prediction <= 0) or np.any(target <= 0):
            raise ValueError("positive numbers only")
        return np.sqrt(np.mean(((prediction - target) / target) ** 2))
