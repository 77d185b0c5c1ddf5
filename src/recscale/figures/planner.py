"""The planner: depth against width, the best shape within a budget, and how sure that is.

The figure carries every choice as compact JSON in ``layout.meta.planner``; ``planner.js`` of the book puts menus above
it and the numbers below, and swaps the traces. Without that script, as in a notebook, it shows the first choice.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons
from recscale.figures.performance_law import label
from recscale.figures.published import LAW_COLOURS

LAW_SIGNS = {law: (hue, base.SYMBOLS[k]) for k, (law, hue) in enumerate(LAW_COLOURS.items())}
_AXES = ("layers", "width")
MESH = 20
MOST_IN_CLOUD = 15
HEIGHT = 360
FREE = "free"
"""``shape_choices.Limit`` of an axis whose interval says something about an optimum."""


def planner(prepared: Sequence[Any], kinds: Mapping[str, str]) -> go.Figure:
    """Predicted metric over depth and width, with the choice in every budget of every grid and law.

    ``prepared``: results of ``shape_choices.prepare``; ``kinds``: kind of budget -> its name. Points: the first grid's
    measurements.
    """
    entries = [_entry(one) for one in prepared]
    fig = base.figure("Which shape?", x="layers H (log scale)", y="width d (log scale)", log_x=True, log_y=True)
    first = entries[0]
    state = first["kinds"]["none"][0]
    hue = {"contours": {"coloring": "heatmap"}, "line": {"width": 0}, "opacity": 0.75, "colorscale": "Cividis"}
    fig.add_contour(
        x=first["x"], y=first["y"], z=first["z"], name="predicted", colorbar={"thickness": 10, "tickformat": ".3f"},
        hovertemplate="H = %{x:.0f}, d = %{y:.0f}: %{z:.4f}<extra>predicted</extra>", ncontours=24, **hue,
    )  # fmt: skip
    stroke = {"color": base.PALETTE[2], "width": 5}
    base.line(fig, *_strokes(state["tied"]), "tied with the best", line=stroke, opacity=0.6, hoverinfo="skip")
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
    base.line(fig, *_claim_star(state["claimed"]), "claimed in the paper", mode="markers", marker=star)
    _best(fig, state)
    fig.update_xaxes(tickvals=first["ticks"][0])
    fig.update_yaxes(tickvals=first["ticks"][1])
    fig.update_layout(height=HEIGHT, meta={"planner": {"kinds": dict(kinds), "entries": entries}})
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


def _entry(one: Any) -> dict[str, Any]:
    """Everything the page needs about one law on one grid."""
    points = one.grid.points
    x, y = (np.geomspace(points[axis].min(), points[axis].max(), MESH).round(3) for axis in _AXES)
    pairs = np.array(np.meshgrid(x, y)).reshape(2, -1).T
    z = one.plan.fit.predict(pairs).reshape(MESH, MESH)
    inside = ((points["layers"].to_numpy() >= pairs[:, :1]) & (points["width"].to_numpy() >= pairs[:, 1:])).any(1)
    z = np.where(inside.reshape(z.shape), z, np.nan)
    kinds: dict[str, list[dict]] = {}
    for outcome in one.outcomes:
        kinds.setdefault(outcome.kind, []).append(_state(one.plan.shapes, outcome))
    return {
        "grid": one.grid.title,
        "metric": one.grid.metric,
        "law": label(one.law),
        "x": x.tolist(),
        "y": y.tolist(),
        "z": [[None if np.isnan(v) else round(float(v), 4) for v in row] for row in z],
        "points": [points[axis].tolist() for axis in (*_AXES, "value")],
        "ticks": [sorted(int(value) for value in points[axis].unique()) for axis in _AXES],
        "kinds": kinds,
    }


def _state(shapes: pd.DataFrame, outcome: Any) -> dict[str, Any]:
    """One choice, ready to be drawn and read. Numbers that aren't known are None."""
    choice, claimed = outcome.choice, outcome.claimed
    cloud = choice.cloud.head(MOST_IN_CLOUD)
    sizes = (5 + 13 * np.sqrt(cloud["share"])).round(0).astype(int)
    intervals = [choice.layers_interval, choice.width_interval]
    return {
        "budget": None if outcome.kind == "none" else outcome.budget,
        "best": [choice.layers, choice.width],
        "value": [_known(value, 4) for value in (choice.predicted, choice.low, choice.high)],
        "interval": [[_known(end, 0) for end in interval] for interval in intervals],
        "limits": [str(outcome.limits[axis]) for axis in _AXES],
        "error": [_bar(shapes, outcome, axis, interval) for axis, interval in zip(_AXES, intervals, strict=True)],
        "cloud": [cloud["layers"].tolist(), cloud["width"].tolist(), sizes.tolist()],
        "count": [int(choice.tied.sum()), int(outcome.allowed.sum())],
        "tied": _ranges(shapes[choice.tied]),
        "line": _limit(shapes, outcome),
        "claimed": claimed
        and {
            "shape": [claimed.layers, claimed.width],
            "product": claimed.product,
            "loss": [_known(value, 4) for value in claimed.loss],
        },
    }


def _known(value: float, digits: int) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None


def _bar(shapes: pd.DataFrame, outcome: Any, axis: str, interval: tuple[float, float]) -> list[float]:
    """Lengths of the bar below and above the best: none on an axis that is limited or has no interval, else cut at the
    measured shapes that share the best one's other axis."""
    best = getattr(outcome.choice, axis)
    if outcome.limits[axis] != FREE or not np.isfinite(interval).all():
        return [0, 0]
    other = _AXES[1 - _AXES.index(axis)]
    line = shapes.loc[shapes[other] == getattr(outcome.choice, other), axis]
    low, high = max(interval[0], line.min()), min(interval[1], line.max())
    return [round(float(max(best - low, 0)), 2), round(float(max(high - best, 0)), 2)]


def _ranges(shapes: pd.DataFrame) -> list[list[int]]:
    """The depths of ``shapes``, and the narrowest and the widest of each."""
    ends = shapes.groupby("layers")["width"].agg(["min", "max"])
    return [ends.index.tolist(), ends["min"].tolist(), ends["max"].tolist()]


def _strokes(ranges: list[list[int]]) -> list[list[float | None]]:
    """``_ranges`` as one line for each depth, with gaps between them."""
    x, y = [], []
    for depth, narrow, wide in zip(*ranges, strict=True):
        x += [depth, depth, None]
        y += [narrow, wide, None]
    return [x, y]


def _limit(shapes: pd.DataFrame, outcome: Any) -> list[list[int | None]]:
    """The widest affordable shape of each depth, where the budget binds."""
    if outcome.kind in ("none", "layers"):
        return [[None], [None]]
    bound = shapes[~outcome.allowed]["layers"].unique()
    widest = shapes[outcome.allowed & shapes["layers"].isin(bound).to_numpy()]
    ends = widest.groupby("layers")["width"].max()
    return [ends.index.tolist() or [None], ends.tolist() or [None]]


def _claim_star(claimed: dict | None) -> list[list[int | None]]:
    return [[value] for value in claimed["shape"]] if claimed else [[None], [None]]


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
                error = {"type": "data", "symmetric": False, "color": hue, "thickness": 1.2, "width": 0}
                error |= {"array": (rows[f"{column}_high"] - rows[column]).clip(lower=0)}
                error |= {"arrayminus": (rows[column] - rows[f"{column}_low"]).clip(lower=0)}
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
        xaxis2=log | {"anchor": "y2", "title": "best width d", "tickvals": [8, 16, 32, 64, 128, 256, 512, 1024]},
        yaxis=ticks | {"domain": [0.56, 1]},
        yaxis2=base.AXIS | ticks | {"domain": [0, 0.44]},
    )
    per_metric = len(fig.data) // len(metrics)
    choices = [
        (metric, {"visible": [number // per_metric == k for number in range(len(fig.data))]}, {})
        for k, metric in enumerate(metrics)
    ]
    return buttons(fig, choices)


def verdicts(table: pd.DataFrame, metric: str = "ndcg@10") -> go.Figure:
    """Predicted bands for one new run, and what was measured.

    ``table``: a row per law, shape and metric with ``predicted``, ``low``, ``high`` and, where there are runs,
    ``measured``. Points: a prediction per row of ``metric``, and a measurement per shape that has one.
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
        error = {"type": "data", "symmetric": False, "color": hue, "thickness": 1.5, "width": 3}
        error |= {"array": rows["loss_high"] - rows["loss"], "arrayminus": rows["loss"] - rows["loss_low"]}
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
