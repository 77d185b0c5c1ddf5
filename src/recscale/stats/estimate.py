"""A number with its confidence interval; those that need no model, of a share and of a difference."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Estimate:
    """A value with the limits of its confidence interval; nan: not known.

    A value that is ``exact`` has itself for both limits.
    """

    value: float
    ci_low: float = np.nan
    ci_high: float = np.nan

    def __post_init__(self) -> None:
        if self.ci_low > self.ci_high:
            raise ValueError(f"the interval [{self.ci_low}, {self.ci_high}] of {self.value} is upside down")

    @classmethod
    def exact(cls, value: float) -> "Estimate":
        """A value that is counted or printed."""
        return cls(value, value, value)

    @classmethod
    def around(cls, value: float, half_width: float) -> "Estimate":
        """``value`` ± ``half_width``."""
        return cls(float(value), float(value - half_width), float(value + half_width))

    def __iter__(self) -> Iterator[float]:
        """value, ci_low, ci_high."""
        return iter((self.value, self.ci_low, self.ci_high))

    def __neg__(self) -> "Estimate":
        return Estimate(-self.value, -self.ci_high, -self.ci_low)

    @property
    def has_interval(self) -> bool:
        """Whether both limits are known."""
        return not (np.isnan(self.ci_low) or np.isnan(self.ci_high))

    @property
    def is_negative(self) -> bool:
        """Whether the whole interval lies below zero."""
        return bool(self.ci_high < 0)

    @property
    def is_positive(self) -> bool:
        """Whether the whole interval lies above zero."""
        return bool(self.ci_low > 0)

    @property
    def percent(self) -> "Estimate":
        """Of a difference of logarithms: the ratio it stands for, in % above 1."""
        return Estimate(*(100 * float(np.expm1(number)) for number in self))


UNKNOWN = Estimate(np.nan)
"""An estimate that nothing is known of."""


def wilson(count: int, trials: int) -> Estimate:
    """The share ``count`` of ``trials`` with Wilson's 95 % interval (Wilson 1927)."""
    limits = stats.binomtest(count, trials).proportion_ci(method="wilson")
    return Estimate(count / trials, float(limits.low), float(limits.high))


def welch_difference(first: Estimate, second: Estimate, dof: tuple[int, int], level: float = 0.95) -> Estimate:
    """``first`` less ``second`` where both have 95 % intervals by Student's t with ``dof`` degrees of freedom.

    The standard errors add in squares, with the degrees of freedom of Welch and Satterthwaite: the scatter of the two
    needn't be equal.
    """
    pairs = list(zip((first, second), dof, strict=True))
    variances = [((e.ci_high - e.ci_low) / 2 / stats.t.ppf(0.975, n)) ** 2 for e, n in pairs]
    value, variance = float(first.value - second.value), float(sum(variances))
    if not variance:
        return Estimate(value, value, value)
    joint_dof = variance**2 / sum(own**2 / n for own, n in zip(variances, dof, strict=True))
    half = float(stats.t.ppf((1 + level) / 2, joint_dof) * variance**0.5)
    return Estimate.around(value, half)
