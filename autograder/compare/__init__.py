"""Comparison of a submission's results with the reference's: numbers, statistics, and the log of what was seen.

Runs in the judge's process. All assertions raise ``autograder.errors.Mismatch`` with a sentence for the student that
never holds a hidden value.
"""

from autograder.compare.arrays import assert_matches
from autograder.compare.checked import as_array, as_number, as_tensor
from autograder.compare.observations import Observation, agree, observe, recording
from autograder.compare.statistics import (
    assert_all,
    assert_independent,
    assert_mean,
    assert_rate,
    assert_variance,
)
from autograder.compare.tolerances import tolerance

__all__ = [
    "Observation",
    "agree",
    "as_array",
    "as_number",
    "as_tensor",
    "assert_all",
    "assert_independent",
    "assert_matches",
    "assert_mean",
    "assert_rate",
    "assert_variance",
    "observe",
    "recording",
    "tolerance",
]
