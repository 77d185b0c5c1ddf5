"""Whether a fit's residuals look like noise, and how far its prediction hangs on choices and on single points."""

from dataclasses import replace
from math import comb
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import shapiro

from recscale.laws.diagnostics import EXACT
from recscale.laws.engine import refit, solve
from recscale.laws.problem import State, evaluate

if TYPE_CHECKING:
    from recscale.laws.fit import Fit

DELTAS = (0.1, 0.5, 2.0)
"""Huber's thresholds tried, in standard deviations of the residuals."""


def residual_tests(fit: "Fit") -> dict[str, float]:
    """p-values against "the residuals are noise": a runs test along each variable and along the predicted value, and
    Shapiro and Wilk's test of normality; nan where there are too few values to tell.

    A small p along a variable says that the law bends where the points don't: its form is wrong there.
    """
    problem = fit.problem
    residuals = problem.residuals_of(fit.best)[0]
    predicted = evaluate(problem.law, problem.points.x, fit.best.theta, fit.best.coef)[0]
    along = dict(zip(problem.points.names, problem.points.x, strict=True)) | {"predicted": predicted}
    tests = {name: runs_test(_mean_by(column, residuals)) for name, column in along.items()}
    spread = np.ptp(residuals) > EXACT * problem.unit
    normal = float(shapiro(residuals).pvalue) if len(residuals) > 3 and spread else np.nan
    return tests | {"normal": normal}


def runs_test(values: np.ndarray) -> float:
    """Exact two-sided p of Wald and Wolfowitz's runs test on the signs of ``values``, in their order.

    With n₁ signs of one kind and n₂ of the other all orders are equally likely; p is the probability of numbers of runs
    no likelier than the one seen. nan with fewer than 4 values or one kind of sign.
    """
    signs = np.asarray(values)[np.asarray(values) != 0] > 0
    n1, n2 = int(signs.sum()), int((~signs).sum())
    if len(signs) < 4 or not n1 or not n2:
        return np.nan
    seen = 1 + int((signs[1:] != signs[:-1]).sum())
    ways = {runs: _orders(runs, n1, n2) for runs in range(2, len(signs) + 1)}
    return sum(count for count in ways.values() if count <= ways[seen]) / comb(n1 + n2, n1)


def _orders(runs: int, n1: int, n2: int) -> int:
    """How many orders of n₁ and n₂ signs have so many runs."""
    k, odd = divmod(runs, 2)
    if not odd:
        return 2 * comb(n1 - 1, k - 1) * comb(n2 - 1, k - 1)
    return comb(n1 - 1, k) * comb(n2 - 1, k - 1) + comb(n1 - 1, k - 1) * comb(n2 - 1, k)


def _mean_by(column: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """Mean residual at each distinct value of ``column``, in ascending order."""
    _, which = np.unique(column, return_inverse=True)
    return np.bincount(which, residuals) / np.bincount(which)


def sensitivity(fit: "Fit") -> pd.DataFrame:
    """The law at twice the largest measured size, and its parameters, under other choices: one row a choice.

    Least squares and Huber's loss with thresholds of 0.1, 0.5 and 2 standard deviations of the residuals, each on the
    scale of the fit; then every configuration left out in turn (searched constants keep their values).
    """
    problem = fit.problem
    spread = float(np.std(problem.residuals_of(fit.best)[0]))
    losses = {"least squares": replace(problem, loss="squares")}
    if spread > 0:
        losses |= {f"Huber, δ = {d:g} s.d.": replace(problem, loss="huber", delta=d * spread) for d in DELTAS}
    rows = {name: _row(fit, solve(other, other.rows())) for name, other in losses.items()}
    groups = np.unique(problem.points.configuration, return_inverse=True)[1].reshape(-1)
    weights = (groups[None, :] != np.arange(groups.max() + 1)[:, None]).astype(float)
    without = refit(problem, fit.best, problem.rows(weights))
    for group in range(len(weights)):
        at = ", ".join(
            f"{name} {column[groups == group][0]:g}"
            for name, column in zip(problem.points.names, problem.points.x, strict=True)
        )
        rows[f"without {at}"] = _row(fit, without.take([group]))
    return pd.DataFrame({"as fitted": _row(fit, fit.best), **rows}).T


def _row(fit: "Fit", state: State) -> dict[str, float]:
    from recscale.laws.fit import symbols_of

    points = fit.problem.points
    largest = np.argmax(points.scale)
    value = evaluate(fit.law, tuple(2 * column[[largest]] for column in points.x), state.theta, state.coef)
    symbols = symbols_of(fit.law, state)
    return {"at twice the largest": float(value[0, 0])} | {name: float(symbols[name][0]) for name in fit.law.symbols}
