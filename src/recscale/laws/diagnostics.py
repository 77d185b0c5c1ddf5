"""What speaks for a fit and what against it: errors at unseen sizes, and what the points can't tell."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from recscale.laws.points import Column, Points
from recscale.laws.problem import Problem, Solutions, evaluate, evaluate_each, natural
from recscale.laws.refine import EPSILON, bounds, jacobian
from recscale.laws.solve import without

PER_PARAMETER = 3  # points per free parameter, below which a fit is a drawing
EXACT_FIT = 1e-12  # residuals of this share of y are rounding, and their direction says nothing
NULL = 1e-7  # share of the largest singular value of the scaled Jacobian below which a combination is undetermined
STATIONARY = 1e-5  # gradient cosine up to which the search has arrived
ALIKE = 0.99  # correlation from which two parameters are better not read one by one


def hold_out_largest(points: Points, largest: int) -> tuple[Points, Points]:
    """The points to fit, and those of the ``largest`` biggest sizes (product of the variables) to be predicted."""
    sizes = np.unique(points.scale)
    if largest >= len(sizes):
        raise ValueError(f"can't hold out {largest} of {len(sizes)} distinct size(s): nothing would be left to fit")
    unseen = points.scale >= sizes[len(sizes) - largest] if largest else np.zeros(len(points), dtype=bool)
    return points.take(~unseen), points.take(unseen)


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


def charge(n: int, free: int) -> float:
    """What AICc charges for ``free`` numbers fitted to ``n`` points: 2K + 2K(K + 1)/(n - K - 1), K = ``free`` + 1.

    The 1 is for the noise. Infinite where n ≤ K + 1.
    """
    k = free + 1
    return 2 * k + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else np.inf


def quality(problem: Problem, best: Solutions) -> dict[str, float]:
    """R² and adjusted R² of y, and AICc.

    AICc = n ln(RSS/n) + ``charge``; a fit on the log scale adds the Jacobian 2 Σ ln(y - o), so that laws fitted on
    either scale compare.
    """
    y, n, free = problem.points.y, len(problem.points), problem.law.free
    predicted = evaluate(problem.law, problem.points.x, best.theta, best.coef)[0]
    total = float(((y - y.mean()) ** 2).sum())
    known = total > (1e-12 * np.abs(y).max()) ** 2 * n
    r2 = 1 - float(((y - predicted) ** 2).sum()) / total if known else np.nan
    adjusted = 1 - (1 - r2) * (n - 1) / (n - free) if n > free else np.nan
    residuals = problem.residuals_of(best)[0]
    mean_square = max(float(np.mean(residuals**2)), (EPSILON * (problem.unit or 1.0)) ** 2)
    jacobian_term = 2 * float(np.log(problem.target).sum()) if problem.scale == "log" else 0.0
    aicc = n * np.log(mean_square) + charge(n, free) + jacobian_term
    return {"r2": r2, "r2_adjusted": adjusted, "aicc": float(aicc)}


def leave_one_size_out(problem: Problem, best: Solutions) -> float:
    """RMSE of every distinct x predicted by a fit to the others; nan where too few sizes would be left."""
    sizes = problem.points.sizes
    count = len(np.unique(sizes))
    if count - 1 < len(problem.law.linear) + len(problem.law.nonlinear):
        return np.nan
    predicted = evaluate_each(problem.law, problem.points.x, without(problem, best, sizes).take(sizes))
    return float(np.sqrt(np.mean((problem.points.y - predicted) ** 2)))


def held_out_errors(fitted: Points, unseen: Points, predicted: Column, low: Column, high: Column) -> dict:
    """Errors at sizes the fit has not seen, and those of two baselines.

    ``predicted`` (n,) and the band ``low``, ``high`` (n,) of one new measurement are the fit's at ``unseen``. The
    baselines, fitted to ``fitted``: "no further gain" (the mean at the largest size seen) and a straight line in logs.
    Keys: sizes, points, rmse, relative_error, rmse_no_further_gain, rmse_log_linear and inside_band (the share of
    points inside the band).
    """
    last = fitted.y[fitted.scale == fitted.scale.max()].mean()
    design = np.stack([np.ones(len(fitted)), *(np.log(c) for c in fitted.x)], axis=1)
    slope = np.linalg.lstsq(design, fitted.y, rcond=None)[0]
    line = np.stack([np.ones(len(unseen)), *(np.log(c) for c in unseen.x)], axis=1) @ slope

    def rmse(values):
        return float(np.sqrt(np.mean((unseen.y - values) ** 2)))

    with np.errstate(divide="ignore", invalid="ignore"):  # a share of 0 is infinite
        relative = float(np.mean(np.abs(predicted - unseen.y) / np.abs(unseen.y)))

    return {
        "sizes": len(np.unique(unseen.scale)),
        "points": len(unseen),
        "rmse": rmse(predicted),
        "relative_error": relative,
        "rmse_no_further_gain": rmse(last),
        "rmse_log_linear": rmse(line),
        "inside_band": float(np.mean((unseen.y >= low) & (unseen.y <= high))) if np.isfinite(low).all() else np.nan,
    }


def gradient(problem: Problem, best: Solutions) -> float:
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
    if noise <= EXACT_FIT * problem.unit * np.sqrt(len(residuals[0])):
        return 0.0
    norms = np.linalg.norm(derivative[0], axis=0)
    slopes = np.abs(derivative[0].T @ residuals[0]) / np.where(norms > 0, norms, 1.0)
    return float((slopes[free] / noise).max(initial=0.0))


@dataclass(frozen=True)
class Identifiability:
    """What the points can't tell apart.

    ``no_effect``: parameters that move no prediction. ``merged``: groups of which only one combination is determined;
    ``merged_constant`` says per group whether its terms are one constant on these points. ``correlated``: pairs with
    their correlation, beyond ±``ALIKE``.
    """

    no_effect: tuple[str, ...] = ()
    merged: tuple[tuple[str, ...], ...] = ()
    merged_constant: tuple[bool, ...] = ()
    correlated: tuple[tuple[str, str, float], ...] = ()


def identifiability(problem: Problem, best: Solutions) -> Identifiability:
    """Which parameters the points can't tell apart, from the singular values of the scaled Jacobian.

    The parameters are those in the points' natural units: far from x = 1 every size term is correlated with its
    exponent, whatever the points say.
    """
    units, problem = natural(problem)
    best = units.inward(best)
    derivative = jacobian(problem, problem.rows(), best.theta, best.coef)[1][0]
    names = [p.name for p in (*problem.law.nonlinear, *problem.law.linear)]
    norms = np.linalg.norm(derivative, axis=0)
    no_effect = tuple(name for name, norm in zip(names, norms, strict=True) if norm == 0)
    use = [j for j in range(len(names)) if norms[j] > 0]
    if len(use) < 2:
        return Identifiability(no_effect)
    scaled = derivative[:, use] / norms[use]
    _, singular, rows = np.linalg.svd(scaled, full_matrices=False)
    null = rows[singular <= NULL * singular[0]]
    groups = _united([{use[j] for j in np.flatnonzero(np.abs(row) > 0.01)} for row in null])
    merged, constant = [], []
    for group in groups:
        members = sorted(group, key=lambda j: (j < len(problem.law.nonlinear), j))
        flat = all(np.ptp(derivative[:, j]) <= 1e-6 * np.abs(derivative[:, j]).max() for j in members)
        merged.append(tuple(names[j] for j in members))
        constant.append(flat and problem.scale == "y")
    apart = [j for j, column in enumerate(use) if column not in set().union(*groups)]
    correlated = _correlated(scaled[:, apart], [names[use[j]] for j in apart])
    return Identifiability(no_effect, tuple(merged), tuple(constant), correlated)


def _united(sets: list[set[int]]) -> list[set[int]]:
    """Overlapping sets joined."""
    joined: list[set[int]] = []
    for members in sets:
        touching = [g for g in joined if g & members]
        joined = [g for g in joined if not g & members] + [members.union(*touching)]
    return joined


def _correlated(scaled: Float[np.ndarray, "n k"], names: list[str]) -> tuple[tuple[str, str, float], ...]:
    """The pairs whose correlation lies beyond ±``ALIKE``; ``scaled`` (n, k) holds their columns of the Jacobian."""
    if len(names) < 2:
        return ()
    covariance = np.linalg.pinv(scaled.T @ scaled, hermitian=True)
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    pairs = [(j, i) for i in range(len(names)) for j in range(i) if abs(correlation[i, j]) > ALIKE]
    return tuple((names[j], names[i], float(correlation[i, j])) for j, i in pairs)
