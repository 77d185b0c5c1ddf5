"""Variable projection: for fixed nonlinear parameters the best coefficients are a linear solve, so only ``θ`` is
searched.

Everything is batched. A bootstrap resample is a row of weights, so a thousand refits are one set of array operations:
the Gram matrices of every node of the search grid under every resample come out of one matrix product.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations, product
from typing import TYPE_CHECKING

import numpy as np

from recscale.laws.points import Points

if TYPE_CHECKING:
    from recscale.laws.law import Law

LOSSES = ("squares", "huber")
PIVOT = 1e-11  # a column whose remainder is below this share of itself is a combination of the columns before it
COMBINATIONS = 64  # more combinations of listed constants than this are thinned before the grid search, then refined
BATCH = 2_000_000  # numbers an array of the grid search may hold at a time


@dataclass(frozen=True)
class Problem:
    """A law, the points, and what "best" means: ``Σ_i w_i ρ(r_i)`` with r on ``scale`` and ρ = r² or Huber's with threshold ``delta``."""

    law: "Law"
    points: Points
    scale: str = "y"
    loss: str = "squares"
    delta: float = 1e-3

    def __post_init__(self):
        if self.loss not in LOSSES:
            raise ValueError(f"loss {self.loss!r} is not known; choose from {', '.join(LOSSES)}")
        if not self.delta > 0:
            raise ValueError(f"the Huber threshold must be positive, got {self.delta:g}")
        if self.scale == "log" and (self.target <= 0).any():
            raise ValueError(f"the law {self.law.name!r} is fitted to log(y), and y has values that are not positive")

    @cached_property
    def target(self) -> np.ndarray:
        """(n,) y, less the part of the law that has no parameter at all (log scale only: there the offset has none)."""
        if self.scale == "log" and self.law.offset is not None:
            return self.points.y - self.law.offset(self.points.x, ())
        return self.points.y

    @property
    def exactly_linear(self) -> bool:
        """Whether the coefficients solve a linear least-squares problem once θ is fixed."""
        return self.scale == "y" and self.loss == "squares"

    def residuals_of(self, theta: np.ndarray, coef: np.ndarray) -> np.ndarray:
        """(B, n) residuals on the fit's scale; infinite where the logarithm doesn't exist."""
        if self.scale == "y":
            return self.points.y - evaluate(self.law, self.points.x, theta, coef)
        with np.errstate(divide="ignore", invalid="ignore"):
            fitted = np.einsum("bnp,bp->bn", columns(self.law, self.points.x, theta), coef)
            return np.where(fitted > 0, np.log(self.target) - np.log(np.where(fitted > 0, fitted, 1.0)), np.inf)

    def cost(self, residuals: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(B,) objective: the weighted sum of squares, or of Huber's loss (twice it, so that small residuals count as squares)."""
        if self.loss == "squares":
            return (weights * residuals**2).sum(axis=-1)
        size = np.abs(residuals)
        huber = np.where(size <= self.delta, size**2, 2 * self.delta * size - self.delta**2)
        return (weights * huber).sum(axis=-1)


@dataclass(frozen=True)
class State:
    """Solutions side by side: ``theta`` (B, K) nonlinear parameters then listed constants, ``coef`` (B, p), ``cost`` (B,)."""

    theta: np.ndarray
    coef: np.ndarray
    cost: np.ndarray

    def take(self, rows) -> "State":
        """The solutions at ``rows``."""
        return State(self.theta[rows], self.coef[rows], self.cost[rows])


def split_values(theta: np.ndarray) -> tuple[np.ndarray, ...]:
    """(B, K) -> K arrays (B, 1), as a law's basis takes them."""
    return tuple(theta[:, k, None] for k in range(theta.shape[1]))


def columns(law: "Law", x: tuple[np.ndarray, ...], theta: np.ndarray) -> np.ndarray:
    """The basis at ``theta`` (B, K): (B, n, p)."""
    shape = (len(theta), len(x[0]))
    parts = law.basis(x, split_values(theta))
    stacked = np.empty((*shape, len(parts)), dtype=np.result_type(theta, float))
    for j, part in enumerate(parts):
        stacked[..., j] = part
    return stacked


def evaluate(law: "Law", x: tuple[np.ndarray, ...], theta: np.ndarray, coef: np.ndarray) -> np.ndarray:
    """The law's value: (B, n)."""
    value = (columns(law, x, theta) @ coef[..., None])[..., 0]
    return value if law.offset is None else value + law.offset(x, split_values(theta))


def grid_of(problem: Problem) -> tuple[np.ndarray, ...]:
    """The search's axes: nodes of every nonlinear parameter, then values of every listed constant (thinned if they are many)."""
    law, points = problem.law, problem.points
    axes = []
    for parameter in law.nonlinear:
        nodes = parameter.nodes(points.x, points.y) if callable(parameter.nodes) else parameter.nodes
        axes.append(np.asarray(nodes, dtype=float))
    lists = [np.asarray(constant.values, dtype=float) for constant in law.listed]
    if thinned(law):
        keep = max(2, int(COMBINATIONS ** (1 / len(lists))))
        lists = [v[np.unique(np.geomspace(1, len(v), keep).round().astype(int) - 1)] for v in lists]
    return (*axes, *lists)


def thinned(law: "Law") -> bool:
    """Whether the listed constants have too many combinations to put all of them on the search grid."""
    return int(np.prod([len(constant.values) for constant in law.listed], initial=1)) > COMBINATIONS


def search(problem: Problem, weights: np.ndarray, starts: int, each_listed: bool) -> tuple[np.ndarray, State]:
    """The lowest local minima of the projected objective on the grid: which weights' row each belongs to, and the
    solutions.

    ``weights`` (B, n). ``each_listed`` adds the best node at every value of the listed constants, whose objectives lie
    close together. On the log scale the projected objective is that of relative errors, which only ranks the starts.
    """
    law, axes = problem.law, grid_of(problem)
    dimensions = tuple(len(axis) for axis in axes)
    grams = _Grams(problem, axes)
    size = int(np.prod(dimensions, initial=1))
    chunk = max(1, BATCH // size)
    rows, nodes, coefs, costs = [], [], [], []
    for first in range(0, len(weights), chunk):
        part = weights[first : first + chunk]
        cost, coef = solve_gram(grams.under(part), grams.target_squares(part), law)
        shape = (len(part), *dimensions)
        cost = np.broadcast_to(cost, shape)
        low = _local_minima(cost, len(law.nonlinear)).reshape(len(part), size)
        flat = np.where(low, cost.reshape(len(part), size), np.inf)
        keep = min(starts, size)
        best = (
            np.argpartition(flat, keep - 1, axis=1)[:, :keep]
            if keep < size
            else np.tile(np.arange(size), (len(part), 1))
        )
        if each_listed and law.listed:
            lists = int(np.prod(dimensions[len(law.nonlinear) :]))
            lowest = flat.reshape(len(part), -1, lists).argmin(axis=1) * lists + np.arange(lists)
            best = np.concatenate([best, lowest], axis=1)
        row = np.repeat(np.arange(len(part)), best.shape[1])
        index = np.unravel_index(best.reshape(-1), dimensions) if dimensions else ()
        chosen = (row, *index)
        found = np.isfinite(flat[row, best.reshape(-1)])
        rows.append(row[found] + first)
        nodes.append(
            np.stack([a[i] for a, i in zip(axes, index, strict=True)], axis=1)[found]
            if axes
            else np.empty((len(row), 0))
        )
        coefs.append(np.stack([np.broadcast_to(c, shape)[chosen] for c in coef], axis=1)[found])
        costs.append(flat[row, best.reshape(-1)][found])
    state = State(np.concatenate(nodes), np.concatenate(coefs), np.concatenate(costs))
    return np.concatenate(rows), state


class _Grams:
    """Products of the basis columns (and the target) on an open grid: each keeps only the axes it depends on."""

    def __init__(self, problem: Problem, axes: tuple[np.ndarray, ...]):
        law, points = problem.law, problem.points
        values = tuple(
            axis.reshape((1,) * k + (-1,) + (1,) * (len(axes) - k)) for k, axis in enumerate(axes)
        )  # value k: (1, …, len_k, …, 1, 1), the last axis being the points
        target = problem.target
        if problem.scale == "y" and law.offset is not None:
            target = target - law.offset(points.x, values)
        with np.errstate(over="ignore"):
            basis = [np.asarray(part, dtype=float) for part in law.basis(points.x, values)]
        everything = [*basis, target]
        dimension = len(axes) + 1
        everything = [a.reshape((1,) * (dimension - a.ndim) + a.shape) for a in everything]
        everything = [np.broadcast_to(a, (*a.shape[:-1], len(points))) for a in everything]
        self.relative = problem.target**-2.0 if problem.scale == "log" else None
        self.products = {(i, j): everything[i] * everything[j] for i in range(len(everything)) for j in range(i + 1)}
        self.last = len(basis)

    def _weighted(self, product_: np.ndarray, weights: np.ndarray) -> np.ndarray:
        if self.relative is not None:
            weights = weights * self.relative
        flat = product_.reshape(-1, product_.shape[-1])
        return (weights @ flat.T).reshape(len(weights), *product_.shape[:-1])

    def under(self, weights: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
        """Gram entries (i, j), j <= i: (B, grid…); the row ``i = p`` holds the products with the target."""
        return {
            ij: self._weighted(value, weights) for ij, value in self.products.items() if ij != (self.last, self.last)
        }

    def target_squares(self, weights: np.ndarray) -> np.ndarray:
        """(B, grid…) weighted sum of the squared target."""
        return self._weighted(self.products[self.last, self.last], weights)


def _local_minima(cost: np.ndarray, searched: int) -> np.ndarray:
    """Where no neighbour along the first ``searched`` grid axes (after the batch axis) is lower."""
    low = np.isfinite(cost)
    for axis in range(1, searched + 1):
        with np.errstate(invalid="ignore"):  # infinite where no coefficients are feasible
            step = np.diff(cost, axis=axis)
        ahead = [slice(None)] * cost.ndim
        behind = [slice(None)] * cost.ndim
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        low[tuple(ahead)] &= ~(step > 0)
        low[tuple(behind)] &= ~(step < 0)
    return low


def solve_gram(gram: dict, squares: np.ndarray, law: "Law") -> tuple[np.ndarray, list[np.ndarray]]:
    """Least squares from Gram entries for every node at once, coefficients bounded by 0 where the law says so.

    A bounded problem of a few coefficients is solved exactly by trying every set of coefficients held at 0.
    """
    p = len(law.linear)
    bounded = [j for j in range(p) if law.linear[j].lower == 0]
    best_cost, best = None, []
    for held in chain.from_iterable(combinations(bounded, k) for k in range(len(bounded) + 1)):
        free = [j for j in range(p) if j not in held]
        cost, coef = _eliminate(gram, squares, free, p)
        feasible = np.ones(cost.shape, dtype=bool)
        for j in free:
            if j in bounded:
                feasible &= coef[j] >= 0
        cost = np.where(feasible & np.isfinite(cost), cost, np.inf)
        if best_cost is None:
            best_cost, best = cost, [coef[j] for j in range(p)]
            if feasible.all():
                break
        else:
            better = cost < best_cost
            best_cost = np.where(better, cost, best_cost)
            best = [np.where(better, coef.get(j, 0.0), best[j]) for j in range(p)]
    return best_cost, best


def _eliminate(
    gram: dict, squares: np.ndarray, free: list[int], target: int
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Symmetric elimination of the ``free`` columns: the remaining sum of squares and the coefficients.

    A column that is a combination of earlier ones (pivot below ``PIVOT`` of its own square) gets the coefficient 0.
    """
    order = [*free, target]
    work = {(i, j): gram[i, j] for i in order for j in free if j <= i}
    rest, inverse = squares, {}
    for k, pivot in enumerate(free):
        value = work[pivot, pivot]
        alive = value > PIVOT * gram[pivot, pivot]
        inverse[pivot] = np.where(alive, 1.0, 0.0) / np.where(alive, value, 1.0)
        for i in order[k + 1 :]:
            factor = work[i, pivot] * inverse[pivot]
            for j in order[k + 1 :]:
                if j <= i and j != target:
                    work[i, j] = work[i, j] - factor * work[j, pivot]
            if i == target:
                rest = rest - factor * work[i, pivot]
    coef: dict[int, np.ndarray] = {}
    for k in reversed(range(len(free))):
        pivot = free[k]
        value = work[target, pivot]
        for later in free[k + 1 :]:
            value = value - work[later, pivot] * coef[later]
        coef[pivot] = value * inverse[pivot]
    return np.maximum(rest, 0.0), coef


def resolve(problem: Problem, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The best coefficients at ``theta`` by orthogonal factorisation, bounds honoured: (B, p).

    Exact for squares on the y scale; on the log scale it minimises relative errors, which is where a polish starts.
    """
    law, points = problem.law, problem.points
    if problem.scale == "log":
        weights, target = weights / problem.target**2, problem.target
    else:
        target = points.y if law.offset is None else points.y - law.offset(points.x, split_values(theta))
    root = np.sqrt(weights)
    basis = columns(law, points.x, theta) * root[..., None]
    target = target * root
    coef = _orthogonal(basis, target)
    bounded = [j for j, c in enumerate(law.linear) if c.lower == 0]
    broken = (coef[:, bounded] < 0).any(axis=1)
    if broken.any():
        coef[broken] = _bounded(basis[broken], target[broken], bounded)
    return coef


def _orthogonal(basis: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Batched least squares by QR of the scaled columns; the minimum-norm solution where they are dependent."""
    norms = np.linalg.norm(basis, axis=1)
    norms = np.where(norms > 0, norms, 1.0)
    q, r = np.linalg.qr(basis / norms[:, None, :])
    projected = (q.swapaxes(1, 2) @ target[..., None])[..., 0]
    diagonal = np.abs(np.diagonal(r, axis1=1, axis2=2))
    weak = diagonal.min(axis=1) <= 1e-12 if diagonal.shape[1] else np.zeros(len(basis), dtype=bool)
    coef = np.empty_like(projected)
    if not weak.all():
        coef[~weak] = np.linalg.solve(r[~weak], projected[~weak, :, None])[..., 0]
    if weak.any():
        coef[weak] = (np.linalg.pinv(r[weak], rcond=1e-12) @ projected[weak, :, None])[..., 0]
    return coef / norms


def _bounded(basis: np.ndarray, target: np.ndarray, bounded: list[int]) -> np.ndarray:
    """The least-squares coefficients with those of ``bounded`` at least 0: the best of every set held at 0."""
    p = basis.shape[2]
    best, best_cost = np.zeros((len(basis), p)), np.full(len(basis), np.inf)
    for held in product((False, True), repeat=len(bounded)):
        out = [j for j, h in zip(bounded, held, strict=True) if h]
        free = [j for j in range(p) if j not in out]
        coef = np.zeros((len(basis), p))
        if free:
            coef[:, free] = _orthogonal(basis[:, :, free], target)
        cost = ((target - (basis @ coef[..., None])[..., 0]) ** 2).sum(axis=1)
        cost = np.where((coef[:, bounded] >= 0).all(axis=1), cost, np.inf)
        better = cost < best_cost
        best[better], best_cost[better] = coef[better], cost[better]
    return best
