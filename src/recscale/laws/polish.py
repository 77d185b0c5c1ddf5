"""Levenberg–Marquardt on many starts (or bootstrap resamples) at once, to the floor of double precision.

Derivatives in θ come from a complex step (exact to rounding), so a law states its equation once. Where the objective is
a plain sum of squares on the y scale the coefficients are solved exactly after every step: the step in θ is then
Kaufman's variable-projection step.
"""

from typing import TYPE_CHECKING

import numpy as np

from recscale.laws.varpro import Problem, State, columns, resolve, split_values

if TYPE_CHECKING:
    from recscale.laws.law import Law

ITERATIONS = 400
STEP = 1e-20  # of the complex derivative: no subtraction, so it may be this small
TOLERANCE = 1e-13  # relative decrease and relative step below which a start has arrived


def derivatives(
    law: "Law", x: tuple[np.ndarray, ...], theta: np.ndarray, coef: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Σ c φ at ``x`` (B, n), and the derivative of the law's value by the nonlinear θ, then c: (B, n, K + p)."""
    basis = columns(law, x, theta)
    k = len(law.nonlinear)
    linear = (basis @ coef[..., None])[..., 0]
    derivative = np.empty((*linear.shape, k + len(law.linear)))
    derivative[..., k:] = basis
    for position in range(k):
        moved = theta.astype(complex)
        moved[:, position] += 1j * STEP
        values = split_values(moved)
        change = sum(np.imag(part) * coef[:, j, None] for j, part in enumerate(law.basis(x, values)))
        if law.offset is not None:
            change = change + np.imag(law.offset(x, values))
        derivative[..., position] = change / STEP
    return linear, derivative


def jacobian(problem: Problem, theta: np.ndarray, coef: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residuals (B, n) and the derivative of the fitted value on the fit's scale by (θ, c): (B, n, K + p)."""
    law, points = problem.law, problem.points
    linear, derivative = derivatives(law, points.x, theta, coef)
    if problem.scale == "log":
        positive = linear > 0
        safe = np.where(positive, linear, 1.0)
        residuals = np.where(positive, np.log(problem.target) - np.log(safe), np.inf)
        return residuals, derivative / np.where(positive, linear, np.inf)[..., None]
    offset = 0.0 if law.offset is None else law.offset(points.x, split_values(theta))
    return points.y - offset - linear, derivative


def polish(problem: Problem, start: State, weights: np.ndarray, iterations: int = ITERATIONS) -> State:
    """Every start taken to its local optimum. ``weights`` (B, n) goes with the starts, row by row."""
    k = len(problem.law.nonlinear)
    theta, coef = start.theta.copy(), start.coef.copy()
    if problem.exactly_linear:
        coef = resolve(problem, theta, weights)
    cost = problem.cost(problem.residuals_of(theta, coef), weights)
    if k == 0 and problem.exactly_linear:
        return State(theta, coef, cost)
    damping = np.full(len(theta), 1e-3)
    active = np.flatnonzero(np.isfinite(cost))
    floor = 1e-30 * (weights * problem.target**2).sum(axis=1)
    for _ in range(iterations):
        if not len(active):
            break
        moved = _step(problem, State(theta[active], coef[active], cost[active]), weights[active], damping[active])
        better = moved.cost < cost[active]
        gain = np.where(better, cost[active] - moved.cost, 0.0)
        length = _relative_step(theta[active], coef[active], moved, k)
        arrived = np.where(better, gain <= TOLERANCE * cost[active], damping[active] > 1e10)
        arrived |= (length <= TOLERANCE) | (cost[active] <= floor[active])
        rows = active[better]
        theta[rows], coef[rows], cost[rows] = moved.theta[better], moved.coef[better], moved.cost[better]
        damping[active] = np.where(better, np.maximum(damping[active] / 10, 1e-15), damping[active] * 8)
        active = active[~arrived]
    return State(theta, coef, cost)


def _relative_step(theta: np.ndarray, coef: np.ndarray, moved: State, k: int) -> np.ndarray:
    old = np.concatenate([theta[:, :k], coef], axis=1)
    new = np.concatenate([moved.theta[:, :k], moved.coef], axis=1)
    return (np.abs(new - old) / (np.abs(old) + 1e-300)).max(axis=1, initial=0.0)


def bounds(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper limits of (θ, c)."""
    parameters = (*problem.law.nonlinear, *problem.law.linear)
    return np.array([p.lower for p in parameters]), np.array([p.upper for p in parameters])


def _step(problem: Problem, at: State, weights: np.ndarray, damping: np.ndarray) -> State:
    """One damped Gauss–Newton step of every start, projected onto the bounds; the caller decides which to accept."""
    k = len(problem.law.nonlinear)
    residuals, derivative = jacobian(problem, at.theta, at.coef)
    curvature = slope = weights
    if problem.loss == "huber":
        size = np.abs(residuals)
        slope = weights * np.minimum(1.0, problem.delta / np.maximum(size, 1e-300))
        curvature = weights * (size <= problem.delta)
    gradient = (derivative.swapaxes(1, 2) @ (slope * residuals)[..., None])[..., 0]
    normal = derivative.swapaxes(1, 2) @ (curvature[..., None] * derivative)
    size = np.einsum("bnk,bn,bnk->bk", derivative, slope, derivative)
    size = np.where(size > 0, size, 1.0)
    lower, upper = bounds(problem)
    here = np.concatenate([at.theta[:, :k], at.coef], axis=1)
    free = ~(((here <= lower) & (gradient < 0)) | ((here >= upper) & (gradient > 0)))
    root = 1 / np.sqrt(size)
    matrix = normal * root[:, :, None] * root[:, None, :] * (free[:, :, None] & free[:, None, :])
    identity = np.arange(here.shape[1])
    matrix[:, identity, identity] += np.where(free, damping[:, None], 1.0)
    right = np.where(free, gradient * root, 0.0)
    move = np.linalg.solve(matrix, right[..., None])[..., 0] * root
    there = np.clip(here + move, lower, upper)
    theta = at.theta.copy()
    theta[:, :k] = there[:, :k]
    coef = resolve(problem, theta, weights) if problem.exactly_linear else there[:, k:]
    with np.errstate(over="ignore", invalid="ignore"):
        cost = problem.cost(problem.residuals_of(theta, coef), weights)
    return State(theta, coef, np.where(np.isfinite(cost), cost, np.inf))
