"""The Performance Law applied: the best shape within a budget, what limits it, and the paper's claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import pandas as pd

from recscale.analysis.shape_law import AXES
from recscale.analysis.shape_planning import LAW_NAMES, Grid, budgets, shape_costs, shape_planner, title_of, within
from recscale.laws.planner import Choice, Planner
from recscale.published.shapes import CLAIMS
from recscale.stats.estimate import Estimate

BUDGET_OF: Mapping[str, tuple[str, float]] = {
    "none": ("none", np.inf),
    "layers = 64": ("layers", 64.0),
    "layers × width = 512": ("product", 512.0),
}
"""Constraint of ``published.shapes.CLAIMS`` -> the kind of budget and the budget it was claimed for."""


class Limit(StrEnum):
    """What limits a choice along one axis."""

    FREE = "free"
    """Nothing: there are shapes on both sides, and the law prefers this one."""
    RANGE = "range"
    """The end of the measured range: no optimum is known there, however well the refits agree."""
    BUDGET = "budget"
    """The budget: it leaves one value, or its next larger value is too dear while the other axis is at its end."""


def limits(shapes: pd.DataFrame, allowed: np.ndarray, choice: Choice) -> dict[str, Limit]:
    """Axis -> what limits the choice there. ``shapes``: all inside the measured range; ``allowed``: within the budget.

    The ends of an axis are those among shapes that share the choice's other axis: a grid may lack a corner. Where both
    axes are limited, the choice is a corner and no optimum.
    """
    ends = {axis: _line(shapes, axis, choice) for axis in AXES}
    at_end = {axis: getattr(choice, axis) in (line.min(), line.max()) for axis, line in ends.items()}
    limited = {}
    for axis, other in (AXES, AXES[::-1]):
        value, affordable = getattr(choice, axis), _line(shapes[allowed], axis, choice)
        dearer = value == affordable.max() < ends[axis].max()
        if shapes.loc[allowed, axis].nunique() == 1 or (dearer and at_end[other] and not at_end[axis]):
            limited[axis] = Limit.BUDGET
        else:
            limited[axis] = Limit.RANGE if at_end[axis] else Limit.FREE
    return limited


def _line(shapes: pd.DataFrame, axis: str, choice: Choice) -> pd.Series:
    """The values of ``axis`` among the shapes that share the choice's other axis."""
    other = "width" if axis == "layers" else "layers"
    return shapes.loc[shapes[other] == getattr(choice, other), axis]


@dataclass(frozen=True)
class Claimed:
    """A shape the paper claims for a budget; ``loss``: how much less the law predicts for it than for its own best."""

    layers: int
    width: int
    product: int
    loss: Estimate


@dataclass(frozen=True, eq=False)
class Outcome:
    """The choice within one budget: ``allowed`` (n,) marks affordable shapes, ``limits`` is per axis, ``claimed`` the
    paper's shape for just this budget, where it claims one."""

    kind: str
    budget: float
    allowed: np.ndarray
    choice: Choice
    limits: Mapping[str, Limit]
    claimed: Claimed | None


@dataclass(frozen=True, eq=False)
class Planned:
    """One law on one grid. ``price``: ``shape_costs`` of the shapes of ``plan``."""

    grid: Grid
    law: str
    plan: Planner
    price: pd.DataFrame

    @property
    def key(self) -> dict[str, str]:
        """The first columns of every table made of such results."""
        return {"grid": self.grid.title, "metric": self.grid.metric, "law": self.law}

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The choice within every budget offered; budgets that no shape meets are left out."""
        offered = budgets(self.grid, self.price).items()
        found = [self.outcome(kind, budget) for kind, levels in offered for budget in levels]
        return tuple(one for one in found if one)

    def outcome(self, kind: str, budget: float) -> Outcome | None:
        """The choice within any budget, offered or not; None where every shape costs more."""
        allowed = within(self.price, kind, budget)
        if not allowed.any():
            return None
        choice, claimed = self.plan.best(allowed), None
        for dataset, length, constraint, layers, width in CLAIMS:
            if (self.grid.title, BUDGET_OF[constraint]) == (title_of(dataset, length), (kind, budget)):
                claimed = Claimed(layers, width, layers * width, Estimate(*self.plan.loss_of(choice, layers, width)))
        return Outcome(kind, budget, allowed, choice, limits(self.plan.shapes, allowed, choice), claimed)

    @property
    def unlimited(self) -> Outcome:
        return next(one for one in self.outcomes if one.kind == "none")


def prepare(grids: Sequence[Grid], names: Sequence[str] = tuple(LAW_NAMES), **options: int) -> list[Planned]:
    """Every law on every grid; ``options`` go to ``shape_planner``."""
    plans = [(grid, law, shape_planner(grid, law, **options)) for grid in grids for law in names]
    return [Planned(grid, law, plan, shape_costs(grid, plan.shapes)) for grid, law, plan in plans]


def find(prepared: Sequence[Planned], title: str, metric: str, law: str = "performance-law") -> Planned:
    """The one result of that grid, metric and law; ``ValueError`` names the grids there are."""
    by_key = {tuple(one.key.values()): one for one in prepared}
    if (title, metric, law) not in by_key:
        known = ", ".join(dict.fromkeys(f"{one.grid.title!r}" for one in prepared))
        raise ValueError(f"nothing is planned for {law} on {title!r}, {metric}; there are the grids {known}")
    return by_key[title, metric, law]


def agreement(prepared: Sequence[Planned]) -> pd.DataFrame:
    """The best shape of every grid without a budget, a row per grid, metric and law.

    Columns: ``grid``, ``metric``, ``law``; per axis (``layers``, ``width``) the best value, ``*_low`` to ``*_high``,
    which hold 95 % of the refits' best, and ``*_edge``: it lies at an end of the measured range; ``predicted``;
    ``tied``, the share of shapes whose difference from the best has a 95 % interval with 0 in it.
    """
    rows = []
    for one in prepared:
        choice, row = one.unlimited.choice, dict(one.key)
        for axis in AXES:
            low, high = getattr(choice, f"{axis}_interval")
            edge = one.unlimited.limits[axis] is Limit.RANGE
            row |= {axis: getattr(choice, axis), f"{axis}_low": low, f"{axis}_high": high, f"{axis}_edge": edge}
        rows.append(row | {"predicted": choice.predicted, "tied": float(choice.tied.mean())})
    return pd.DataFrame(rows)


def disjoint(table: pd.DataFrame) -> pd.Series:
    """Per grid and metric of ``agreement``: do the intervals of its laws exclude each other on either axis?"""
    result = {}
    for key, rows in table.groupby(["grid", "metric"], sort=False):
        result[key] = any(rows[f"{axis}_low"].max() > rows[f"{axis}_high"].min() for axis in AXES)
    return pd.Series(result, dtype=bool)


def recommendations(prepared: Sequence[Planned], kind: str, budget: float) -> pd.DataFrame:
    """The best shape of every grid and law within one budget; a grid whose every shape costs more is left out.

    Columns: ``grid``, ``metric``, ``law``, ``layers``, ``width``, ``predicted`` with its 95 % band ``low``, ``high``,
    ``tied`` (number of affordable shapes that can't be told from the best) and ``corner`` (limited on both axes).
    """
    rows = []
    for one in prepared:
        if outcome := one.outcome(kind, budget):
            best, corner = outcome.choice, Limit.FREE not in outcome.limits.values()
            chosen = best.layers, best.width, best.predicted, best.low, best.high, int(best.tied.sum())
            rows.append((*one.key.values(), *chosen, corner))
    columns = ["grid", "metric", "law", "layers", "width", "predicted", "low", "high", "tied", "corner"]
    return pd.DataFrame(rows, columns=columns)


def applications(prepared: Sequence[Planned]) -> pd.DataFrame:
    """The paper's three applications, a row each, metric and law: claimed shape, ours with intervals, and the loss.

    Columns: ``constraint``, ``metric``, ``law``, ``claimed_layers``, ``claimed_width``; our best ``layers`` and
    ``width`` within that budget with ``*_low``, ``*_high``; ``loss``, ``loss_low``, ``loss_high``: how much less the
    law predicts for the claimed shape; ``inside``: it lies within both intervals; ``worse``: the loss's interval
    lies above 0. (12, 44) costs H · d = 528 although the budget is 512. Its data set is not named, and taken as
    MovieLens-1M at 100, which its printed rows fit (``published.distances``).
    """
    rows = []
    for dataset, length, constraint, layers, width in CLAIMS:
        for one in prepared:
            if one.grid.title != title_of(dataset, length):
                continue
            outcome = one.outcome(*BUDGET_OF[constraint])
            choice, loss = outcome.choice, outcome.claimed.loss
            depths, widths = choice.layers_interval, choice.width_interval
            inside = depths[0] <= layers <= depths[1] and widths[0] <= width <= widths[1]
            shapes = layers, width, choice.layers, choice.width, *depths, *widths
            rows.append((constraint, one.grid.metric, one.law, *shapes, *loss, inside, loss.is_positive))
    columns = ["constraint", "metric", "law", "claimed_layers", "claimed_width", *AXES]
    columns += ["layers_low", "layers_high", "width_low", "width_high", "loss", "loss_low", "loss_high"]
    return pd.DataFrame(rows, columns=[*columns, "inside", "worse"])
