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
from recscale.figures.controls import switch
from recscale.figures.overlay import bars
from recscale.figures.performance_law import label, reached
from recscale.figures.planner_data import PLANE, bar_lengths, carried, state
from recscale.figures.published import LAW_LOOKS

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
    squares = {"mode": "lines+markers", "marker": {"color": green, "size": 5, "symbol": "square"}, "opacity": 0.6}
    base.line(fig, *strokes(first["tied"]), "tied with the best", green, width=5, hoverinfo="skip", **squares)
    ends, limited = [values or [None] for values in first["line"]], bool(first["line"][0])
    base.line(fig, *ends, "budget", base.PALETTE[1], dash="dash", hoverinfo="skip", showlegend=limited)
    edge, (*at, sizes) = {"width": 1, "color": "#FFFFFF"}, first["cloud"]
    dots = {"color": base.PALETTE[3], "size": sizes, "opacity": 0.9, "line": edge}
    hover = "H = %{x}, d = %{y}<extra>best of some refits</extra>"
    base.line(fig, *at, "best of each refit", mode="markers", marker=dots, hovertemplate=hover)
    points, edge = one.grid.points, {"line": {"width": 1.2, "color": "#3A424D"}}
    pale = {"hue": "#FFFFFF", "size": 6, "sign": "circle", "marker": edge, "customdata": points["value"].tolist()}
    hover = "H = %{x}, d = %{y}: %{customdata:.4f}<extra>measured</extra>"
    base.draw(fig, points, "layers", "width", "measured", hover=hover, **pale)
    star = {"symbol": "star-open", "size": 15, "color": base.PALETTE[1], "line": {"width": 2}}
    x, y = first["claimed"]["shape"] if first["claimed"] else [None, None]
    claimed = {"mode": "markers", "marker": star, "showlegend": bool(first["claimed"])}
    base.line(fig, [x], [y], "claimed in the paper", **claimed)
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
    drawn |= {"mode": "markers", "marker": marker, "hovertemplate": "H = %{x}, d = %{y}<extra>best</extra>"}
    x, y = state["best"]
    base.line(fig, [x], [y], "best", **drawn)


def surface(one: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Layers, widths and what the law predicts for them (``MESH``, ``MESH``); NaN outside the measured shapes."""
    points = one.grid.points
    x, y = (np.geomspace(points[axis].min(), points[axis].max(), MESH) for axis in PLANE)
    pairs = np.array(np.meshgrid(x, y)).reshape(2, -1).T
    return x, y, np.where(reached(points, pairs), one.plan.fit.predict(pairs), np.nan).reshape(MESH, MESH)


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
    owners = []
    for metric in metrics:
        for shift, (law, rows) in zip((0.15, -0.15), table.groupby("law", sort=False), strict=False):
            rows = rows[rows["metric"] == metric]
            where = [shift - names.index(grid) for grid in rows["grid"]]
            for panel, column in (("", "layers"), ("2", "width")):
                hue, sign = LAW_LOOKS[law]
                look = {"hue": hue, "sign": np.where(rows[f"{column}_edge"], "x", sign), "size": 7}
                axes = {"xaxis": f"x{panel}", "yaxis": f"y{panel}", "legendgroup": law, "showlegend": not panel}
                interval = {"x_ends": (f"{column}_low", f"{column}_high"), "bar": {"thickness": 1.2}}
                hover = f"%{{x}}<extra>{label(law)}</extra>"
                base.draw(fig, rows, column, where, label(law), hover=hover, **look, **axes, **interval)
                owners.append(metric)
    ticks = {"tickvals": [-k for k in range(len(names))], "ticktext": names, "tickfont": {"size": 10}}
    log = base.AXIS | {"type": "log", "tickangle": 0}
    fig.update_layout(
        xaxis=log | {"anchor": "y", "title": "best depth H", "tickvals": [1, 2, 4, 8, 16, 32, 64]},
        xaxis2=log | {"anchor": "y2", "title": "best width d", "tickvals": [8, 32, 128, 512]},
        yaxis=ticks | {"domain": [0.56, 1]},
        yaxis2=base.AXIS | ticks | {"domain": [0, 0.44]},
    )
    return switch(fig, owners)


def promised_and_measured(table: pd.DataFrame, metric: str = "ndcg@10") -> go.Figure:
    """Predicted bands for one new run, and what was measured.

    ``table``: a row per law, shape and metric with ``predicted``, ``low``, ``high`` and, where there are runs,
    ``measured``. Points: a prediction per row of ``metric``, and a measurement per shape that has one.
    """
    rows = table[table["metric"] == metric]
    codes, order = pd.factorize(rows["layers"].astype(str) + " × " + rows["width"].astype(str))
    rows = rows.assign(place=0.0 - codes)
    fig = base.figure("Predicted, and measured", x=metric.upper(), height=170 + 56 * len(order))
    for shift, (law, part) in zip((0.22, 0, -0.22), rows.groupby("law", sort=False), strict=False):
        hue, sign = LAW_LOOKS[law]
        look = {"hue": hue, "sign": sign, "size": 8, "x_ends": ("low", "high"), "bar": {"width": 3}}
        base.draw(fig, part, "predicted", part["place"] + shift, label(law), **look)
    if "measured" in rows:
        trained = rows.dropna(subset="measured").drop_duplicates("place")
        star = {"hue": base.PALETTE[3], "sign": "star", "size": 14}
        base.draw(fig, trained, "measured", "place", "measured (mean over seeds)", **star)
    fig.update_yaxes(tickvals=[-k for k in range(len(order))], ticktext=list(order), title="layers × width")
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
        hue, sign = LAW_LOOKS[law]
        where = [-constraints.index(c) + 0.27 - 0.18 * k for c in rows["constraint"]]
        interval = {"x_ends": ("loss_low", "loss_high"), "bar": {"width": 3}, "hover": "%{x:.4f}<extra></extra>"}
        look = {"hue": hue, "sign": sign if metric.startswith("NDCG") else f"{sign}-open", "size": 10}
        base.draw(
            fig, rows, "loss", where, f"{label(law)}, {metric}", marker={"line": {"width": 2}}, **look, **interval
        )
    fig.add_vline(0, line={"color": base.NEUTRAL, "dash": "dot"})
    named = table.drop_duplicates("constraint")
    labels = [
        f"({row.claimed_layers}, {row.claimed_width})<br>{'no budget' if row.constraint == 'none' else row.constraint}"
        for row in named.itertuples()
    ]
    fig.update_yaxes(tickvals=[-k for k in range(len(constraints))], ticktext=labels)
    return fig
