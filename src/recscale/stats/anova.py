"""Analysis of variance: how much of the differences between configurations the noise of seeds explains.

Every test is an F test of a mean square against the variance of one run, and is kept with what it takes to say how many
more seeds would make it significant (``FTest.seeds_to_reject``).
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import optimize, stats

from recscale.stats.contrasts import indicators

_MOST = 1e6
"""A multiple of the seeds that counts as never."""


@dataclass(frozen=True)
class FTest:
    """``f``: mean square over the noise's variance, with ``dof`` and ``noise_dof`` degrees of freedom; nan: unknown."""

    f: float
    dof: int
    noise_dof: int

    @property
    def p(self) -> float:
        """Probability that noise alone makes an F this large; nan where there is nothing to test."""
        if self.dof < 1 or self.noise_dof < 1:
            return math.nan
        return float(stats.f.sf(self.f, self.dof, self.noise_dof))

    def rejects(self, level: float = 0.05) -> bool:
        """Whether noise alone is rejected: p below ``level``."""
        return self.p < level

    def seeds_to_reject(self, seeds: float, level: float = 0.05) -> float:
        """How many seeds per configuration would make p reach ``level``, if the differences stayed as they are.

        With k times the ``seeds`` of today F is expected to be 1 + k (F - 1), on k times the noise's degrees of
        freedom. ``seeds`` itself where p is below already; inf where F is 1 or less, and where nothing is known.
        """
        if self.rejects(level):
            return seeds
        if math.isnan(self.p) or self.f <= 1:
            return math.inf

        def surplus(log_factor: float) -> float:
            factor = math.exp(log_factor)
            return 1 + factor * (self.f - 1) - float(stats.f.isf(level, self.dof, self.noise_dof * factor))

        if surplus(math.log(_MOST)) < 0:
            return math.inf
        return seeds * math.exp(optimize.brentq(surplus, 0.0, math.log(_MOST)))


UNTESTED = FTest(math.nan, 0, 0)
"""A test for which the runs don't suffice."""


def against_noise(sum_of_squares: float, dof: int, noise: float, noise_dof: int) -> FTest:
    """F test of a sum of squares over ``dof`` degrees of freedom against pure error.

    ``noise``: standard deviation of one run, from ``noise_dof`` degrees of freedom. Of the residuals of a fit weighted
    by runs this is the lack-of-fit test; of the difference between two nested fits, the extra-sum-of-squares test.
    """
    if dof < 1 or noise_dof < 1:
        return UNTESTED
    return FTest(sum_of_squares / dof / noise**2 if noise else math.inf, dof, noise_dof)


def factor_test(y: pd.Series, fewer: Sequence[pd.Series], more: Sequence[pd.Series]) -> FTest:
    """Do the factors ``more`` explain more of ``y`` than the factors ``fewer``, which they contain?

    Each factor gives every observation its level. ``UNTESTED`` where nothing is left to test against.
    """
    if y.empty:
        return UNTESTED
    squares, ranks = [], []
    for factors in (fewer, more):
        design = np.concatenate([indicators(factor)[0] for factor in factors], axis=1)
        squares.append(float(((y - design @ (np.linalg.pinv(design) @ y)) ** 2).sum()))
        ranks.append(int(np.linalg.matrix_rank(design)))
    added, rest = ranks[1] - ranks[0], len(y) - ranks[1]
    if added < 1 or rest < 1:
        return UNTESTED
    return against_noise(squares[0] - squares[1], added, math.sqrt(squares[1] / rest), rest)


def split_plot(
    plots: Sequence[Hashable], treatments: Sequence[Hashable], seeds: Sequence[int], y: Float[np.ndarray, " runs"]
) -> tuple[FTest, FTest]:
    """Tests of two factors whose runs err together by (plot, seed): a split-plot design.

    ``plots``, ``treatments``: each run's level of the factor that whole plots differ in, and of the one that varies
    within them. The first test compares plots by what a seed does to whole ones, averaged over the treatments that all
    of them have; the second compares treatments within plots by the noise left there.
    """
    runs = pd.DataFrame({"plot": plots, "treatment": treatments, "seed": seeds, "y": y})
    whole = pd.Series(list(zip(runs["plot"], runs["seed"], strict=True)))
    cell = pd.Series(list(zip(runs["plot"], runs["treatment"], strict=True)))
    within = factor_test(runs["y"], [whole], [whole, cell])
    table = runs.pivot_table(index=["plot", "seed"], columns="treatment", values="y")
    means = table.dropna(axis=1).mean(axis=1).dropna().rename("y").reset_index()
    return factor_test(means["y"], [means["seed"]], [means["seed"], means["plot"]]), within
