"""The Performance Law, drawn: one axis of it, measured shapes under fits, what was held out, what stays unknown."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from recscale.figures import base
from recscale.figures.controls import dropdown, switch
from recscale.laws import Fit

_LABELS = {
    "constant": "constant",
    "log-linear": "line in logs",
    "log-quadratic": "quadratic in logs",
    "performance-law": "Performance Law",
    "performance-law-outside": "law, exponents outside",
}
"""Short enough for a list on a phone; outside names the exponent's place in the law's first version."""

OCTAVES = [2**k for k in range(12)]
AXES = ("layers", "width")
_STAR = {"symbol": "star", "size": 15, "color": base.PALETTE[1], "line": {"width": 1, "color": "#FFFFFF"}}


def label(law: str) -> str:
    return _LABELS.get(law, law)


def _mesh(table: pd.DataFrame, points: int = 24) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Layers, widths and the frame of all their pairs, over the measured range and with the measured values."""
    layers, widths = (
        np.unique([*np.geomspace(table[axis].min(), table[axis].max(), points)[1:-1], *table[axis]]) for axis in AXES
    )
    pairs = np.meshgrid(layers, widths)
    return layers, widths, pd.DataFrame({"layers": pairs[0].ravel(), "width": pairs[1].ravel()})


def surfaces(tables: Mapping[str, pd.DataFrame], fits: Mapping[str, Mapping[str, Fit]], metric: str) -> go.Figure:
    """A law's surface over depth and width as a map, its points in the same colours; a choice for each table and law.

    A point that differs in colour from the ground around it is missed by the law. A star marks the law's peak where
    that lies inside the range; what no measured shape reaches stays empty. ``tables``: title -> runs with columns
    ``layers``, ``width`` and ``metric``; ``fits``: title -> law -> fit.
    """
    fig = base.figure(f"{metric.upper()} over depth and width", x="layers H", y="width d", height=520)
    owner: list[tuple[str, str | None]] = []
    for title, table in tables.items():
        layers, widths, pairs = _mesh(table)
        ground = {law: np.where(reached(table, pairs), fit.predict(pairs), np.nan) for law, fit in fits[title].items()}
        ends = [*table[metric], *(end for z in ground.values() for end in (np.nanmin(z), np.nanmax(z)))]
        heights = {"min": float(np.min(ends)), "max": float(np.max(ends))}
        for law, fit in fits[title].items():
            _relief(fig, layers, widths, ground[law], heights, label(law))
            star = {"mode": "markers", "marker": _STAR, "hovertemplate": "(%{x:.1f}, %{y:.1f})"}
            base.line(fig, *_peak(table, fit), "peak", **star)
            owner += [(title, law)] * 2
        marker = {"line": {"width": 1.5, "color": "#FFFFFF"}, **_scale(heights, "c")}
        own = {"hue": table[metric], "sign": "circle", "size": 15, "marker": marker}
        hover = {"hover": "(%{x}, %{y}): %{customdata:.4f}", "data": metric}
        base.draw(fig, table, *AXES, "measured", **own, **hover)
        owner.append((title, None))
    choices = []
    for chosen, table in tables.items():
        depths, widths = (sorted({int(n) for n in table[axis]}) for axis in AXES)
        for form in fits[chosen]:
            name = f"{chosen}: {label(form)}" if len(tables) > 1 else label(form)
            shown = [title == chosen and law in (None, form) for title, law in owner]
            choices.append((name, {"visible": shown}, {"xaxis.tickvals": depths, "yaxis.tickvals": widths}))
    _, first, ticks = choices[0]
    for trace, visible in zip(fig.data, first["visible"], strict=True):
        trace.visible = visible
    bare = {"type": "log", "showgrid": False}
    fig.update_layout({"showlegend": False, "xaxis": bare, "yaxis": bare} | ticks)
    return dropdown(fig, choices)


def _relief(fig: go.Figure, x: np.ndarray, y: np.ndarray, z: np.ndarray, heights: Mapping[str, float], name: str):
    """Add a computed surface over two quantities as a map with contour lines: not counted.

    ``x``: (n,), ``y``: (m,), ``z``: m × n values, row by row. The colours span ``heights``: min, max.
    """
    low, high = heights["min"], heights["max"]
    return fig.add_contour(
        x=x,
        y=y,
        z=z.reshape(len(y), len(x)),
        name=name,
        **_scale(heights, "z"),
        contours={"start": low, "end": high, "size": (high - low) / 8 or 1.0, "coloring": "heatmap"},
        line={"width": 0.7, "color": "rgba(255,255,255,0.55)"},
        colorbar={"thickness": 12, "outlinewidth": 0, "tickformat": ".4~g"},
        hovertemplate="(%{x:.3~g}, %{y:.3~g}): %{z:.4f}<extra>" + name + "</extra>",
    )


def _scale(heights: Mapping[str, float], axis: str) -> dict[str, Any]:
    return {f"{axis}{end}": value for end, value in heights.items()} | {"colorscale": "Cividis"}


def reached(shapes: pd.DataFrame, pairs: ArrayLike) -> np.ndarray:
    """Which of ``pairs`` (n, 2) some measured shape reaches in depth and in width."""
    return (shapes[list(AXES)].to_numpy() >= np.asarray(pairs)[:, None]).all(axis=2).any(axis=1)


def _peak(table: pd.DataFrame, fit: Fit) -> tuple[list[float | None], list[float | None]]:
    """Depth and width of the law's peak, one each; None where it has none inside the measured range."""
    place = [(fit.optimum or {}).get(axis) for axis in AXES]
    ends = [(table[axis].min(), table[axis].max()) for axis in AXES]
    inside = all(at is not None and low <= at <= high for at, (low, high) in zip(place, ends, strict=True))
    return ([place[0]], [place[1]]) if inside else ([None], [None])


def slices(table: pd.DataFrame, fits: Mapping[str, Fit], metric: str, held_out: pd.Series) -> go.Figure:
    """Metric against width, a colour per depth, with the law's line and 95 % band; open signs were held out."""
    fig = base.figure("Depth by depth", x="width d", y=metric.upper(), log_x=True, height=500)
    owner: list[str | None] = []
    widths = np.geomspace(table["width"].min(), table["width"].max(), 40)
    for hue, sign, (depth, rows) in zip(base.PALETTE, base.SYMBOLS, table.groupby("layers"), strict=False):
        signs = np.where(held_out[rows.index], f"{sign}-open", sign)
        base.draw(fig, rows, "width", metric, f"H = {depth}", hue=hue, sign=signs, size=10)
        owner.append(None)
        for law, fit in fits.items():
            x = pd.DataFrame({"layers": float(depth), "width": widths})
            low, high = fit.band(x)
            base.line(fig, widths, fit.predict(x), f"H = {depth}", hue, showlegend=False)
            base.band(fig, widths, low, high, f"H = {depth}", hue, showlegend=False)
            owner += [law, law]
    values = table[metric]
    room = 0.6 * (values.max() - values.min())
    fig.update_yaxes(range=[values.min() - room, values.max() + room])
    fig.update_xaxes(tickvals=sorted(table["width"].unique()))
    return switch(fig, owner, dropdown, label)


def profile_of_q1(table: pd.DataFrame) -> go.Figure:
    """What the searched constant decides: R² above, the depth and width of the law's peak below, against q₁.

    ``table``: columns ``q1``, ``r2``, ``H*``, ``d*`` (NaN where the law has no peak).
    """
    fig = base.figure("One constant, almost no trace of it in R²", height=520)
    base.draw(fig, table, "q1", "r2", "R²", hue=base.PALETTE[0], mode="lines+markers")
    for place, name in enumerate(("H*", "d*"), 1):
        joined = {"mode": "lines+markers", "line": {"color": base.PALETTE[place]}, "yaxis": "y2"}
        base.draw(fig, table.dropna(subset=name), "q1", name, f"peak {name}", place=place, **joined)
    fig.update_layout(
        xaxis={"title": "q₁", "type": "log", "anchor": "y2", "tickvals": table["q1"].tolist()},
        yaxis={"domain": [0.57, 1], "title": "R²"},
        yaxis2={"domain": [0, 0.43], "title": "place of the peak", "type": "log"},
    )
    return fig


def held_out(table: pd.DataFrame, metric: str) -> go.Figure:
    """The held-out shapes: what every law predicted, with its 95 % band for one new run, and what was measured.

    ``table``: columns ``law``, ``layers``, ``width``, ``predicted``, ``low``, ``high``, ``measured``. Two points per
    row. The axis shows all points; a band may leave it.
    """
    fig = base.figure("Predicted from the smaller shapes", x=metric.upper(), height=110 + 46 * len(table))
    one_shape = len(table[["layers", "width"]].drop_duplicates()) == 1
    names = [
        label(row.law) if one_shape else f"{label(row.law)}, {row.layers} × {row.width}" for row in table.itertuples()
    ]
    interval = {"x_ends": ("low", "high"), "bar": {"width": None}}
    base.draw(fig, table, "predicted", names, "predicted", hue=base.PALETTE[0], **interval)
    base.draw(fig, table, "measured", names, "measured", hue=base.PALETTE[1], sign="star", size=13)
    around = np.concatenate([table["predicted"], table["measured"]])
    room = max(0.6 * np.ptp(around), 0.25 * abs(float(around.mean())))
    fig.update_xaxes(range=[around.min() - room, around.max() + room])
    return fig.update_yaxes(autorange="reversed")


def by_depth(table: pd.DataFrame, fits: Mapping[str, Fit], metric: str) -> go.Figure:
    """Metric against depth, a colour per width; the first fit drawn through the points, the second dashed.

    ``table``: columns ``layers``, ``width`` and ``metric``; ``fits``: form -> fit, two of them.
    """
    fig = base.figure(f"{metric.upper()} over depth", x="layers H", y=metric.upper(), log_x=True, height=360)
    depths = np.geomspace(table["layers"].min(), table["layers"].max(), 40)
    for place, (width, rows) in enumerate(table.groupby("width")):
        base.draw(fig, rows, "layers", metric, f"d = {width}", place=place)
        x = pd.DataFrame({"layers": depths, "width": float(width)})
        for dash, fit in zip(("solid", "dash"), fits.values(), strict=True):
            base.line(fig, depths, fit.predict(x), "", base.PALETTE[place], dash=dash, showlegend=False)
    for dash, form in zip(("solid", "dash"), fits, strict=True):
        base.line(fig, [None], [None], label(form), base.NEUTRAL, dash=dash)
    return fig.update_xaxes(tickvals=sorted(table["layers"].unique()))


def gain_and_decay(x: ArrayLike, curves: pd.DataFrame, peaks: pd.DataFrame) -> go.Figure:
    """One axis of the law, its gain and its decay: where their sum turns.

    ``curves``: columns ``gain``, ``decay``, ``sum`` at the places ``x``; ``peaks``: columns ``x``, ``y``, a point each.
    """
    fig = base.figure("Gain, decay and their sum", x="x: layers or width", y="part of P", log_x=True, height=380)
    for hue, dash, name in zip(base.PALETTE, ("dot", "dash", "solid"), ("gain", "decay", "sum"), strict=False):
        base.line(fig, x, curves[name], name, hue, dash=dash)
    return base.draw(fig, peaks, "x", "y", "peak", hue=base.PALETTE[1], sign="star", size=14)


def optima(table: pd.DataFrame) -> go.Figure:
    """The place of each peak with its interval, beside the range that was measured; depth above, width below.

    ``table``: ``shape_fits.optima``. A point per row that has a peak; hollow where its interval leaves the range.
    """
    names = list(dict.fromkeys(zip(table["points"], table["form"], strict=True)))
    fig = base.figure("Where is the peak?", height=150 + 62 * len(names))
    place = {name: -k for k, name in enumerate(names)}
    for panel, axis, title in (("", "layers", "best depth H"), ("2", "width", "best width d")):
        rows, axes = table[table["axis"] == axis], {"xaxis": f"x{panel}", "yaxis": f"y{panel}"}
        where = [place[name] for name in zip(rows["points"], rows["form"], strict=True)]
        for low, high, spot in zip(rows["measured_low"], rows["measured_high"], where, strict=True):
            shade = {"width": 14, "hoverinfo": "skip", "legendgroup": "range", "showlegend": not panel and spot == 0}
            hue = base.translucent(base.NEUTRAL, 0.35)
            base.line(fig, [low, high], [spot, spot], "measured range", hue, **axes, **shade)
        interval = {"x_ends": ("low", "high"), "bar": {"width": None}, "legendgroup": "peak", "showlegend": not panel}
        look = {"hue": base.PALETTE[1], "sign": np.where(rows["inside"], "circle", "circle-open")}
        base.draw(fig, rows, "peak", where, "peak, 95 % interval", **look, **axes, **interval)
        ends = [np.log10(rows["measured_low"].min() / 2), np.log10(rows["measured_high"].max() * 2)]
        log = {"type": "log", "title": title, "anchor": f"y{panel}", "range": ends, "tickvals": OCTAVES}
        fig.update_layout({f"xaxis{panel}": base.AXIS | log})
    texts = [f"{points}<br>{label(form)}" for points, form in names]
    ticks = {"tickvals": list(place.values()), "ticktext": texts, "tickfont": {"size": 10}}
    fig.update_layout(yaxis=ticks | {"domain": [0.57, 1]}, yaxis2=base.AXIS | ticks | {"domain": [0, 0.43]})
    return fig
