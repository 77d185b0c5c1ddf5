"""The measured Performance Law, drawn: metric and loss over depth, and levels of data sets over their data terms."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons


def loss_and_metric(table: pd.DataFrame, metric: str) -> go.Figure:
    """The metric above, the test loss below, against depth; a line a width. ``2 × len(table)`` points.

    ``table``: ``layers, width, metric, loss``, one row a cell.
    """
    fig = base.figure("Does the metric stop where the loss goes on?", height=560)
    for hue, sign, (width, rows) in zip(base.PALETTE, base.SYMBOLS, table.groupby("width"), strict=False):
        rows = rows.sort_values("layers")
        look = {"mode": "lines+markers", "marker": {"color": hue, "symbol": sign, "size": 8}, "line": {"color": hue}}
        look["legendgroup"] = str(width)
        base.points(fig, rows["layers"], rows["metric"], f"d = {width}", **look)
        base.points(fig, rows["layers"], rows["loss"], f"d = {width}", yaxis="y2", showlegend=False, **look)
    fig.update_layout(
        xaxis={"title": "layers H", "type": "log", "anchor": "y2", "tickvals": sorted(table["layers"].unique())},
        yaxis={"domain": [0.55, 1], "title": metric.upper()},
        yaxis2={"domain": [0, 0.45], "title": "test loss (nats)"},
    )
    return fig


def levels(table: pd.DataFrame, terms: Sequence[str], metric: str) -> go.Figure:
    """Mean metric of every setting against a data term, with a straight line in its logarithm; a button a term.

    ``table``: ``dataset, setting, level`` and a column a term; settings that aren't the whole data set are drawn open.
    ``len(terms) × len(table)`` points.
    """
    fig = base.figure("What explains the level?", y=metric.upper(), log_x=True, height=500)
    groups = list(table.groupby("dataset", sort=False))
    for term in terms:
        x, shown = np.log(table[term]), term == terms[0]
        ends = pd.Series([x.min(), x.max()])
        slope, offset = np.polyfit(x, table["level"], 1)
        for (dataset, part), hue, sign in zip(groups, base.PALETTE, base.SYMBOLS, strict=False):
            signs = np.where(part["setting"] == dataset, sign, f"{sign}-open")
            base.points(
                fig, part[term], part["level"], dataset, visible=shown, text=part["setting"],
                marker={"color": hue, "size": 9, "symbol": signs, "line": {"width": 2, "color": hue}},
                hovertemplate="%{text}<br>%{x:.3g}: %{y:.4f}<extra></extra>",
            )  # fmt: skip
        line = {"color": base.NEUTRAL, "dash": "dot"}
        base.line(fig, np.exp(ends), offset + slope * ends, "straight line", visible=shown, line=line)
    fig.update_xaxes(title=f"{terms[0]} (log scale)")
    choices = []
    for term in terms:
        visible = [owner == term for owner in terms for _ in range(len(groups) + 1)]
        choices.append((term, {"visible": visible}, {"xaxis.title.text": f"{term} (log scale)"}))
    return buttons(fig, choices)
