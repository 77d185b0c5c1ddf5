"""What the planner's page carries: every choice in every budget, small enough for a page.

What follows from a law's parameters and the measured points (the surface, where it is measured, the bars) is left to
``planner.js``. A choice is a text in which a number takes a fixed count of ``DIGITS``: see ``packed``.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recscale.figures.performance_law import label

PLANE = ("layers", "width")
DIGITS = "".join(chr(code) for code in range(35, 127) if chr(code) not in "&<\\")
"""89 characters that neither JSON nor HTML has to escape."""

JUMP = DIGITS[-1]
"""Not a place of a shape: ``in_digits`` keeps it for None."""

DRAWN_LAWS = ("performance-law", "performance-law-outside", "log-quadratic")
"""Laws that ``planner.js`` computes from their parameters."""

MOST_IN_CLOUD = 13
SCALE = 10_000
"""Metrics are carried to four digits."""


def state(shapes: pd.DataFrame, outcome: Any) -> dict[str, Any]:
    """One choice, ready to be drawn and read. Numbers that aren't known are None.

    ``tied``: runs (depth, narrowest, widest) of neighbouring tied widths; ``line``: the widest affordable shape of each
    depth where the budget binds; ``cloud``: depths, widths, sizes of the signs, the commonest first.
    """
    choice, claimed = outcome.choice, outcome.claimed
    cloud = choice.cloud.head(MOST_IN_CLOUD)
    sizes = (7 + 14 * np.sqrt(cloud["share"])).round(0).astype(int)
    return {
        "budget": None if outcome.kind == "none" else outcome.budget,
        "best": [choice.layers, choice.width],
        "value": [_known(value, 4) for value in (choice.predicted, choice.low, choice.high)],
        "interval": [[_known(end, 0) for end in ends] for ends in (choice.layers_interval, choice.width_interval)],
        "limits": [str(outcome.limits[axis]) for axis in PLANE],
        "cloud": [cloud["layers"].tolist(), cloud["width"].tolist(), sizes.tolist()],
        "count": [int(choice.tied.sum()), int(outcome.allowed.sum())],
        "tied": _runs(shapes, choice.tied),
        "line": _limit(shapes, outcome),
        "claimed": claimed
        and {
            "shape": [claimed.layers, claimed.width],
            "product": claimed.product,
            "loss": [_known(value, 4) for value in claimed.loss],
        },
    }


def bar_lengths(shapes: pd.DataFrame, outcome: Any) -> list[list[float]]:
    """Per axis the lengths of the bars below and above the best shape: the interval, cut at the measured shapes that
    share the other axis. [0, 0] on a limited axis or without an interval, as ``planner-data.js`` has it.
    """
    choice, found = outcome.choice, []
    for axis, other in (PLANE, PLANE[::-1]):
        best, ends = getattr(choice, axis), getattr(choice, f"{axis}_interval")
        if outcome.limits[axis] != "free" or not np.isfinite(ends).all():
            found.append([0, 0])
            continue
        low, high = (round(float(end)) for end in ends)
        line = shapes.loc[shapes[other] == getattr(choice, other), axis]
        found.append([int(max(best - max(low, line.min()), 0)), int(max(min(high, line.max()) - best, 0))])
    return found


def _known(value: float, digits: int) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None


def _short(value: float) -> float:
    """To twelve digits: the script's surface differs from the fit's by no more than a page shows."""
    return float(f"{value:.12g}")


def _runs(shapes: pd.DataFrame, tied: np.ndarray) -> list[list[int]]:
    """Runs of tied shapes that are neighbours at one depth: a gap between two is no tie."""
    starts = tied & ~(np.roll(tied, 1) & (np.diff(shapes["layers"], prepend=-1) == 0))
    groups = np.cumsum(starts)[tied]
    ends = shapes[tied].groupby(groups).agg(layers=("layers", "first"), low=("width", "first"), high=("width", "last"))
    return ends.to_numpy().tolist()


def _limit(shapes: pd.DataFrame, outcome: Any) -> list[list[int]]:
    """The widest affordable shape of each depth, where the budget binds: depths, widths."""
    if outcome.kind in ("none", "layers"):
        return [[], []]
    bound = shapes[~outcome.allowed]["layers"].unique()
    widest = shapes[outcome.allowed & shapes["layers"].isin(bound).to_numpy()]
    ends = widest.groupby("layers")["width"].max()
    return [ends.index.tolist(), ends.tolist()]


def in_digits(value: float | None, size: int) -> str:
    """A whole number in ``size`` digits to base 89; the largest means None. ValueError: it needs more digits."""
    most = len(DIGITS) ** size - 1
    left = most if value is None else round(value)
    if not 0 <= left <= most or (value is not None and left == most):
        raise ValueError(f"{value} doesn't fit into {size} digits; allowed is 0 to {most - 1}")
    text = ""
    for _ in range(size):
        left, digit = divmod(left, len(DIGITS))
        text = DIGITS[digit] + text
    return text


def packed(one: dict[str, Any], depths: Sequence[int], widths: Sequence[int]) -> str:
    """A ``state`` as a text; depths and widths of shapes are places in ``depths`` and ``widths``.

    best depth, width (1 digit each); predicted, low, high (3 each: times ``SCALE``, shifted by half of the range);
    interval of depth and of width (2 each end); limits (first letters); how many in the cloud (1), each as depth,
    width, size (1 each); then the tied runs as narrowest, widest (1 each), each at the depth after the one before or,
    following ``JUMP``, at the depth given (1).
    """
    depth, width = ({int(v): k for k, v in enumerate(values)} for values in (depths, widths))
    shift = len(DIGITS) ** 3 // 2
    layers, wide, sizes = one["cloud"]
    parts = [in_digits(depth[one["best"][0]], 1), in_digits(width[one["best"][1]], 1)]
    parts += [in_digits(None if value is None else value * SCALE + shift, 3) for value in one["value"]]
    parts += [in_digits(end, 2) for ends in one["interval"] for end in ends]
    parts += [limit[0] for limit in one["limits"]]
    parts.append(in_digits(len(sizes), 1))
    parts += [_places([depth[h], width[d], size]) for h, d, size in zip(layers, wide, sizes, strict=True)]
    expected = None
    for h, low, high in one["tied"]:
        if depth[h] != expected:
            parts += [JUMP, in_digits(depth[h], 1)]
        parts.append(_places([width[low], width[high]]))
        expected = depth[h] + 1
    return "".join(parts)


def _places(places: Iterable[int]) -> str:
    return "".join(in_digits(place, 1) for place in places)


def carried(prepared: Sequence[Any], kinds: dict[str, str], opened: int = 0) -> dict[str, Any]:
    """Everything ``planner.js`` needs: ``digits``, ``kinds``, ``grids`` (shared by metrics and laws), ``entries``, and
    ``opened``, which of these is shown first.

    ValueError: a law that the script can't compute.
    """
    grids, entries = [], []
    for one in prepared:
        if one.law not in DRAWN_LAWS:
            raise ValueError(f"the planner draws {', '.join(DRAWN_LAWS)}; got {one.law}")
        shapes, points = one.plan.shapes, one.grid.points
        depths, widths = (sorted(shapes[axis].unique().tolist()) for axis in PLANE)
        states, budgets, claims = {}, {}, []
        for outcome in one.outcomes:
            made = state(shapes, outcome)
            line = _places(
                place for h, d in zip(*made["line"], strict=True) for place in (depths.index(h), widths.index(d))
            )
            of_kind = states.setdefault(outcome.kind, [])
            if made["claimed"]:
                claims.append({"kind": outcome.kind, "at": len(of_kind)} | made["claimed"])
            of_kind.append(packed(made, depths, widths))
            budgets.setdefault(outcome.kind, []).append([made["budget"], made["count"][1], line])
        grid = {"points": [points[axis].tolist() for axis in PLANE]}
        grid |= {"depths": depths, "widths": widths, "budgets": budgets}
        if grid not in grids:
            grids.append(grid)
        entry = {"grid": one.grid.title, "metric": one.grid.metric, "law": label(one.law), "form": one.law}
        entry |= {
            "at": grids.index(grid),
            "parameters": {name: _short(value) for name, value in one.plan.fit.parameters.items()},
        }
        entries.append(entry | {"values": points["value"].tolist(), "states": states, "claims": claims})
    shared = {"digits": DIGITS, "scale": SCALE, "kinds": kinds, "opened": opened}
    return shared | {"grids": grids, "entries": entries}
