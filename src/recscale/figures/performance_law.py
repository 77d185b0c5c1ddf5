"""The Performance Law, drawn: one axis of it, measured shapes under fits, what was held out, what stays unknown."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from recscale.figures import base
from recscale.figures.controls import dropdown
from recscale.figures.overlay import bars
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
        ground = {law: np.where(_reached(table, pairs), fit.predict(pairs), np.nan) for law, fit in fits[title].items()}
        ends = [*table[metric], *(end for z in ground.values() for end in (np.nanmin(z), np.nanmax(z)))]
        for law, fit in fits[title].items():
            base.relief(fig, layers, widths, ground[law], ends, label(law))
            base.line(
                fig, *_peak(table, fit), "peak", mode="markers", marker=_STAR, hovertemplate="(%{x:.1f}, %{y:.1f})"
            )
            owner += [(title, law)] * 2
        base.relief_points(fig, table["layers"], table["width"], table[metric], ends, "measured")
        owner.append((title, None))
    choices = [(title, law) for title in tables for law in fits[title]]
    shown = [[title == chosen and law in (None, form) for title, law in owner] for chosen, form in choices]
    for trace, visible in zip(fig.data, shown[0], strict=True):
        trace.visible = visible
    ticks = {
        title: {
            f"{axis}axis.tickvals": sorted({int(n) for n in table[name]}) for axis, name in zip("xy", AXES, strict=True)
        }
        for title, table in tables.items()
    }
    bare = {"type": "log", "showgrid": False}
    fig.update_layout({"showlegend": False, "xaxis": bare, "yaxis": bare} | next(iter(ticks.values())))
    names = [f"{title}: {label(law)}" if len(tables) > 1 else label(law) for title, law in choices]
    changes = [{"visible": visible} for visible in shown]
    return dropdown(fig, list(zip(names, changes, [ticks[title] for title, _ in choices], strict=True)))


def _reached(table: pd.DataFrame, pairs: pd.DataFrame) -> np.ndarray:
    """Which of ``pairs`` some measured shape reaches in depth and in width."""
    return np.any([(pairs <= shape).all(axis=1) for shape in table[list(AXES)].to_numpy()], axis=0)


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
        base.points(
            fig, rows["width"], rows[metric], f"H = {depth}", marker={"color": hue, "symbol": signs, "size": 10}
        )
        owner.append(None)
        for law, fit in fits.items():
            x = pd.DataFrame({"layers": float(depth), "width": widths})
            low, high = fit.band(x)
            base.line(fig, widths, fit.predict(x), f"H = {depth}", line={"color": hue}, showlegend=False)
            base.band(fig, widths, low, high, f"H = {depth}", hue, showlegend=False)
            owner += [law, law]
    values = table[metric]
    room = 0.6 * (values.max() - values.min())
    fig.update_yaxes(range=[values.min() - room, values.max() + room])
    fig.update_xaxes(tickvals=sorted(table["width"].unique()))
    shown = [[law in (None, chosen) for law in owner] for chosen in fits]
    for trace, visible in zip(fig.data, shown[0], strict=True):
        trace.visible = visible
    return dropdown(fig, [(label(law), {"visible": visible}, {}) for law, visible in zip(fits, shown, strict=True)])


def profile_of_q1(table: pd.DataFrame) -> go.Figure:
    """What the searched constant decides: R² above, the depth and width of the law's peak below, against q₁.

    ``table``: columns ``q1``, ``r2``, ``H*``, ``d*`` (NaN where the law has no peak).
    """
    fig = base.figure("One constant, almost no trace of it in R²", height=520)
    base.points(fig, table["q1"], table["r2"], "R²", marker={"color": base.PALETTE[0]}, mode="lines+markers")
    for hue, sign, name in zip(base.PALETTE[1:], base.SYMBOLS[1:], ("H*", "d*"), strict=False):
        rows = table.dropna(subset=name)
        base.points(
            fig, rows["q1"], rows[name], f"peak {name}", yaxis="y2", mode="lines+markers",
            marker={"color": hue, "symbol": sign}, line={"color": hue},
        )  # fmt: skip
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
    error = bars(table["predicted"], table["low"], table["high"], base.PALETTE[0], width=None)
    base.points(fig, table["predicted"], names, "predicted", error_x=error, marker={"color": base.PALETTE[0]})
    star = {"symbol": "star", "size": 13, "color": base.PALETTE[1]}
    base.points(fig, table["measured"], names, "measured", marker=star)
    around = np.concatenate([table["predicted"], table["measured"]])
    room = max(0.6 * np.ptp(around), 0.25 * abs(float(around.mean())))
    fig.update_xaxes(range=[around.min() - room, around.max() + room])
    fig.update_yaxes(autorange="reversed")
    return fig


def by_depth(table: pd.DataFrame, fits: Mapping[str, Fit], metric: str) -> go.Figure:
    """Metric against depth, a colour per width; the first fit drawn through the points, the second dashed.

    ``table``: columns ``layers``, ``width`` and ``metric``; ``fits``: form -> fit, two of them.
    """
    fig = base.figure(f"{metric.upper()} over depth", x="layers H", y=metric.upper(), log_x=True, height=360)
    depths = np.geomspace(table["layers"].min(), table["layers"].max(), 40)
    for hue, sign, (width, rows) in zip(base.PALETTE, base.SYMBOLS, table.groupby("width"), strict=False):
        base.points(fig, rows["layers"], rows[metric], f"d = {width}", marker={"color": hue, "symbol": sign, "size": 9})
        x = pd.DataFrame({"layers": depths, "width": float(width)})
        for stroke, fit in zip(("solid", "dash"), fits.values(), strict=True):
            base.line(fig, depths, fit.predict(x), "", line={"color": hue, "dash": stroke}, showlegend=False)
    for stroke, form in zip(("solid", "dash"), fits, strict=True):
        base.line(fig, [None], [None], label(form), line={"color": base.NEUTRAL, "dash": stroke})
    fig.update_xaxes(tickvals=sorted(table["layers"].unique()))
    return fig


def gain_and_decay(x: ArrayLike, curves: pd.DataFrame, peaks: pd.DataFrame) -> go.Figure:
    """One axis of the law, its gain and its decay: where their sum turns.

    ``curves``: columns ``gain``, ``decay``, ``sum`` at the places ``x``; ``peaks``: columns ``x``, ``y``, a point each.
    """
    fig = base.figure("Gain, decay and their sum", x="x: layers or width", y="part of P", log_x=True, height=380)
    for hue, stroke, name in zip(base.PALETTE, ("dot", "dash", "solid"), ("gain", "decay", "sum"), strict=False):
        base.line(fig, x, curves[name], name, line={"color": hue, "dash": stroke})
    base.points(fig, peaks["x"], peaks["y"], "peak", marker={"symbol": "star", "size": 14, "color": base.PALETTE[1]})
    return fig


def optima(table: pd.DataFrame) -> go.Figure:
    """The place of each peak with its interval, beside the range that was measured; depth above, width below.

    ``table``: ``shape_fits.optima``. A point per row that has a peak; hollow where its interval leaves the range.
    """
    names = list(dict.fromkeys(zip(table["points"], table["form"], strict=True)))
    fig = base.figure("Where is the peak?", height=150 + 62 * len(names))
    place = {name: -k for k, name in enumerate(names)}
    for panel, axis in (("", "layers"), ("2", "width")):
        rows = table[table["axis"] == axis]
        where = [place[name] for name in zip(rows["points"], rows["form"], strict=True)]
        for low, high, spot in zip(rows["measured_low"], rows["measured_high"], where, strict=True):
            base.line(
                fig, [low, high], [spot, spot], "measured range", xaxis=f"x{panel}", yaxis=f"y{panel}",
                line={"color": base.translucent(base.NEUTRAL, 0.35), "width": 14}, hoverinfo="skip",
                legendgroup="range", showlegend=not panel and spot == 0,
            )  # fmt: skip
        error = bars(rows["peak"], rows["low"], rows["high"], base.PALETTE[1], width=None)
        signs = np.where(rows["inside"], "circle", "circle-open")
        base.points(
            fig, rows["peak"], where, "peak, 95 % interval", xaxis=f"x{panel}", yaxis=f"y{panel}", error_x=error,
            marker={"color": base.PALETTE[1], "symbol": signs, "size": 9}, legendgroup="peak", showlegend=not panel,
        )  # fmt: skip
    texts = [f"{points}<br>{label(form)}" for points, form in names]
    ticks = {"tickvals": list(place.values()), "ticktext": texts, "tickfont": {"size": 10}}
    for panel, axis, title in (("", "layers", "best depth H"), ("2", "width", "best width d")):
        low, high = table.loc[table["axis"] == axis, ["measured_low", "measured_high"]].agg(["min", "max"]).to_numpy()
        ends = [np.log10(low[0] / 2), np.log10(high[1] * 2)]
        log = {"type": "log", "title": title, "anchor": f"y{panel}", "range": ends, "tickvals": OCTAVES}
        fig.update_layout({f"xaxis{panel}": base.AXIS | log})
    fig.update_layout(yaxis=ticks | {"domain": [0.57, 1]}, yaxis2=base.AXIS | ticks | {"domain": [0, 0.43]})
    return fig
