"""The Wukong model, drawn: its orders of interaction, where its compute goes, how it starts."""

import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import swap


def orders_figure(table: pd.DataFrame) -> go.Figure:
    """Size of every order of interaction, one curve per layer; a step down where the orders end.

    ``table``: columns ``layer``, ``order``, ``size``.
    """
    fig = base.figure(
        "Orders of interaction after each layer",
        x="order of interaction",
        y="size, relative to the layer's largest",
        log_y=True,
        height=360,
    )
    named = table.assign(name=[f"after layer {layer}: orders 1…{2**layer}" for layer in table["layer"]])
    base.series(fig, named, "name", "order", "size", joined=1, hover="order %{x}: %{y:.1e}<extra></extra>")
    return fig.update_xaxes(dtick=2)


def cost_figure(table: pd.DataFrame) -> go.Figure:
    """Stacked bars, one per variant; two buttons change between compute and parameters.

    ``table``: columns ``variant``, ``part``, ``flop``, ``parameters``.
    """
    columns = {"compute": ("flop", "training FLOP per example"), "parameters": ("parameters", "dense parameters")}
    fig = base.figure("Where the compute goes", x=columns["compute"][1])
    groups = list(table.groupby("part", sort=False))
    for hue, (part, rows) in zip(base.PALETTE, groups, strict=False):
        hover = "%{y}, " + part + ": %{x:,}<extra></extra>"
        base.pieces(fig, rows, "flop", "variant", part, hue, hovertemplate=hover)
    fig.update_xaxes(tickformat="~s")
    fig.update_yaxes(categoryorder="array", categoryarray=table["variant"].unique()[::-1])
    return swap(fig, [rows for _, rows in groups], columns)


def scales_figure(table: pd.DataFrame) -> go.Figure:
    """Initial size of each summand against the number of embeddings. ``table``: columns ``n``, ``part``, ``rms``."""
    fig = base.figure(
        "What enters the first sum, before training",
        x="number of input embeddings n",
        y="root mean square",
        log_x=True,
        log_y=True,
        height=400,
    )
    return base.series(fig, table, "part", "n", "rms", joined=1, hover="n = %{x}: %{y:.2f}<extra></extra>")
