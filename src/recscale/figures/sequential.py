"""The sequential model, drawn: what it may read, how it learns, and how a metric or a loss depends on sampling."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons
from recscale.models import MODEL_TITLES

_HUES = {"popularity": base.PALETTE[4], "last item": base.PALETTE[2]}


def influence_map(tables: Mapping[str, pd.DataFrame]) -> go.Figure:
    """One heat map per table of ``influence``, switched by buttons. Pairs without influence stay empty."""
    fig = base.figure("Who can see whom", x="item that is replaced", y="position that reads", height=480)
    for number, (name, table) in enumerate(tables.items()):
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
            visible=number == 0,
        )
    fig.update_yaxes(autorange="reversed", dtick=1, showgrid=False)
    fig.update_xaxes(dtick=1, showgrid=False)
    shown = [[name == chosen for name in tables] for chosen in tables]
    return buttons(fig, [(name, {"visible": visible}, {}) for name, visible in zip(tables, shown, strict=True)])


def learning_curve(histories: Mapping[int, pd.DataFrame]) -> go.Figure:
    """Training loss above, validation NDCG@10 below, against epochs; one line per seed.

    A ring marks the epoch whose weights are used.
    """
    fig = base.figure("Learning curve", height=520)
    hue = base.colour("sasrec")
    for seed, history in histories.items():
        label = {"legendgroup": str(seed), "line": {"color": hue, "width": 1.5}, "mode": "lines+markers"}
        judged = history.dropna(subset="valid_ndcg@10")
        best = judged.loc[judged["valid_ndcg@10"].idxmax()]
        base.points(
            fig, history["epoch"], history["objective"], f"seed {seed}", marker={"color": hue, "size": 6}, **label
        )
        base.points(
            fig, judged["epoch"], judged["valid_ndcg@10"], f"seed {seed}", yaxis="y2", showlegend=False, **label,
            marker={"color": hue, "size": 7},
        )  # fmt: skip
        base.line(
            fig, [best["epoch"]], [best["valid_ndcg@10"]], "epoch used", yaxis="y2", mode="markers", showlegend=False,
            marker={"size": 16, "symbol": "circle-open", "color": base.PALETTE[1], "line": {"width": 2}},
        )  # fmt: skip
    fig.update_layout(
        showlegend=len(histories) > 1,
        xaxis={"title": "epoch", "anchor": "y2"},
        yaxis={"domain": [0.55, 1], "title": "training loss (nats)"},
        yaxis2={"domain": [0, 0.45], "title": "validation NDCG@10", "rangemode": "tozero"},
    )
    return fig


def metric_traps(curves: pd.DataFrame) -> go.Figure:
    """The metric against the number of candidates, for the same models; the last points (stars) rank all items."""
    metrics = ("NDCG@10", "HR@10")
    fig = base.figure(
        "One model, many numbers", x="items ranked besides the true one", y=metrics[0], log_x=True, height=360
    )
    for model, rows in curves.groupby("model", sort=False):
        hue, name = _HUES.get(model) or base.colour(model), MODEL_TITLES.get(model, model)
        marker = {
            "color": hue,
            "symbol": np.where(rows["full"], "star", "circle"),
            "size": np.where(rows["full"], 15, 8),
        }
        base.points(
            fig, rows["negatives"], rows[metrics[0]], name, marker=marker, mode="lines+markers",
            line={"color": hue, "width": 2}, hovertemplate=f"{name}: %{{y:.3f}} among %{{x}}<extra></extra>",
        )  # fmt: skip
    fig.update_yaxes(rangemode="tozero")
    sizes = sorted(curves["negatives"].unique())
    fig.update_xaxes(tickvals=[size for size in sizes if size == sizes[-1] or 2 * size < sizes[-1]])
    columns = [[rows[metric].tolist() for _, rows in curves.groupby("model", sort=False)] for metric in metrics]
    choices = [(name, {"y": ys}, {"yaxis.title.text": name}) for ys, name in zip(columns, metrics, strict=True)]
    return buttons(fig, choices)


def sampled_losses(table: pd.DataFrame, exact: float) -> go.Figure:
    """Mean and deviation of the sampled softmax against its number of negatives, with the exact loss as a line."""
    fig = base.figure("Sampled softmax approaches the exact one", x="sampled items", y="loss (nats)", log_x=True)
    for hue, (sampling, rows) in zip(base.PALETTE, table.groupby("sampling", sort=False), strict=False):
        base.points(
            fig, rows["negatives"], rows["mean"], sampling, mode="lines+markers", marker={"color": hue},
            line={"color": hue, "width": 1.5}, error_y={"array": rows["sd"].to_numpy(), "thickness": 1.5, "color": hue},
        )  # fmt: skip
    fig.update_xaxes(tickvals=sorted(table["negatives"].unique()))
    ends = [table["negatives"].min(), table["negatives"].max()]
    base.line(fig, ends, [exact, exact], "exact", line={"color": base.NEUTRAL, "dash": "dash"})
    return fig
