"""Differences between configurations, and whether a seed explains them.

Runs with one seed share the order of the data and the tables' first values, so that they err together: on MovieLens a
seed moves all variants of a model by more than most variants differ. Least squares on

    ln y = configuration + block + noise

takes out what the runs of a block share (a randomised block design: with one block a seed this is the paired test of
the seeds). The noise is pooled over configurations, or over those of a group, where some are much noisier than others.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats

from recscale.stats.estimate import UNKNOWN, Estimate
from recscale.stats.multiplicity import Pair, both_levels


@dataclass(frozen=True, eq=False)
class Contrasts:
    """The fitted means of ln y by configuration. ``noise``: standard deviation of one run; ``dof``: its degrees.

    ``parts``: for every group of configurations with a noise of its own that noise, its degrees, and its runs' share of
    ``gram``; one part, of all, without groups.
    """

    names: tuple[Hashable, ...]
    means: np.ndarray
    gram: np.ndarray
    noise: float
    dof: int
    parts: tuple[tuple[float, int, np.ndarray], ...]

    @classmethod
    def of(
        cls,
        names: Iterable[Hashable],
        blocks: Iterable[Hashable],
        y: Iterable[float],
        groups: Iterable[Hashable] | None = None,
    ) -> "Contrasts":
        """One run a place: its configuration, its block (all alike: none) and the positive value measured.

        ``groups``: to each run its configuration's group. A group without a second seed takes the noise of all.
        """
        names, blocks, y = list(names), list(blocks), list(y)
        by_configuration, configurations = indicators(names)
        design = np.concatenate([by_configuration, indicators(blocks)[0][:, 1:]], axis=1)
        target = np.log(np.asarray(y, float))
        found = np.linalg.pinv(design) @ target
        dof = len(target) - int(np.linalg.matrix_rank(design))
        squares = float(((target - design @ found) ** 2).sum())
        noise = float(np.sqrt(squares / dof)) if dof else np.nan
        parts = []
        for mine in indicators([0] * len(y) if groups is None else groups)[0].T.astype(bool):
            own = (noise, dof)
            if not mine.all():
                alone = cls.of(*([column[k] for k in np.flatnonzero(mine)] for column in (names, blocks, y)))
                own = (alone.noise, alone.dof) if alone.dof else own
            parts.append((*own, design[mine].T @ design[mine]))
        return cls(configurations, found, design.T @ design, noise, dof, tuple(parts))

    def contrast(self, weights: Mapping[Hashable, float], level: float = 0.95) -> Estimate:
        """Σ weight · mean, weights that sum to 0, with its ``level`` interval.

        nan throughout where the runs can't tell it (no block has both sides), limits nan without a second seed. Noises
        of several groups are put together as Welch and Satterthwaite do.
        """
        vector = np.zeros(len(self.means))
        vector[[self.names.index(name) for name in weights]] = list(weights.values())
        inverse = np.linalg.pinv(self.gram, hermitian=True)
        if not np.allclose(self.gram @ inverse @ vector, vector, atol=1e-8):
            return UNKNOWN
        value = float(vector @ self.means)
        if not self.dof:
            return Estimate(value)
        spread = inverse @ vector
        shares = np.array([noise**2 * (spread @ gram @ spread) for noise, _, gram in self.parts])
        degrees = np.array([dof for _, dof, _ in self.parts])
        dof = shares.sum() ** 2 / (shares**2 / degrees).sum() if shares.any() else self.dof
        half = float(stats.t.ppf((1 + level) / 2, dof) * np.sqrt(shares.sum()))
        return Estimate.around(value, half)

    def difference(self, first: Hashable, second: Hashable) -> Estimate:
        """ln y of ``first`` less ln y of ``second``."""
        return self.contrast({first: 1.0, second: -1.0})

    def intervals(self, contrasts: Sequence[Mapping[Hashable, float]]) -> list[Pair]:
        """Each contrast at 95 % and at ``bonferroni_level`` of their number, as ``stats.multiplicity`` counts them."""
        return [both_levels(partial(self.contrast, weights), len(contrasts)) for weights in contrasts]


def combined(*parts: tuple[float, Mapping[Hashable, float]]) -> dict[Hashable, float]:
    """Σ factor · weights over several contrasts: the weights of their mean, or of the difference of two."""
    total: dict[Hashable, float] = {}
    for factor, weights in parts:
        for name, weight in weights.items():
            total[name] = total.get(name, 0.0) + factor * weight
    return total


def indicators(factor: Iterable[Hashable]) -> tuple[Float[np.ndarray, "runs levels"], tuple[Hashable, ...]]:
    """Columns of 0 and 1, one per level of ``factor`` in the order of their first use, and the levels."""
    codes, levels = pd.factorize(pd.Series(factor, dtype=object))
    return np.eye(len(levels))[codes], tuple(levels)
