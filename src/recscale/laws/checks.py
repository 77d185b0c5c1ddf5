"""Whether a fit's residuals look like noise, how far its prediction hangs on choices and on single points, and how much
worse it gets when one parameter is held at other values."""

from dataclasses import replace

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.special import gammaln
from scipy.stats import normaltest, shapiro

from recscale.laws.diagnostics import EXACT_FIT
from recscale.laws.law import Law
from recscale.laws.points import Column
from recscale.laws.problem import Problem, Solutions, evaluate, joined, symbols_of
from recscale.laws.solve import solve, without
from recscale.laws.uncertainty import linearise, quantile_t, standard_errors

DELTAS = (0.1, 0.5, 2.0)
"""Huber's thresholds tried, in standard deviations of the residuals."""
SHAPIRO = 5000
"""So many residuals Shapiro and Wilk's p-value is accurate for."""
_POINTS = 41
REACH = 5.0  # standard errors to each side of the estimate


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


def runs_test(values: Column) -> float:
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


def _mean_by(column: Column, residuals: Column) -> Float[np.ndarray, " distinct"]:
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


def profile(problem: Problem, best: Solutions, name: str, values=None) -> pd.DataFrame:
    """The objective with ``name`` held at each of ``values`` and everything else refitted: it needs no curvature and no
    resamples, so it shows what they hide, a parameter without an upper limit, two valleys, a bound.

    Columns: value, objective, excess (objective above the optimum, in units of the noise variance: about t² with the
    fit's degrees of freedom) and inside (whether the 95 % interval holds the value). ``name`` is any symbol that
    the search itself uses: exponents, grid constants, coefficients such as E. ValueError for symbols that are
    computed from several of those.
    """
    law, symbols = problem.law, symbols_of(problem.law, best)
    searched = [p.name for p in (*law.linear, *law.nonlinear, *law.grid_constants)]
    raw = dict(zip(searched, np.concatenate([best.coef[0], best.theta[0]]), strict=True))
    same = [n for n, value in raw.items() if np.isclose(value, symbols[n][0], rtol=1e-12)]
    if name not in same:
        raise ValueError(f"{law.name} has no profile of {name!r}; choose from {', '.join(same)}")
    values = _default(problem, best, name, raw[name]) if values is None else np.atleast_1d(np.asarray(values, float))
    problems = [replace(problem, law=hold(law, problem.scale, name, value)) for value in values]
    objective = np.array([float(solve(each, each.rows()).cost[0]) for each in problems])
    known = linearise(problem, best)
    excess = (objective - best.cost[0]) / known.variance if known.variance > 0 else np.full(len(values), np.nan)
    inside = excess <= quantile_t(0.95, known.dof) ** 2
    return pd.DataFrame({"value": values, "objective": objective, "excess": excess, "inside": inside})


def _default(problem: Problem, best: Solutions, name: str, centre: float) -> Float[np.ndarray, " values"]:
    """Values around the optimum: a grid constant's own, or a few standard errors to each side within the bounds."""
    for constant in problem.law.grid_constants:
        if constant.name == name:
            return np.asarray(constant.values)
    parameter = next(p for p in (*problem.law.nonlinear, *problem.law.linear) if p.name == name)
    error = standard_errors(problem, best)[name]
    span = REACH * error if np.isfinite(error) and error > 0 else max(abs(centre), 1e-3)
    return np.unique(np.clip(np.linspace(centre - span, centre + span, _POINTS), parameter.lower, parameter.upper))


def hold(law: Law, scale: str, name: str, value: float) -> Law:
    """The same law with one parameter held at ``value``, in the reader's units and in no others."""
    law = replace(law, rescaled=None)
    if any(name == constant.name for constant in law.grid_constants):
        return law.with_values(**{name: [value]})
    held = {"lower": value, "upper": value, "nodes": np.array([value])}
    if any(name == p.name for p in law.nonlinear):
        return replace(law, nonlinear=tuple(replace(p, **held) if p.name == name else p for p in law.nonlinear))
    if scale == "log":  # the coefficients are stepped there, not solved for, and respect any bound
        return replace(law, linear=tuple(replace(p, **held) if p.name == name else p for p in law.linear))
    j = [p.name for p in law.linear].index(name)

    def basis(x, t):
        return tuple(part for i, part in enumerate(law.basis(x, t)) if i != j)

    def offset(x, t):
        return value * law.basis(x, t)[j] + (0.0 if law.offset is None else law.offset(x, t)) + 0.0 * x[0]

    return replace(law, linear=tuple(p for i, p in enumerate(law.linear) if i != j), basis=basis, offset=offset)
