"""The run protocol: what averaging the weights does at every batch size and schedule."""

import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base

_COLOURS = {256: base.PALETTE[1], 1024: base.PALETTE[0]}
_SCHEDULES = {
    "constant": ("constant rate", "circle", "solid"),
    "linear": ("rate falling to zero", "square-open", "dot"),
}
_HOVER = (
    "%{x:.0f} % averaged: %{y:.2f} % above the best"
    "<br>standard deviation over seeds: %{customdata:.2f} %<extra></extra>"
)


def protocol_figure(protocols: pd.DataFrame) -> go.Figure:
    """Excess validation loss over the averaged share, one line per batch size and schedule.

    ``protocols``: ``analysis.averaging.protocols``.
    """
    x, y = "share of the steps that is averaged (%)", "loss above best (%)"
    fig = base.figure("Averaging the last steps", x=x, y=y, height=340)
    for (batch_size, schedule), rows in protocols.sort_values("share").groupby(["batch_size", "schedule"]):
        name, sign, dash = _SCHEDULES[schedule]
        look = {"hue": _COLOURS.get(batch_size, base.NEUTRAL), "sign": sign, "joined": 2, "dash": dash}
        own = {"name": f"batch {batch_size}, {name}", "data": "noise", "hover": _HOVER}
        base.draw(fig, rows, 100 * rows["share"], "excess", **own, **look)
    return fig.update_yaxes(rangemode="tozero")
