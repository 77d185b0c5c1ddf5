"""Pictures of data sets: how often their values occur, how strong a planted world's interactions are, and all sizes."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.datasets.planted_world import PlantedWorld
from recscale.figures import base

_PLACES = {"item": 0, "video": 0, "user": 1}
"""Places in the palette that curves of items and of users have on every page, by how their names begin."""

_LETTER = (0.075, 0.14)
"""Width of a letter and height of a line in the picture of all sizes, in decades, on a phone."""

_MARK = 0.07
"""Half of a mark there."""

_SIDES = {
    "top center": (0, 1),
    "middle right": (1, 0),
    "middle left": (-1, 0),
    "bottom center": (0, -1),
    "top right": (1, 1),
    "top left": (-1, 1),
    "bottom right": (1, -1),
    "bottom left": (-1, -1),
}
"""Of a name beside its mark: right or left, above or below."""


def rank_curves(curves: Mapping[str, Mapping[str, list[int]]], unit: str, height: int = 360) -> go.Figure:
    """Rank against count, one line per field, users or items: ``datasets.statistics.rank_curve``."""
    fig = base.figure(x="rank, most frequent first", y=unit, log_x=True, log_y=True, height=height)
    hover = "%{fullData.name}: number %{x:,} occurs %{y:,} times<extra></extra>"
    others = iter(range(2, len(base.PALETTE)))
    for name, curve in curves.items():
        taken = next((place for start, place in _PLACES.items() if name.startswith(start)), None)
        place = next(others) if taken is None else taken
        base.draw(fig, curve, "rank", "count", name, place=place, joined=1.5, size=5, hover=hover)
    return fig.update_layout(margin_t=12, showlegend=True)


def strengths(world: PlantedWorld, height: int = 360) -> go.Figure:
    """|s_j| of every interaction of a planted world, by its order, beside the power law they follow."""
    fig = base.figure(x="interaction j", y="strength |s<sub>j</sub>|", log_x=True, log_y=True, height=height)
    j, sizes = np.arange(1, world.interactions + 1), np.abs(world.strengths)
    slope = (1 + world.decay) / 2
    base.line(fig, j, sizes[0] * j**-slope, f"slope −{slope:g}", base.NEUTRAL, dash="dot")
    table = pd.DataFrame({"j": j, "size": sizes, "order": world.order}).sort_values("order", kind="stable")
    base.series(fig, table, "order", "j", "size", "order {}", joined=0, size=6)
    return fig.update_layout(margin_t=12, showlegend=True)


def sizes(table: pd.DataFrame, height: int = 380) -> go.Figure:
    """Every data set by rows and by distinct values: ``name, kind, rows, values``. Named beside its point."""
    fig = base.figure(x="rows", y="distinct values or items", log_x=True, log_y=True, height=height)
    hover = "%{text}: %{x:,} rows, %{y:,} values<extra>%{fullData.name}</extra>"
    for place, (kind, rows) in enumerate(table.assign(side=_sides(table)).groupby("kind", sort=False)):
        names = {"mode": "markers+text", "text": rows["name"], "textposition": rows["side"].tolist()}
        names |= {"cliponaxis": False, "textfont": {"size": 10}}
        base.draw(fig, rows, "rows", "values", kind, place=place, hover=hover, **names)
    ends = np.log10([table["rows"].min(), table["rows"].max()])
    fig.update_xaxes(range=[ends[0] - 0.5, ends[1] + 0.95])  # room for names
    return fig.update_layout(margin_t=12)


def _sides(table: pd.DataFrame) -> list[str]:
    """Where each name stands: where it covers the fewest points and names, counted on the narrowest screen."""
    places = np.log10(table[["rows", "values"]].to_numpy(float))
    taken = [(*place - _MARK, *place + _MARK) for place in places]
    sides = []
    for place, name in zip(places, table["name"], strict=True):
        boxes = {side: _box(place, across, up, len(name)) for side, (across, up) in _SIDES.items()}
        side = min(boxes, key=lambda side: sum(_overlap(boxes[side], other) for other in taken))
        taken.append(boxes[side])
        sides.append(side)
    return sides


def _box(place: np.ndarray, across: int, up: int, letters: int) -> tuple[float, ...]:
    """Left, bottom, right and top of a name, in decades."""
    half = np.array([letters * _LETTER[0], _LETTER[1]]) / 2
    middle = place + (half + _MARK) * [across, up]
    return (*middle - half, *middle + half)


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Their common area."""
    width, height = (min(one[k + 2], other[k + 2]) - max(one[k], other[k]) for k in (0, 1))
    return max(width, 0) * max(height, 0)
