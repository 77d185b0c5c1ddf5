"""Levenberg–Marquardt on many starts (or bootstrap resamples) at once, to the floor of double precision.

Derivatives in θ come from a complex step (exact to rounding), so a law states its equation once. Where the objective is
a plain sum of squares on the y scale the coefficients are solved exactly after every step: the step in θ is then
Kaufman's variable-projection step.
"""

import numpy as np
from jaxtyping import Float

from recscale.laws.grid_search import resolve
from recscale.laws.law import Law
from recscale.laws.problem import Problem, Rows, Solutions, columns, split_values

ITERATIONS = 400
_COMPLEX_STEP = 1e-100  # of the complex derivative, relative: nothing is subtracted, so it may be this small
EPSILON = 1e-15  # a residual of this share of its scale's unit is none
_TOLERANCE = 1e-13  # relative decrease and relative step below which a start has arrived
_JITTER = 1e-10  # added to a unit diagonal that rounding has left singular


def derivatives(
    law: Law, x: tuple[Float[np.ndarray, " n"], ...], theta: Float[np.ndarray, "B K"], coef: Float[np.ndarray, "B p"]
) -> tuple[Float[np.ndarray, "B n"], Float[np.ndarray, "B n k"]]:
    """Σ c φ at ``x`` (B, n), and the derivative of the law's value by the nonlinear θ, then c: (B, n, K + p)."""
    basis = columns(law, x, theta)
    k = len(law.nonlinear)
    linear = (basis @ coef[..., None])[..., 0]
    derivative = np.empty((*linear.shape, k + len(law.linear)))
    derivative[..., k:] = basis
    for position in range(k):
        moved = theta.astype(complex)
        step = _COMPLEX_STEP * np.where(theta[:, position] == 0, 1.0, np.abs(theta[:, position]))[:, None]
        moved[:, position] += 1j * step[:, 0]
        values = split_values(moved)
        change = sum(np.imag(part) * coef[:, j, None] for j, part in enumerate(law.basis(x, values)))
        if law.offset is not None:
            change = change + np.imag(law.offset(x, values))
        derivative[..., position] = change / step
    return linear, derivative


def jacobian(
    problem: Problem, rows: Rows, theta: Float[np.ndarray, "B K"], coef: Float[np.ndarray, "B p"]
) -> tuple[Float[np.ndarray, "B n"], Float[np.ndarray, "B n k"]]:
    """Residuals (B, n) and the derivative of the fitted value on the fit's scale by (θ, c): (B, n, K + p)."""
    linear, derivative = derivatives(problem.law, problem.points.x, theta, coef)
    if problem.scale == "log":
        derivative = derivative / np.where(linear > 0, linear, np.inf)[..., None]
    return problem.residuals(rows, theta, linear), derivative


def refine(
    problem: Problem,
    theta: Float[np.ndarray, "B K"],
    rows: Rows,
    iterations: int = ITERATIONS,
    coef: Float[np.ndarray, "B p"] | None = None,
) -> Solutions:
    """Every start θ (B, K) taken to its local optimum; ``rows`` holds the data of each start.

    The coefficients start at ``coef``, by default at their best for θ.
    """
    k = len(problem.law.nonlinear)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        theta = theta.copy()
        coef = resolve(problem, theta, rows) if coef is None else coef.copy()
        if not problem.exactly_linear:
            coef = np.clip(coef, *(limit[k:] for limit in bounds(problem)))
        cost = _cost(problem, rows, theta, coef)
        if k == 0 and problem.exactly_linear:
            return Solutions(theta, coef, cost)
        damping = np.full(len(theta), 1e-3)
        active = np.flatnonzero(np.isfinite(cost))
        floor = (EPSILON * problem.unit) ** 2 * rows.weights.sum(axis=1) * np.ones(len(theta))
        for _ in range(iterations):
            if not len(active):
                break
            here = Solutions(theta[active], coef[active], cost[active])
            moved = _step(problem, here, rows.take(active), damping[active])
            better = moved.cost < here.cost
            gain = np.where(better, here.cost - moved.cost, 0.0)
            arrived = np.where(better, gain <= _TOLERANCE * here.cost, damping[active] > 1e10)
            arrived |= (_relative_step(here, moved, k) <= _TOLERANCE) | (here.cost <= floor[active])
            accepted = active[better]
            theta[accepted], coef[accepted], cost[accepted] = (
                moved.theta[better],
                moved.coef[better],
                moved.cost[better],
            )
            damping[active] = np.where(better, np.maximum(damping[active] / 10, 1e-15), damping[active] * 8)
            active = active[~arrived]
    return Solutions(theta, coef, cost)


def bounds(problem: Problem) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Lower and upper limits of (θ, c)."""
    parameters = (*problem.law.nonlinear, *problem.law.linear)
    return np.array([p.lower for p in parameters], float), np.array([p.upper for p in parameters], float)


def _cost(
    problem: Problem, rows: Rows, theta: Float[np.ndarray, "B K"], coef: Float[np.ndarray, "B p"]
) -> Float[np.ndarray, " B"]:
    linear = (columns(problem.law, problem.points.x, theta) @ coef[..., None])[..., 0]
    cost = problem.cost(problem.residuals(rows, theta, linear), rows.weights)
    return np.where(np.isfinite(cost), cost, np.inf)


def _relative_step(here: Solutions, moved: Solutions, k: int) -> Float[np.ndarray, " B"]:
    old = np.concatenate([here.theta[:, :k], here.coef], axis=1)
    new = np.concatenate([moved.theta[:, :k], moved.coef], axis=1)
    return (np.abs(new - old) / (np.abs(old) + 1e-300)).max(axis=1, initial=0.0)


def _step(problem: Problem, at: Solutions, rows: Rows, damping: Float[np.ndarray, " B"]) -> Solutions:
    """One damped Gauss–Newton step of every start, projected onto the bounds; the caller decides which to accept."""
    k = len(problem.law.nonlinear)
    residuals, derivative = jacobian(problem, rows, at.theta, at.coef)
    curvature = slope = rows.weights
    if problem.loss == "huber":
        size = np.abs(residuals)
        slope = rows.weights * np.minimum(1.0, problem.delta / np.maximum(size, 1e-300))
        curvature = np.where(size <= problem.delta, rows.weights, slope * damping[:, None] / (damping[:, None] + 1e-4))
    turned = derivative.swapaxes(1, 2)
    gradient = (turned @ (slope * residuals)[..., None])[..., 0]
    normal = turned @ (curvature[..., None] * derivative)
    size = (slope[..., None] * derivative**2).sum(axis=1)
    lower, upper = bounds(problem)
    here = np.concatenate([at.theta[:, :k], at.coef], axis=1)
    free = ~(((here <= lower) & (gradient < 0)) | ((here >= upper) & (gradient > 0)))
    usable = free & np.isfinite(gradient) & np.isfinite(size) & (size > 0)
    root = np.where(usable, 1 / np.sqrt(np.where(usable, size, 1.0)), 0.0)
    matrix = normal * root[:, :, None] * root[:, None, :]
    matrix = np.where(np.isfinite(matrix), matrix, 0.0)
    diagonal = np.arange(here.shape[1])
    matrix[:, diagonal, diagonal] += np.where(usable, damping[:, None], 1.0)
    right = np.where(usable, gradient * root, 0.0)
    move = damped_solution(matrix, right) * root
    there = np.clip(here + move, lower, upper)
    theta = at.theta.copy()
    theta[:, :k] = there[:, :k]
    coef = resolve(problem, theta, rows) if problem.exactly_linear else there[:, k:]
    return Solutions(theta, coef, _cost(problem, rows, theta, coef))


def damped_solution(matrix: Float[np.ndarray, "B k k"], right: Float[np.ndarray, "B k"]) -> Float[np.ndarray, "B k"]:
    """matrix⁻¹ right, one by one. A matrix that is singular to rounding, as two parameters that act alike leave it, is
    solved with ``_JITTER`` on its diagonal; the others of the batch don't notice."""
    try:
        return np.linalg.solve(matrix, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        singular = np.linalg.slogdet(matrix).sign == 0
        return np.linalg.solve(matrix + _JITTER * singular[:, None, None] * np.eye(matrix.shape[1]), right[..., None])[
            ..., 0
        ]
