"""The planner: depth against width, the best shape within a budget, and how sure that is.

The figure carries every choice as compact JSON in ``layout.meta.planner``; ``planner.js`` of the book puts menus above
it and swaps the traces. Without that script, as in a notebook, it shows the first choice.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.analysis import shape_planning as planning
from recscale.analysis.shape_law import NAMES
from recscale.analysis.shape_planning import KINDS, LAW_NAMES, Planned
from recscale.figures import base
from recscale.figures.published import LAW_COLOURS
from recscale.laws.planner import Choice

LAW_SIGNS = {law: (hue, base.SYMBOLS[k]) for k, (law, hue) in enumerate(LAW_COLOURS.items())}
MESH = 20
MOST_IN_CLOUD = 40
HEIGHT = 520


def planner(prepared: Sequence[Planned], claims: Sequence[tuple[str, int, int]] = ()) -> go.Figure:
    """Predicted metric over depth and width, with the choice in every budget of every grid and law.

    ``claims``: (grid's title, layers, width), shown as open stars where no budget binds: none of them was made for one
    that is offered. Points: the first grid's measurements.
    """
    known = {title: (layers, width) for title, layers, width in claims}
    entries = [_entry(one, known.get(one.grid.title)) for one in prepared]
    fig = base.figure("Which shape?", x="layers H (log scale)", y="width d (log scale)", log_x=True, log_y=True)
    first = entries[0]
    state = first["kinds"]["none"][0]
    hue = {"contours": {"coloring": "heatmap"}, "line": {"width": 0}, "opacity": 0.75, "colorscale": "Cividis"}
    fig.add_contour(
        x=first["x"], y=first["y"], z=first["z"], name="predicted", colorbar={"thickness": 10, "tickformat": ".3f"},
        hovertemplate="H = %{x:.0f}, d = %{y:.0f}: %{z:.4f}<extra>predicted</extra>", ncontours=24, **hue,
    )  # fmt: skip
    outline = {"color": base.PALETTE[2], "width": 2}
    base.line(
        fig, *state["flat"], "within the band of the best", fill="toself", fillcolor="rgba(255,255,255,0.3)",
        line=outline, hoverinfo="skip",
    )  # fmt: skip
    base.line(fig, *state["line"], "budget", line={"color": base.PALETTE[1], "dash": "dash"}, hoverinfo="skip")
    dots = {"color": base.PALETTE[3], "size": state["cloud"][2], "opacity": 0.7, "line": {"width": 0}}
    base.line(
        fig, *state["cloud"][:2], "best of each refit", mode="markers", marker=dots,
        hovertemplate="H = %{x}, d = %{y}<extra>best of some refits</extra>",
    )  # fmt: skip
    pale = {"color": "#FFFFFF", "size": 6, "symbol": "circle", "line": {"width": 1.2, "color": "#3A424D"}}
    base.points(
        fig, *first["points"][:2], "measured", marker=pale, customdata=first["points"][2],
        hovertemplate="H = %{x}, d = %{y}: %{customdata:.4f}<extra>measured</extra>",
    )  # fmt: skip
    star = {"symbol": "star-open", "size": 15, "color": base.PALETTE[1], "line": {"width": 2}}
    base.line(fig, *state["claim"], "claimed in the paper", mode="markers", marker=star)
    _best(fig, state)
    fig.update_xaxes(tickvals=first["ticks"][0])
    fig.update_yaxes(tickvals=first["ticks"][1])
    fig.update_layout(height=HEIGHT, meta={"planner": {"kinds": dict(KINDS), "entries": entries}})
    return fig


def _best(fig: go.Figure, state: dict) -> None:
    spread = {
        f"error_{axis}": {"type": "data", "symmetric": False, "array": [up], "arrayminus": [down], "thickness": 2}
        | {"color": base.PALETTE[1]}
        for axis, (down, up) in zip("xy", state["error"], strict=True)
    }
    marker = {"symbol": "star", "size": 16, "color": base.PALETTE[1], "line": {"width": 1, "color": "#FFFFFF"}}
    x, y = ([value] for value in state["best"])
    base.line(
        fig, x, y, "best", mode="markers", marker=marker, hovertemplate="H = %{x}, d = %{y}<extra>best</extra>",
        **spread,
    )  # fmt: skip


def _entry(one: Planned, claim: tuple[int, int] | None) -> dict[str, Any]:
    """Everything the page needs about one law on one grid."""
    points = one.grid.points
    x, y = (np.geomspace(points[a].min(), points[a].max(), MESH).round(3) for a in ("layers", "width"))
    pairs = np.array(np.meshgrid(x, y)).reshape(2, -1).T
    z = one.plan.fit.predict(pairs).reshape(MESH, MESH)
    inside = ((points["layers"].to_numpy() >= pairs[:, :1]) & (points["width"].to_numpy() >= pairs[:, 1:])).any(1)
    z = np.where(inside.reshape(z.shape), z, np.nan)
    kinds: dict[str, list[dict]] = {}
    for kind, budget, choice in one.choices:
        star = [[claim[0]], [claim[1]]] if claim and kind == "none" else [[None], [None]]
        kinds.setdefault(kind, []).append(_state(one, kind, budget, choice) | {"claim": star})
    ticks = [sorted(int(value) for value in points[a].unique()) for a in ("layers", "width")]
    return {
        "grid": one.grid.title,
        "metric": one.grid.metric,
        "law": LAW_NAMES[one.law],
        "x": x.tolist(),
        "y": y.tolist(),
        "z": [[None if np.isnan(v) else round(float(v), 5) for v in row] for row in z],
        "points": [points[a].tolist() for a in ("layers", "width", "value")],
        "ticks": ticks,
        "kinds": kinds,
    }


def _state(one: Planned, kind: str, budget: float, choice: Choice) -> dict[str, Any]:
    """One choice, ready to be drawn."""
    cloud = choice.cloud.head(MOST_IN_CLOUD)
    sizes = (5 + 13 * np.sqrt(cloud["share"])).round(1)
    intervals = (choice.layers, choice.layers_interval), (choice.width, choice.width_interval)
    return {
        "budget": "" if kind == "none" else f"{budget:,.0f}",
        "best": [choice.layers, choice.width],
        "error": [
            [round(max(best - low, 0), 2), round(max(high - best, 0), 2)] for best, (low, high) in _known(intervals)
        ],
        "cloud": [cloud["layers"].tolist(), cloud["width"].tolist(), sizes.tolist()],
        "flat": _outline(one.plan.shapes[choice.flat]),
        "line": _limit(one, kind, budget),
        "words": planning.summary(choice, one.grid.metric, planning.edges(one, choice)),
    }


def _known(intervals: tuple) -> list[tuple[int, tuple[float, float]]]:
    """Intervals without a number (too few points) have no bar."""
    return [(best, ends if np.isfinite(ends).all() else (best, best)) for best, ends in intervals]


def _outline(shapes: pd.DataFrame) -> list[list[int]]:
    """The region of ``shapes`` as a closed line: its narrowest widths by depth, then its widest backwards."""
    if shapes.empty:
        return [[None], [None]]
    ends = shapes.groupby("layers")["width"].agg(["min", "max"])
    depth, narrow, wide = ends.index.tolist(), ends["min"].tolist(), ends["max"].tolist()
    return [depth + depth[::-1] + depth[:1], narrow + wide[::-1] + narrow[:1]]


def _limit(one: Planned, kind: str, budget: float) -> list[list[int | None]]:
    """The widest affordable shape of each depth, where the budget binds."""
    affordable = planning.within(one.price, kind, budget)
    if kind == "none":
        return [[None], [None]]
    bound = one.plan.shapes[~affordable]["layers"].unique()
    widest = one.plan.shapes[affordable & one.plan.shapes["layers"].isin(bound).to_numpy()]
    ends = widest.groupby("layers")["width"].max()
    return [ends.index.tolist() or [None], ends.tolist() or [None]]


def certainty(table: pd.DataFrame) -> go.Figure:
    """The best depth and width of every grid with its interval, both laws. ``table``: ``planning.agreement``.

    Two points a row; a cross says that the best lies at an end of the measured range.
    """
    names = list(dict.fromkeys(zip(table["grid"], table["metric"], strict=True)))
    fig = base.figure("How well the best shape is known", height=120 + 26 * len(names))
    place = {name: -k for k, name in enumerate(names)}
    for shift, (law, rows) in zip((0.15, -0.15), table.groupby("law", sort=False), strict=False):
        where = [place[name] + shift for name in zip(rows["grid"], rows["metric"], strict=True)]
        for axis, column in (("x", "layers"), ("x2", "width")):
            hue, sign = LAW_SIGNS[law]
            error = {"type": "data", "symmetric": False, "color": hue, "thickness": 1.2, "width": 0}
            error |= {"array": (rows[f"{column}_high"] - rows[column]).clip(lower=0)}
            error |= {"arrayminus": (rows[column] - rows[f"{column}_low"]).clip(lower=0)}
            signs = np.where(rows[f"{column}_edge"], "x", sign)
            base.points(
                fig, rows[column], where, LAW_NAMES[law], xaxis=axis, error_x=error, legendgroup=law,
                showlegend=axis == "x", marker={"color": hue, "symbol": signs, "size": 7},
                hovertemplate="%{x}<extra>" + LAW_NAMES[law] + "</extra>",
            )  # fmt: skip
    labels = [f"{grid}, {metric}" for grid, metric in names]
    fig.update_yaxes(tickvals=list(place.values()), ticktext=labels, tickfont_size=10)
    fig.update_layout(
        xaxis={"domain": [0, 0.47], "type": "log", "title": "best depth", "tickvals": [1, 4, 16, 64], "tickangle": 0},
        xaxis2=base.AXIS
        | {
            "domain": [0.53, 1],
            "type": "log",
            "title": "best width",
            "tickvals": [8, 64, 512],
            "tickangle": 0,
            "anchor": "y",
        },
    )
    return fig


def verdicts(table: pd.DataFrame, metric: str = "ndcg@10") -> go.Figure:
    """Predicted bands for one new run, and what was measured. ``table``: ``predictions.verdicts`` (or unmeasured).

    Points: a prediction a row of ``metric``, and a measurement a shape that has one.
    """
    rows = table[table["metric"] == metric]
    names = (rows["layers"].astype(str) + " × " + rows["width"].astype(str)).tolist()
    order = list(dict.fromkeys(names))
    fig = base.figure("Predicted first, measured after", x=metric.upper(), height=170 + 56 * len(order))
    place = {name: -k for k, name in enumerate(order)}
    spots = pd.Series([place[name] for name in names], index=rows.index, dtype=float)
    for shift, (law, part) in zip((0.22, 0, -0.22), rows.groupby("law", sort=False), strict=False):
        hue, sign = LAW_SIGNS[law]
        error = {"type": "data", "symmetric": False, "color": hue, "thickness": 1.5, "width": 3}
        error |= {"array": part["high"] - part["predicted"], "arrayminus": part["predicted"] - part["low"]}
        base.points(
            fig, part["predicted"], spots[part.index] + shift, NAMES[law], error_x=error,
            marker={"color": hue, "symbol": sign, "size": 8},
        )  # fmt: skip
    if "measured" in rows:
        found = rows.assign(place=spots).dropna(subset="measured").drop_duplicates("place")
        star = {"symbol": "star", "size": 14, "color": base.PALETTE[3]}
        base.points(fig, found["measured"], found["place"], "measured (mean over seeds)", marker=star)
    fig.update_yaxes(tickvals=list(place.values()), ticktext=order, title="layers × width")
    fig.update_xaxes(range=_around(rows.reindex(columns=["predicted", "measured"]), rows[["low", "high"]]))
    return fig


def _around(values: pd.DataFrame, bands: pd.DataFrame) -> list[float]:
    """An axis that shows all ``values``, and of their ``bands`` what leaves the values readable."""
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    first, last = float(np.nanmin(bands)), float(np.nanmax(bands))
    room, edge = max(3 * (highest - lowest), 0.4 * highest), 0.04 * (last - first)
    return [min(lowest, max(first, lowest - room)) - edge, max(highest, min(last, highest + room)) + edge]


def claims(table: pd.DataFrame) -> go.Figure:
    """What each claimed shape gives away beside the refitted best, with its 95 % interval. ``table``: ``claims``."""
    fig = base.figure("What the claimed shapes give away", x="metric lost against the refitted best", height=430)
    constraints = list(dict.fromkeys(table["constraint"]))
    for k, ((law, metric), rows) in enumerate(table.groupby(["law", "metric"], sort=False)):
        hue, sign = LAW_SIGNS[law]
        where = [-constraints.index(c) + 0.27 - 0.18 * k for c in rows["constraint"]]
        error = {"type": "data", "symmetric": False, "color": hue, "thickness": 1.5, "width": 3}
        error |= {"array": rows["loss_high"] - rows["loss"], "arrayminus": rows["loss"] - rows["loss_low"]}
        signs = sign if metric.startswith("NDCG") else f"{sign}-open"
        base.points(
            fig, rows["loss"], where, f"{LAW_NAMES[law]}, {metric}", error_x=error,
            marker={"color": hue, "symbol": signs, "size": 10, "line": {"width": 2}},
            hovertemplate="%{x:.4f}<extra></extra>",
        )  # fmt: skip
    fig.add_vline(0, line={"color": base.NEUTRAL, "dash": "dot"})
    named = table.drop_duplicates("constraint")
    labels = [
        f"({row.claimed_layers}, {row.claimed_width})<br>{'global' if row.constraint == 'none' else row.constraint}"
        for row in named.itertuples()
    ]
    fig.update_yaxes(tickvals=[-k for k in range(len(constraints))], ticktext=labels)
    return fig
