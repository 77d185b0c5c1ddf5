"""The run protocol: what averaging the weights does at every batch size and schedule."""

import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base

COLOURS = {256: base.PALETTE[1], 1024: base.PALETTE[0]}
DASHES = {"constant": "solid", "linear": "dot"}
SCHEDULES = {"constant": "constant rate", "linear": "rate falling to zero"}


def protocol_figure(protocols: pd.DataFrame) -> go.Figure:
    """Excess validation loss over the averaged share, one line per batch size and schedule.

    ``protocols``: ``analysis.averaging.protocols``.
    """
    x, y = "share of the steps that is averaged (%)", "loss above best (%)"
    fig = base.figure("Averaging the last steps", x=x, y=y, height=340)
    for (batch_size, schedule), rows in protocols.sort_values("share").groupby(["batch_size", "schedule"]):
        hue = COLOURS.get(batch_size, base.NEUTRAL)
        base.points(
            fig,
            100 * rows["share"],
            rows["excess"],
            f"batch {batch_size}, {SCHEDULES[schedule]}",
            mode="lines+markers",
            marker={"color": hue, "symbol": "circle" if schedule == "constant" else "square-open"},
            line={"color": hue, "dash": DASHES[schedule], "width": 2},
            customdata=rows["noise"],
            hovertemplate="%{x:.0f} % averaged: %{y:.2f} % above the best"
            "<br>standard deviation over seeds: %{customdata:.2f} %<extra></extra>",
        )
    fig.update_yaxes(rangemode="tozero")
    return fig
