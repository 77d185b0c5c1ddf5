"""The Wukong model, drawn: its orders of interaction, where its compute goes, how it starts."""

import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons


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
    base.series(fig, named, "name", "order", "size", joined=1, hovertemplate="order %{x}: %{y:.1e}<extra></extra>")
    return fig.update_xaxes(dtick=2)


def cost_figure(table: pd.DataFrame) -> go.Figure:
    """Stacked bars, one per variant; two buttons change between compute and parameters.

    ``table``: columns ``variant``, ``part``, ``flop``, ``parameters``.
    """
    fig = base.figure("Where the compute goes", x="training FLOP per example")
    parts = table["part"].unique()
    groups = [table[table["part"] == part] for part in parts]
    for position, (part, rows) in enumerate(zip(parts, groups, strict=True)):
        fig.add_bar(
            x=rows["flop"],
            y=rows["variant"],
            name=part,
            orientation="h",
            meta=base.DATA,
            marker={"color": base.PALETTE[position]},
            hovertemplate="%{y}, " + part + ": %{x:,}<extra></extra>",
        )
    fig.update_layout(barmode="stack", legend={"traceorder": "normal"})
    fig.update_xaxes(tickformat="~s")
    fig.update_yaxes(categoryorder="array", categoryarray=table["variant"].unique()[::-1])
    choices = []
    for label, column, title in (
        ("compute", "flop", "training FLOP per example"),
        ("parameters", "parameters", "dense parameters"),
    ):
        choices.append((label, {"x": [rows[column].tolist() for rows in groups]}, {"xaxis.title.text": title}))
    return buttons(fig, choices)


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
    return base.series(fig, table, "part", "n", "rms", joined=1, hovertemplate="n = %{x}: %{y:.2f}<extra></extra>")
