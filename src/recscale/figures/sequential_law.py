"""The measured Performance Law, drawn: metric over depth, loss, held-out sizes, data terms, and named shapes."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import switch

READER_NAMES = {
    "sasrec": "SASRec",
    "hstu": "HSTU-style",
    "llama": "LLaMA-style",
    "movielens-1m": "MovieLens-1M",
    "amazon-beauty": "Amazon Beauty",
    "amazon-books": "Amazon Books",
    "food": "Food",
    "kuairand-pure": "KuaiRand-Pure",
    "wikipedia": "Wikipedia",
}
"""Models and data sets as readers know them."""

_SHARES = "users %{customdata[0]:.0%}, repeated %{customdata[1]:.0%}"
Predict = Callable[[pd.DataFrame], np.ndarray]
_BUDGETS = {
    "none": "no budget",
    "product": "layers × width",
    "parameters": "parameters",
    "flop": "FLOP per position",
}


def depth_curves(cells: pd.DataFrame, predict: Predict, metric: str, claimed: int) -> go.Figure:
    """Metric over depth, one colour per width: points with error bars, the law's curve inside the grid, and the depth
    that the paper ``claimed`` as a vertical line. One point per row.

    ``cells``: ``layers, width, value, half_width`` (of the interval; nan draws no bar); ``predict``: the fitted law, of
    a table with ``layers`` and ``width``.
    """
    fig = base.figure("", x="layers H", y=metric.upper(), log_x=True, height=290)
    fig.update_layout(margin={"t": 12, "b": 40})
    for place, (width, rows) in enumerate(cells.sort_values("layers").groupby("width")):
        depths = np.geomspace(rows["layers"].min(), rows["layers"].max(), 40)
        curve = predict(pd.DataFrame({"layers": depths, "width": float(width)}))
        base.line(fig, depths, curve, f"law, d = {width}", base.PALETTE[place], width=1.5, showlegend=False)
        own = {"error_y": _bars(rows, "half_width", place), "hover": f"%{{x}} × {width}: %{{y:.4f}}<extra></extra>"}
        base.draw(fig, rows, "layers", "value", f"d = {width}", place=place, **own)
    fig.add_vline(claimed, line={"color": base.NEUTRAL, "dash": "dash"})
    note = {"xanchor": "right", "yanchor": "bottom", "align": "right", "showarrow": False}
    text = f"paper's best<br>depth: {claimed} "
    fig.add_annotation(x=np.log10(claimed), y=0.02, yref="paper", text=text, **note)
    ticks = sorted({*cells["layers"].tolist(), 2 * int(cells["layers"].max()), claimed})
    return fig.update_xaxes(tickvals=ticks, range=[-0.06, np.log10(1.15 * claimed)])


def _bars(rows: pd.DataFrame, half_width: str, place: int) -> dict:
    """Error bars; none where a half-width isn't known."""
    half = rows[half_width].fillna(0.0)
    return {"type": "data", "array": half, "color": base.PALETTE[place], "thickness": 1, "width": 3}


def loss_and_metric(table: pd.DataFrame, metric: str) -> go.Figure:
    """The metric above, the test loss below, against depth, one line per width. ``2 × len(table)`` points.

    ``table``: ``layers, width, metric, loss`` and the half-widths of their intervals, ``metric_half, loss_half``.
    """
    fig = base.figure("Does the metric stop where the loss goes on?", height=520)
    for place, (width, rows) in enumerate(table.sort_values("layers").groupby("width")):
        look = {"place": place, "size": 8, "mode": "lines+markers", "line": {"color": base.PALETTE[place]}}
        for column, panel in (("metric", {}), ("loss", {"yaxis": "y2", "showlegend": False})):
            own = {"error_y": _bars(rows, f"{column}_half", place), "legendgroup": str(width)} | panel
            base.draw(fig, rows, "layers", column, f"d = {width}", **look, **own)
    fig.update_layout(
        xaxis={"title": "layers H", "type": "log", "anchor": "y2", "tickvals": sorted(table["layers"].unique())},
        yaxis={"domain": [0.55, 1], "title": metric.upper()},
        yaxis2={"domain": [0, 0.45], "title": "test loss (nats)"},
    )
    return fig


def prediction_errors(errors: pd.DataFrame, metric: str) -> go.Figure:
    """Error at a size that no fit has seen, one row per form: the value, and its range over the law's constants.

    ``errors``: index form (as readers see it), columns ``error, least, largest``. One point per row.
    """
    fig = base.figure("", x=f"error in {metric.upper()}", height=90 + 36 * len(errors))
    fig.update_layout(margin_t=12)
    interval = {"x_ends": ("least", "largest"), "bar": {"thickness": 2, "width": 4}}
    base.draw(fig, errors, "error", errors.index, "error", hue=base.PALETTE[0], **interval)
    fig.update_yaxes(autorange="reversed")
    return fig.update_xaxes(rangemode="tozero", tickangle=0, nticks=6)


def levels(table: pd.DataFrame, terms: Iterable[str], metric: str) -> go.Figure:
    """Mean metric of every setting against a data term, with the straight line in its logarithm (bent, as both axes
    are logarithmic); one button per term.

    ``table``: ``dataset, fraction, repeated, level`` and one column per term; settings that aren't the whole data set
    are drawn open. ``len(terms) × len(table)`` points.
    """
    fig = base.figure("What explains the level?", y=f"{metric.upper()} (log scale)", log_x=True, log_y=True, height=460)
    groups = list(table.replace({"dataset": READER_NAMES}).groupby("dataset", sort=False))
    for term in terms:
        x = np.log(table[term])
        along = np.linspace(x.min(), x.max(), 40)
        slope, offset = np.polyfit(x, table["level"], 1)
        for hue, sign, (name, part) in zip(base.PALETTE, base.SYMBOLS, groups, strict=False):
            changed = (part["fraction"] < 1) | (part["repeated"] > 0)
            signs = {"sign": np.where(changed, f"{sign}-open", sign), "marker": {"line": {"width": 2, "color": hue}}}
            hover = f"{name}<br>{_SHARES}<br>%{{x:.3g}}: %{{y:.4f}}<extra></extra>"
            base.draw(fig, part, term, "level", name, hue=hue, data=["fraction", "repeated"], hover=hover, **signs)
        fitted = offset + slope * along
        above = fitted > 0  # the axis is logarithmic
        base.line(fig, np.exp(along[above]), fitted[above], "straight line in ln x", base.NEUTRAL, dash="dot")
    titles = {term: {"xaxis.title.text": f"{term} (log scale)"} for term in terms}
    fig.update_layout(titles[terms[0]])
    fig.update_yaxes(tickvals=[0.05 * 2**k for k in range(5)])
    return switch(fig, np.repeat(list(terms), len(groups) + 1).tolist(), layouts=titles)


def leads(table: pd.DataFrame, budgets: Mapping[str, str] = _BUDGETS) -> go.Figure:
    """By how much the shape named beforehand beats its better neighbour: promised (open) and measured, with intervals.

    ``table``: ``kind`` of budget (a key of ``budgets``), ``named`` (layers, width), ``promised, measured, ci_low,
    ci_high`` in %. Two points per row.
    """
    fig = base.figure("", x="lead over the better neighbour (%)", height=90 + 48 * len(table))
    fig.update_layout(margin_t=12)
    rows = [f"{budgets[kind]}: {h} × {d}" for kind, (h, d) in zip(table["kind"], table["named"], strict=True)]
    interval = {"x_ends": ("ci_low", "ci_high"), "bar": {"width": 4}}
    base.draw(fig, table, "measured", rows, "measured", hue=base.PALETTE[0], **interval)
    promise = {"hue": base.PALETTE[1], "sign": "diamond-open", "size": 11}
    base.draw(fig, table, "promised", rows, "promised by the law", **promise)
    fig.add_vline(0, line={"color": base.NEUTRAL, "dash": "dot"})
    return fig.update_yaxes(autorange="reversed")
