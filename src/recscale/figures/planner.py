"""The planner: depth against width, the best shape within a budget, and how sure that is.

The figure carries every choice in ``layout.meta.planner`` (``planner_data``); ``planner.js`` of the book puts menus
above it and the numbers below, and swaps the traces. Without that script, as in a notebook, it shows the first choice.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons
from recscale.figures.overlay import bars
from recscale.figures.performance_law import label
from recscale.figures.planner_data import PLANE, bar_lengths, carried, state
from recscale.figures.published import LAW_COLOURS

LAW_SIGNS = {law: (hue, base.SYMBOLS[k]) for k, (law, hue) in enumerate(LAW_COLOURS.items())}
MESH = 20
HEIGHT = 360


def planner(prepared: Sequence[Any], kinds: Mapping[str, str], opened: int = 0) -> go.Figure:
    """Predicted metric over depth and width, with the choice in every budget of every grid and law.

    ``prepared``: results of ``shape_choices.prepare``; ``kinds``: kind of budget -> its name; ``opened``: which result
    is shown first. Points: the measurements of its grid.
    """
    one = prepared[opened]
    first = state(one.plan.shapes, one.outcomes[0])
    fig = base.figure("Which shape?", x="layers H (log scale)", y="width d (log scale)", log_x=True, log_y=True)
    x, y, z = surface(one)
    hue = {"contours": {"coloring": "heatmap"}, "line": {"width": 0}, "opacity": 0.75, "colorscale": "Cividis"}
    fig.add_contour(
        x=x.round(3), y=y.round(3), z=z.round(4), name="predicted", colorbar={"thickness": 10, "tickformat": ".3f"},
        hovertemplate="H = %{x:.0f}, d = %{y:.0f}: %{z:.4f}<extra>predicted</extra>", ncontours=24, **hue,
    )  # fmt: skip
    green = base.PALETTE[2]
    base.line(
        fig, *strokes(first["tied"]), "tied with the best", mode="lines+markers", opacity=0.6, hoverinfo="skip",
        line={"color": green, "width": 5}, marker={"color": green, "size": 5, "symbol": "square"},
    )  # fmt: skip
    ends = [values or [None] for values in first["line"]]
    base.line(
        fig, *ends, "budget", line={"color": base.PALETTE[1], "dash": "dash"}, hoverinfo="skip",
        showlegend=bool(first["line"][0]),
    )  # fmt: skip
    edge = {"width": 1, "color": "#FFFFFF"}
    dots = {"color": base.PALETTE[3], "size": first["cloud"][2], "opacity": 0.9, "line": edge}
    base.line(
        fig, *first["cloud"][:2], "best of each refit", mode="markers", marker=dots,
        hovertemplate="H = %{x}, d = %{y}<extra>best of some refits</extra>",
    )  # fmt: skip
    pale = {"color": "#FFFFFF", "size": 6, "symbol": "circle", "line": {"width": 1.2, "color": "#3A424D"}}
    points = one.grid.points
    base.points(
        fig, points["layers"], points["width"], "measured", marker=pale, customdata=points["value"].tolist(),
        hovertemplate="H = %{x}, d = %{y}: %{customdata:.4f}<extra>measured</extra>",
    )  # fmt: skip
    star = {"symbol": "star-open", "size": 15, "color": base.PALETTE[1], "line": {"width": 2}}
    shape = first["claimed"]["shape"] if first["claimed"] else [None, None]
    base.line(
        fig, shape[:1], shape[1:], "claimed in the paper", mode="markers", marker=star,
        showlegend=bool(first["claimed"]),
    )  # fmt: skip
    _best(fig, first, bar_lengths(one.plan.shapes, one.outcomes[0]))
    fig.update_xaxes(tickvals=sorted(points["layers"].astype(int).unique()))
    fig.update_yaxes(tickvals=sorted(points["width"].astype(int).unique()))
    fig.update_layout(height=HEIGHT, meta={"planner": carried(prepared, dict(kinds), opened)})
    return fig


def _best(fig: go.Figure, state: Mapping[str, Any], lengths: Sequence[Sequence[float]]) -> None:
    """The star with its bars; ``lengths``: ``planner_data.bar_lengths``."""
    drawn = {
        f"error_{axis}": bars(0, -below, above, base.PALETTE[1], thickness=2.5, width=6)
        for axis, (below, above) in zip("xy", lengths, strict=True)
    }
    marker = {"symbol": "star", "size": 16, "color": base.PALETTE[1], "line": {"width": 1, "color": "#FFFFFF"}}
    x, y = ([value] for value in state["best"])
    base.line(
        fig, x, y, "best", mode="markers", marker=marker, hovertemplate="H = %{x}, d = %{y}<extra>best</extra>",
        **drawn,
    )  # fmt: skip


def surface(one: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Layers, widths and what the law predicts for them (``MESH``, ``MESH``); NaN outside the measured shapes."""
    points = one.grid.points
    x, y = (np.geomspace(points[axis].min(), points[axis].max(), MESH) for axis in PLANE)
    pairs = np.array(np.meshgrid(x, y)).reshape(2, -1).T
    inside = ((points["layers"].to_numpy() >= pairs[:, :1]) & (points["width"].to_numpy() >= pairs[:, 1:])).any(1)
    return x, y, np.where(inside, one.plan.fit.predict(pairs), np.nan).reshape(MESH, MESH)


def strokes(runs: Sequence[Sequence[int]]) -> list[list[float | None]]:
    """Tied runs (depth, narrowest, widest) as one line each, with gaps between them."""
    x = [place for depth, _, _ in runs for place in (depth, depth, None)]
    return [x, [place for _, low, high in runs for place in (low, high, None)]]


def certainty(table: pd.DataFrame) -> go.Figure:
    """The best depth (above) and width (below) of every grid with its interval, both laws; a button per metric.

    ``table``: ``shape_choices.agreement``. Two points per row; a cross lies at an end of the measured range.
    """
    names, metrics = list(dict.fromkeys(table["grid"])), list(dict.fromkeys(table["metric"]))
    fig = base.figure("How well is the best shape known?", height=140 + 44 * len(names))
    for metric in metrics:
        for shift, (law, rows) in zip((0.15, -0.15), table.groupby("law", sort=False), strict=False):
            rows = rows[rows["metric"] == metric]
            where = [shift - names.index(grid) for grid in rows["grid"]]
            for panel, column in (("", "layers"), ("2", "width")):
                hue, sign = LAW_SIGNS[law]
                limits = rows[f"{column}_low"], rows[f"{column}_high"]
                error = bars(rows[column], *limits, hue, thickness=1.2)
                signs = np.where(rows[f"{column}_edge"], "x", sign)
                base.points(
                    fig, rows[column], where, label(law), xaxis=f"x{panel}", yaxis=f"y{panel}", error_x=error,
                    legendgroup=law, showlegend=not panel, visible=metric == metrics[0],
                    marker={"color": hue, "symbol": signs, "size": 7},
                    hovertemplate="%{x}<extra>" + label(law) + "</extra>",
                )  # fmt: skip
    ticks = {"tickvals": [-k for k in range(len(names))], "ticktext": names, "tickfont": {"size": 10}}
    log = base.AXIS | {"type": "log", "tickangle": 0}
    fig.update_layout(
        xaxis=log | {"anchor": "y", "title": "best depth H", "tickvals": [1, 2, 4, 8, 16, 32, 64]},
        xaxis2=log | {"anchor": "y2", "title": "best width d", "tickvals": [8, 32, 128, 512]},
        yaxis=ticks | {"domain": [0.56, 1]},
        yaxis2=base.AXIS | ticks | {"domain": [0, 0.44]},
    )
    per_metric = len(fig.data) // len(metrics)
    choices = [
        (metric, {"visible": [number // per_metric == k for number in range(len(fig.data))]}, {})
        for k, metric in enumerate(metrics)
    ]
    return buttons(fig, choices)


def promised_and_measured(table: pd.DataFrame, metric: str = "ndcg@10") -> go.Figure:
    """Predicted bands for one new run, and what was measured.

    ``table``: a row per law, shape and metric with ``predicted``, ``low``, ``high`` and, where there are runs,
    ``measured``. Points: a prediction per row of ``metric``, and a measurement per shape that has one.
    """
    rows = table[table["metric"] == metric]
    names = (rows["layers"].astype(str) + " × " + rows["width"].astype(str)).tolist()
    order = list(dict.fromkeys(names))
    fig = base.figure("Predicted, and measured", x=metric.upper(), height=170 + 56 * len(order))
    place = {name: -k for k, name in enumerate(order)}
    spots = pd.Series([place[name] for name in names], index=rows.index, dtype=float)
    for shift, (law, part) in zip((0.22, 0, -0.22), rows.groupby("law", sort=False), strict=False):
        hue, sign = LAW_SIGNS[law]
        error = bars(part["predicted"], part["low"], part["high"], hue, width=3)
        base.points(
            fig, part["predicted"], spots[part.index] + shift, label(law), error_x=error,
            marker={"color": hue, "symbol": sign, "size": 8},
        )  # fmt: skip
    if "measured" in rows:
        trained = rows.assign(place=spots).dropna(subset="measured").drop_duplicates("place")
        star = {"symbol": "star", "size": 14, "color": base.PALETTE[3]}
        base.points(fig, trained["measured"], trained["place"], "measured (mean over seeds)", marker=star)
    fig.update_yaxes(tickvals=list(place.values()), ticktext=order, title="layers × width")
    fig.update_xaxes(range=_around(rows.reindex(columns=["predicted", "measured"]), rows[["low", "high"]]))
    return fig


def _around(values: pd.DataFrame, bands: pd.DataFrame) -> list[float]:
    """An axis that shows all ``values``, and of their ``bands`` what leaves the values readable."""
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    first, last = float(np.nanmin(bands)), float(np.nanmax(bands))
    room, edge = max(3 * (highest - lowest), 0.4 * highest), 0.04 * (last - first)
    return [min(lowest, max(first, lowest - room)) - edge, max(highest, min(last, highest + room)) + edge]


def applications(table: pd.DataFrame) -> go.Figure:
    """What each claimed shape loses against the refitted best, with its 95 % interval.

    ``table``: ``shape_choices.applications``. A point per row.
    """
    fig = base.figure("What the claimed shapes lose", x="metric lost against the refitted best", height=400)
    constraints = list(dict.fromkeys(table["constraint"]))
    for k, ((law, metric), rows) in enumerate(table.groupby(["law", "metric"], sort=False)):
        hue, sign = LAW_SIGNS[law]
        where = [-constraints.index(c) + 0.27 - 0.18 * k for c in rows["constraint"]]
        error = bars(rows["loss"], rows["loss_low"], rows["loss_high"], hue, width=3)
        signs = sign if metric.startswith("NDCG") else f"{sign}-open"
        base.points(
            fig, rows["loss"], where, f"{label(law)}, {metric}", error_x=error,
            marker={"color": hue, "symbol": signs, "size": 10, "line": {"width": 2}},
            hovertemplate="%{x:.4f}<extra></extra>",
        )  # fmt: skip
    fig.add_vline(0, line={"color": base.NEUTRAL, "dash": "dot"})
    named = table.drop_duplicates("constraint")
    labels = [
        f"({row.claimed_layers}, {row.claimed_width})<br>{'no budget' if row.constraint == 'none' else row.constraint}"
        for row in named.itertuples()
    ]
    fig.update_yaxes(tickvals=[-k for k in range(len(constraints))], ticktext=labels)
    return fig
