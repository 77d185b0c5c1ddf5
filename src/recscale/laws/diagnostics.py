"""What speaks for a fit and what against it: errors at unseen sizes, and what the points can't tell, in words."""

from typing import TYPE_CHECKING

import numpy as np

from recscale.laws.points import Points, oddities
from recscale.laws.problem import Problem, State, evaluate, evaluate_each
from recscale.laws.refine import ROUNDING, bounds, jacobian
from recscale.laws.solve import without
from recscale.laws.units import natural

if TYPE_CHECKING:
    from recscale.laws.fit import Fit

PER_PARAMETER = 3  # points a free parameter, below which a fit is a drawing
EXACT = 1e-12  # residuals of this share of y are rounding, and their direction says nothing
NULL = 1e-7  # share of the largest singular value of the scaled Jacobian below which a combination is undetermined
ALIKE = 0.99  # correlation from which two parameters are better not read one by one


def hold_out(points: Points, largest: int) -> tuple[Points, Points]:
    """The points to fit, and those of the ``largest`` biggest sizes (product of the variables) to be predicted."""
    sizes = np.unique(points.scale)
    if largest >= len(sizes):
        raise ValueError(f"can't hold out {largest} of {len(sizes)} distinct size(s): nothing would be left to fit")
    held = points.scale >= sizes[len(sizes) - largest] if largest else np.zeros(len(points), dtype=bool)
    return points.take(~held), points.take(held)


def enough(problem: Problem) -> None:
    """ValueError unless there are at least as many distinct sizes as parameters found by least squares."""
    estimated = len(problem.law.linear) + len(problem.law.nonlinear)
    sizes = len(np.unique(problem.points.sizes))
    if sizes < estimated:
        names = ", ".join(p.name for p in (*problem.law.linear, *problem.law.nonlinear))
        raise ValueError(
            f"the law {problem.law.name!r} has {estimated} parameters to estimate ({names}), "
            f"and the points hold {sizes} distinct size(s)"
        )


def quality(problem: Problem, best: State) -> dict[str, float]:
    """R² and adjusted R² of y, and AICc.

    AICc = n ln(RSS/n) + 2K + 2K(K + 1)/(n - K - 1) with K = free parameters + 1 for the noise; a fit on the log scale
    adds the Jacobian 2 Σ ln(y - o), so that laws fitted on either scale compare.
    """
    y, n, free = problem.points.y, len(problem.points), problem.law.free
    predicted = evaluate(problem.law, problem.points.x, best.theta, best.coef)[0]
    total = float(((y - y.mean()) ** 2).sum())
    known = total > (1e-12 * np.abs(y).max()) ** 2 * n
    r2 = 1 - float(((y - predicted) ** 2).sum()) / total if known else np.nan
    adjusted = 1 - (1 - r2) * (n - 1) / (n - free) if n > free else np.nan
    residuals = problem.residuals_of(best)[0]
    mean_square = max(float(np.mean(residuals**2)), (ROUNDING * (problem.unit or 1.0)) ** 2)
    k = free + 1
    jacobian_term = 2 * float(np.log(problem.target).sum()) if problem.scale == "log" else 0.0
    aicc = n * np.log(mean_square) + 2 * k + 2 * k * (k + 1) / (n - k - 1) + jacobian_term if n > k + 1 else np.inf
    return {"r2": r2, "r2_adjusted": adjusted, "aicc": float(aicc)}


def leave_one_size_out(problem: Problem, best: State) -> float:
    """RMSE of every distinct x predicted by a fit to the others; nan where too few sizes would be left."""
    sizes = problem.points.sizes
    count = len(np.unique(sizes))
    if count - 1 < len(problem.law.linear) + len(problem.law.nonlinear):
        return np.nan
    predicted = evaluate_each(problem.law, problem.points.x, without(problem, best, sizes).take(sizes))
    return float(np.sqrt(np.mean((problem.points.y - predicted) ** 2)))


def held_out(fit: "Fit", held: Points) -> dict:
    """Errors at sizes the fit has not seen, beside those of two baselines.

    They are "no further gain" (the mean at the largest size seen) and a straight line in logs.
    """
    kept = fit.problem.points
    columns = dict(zip(kept.names, held.x, strict=True))
    predicted = fit.predict(columns)
    low, high = fit.band(columns, observation=True)
    last = kept.y[kept.scale == kept.scale.max()].mean()
    design = np.stack([np.ones(len(kept)), *(np.log(c) for c in kept.x)], axis=1)
    slope = np.linalg.lstsq(design, kept.y, rcond=None)[0]
    line = np.stack([np.ones(len(held)), *(np.log(c) for c in held.x)], axis=1) @ slope

    def rmse(values):
        return float(np.sqrt(np.mean((held.y - values) ** 2)))

    with np.errstate(divide="ignore", invalid="ignore"):  # a share of 0 is infinite
        relative = float(np.mean(np.abs(predicted - held.y) / np.abs(held.y)))

    return {
        "sizes": len(np.unique(held.scale)),
        "points": len(held),
        "rmse": rmse(predicted),
        "relative_error": relative,
        "rmse_no_further_gain": rmse(last),
        "rmse_log_linear": rmse(line),
        "inside_band": float(np.mean((held.y >= low) & (held.y <= high))) if np.isfinite(low).all() else np.nan,
    }


def gradient(problem: Problem, best: State) -> float:
    """The largest cosine between the residuals and a free column of the Jacobian: 0 at an optimum, in any unit."""
    units, problem = natural(problem)
    best = units.inward(best)
    residuals, derivative = jacobian(problem, problem.rows(), best.theta, best.coef)
    if problem.loss == "huber":
        residuals = np.clip(residuals, -problem.delta, problem.delta)
    lower, upper = bounds(problem)
    here = np.concatenate([best.theta[0, : len(problem.law.nonlinear)], best.coef[0]])
    free = (here > lower) & (here < upper)
    noise = np.linalg.norm(residuals[0])
    if noise <= EXACT * problem.unit * np.sqrt(len(residuals[0])):
        return 0.0
    norms = np.linalg.norm(derivative[0], axis=0)
    slopes = np.abs(derivative[0].T @ residuals[0]) / np.where(norms > 0, norms, 1.0)
    return float((slopes[free] / noise).max(initial=0.0))


def identifiability(problem: Problem, best: State) -> list[str]:
    """Which parameters the points can't tell apart, from the singular values of the scaled Jacobian, in words.

    The parameters are those in the points' natural units: far from x = 1 every size term is correlated with its
    exponent, whatever the points say.
    """
    units, problem = natural(problem)
    best = units.inward(best)
    derivative = jacobian(problem, problem.rows(), best.theta, best.coef)[1][0]
    names = [p.name for p in (*problem.law.nonlinear, *problem.law.linear)]
    norms = np.linalg.norm(derivative, axis=0)
    said = [f"{name} has no effect on these points" for name, norm in zip(names, norms, strict=True) if norm == 0]
    use = [j for j in range(len(names)) if norms[j] > 0]
    if len(use) < 2:
        return said
    scaled = derivative[:, use] / norms[use]
    _, singular, rows = np.linalg.svd(scaled, full_matrices=False)
    null = rows[singular <= NULL * singular[0]]
    together = _groups([{use[j] for j in np.flatnonzero(np.abs(row) > 0.01)} for row in null])
    for group in together:
        members = sorted(group, key=lambda j: (j < len(problem.law.nonlinear), j))
        flat = all(np.ptp(derivative[:, j]) <= 1e-6 * np.abs(derivative[:, j]).max() for j in members)
        what = "constant" if flat and problem.scale == "y" else "combination"
        said.append(f"{_list([names[j] for j in members])} form one {what} here: these points can't tell them apart")
    inside = set().union(*together)
    return said + _alike(scaled, [names[j] for j in use], {use.index(j) for j in inside})


def _groups(sets: list[set[int]]) -> list[set[int]]:
    """Overlapping sets joined."""
    joined: list[set[int]] = []
    for members in sets:
        touching = [g for g in joined if g & members]
        joined = [g for g in joined if not g & members] + [members.union(*touching)]
    return joined


def _alike(scaled: np.ndarray, names: list[str], skip: set[int]) -> list[str]:
    keep = [j for j in range(len(names)) if j not in skip]
    if len(keep) < 2:
        return []
    covariance = np.linalg.pinv(scaled[:, keep].T @ scaled[:, keep], hermitian=True)
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    pairs = [(i, j) for i in range(len(keep)) for j in range(i) if abs(correlation[i, j]) > ALIKE]
    if not pairs:
        return []
    said = "; ".join(f"{names[keep[j]]} and {names[keep[i]]} ({correlation[i, j]:+.4f})" for i, j in pairs)
    return [f"strongly correlated, so read predictions rather than single values: {said}"]


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def warnings_of(fit: "Fit") -> tuple[str, ...]:
    """Everything that should keep a reader from taking the fit at face value, one sentence each."""
    problem, law = fit.problem, fit.law
    said = [*oddities(problem.points), *law.caveats]
    sizes = len(np.unique(problem.points.configuration))
    if sizes < PER_PARAMETER * law.free:
        said.append(f"{sizes} configurations for {law.free} free parameters: fewer than {PER_PARAMETER} each")
    said += identifiability(problem, fit.best)
    said += [f"{name} is held at its bound {value:g}" for name, value in fit.at_bounds.items()]
    for position, constant in enumerate(law.listed):
        value, values = fit.best.theta[0, len(law.nonlinear) + position], constant.values
        if len(values) > 1 and value in (min(values), max(values)):
            said.append(
                f"the best {constant.name} = {value:g} lies at the edge of its search, {min(values):g}…{max(values):g}"
            )
    for name, column in zip(problem.points.names, problem.points.x, strict=True):
        peak = (fit.optimum or {}).get(name)
        if peak is not None and not column.min() <= peak <= column.max():
            said.append(f"the peak in {name}, {peak:.4g}, lies outside the measured {column.min():g}…{column.max():g}")
    if fit.starts_agreeing < 0.5:
        said.append(f"only {fit.starts_agreeing:.0%} of scattered starts reach this optimum: one start would miss it")
    exact = fit.objective <= (EXACT * problem.unit) ** 2 * len(problem.points)
    if not exact and fit.lowest_objective < fit.objective * (1 - 1e-6):
        said.append(
            "a scattered start found a lower objective: this is not the global optimum, please report the points"
        )
    if (slope := gradient(problem, fit.best)) > 1e-5:
        said.append(f"the search stopped short of a stationary point (gradient cosine {slope:.1e})")
    if fit.linearised.freedom <= 0:
        said.append("as many parameters as configurations: nothing is left to tell the noise, so there are no bands")
    if not np.isfinite(fit.aicc):
        said.append("too few points for AICc")
    return tuple(dict.fromkeys(said))
