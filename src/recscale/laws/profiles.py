"""Profiles: how much worse the best fit gets when one parameter is held at other values.

A profile needs no curvature and no resamples, so it shows what they hide: a parameter without an upper limit, two
valleys, a bound.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from jaxtyping import Float

from recscale.laws.law import Law
from recscale.laws.problem import Problem, Solutions, symbols_of
from recscale.laws.solve import solve
from recscale.laws.uncertainty import linearise, quantile_t, standard_errors

_POINTS = 41
REACH = 5.0  # standard errors to each side of the estimate


def profile(problem: Problem, best: Solutions, name: str, values=None, level: float = 0.95) -> pd.DataFrame:
    """The objective with ``name`` held at each of ``values`` and everything else refitted.

    Columns: value, objective, excess (objective above the optimum, in units of the noise variance: about t² with the
    fit's degrees of freedom) and inside (whether the ``level`` interval holds the value). ``name`` is any symbol that
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
    inside = excess <= quantile_t(level, known.dof) ** 2
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
    if any(name == p.name for p in law.nonlinear):
        fixed = (
            replace(p, lower=value, upper=value, nodes=np.array([value])) if p.name == name else p
            for p in law.nonlinear
        )
        return replace(law, nonlinear=tuple(fixed))
    if scale == "log":  # the coefficients are stepped there, not solved for, and respect any bound
        fixed = (replace(p, lower=value, upper=value) if p.name == name else p for p in law.linear)
        return replace(law, linear=tuple(fixed))
    j = [p.name for p in law.linear].index(name)

    def basis(x, t):
        return tuple(part for i, part in enumerate(law.basis(x, t)) if i != j)

    def offset(x, t):
        return value * law.basis(x, t)[j] + (0.0 if law.offset is None else law.offset(x, t)) + 0.0 * x[0]

    return replace(law, linear=tuple(p for i, p in enumerate(law.linear) if i != j), basis=basis, offset=offset)
