"""Pictures of data sets: how often their values occur, how strong a planted world's interactions are, and all sizes."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.datasets.planted_world import PlantedWorld
from recscale.figures import base

_OF_ITEMS, _OF_USERS = 0, 1
"""Places in the palette that curves of items and of users have on every page."""

_CROWDED = 0.3
"""Decades within which the names of two data sets would cover each other."""


def rank_curves(curves: Mapping[str, Mapping[str, list[int]]], unit: str, height: int = 360) -> go.Figure:
    """Rank against count, one line per field, users or items: ``datasets.statistics.rank_curve``."""
    fig = base.figure(x="rank, most frequent first", y=unit, log_x=True, log_y=True, height=height)
    hover = "%{fullData.name}: number %{x:,} occurs %{y:,} times<extra></extra>"
    others = iter(range(2, len(base.PALETTE)))
    for name, curve in curves.items():
        place = (
            _OF_USERS if name.startswith("user") else _OF_ITEMS if name.startswith(("item", "video")) else next(others)
        )
        base.points(
            fig, curve["rank"], curve["count"], name, **base.look(place, joined=1.5, size=5), hovertemplate=hover
        )
    return fig.update_layout(margin_t=12, showlegend=True)


def strengths(world: PlantedWorld, height: int = 360) -> go.Figure:
    """|s_j| of every interaction of a planted world, by its order, beside the power law they follow."""
    fig = base.figure(x="interaction j", y="strength |s<sub>j</sub>|", log_x=True, log_y=True, height=height)
    j, sizes = np.arange(1, world.interactions + 1), np.abs(world.strengths)
    slope = (1 + world.decay) / 2
    base.line(fig, j, sizes[0] * j**-slope, f"slope −{slope:g}", line={"color": base.NEUTRAL, "dash": "dot"})
    for place, order in enumerate(sorted(set(world.order.tolist()))):
        of = world.order == order
        base.points(fig, j[of], sizes[of], f"order {order}", **base.look(place, size=6))
    return fig.update_layout(margin_t=12, showlegend=True)


def sizes(table: pd.DataFrame, height: int = 380) -> go.Figure:
    """Every data set by rows and by distinct values: ``name, kind, rows, values``. Named beside its point."""
    fig = base.figure(x="rows", y="distinct values or items", log_x=True, log_y=True, height=height)
    side = dict(zip(table.index, _sides(table), strict=True))
    for place, (kind, rows) in enumerate(table.groupby("kind", sort=False)):
        base.points(
            fig,
            rows["rows"],
            rows["values"],
            kind,
            mode="markers+text",
            text=rows["name"],
            textposition=[side[row] for row in rows.index],
            cliponaxis=False,
            textfont={"size": 10},
            marker={"color": base.PALETTE[place], "symbol": base.SYMBOLS[place]},
            hovertemplate="%{text}: %{x:,} rows, %{y:,} values<extra>%{fullData.name}</extra>",
        )
    ends = np.log10([table["rows"].min(), table["rows"].max()])
    fig.update_xaxes(range=[ends[0] - 0.5, ends[1] + 0.8])  # room for names
    return fig.update_layout(margin_t=12)


def _sides(table: pd.DataFrame) -> list[str]:
    """Where each name stands: above its point, or, in a crowd, away from the others."""
    places = np.log10(table[["rows", "values"]].to_numpy(float))
    sides = []
    for place in places:
        crowd = places[(np.abs(places - place) < [3 * _CROWDED, _CROWDED]).all(axis=1)]
        rank = int((crowd[:, 0] < place[0]).sum())
        if len(crowd) == 1:
            sides.append("top center")
        elif rank == len(crowd) - 1:
            sides.append("middle right")
        else:
            sides.append("bottom left" if rank == 0 else "top left")
    return sides
