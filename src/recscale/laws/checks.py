"""Whether a fit's residuals look like noise, and how far its prediction hangs on choices and on single points."""

from dataclasses import replace

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.special import gammaln
from scipy.stats import normaltest, shapiro

from recscale.laws.diagnostics import EXACT_FIT
from recscale.laws.problem import Problem, Solutions, evaluate, joined, symbols_of
from recscale.laws.solve import solve, without

DELTAS = (0.1, 0.5, 2.0)
"""Huber's thresholds tried, in standard deviations of the residuals."""
SHAPIRO = 5000
"""So many residuals Shapiro and Wilk's p-value is accurate for."""


def residual_tests(problem: Problem, best: Solutions) -> dict[str, float]:
    """p-values against "the residuals are noise": a runs test along each variable and along the predicted value, and
    Shapiro and Wilk's test of normality (above ``SHAPIRO`` points D'Agostino and Pearson's); nan where there are too
    few values to tell.

    A small p along a variable says that the law bends where the points don't: its form is wrong there.
    """
    residuals = problem.residuals_of(best)[0]
    predicted = evaluate(problem.law, problem.points.x, best.theta, best.coef)[0]
    along = dict(zip(problem.points.names, problem.points.x, strict=True)) | {"predicted": predicted}
    tests = {name: runs_test(_mean_by(column, residuals)) for name, column in along.items()}
    spread = np.ptp(residuals) > EXACT_FIT * problem.unit
    normality = shapiro if len(residuals) <= SHAPIRO else normaltest
    normal = float(normality(residuals).pvalue) if len(residuals) > 3 and spread else np.nan
    return tests | {"normal": normal}


def runs_test(values: Float[np.ndarray, " n"]) -> float:
    """Exact two-sided p of Wald and Wolfowitz's runs test on the signs of ``values``, in their order.

    With n₁ signs of one kind and n₂ of the other all orders are equally likely; p is the probability of numbers of runs
    no likelier than the one seen. nan with fewer than 4 values or one kind of sign.
    """
    signs = np.asarray(values)[np.asarray(values) != 0] > 0
    n1, n2 = int(signs.sum()), int((~signs).sum())
    if len(signs) < 4 or not n1 or not n2:
        return np.nan
    seen = 1 + int((signs[1:] != signs[:-1]).sum())
    likely = _runs(np.arange(2, len(signs) + 1), n1, n2)
    return float(likely[likely <= likely[seen - 2] * (1 + 1e-9)].sum())


def _runs(runs: Int[np.ndarray, " k"], n1: int, n2: int) -> Float[np.ndarray, " k"]:
    """The probabilities of numbers of runs in a random order of n₁ and n₂ signs."""

    def ways(n, k):
        with np.errstate(invalid="ignore"):
            return np.where((k >= 0) & (k <= n), gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), -np.inf)

    k, odd = runs // 2, runs % 2
    first = np.exp(ways(n1 - 1, k - 1 + odd) + ways(n2 - 1, k - 1) - ways(n1 + n2, n1))
    return first + np.exp(ways(n1 - 1, k - 1) + ways(n2 - 1, k - 1 + odd) - ways(n1 + n2, n1))


def _mean_by(column: Float[np.ndarray, " n"], residuals: Float[np.ndarray, " n"]) -> Float[np.ndarray, " distinct"]:
    """Mean residual at each distinct value of ``column``, in ascending order."""
    _, which = np.unique(column, return_inverse=True)
    return np.bincount(which, residuals) / np.bincount(which)


def sensitivity(problem: Problem, best: Solutions) -> pd.DataFrame:
    """The law at twice the largest measured size, and its parameters, under other choices: one row per choice.

    Rows: the fit itself; least squares and Huber's loss with thresholds of 0.1, 0.5 and 2 standard deviations of the
    residuals, each on the scale of the fit; then every configuration left out in turn (grid constants keep their
    values). Columns: ``change`` ("none", "loss" or "left out"), ``at twice the largest``, and each symbol.
    """
    spread = float(np.std(problem.residuals_of(best)[0]))
    losses = {"least squares": replace(problem, loss="squares")}
    if spread > 0:
        losses |= {f"Huber, δ = {d:g} s.d.": replace(problem, loss="huber", delta=d * spread) for d in DELTAS}
    refits = [solve(other, other.rows()) for other in losses.values()]
    points = problem.points
    _, first, groups = np.unique(points.configuration, return_index=True, return_inverse=True)
    left_out = [
        "without " + ", ".join(f"{name} {column[row]:g}" for name, column in zip(points.names, points.x, strict=True))
        for row in first
    ]
    solutions = joined([best, *refits, without(problem, best, groups.reshape(-1))])
    largest = np.argmax(points.scale)
    value = evaluate(problem.law, tuple(2 * c[[largest]] for c in points.x), solutions.theta, solutions.coef)
    symbols = symbols_of(problem.law, solutions)
    change = ["none", *["loss"] * len(losses), *["left out"] * len(left_out)]
    columns = {"change": change, "at twice the largest": value[:, 0]}
    columns |= {name: symbols[name] for name in problem.law.symbols}
    return pd.DataFrame(columns, index=["as fitted", *losses, *left_out])
