"""The sequential model, drawn: what it may read, how it learns, and how a metric or a loss depends on sampling."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import swap, switch
from recscale.models import MODEL_TITLES

_HUES = {"popularity": base.PALETTE[4], "last item": base.PALETTE[2]}


def influence_map(tables: Mapping[str, pd.DataFrame]) -> go.Figure:
    """One heat map per table of ``influence``, switched by buttons. Pairs without influence stay empty."""
    fig = base.figure("Who can see whom", x="item that is replaced", y="position that reads", height=480)
    for name, table in tables.items():
        grid = table.pivot(index="read", columns="changed", values="share")
        fig.add_heatmap(
            x=grid.columns,
            y=grid.index,
            z=grid.to_numpy(),
            name=name,
            meta=base.DATA,
            colorscale="Cividis",
            zmin=0,
            zmax=1,
            colorbar={"title": "share of<br>influence", "thickness": 12},
            hovertemplate="replacing item %{x} makes %{z:.0%}<br>of what moves position %{y}<extra></extra>",
        )
    fig.update_yaxes(autorange="reversed", dtick=1, showgrid=False)
    fig.update_xaxes(dtick=1, showgrid=False)
    return switch(fig, list(tables))


def learning_curve(histories: Mapping[int, pd.DataFrame]) -> go.Figure:
    """Training loss above, validation NDCG@10 below, against epochs; one line per seed.

    A ring marks the epoch whose weights are used.
    """
    fig = base.figure("Learning curve", height=520)
    hue = base.colour("sasrec")
    for seed, history in histories.items():
        look = {"legendgroup": str(seed), "hue": hue, "joined": 1.5}
        below = {"yaxis": "y2", "showlegend": False}
        judged = history.dropna(subset="valid_ndcg@10")
        best = judged.loc[judged["valid_ndcg@10"].idxmax()]
        base.draw(fig, history, "epoch", "objective", f"seed {seed}", size=6, **look)
        base.draw(fig, judged, "epoch", "valid_ndcg@10", f"seed {seed}", size=7, **look, **below)
        ring = {"size": 16, "symbol": "circle-open", "color": base.PALETTE[1], "line": {"width": 2}}
        at = [best["epoch"]], [best["valid_ndcg@10"]]
        base.line(fig, *at, "epoch used", mode="markers", marker=ring, **below)
    fig.update_layout(
        showlegend=len(histories) > 1,
        xaxis={"title": "epoch", "anchor": "y2"},
        yaxis={"domain": [0.55, 1], "title": "training loss (nats)"},
        yaxis2={"domain": [0, 0.45], "title": "validation NDCG@10", "rangemode": "tozero"},
    )
    return fig


def metric_traps(curves: pd.DataFrame) -> go.Figure:
    """The metric against the number of candidates, for the same models; the last points (stars) rank all items."""
    axes = {"x": "items ranked besides the true one", "y": "NDCG@10", "log_x": True}
    fig = base.figure("One model, many numbers", **axes, height=360)
    groups = list(curves.groupby("model", sort=False))
    for model, rows in groups:
        name, full = MODEL_TITLES.get(model, model), rows["full"]
        look = {"sign": np.where(full, "star", "circle"), "size": np.where(full, 15, 8), "joined": 2}
        hover = f"{name}: %{{y:.3f}} among %{{x}}<extra></extra>"
        hue = _HUES.get(model) or base.colour(model)
        base.draw(fig, rows, "negatives", "NDCG@10", name, hue=hue, hover=hover, **look)
    fig.update_yaxes(rangemode="tozero")
    sizes = sorted(curves["negatives"].unique())
    fig.update_xaxes(tickvals=[size for size in sizes if size == sizes[-1] or 2 * size < sizes[-1]])
    return swap(fig, [rows for _, rows in groups], {name: (name, name) for name in ("NDCG@10", "HR@10")}, "y")


def sampled_losses(table: pd.DataFrame, exact: float) -> go.Figure:
    """Mean and deviation of the sampled softmax against its number of negatives, with the exact loss as a line."""
    fig = base.figure("Sampled softmax approaches the exact one", x="sampled items", y="loss (nats)", log_x=True)
    for hue, (sampling, rows) in zip(base.PALETTE, table.groupby("sampling", sort=False), strict=False):
        error = {"array": rows["sd"].to_numpy(), "thickness": 1.5, "color": hue}
        base.draw(fig, rows, "negatives", "mean", sampling, hue=hue, joined=1.5, error_y=error)
    fig.update_xaxes(tickvals=sorted(table["negatives"].unique()))
    return base.level(fig, table["negatives"], exact, "exact", dash="dash")
