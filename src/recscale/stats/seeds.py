"""The noise of a seed: how far runs that differ in nothing but their seed lie apart, and what that hides."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy import stats

from recscale.stats.estimate import UNKNOWN, Estimate


class SeedNoise(NamedTuple):
    """Standard deviation of one run around its configuration's mean, and its degrees of freedom (0: not known)."""

    sd: float
    dof: int


def seed_noise(runs: pd.DataFrame, metric: str = "test_logloss") -> SeedNoise:
    """Pooled over configurations: sd² = Σ (yᵢ - ȳ)² / Σ (n - 1), in the metric's units.

    ``runs`` has the column ``configuration`` (one id for the seeds of a configuration) and ``metric``. Without a second
    run of any configuration sd is NaN and dof is 0.
    """
    groups = runs.groupby("configuration")[metric]
    dof = int((groups.size() - 1).sum())
    if not dof:
        return SeedNoise(float("nan"), 0)
    squares = ((runs[metric] - groups.transform("mean")) ** 2).sum()
    return SeedNoise(float(np.sqrt(squares / dof)), dof)


def least_significant_difference(sd: float, dof: int, seeds: int = 1, level: float = 0.95) -> float:
    """The least difference between the means of two configurations, ``seeds`` runs each, that is significant.

    Fisher's LSD: t((1 + level) / 2, dof) · sd · √(2 / seeds); NaN where ``dof`` is 0.
    """
    if not dof:
        return float("nan")
    return float(stats.t.ppf((1 + level) / 2, dof) * sd * np.sqrt(2 / seeds))


def mean_estimate(sample: ArrayLike, level: float = 0.95) -> Estimate:
    """Mean of ``sample`` with its ``level`` interval by Student's t; without limits for a single value, unknown for
    none."""
    if not len(sample):
        return UNKNOWN
    return Estimate.around(float(np.mean(sample)), mean_half_width(np.asarray(sample, float), level))


def mean_half_width(sample: Float[np.ndarray, " n"], level: float = 0.95) -> float:
    """Half of the ``level`` interval of the mean of ``sample`` by Student's t; NaN for fewer than two values."""
    if len(sample) < 2:
        return float("nan")
    return float(stats.t.ppf((1 + level) / 2, len(sample) - 1) * np.std(sample, ddof=1) / len(sample) ** 0.5)
