"""Choosing a shape by a fitted law: the best one within a budget, how sure that is, and what is as good.

Everything is decided on a finite set of shapes (layers, width) inside the measured range, for the law itself and for
every one of its bootstrap refits:

    best       the shape with the highest predicted metric
    cloud      the best shapes of the refits, each with the share of refits that choose it
    tied       the shapes whose difference from the best one has a 95 % interval with 0 in it or below

Both shapes of such a difference are predicted by the same refit each time, so that what they share cancels: two shapes
can be told apart although the bands of their levels overlap. A wide tied region says that the law can't rank its
shapes; a wide cloud that the points don't know where the best one lies.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from recscale.laws.fit import LEVEL, Fit
from recscale.laws.problem import evaluate
from recscale.laws.uncertainty import percentiles

MOST_WIDTHS = 80
"""So many widths of a range are tried at most, then in equal ratios."""


def shapes_within(layers: ArrayLike, width: ArrayLike, step: int = 1) -> pd.DataFrame:
    """The whole-number shapes inside the measured ones: columns ``layers``, ``width``.

    Inside is what some measured shape reaches in depth *and* width, so a grid without its deep and wide corner keeps
    that corner out. Widths are multiples of ``step``; of a long range ``MOST_WIDTHS`` in equal ratios.
    """
    layers, width = np.asarray(layers, float), np.asarray(width, float)
    depths = np.arange(np.ceil(layers.min()), np.floor(layers.max()) + 1)
    first, last = np.ceil(width.min() / step), np.floor(width.max() / step)
    widths = step * np.arange(first, last + 1)
    if len(widths) > MOST_WIDTHS:
        widths = np.unique(step * np.rint(np.geomspace(first, last, MOST_WIDTHS)))
    pairs = np.array(np.meshgrid(depths, widths, indexing="ij")).reshape(2, -1).T
    reached = ((layers >= pairs[:, :1]) & (width >= pairs[:, 1:])).any(axis=1)
    return pd.DataFrame(pairs[reached].astype(int), columns=["layers", "width"])


@dataclass(frozen=True, eq=False)
class Choice:
    """The best shape among those allowed; ``low`` to ``high`` is the law's 95 % band there.

    ``layers_interval`` and ``width_interval`` hold 95 % of the refits' best shapes; ``cloud``: columns layers, width,
    share; ``tied`` (n,) marks those of the planner's shapes that are allowed and not worse by a 95 % interval (all
    without one).
    """

    layers: int
    width: int
    predicted: float
    low: float
    high: float
    layers_interval: tuple[float, float]
    width_interval: tuple[float, float]
    cloud: pd.DataFrame
    tied: Bool[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Planner:
    """A fit with bootstrap resamples, and what it predicts for every shape: ``predicted`` (n,), ``draws`` (B, n)."""

    fit: Fit
    shapes: pd.DataFrame
    predicted: Float[np.ndarray, " n"]
    draws: Float[np.ndarray, "B n"]

    @classmethod
    def of(cls, fit: Fit, shapes: pd.DataFrame) -> "Planner":
        if fit.resamples is None:
            raise ValueError("a planner needs a fit with bootstrap resamples: laws.fit(..., bootstrap=200)")
        return cls(fit, shapes, fit.predict(_columns(shapes)), _draws(fit, shapes))

    def best(self, allowed: ArrayLike | None = None) -> Choice:
        """The best of the ``allowed`` shapes (a mask; all by default)."""
        allowed = np.ones(len(self.shapes), bool) if allowed is None else np.asarray(allowed, bool)
        if not allowed.any():
            raise ValueError("no shape is within the budget; the smallest of the measured range costs more")
        index = np.flatnonzero(allowed)
        top = index[np.argmax(self.predicted[index])]
        winners = index[np.argmax(self.draws[:, index], axis=1)]
        low, high = (float(end[0]) for end in self.fit.band(_columns(self.shapes.iloc[[top]])))
        chosen = self.shapes.iloc[winners]
        cloud = chosen.value_counts(normalize=True).rename("share").reset_index()
        dof = self.fit.dof
        lost, _ = percentiles(self.draws[:, [top]] - self.draws[:, index], LEVEL, dof)
        tied = np.zeros(len(self.shapes), bool)
        tied[index] = ~(lost > 0)
        intervals = [tuple(map(float, percentiles(chosen[a].to_numpy(), LEVEL, dof))) for a in ("layers", "width")]
        layers, width = (int(value) for value in self.shapes.iloc[top])
        return Choice(layers, width, float(self.predicted[top]), low, high, *intervals, cloud, tied)

    def loss_of(self, choice: Choice, layers: float, width: float) -> tuple[float, float, float]:
        """How much worse the shape (layers, width) is than ``choice``: predicted, and its 95 % interval.

        Both are predicted by the same refit each time, so that what they share cancels.
        """
        pair = pd.DataFrame({"layers": [choice.layers, layers], "width": [choice.width, width]}, dtype=float)
        better, other = self.fit.predict(_columns(pair))
        apart = _draws(self.fit, pair)
        low, high = percentiles(apart[:, 0] - apart[:, 1], LEVEL, self.fit.dof)
        return float(better - other), float(low), float(high)


def _columns(shapes: pd.DataFrame) -> Float[np.ndarray, "n 2"]:
    return shapes[["layers", "width"]].to_numpy(float)


def _draws(fit: Fit, shapes: pd.DataFrame) -> Float[np.ndarray, "B n"]:
    """(B, n): what each bootstrap refit predicts."""
    return evaluate(fit.law, tuple(_columns(shapes).T), fit.resamples.theta, fit.resamples.coef)
