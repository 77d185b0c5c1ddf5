"""Several contrasts judged together: how many of them lie on one side of a threshold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recscale.stats.estimate import Estimate

Pair = tuple[Estimate, Estimate]
"""A case's 95 % interval and the one at ``bonferroni_level`` of the number of cases."""


@dataclass(frozen=True)
class Count:
    """Of ``of`` cases so many ``agree`` with a statement and ``contradict`` it; the others are undecided."""

    agree: int
    contradict: int
    of: int

    def __post_init__(self) -> None:
        if min(self.agree, self.contradict) < 0 or self.agree + self.contradict > self.of or self.of < 1:
            raise ValueError(f"{self.agree} cases that agree and {self.contradict} that contradict, of {self.of}")

    @classmethod
    def decided(cls, agree: Sequence[bool] | pd.Series) -> "Count":
        """Every case decided: those that don't agree contradict."""
        count = int(np.sum(agree))
        return cls(count, len(agree) - count, len(agree))


def bonferroni_level(count: int, level: float = 0.95) -> float:
    """The level of each of ``count`` intervals at which all hold together at ``level``: 1 - (1 - level)/count."""
    return 1 - (1 - level) / count


def both_levels(estimate: Callable[[float], Estimate], count: int) -> Pair:
    """``estimate`` at the levels of a ``Pair``, for one of ``count`` cases."""
    return estimate(0.95), estimate(bonferroni_level(max(count, 1)))


def count_below(effects: Sequence[Pair], threshold: float = 0.0) -> Count:
    """How many effects lie below ``threshold``; each comes with its 95 % interval and with the one at
    ``bonferroni_level`` of their number.

    All agree where every 95 % interval lies below: that needs no correction (intersection-union test). Otherwise single
    ones count only where the wider interval decides, since one of many easily looks large.
    """
    if all(plain.ci_high < threshold for plain, _ in effects):
        return Count(len(effects), 0, len(effects))
    below = sum(bool(wide.ci_high < threshold) for _, wide in effects)
    above = sum(bool(wide.ci_low > threshold) for _, wide in effects)
    return Count(below, above, len(effects))


def count_above(effects: Sequence[Pair], threshold: float = 0.0) -> Count:
    """``count_below`` with the signs turned."""
    return count_below([(-plain, -wide) for plain, wide in effects], -threshold)


def covering(estimates: Sequence[Estimate]) -> Estimate:
    """The first estimate, with an interval that covers all of theirs; nan where one is unknown.

    It lies on one side of a threshold only if all do (intersection-union test): one statement that several measurements
    must bear out, such as two metrics, or every subset without one configuration.
    """
    lows, highs = ([getattr(one, name) for one in estimates] for name in ("ci_low", "ci_high"))
    return Estimate(estimates[0].value, float(np.min(lows)), float(np.max(highs)))
