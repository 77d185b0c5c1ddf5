"""A number with its confidence interval."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


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
