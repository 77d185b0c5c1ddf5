"""Losses and metric traps, drawn: one model under many ways to evaluate, losses, and published levels."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons

TRAP_METRICS = ("ndcg@10", "hr@10")
LOSS_TITLES = {"softmax": "softmax", "sampled-softmax": "sampled softmax", "bce": "BCE", "gbce": "gBCE"}
"""A loss's name in the run records -> what readers know it by."""


def losses(live: pd.DataFrame, stored: pd.DataFrame, names: tuple[str, str]) -> go.Figure:
    """One line per loss, one mark per run: live ones solid, the stored study hollow.

    Columns: loss, seed, metrics. ``names``: what the legend calls the two.
    """
    fig = base.figure("Four losses", x=TRAP_METRICS[0].upper(), height=380)
    tables = dict(zip(names, (live, stored), strict=True))
    shown = {name: table for name, table in tables.items() if len(table)}
    for (name, table), hue in zip(shown.items(), base.PALETTE, strict=False):
        sign = "circle" if name == names[0] else "circle-open"
        marker = {"color": hue, "symbol": sign, "size": 11, "line": {"width": 2, "color": hue}}
        base.points(
            fig, table[TRAP_METRICS[0]], table["loss"].replace(LOSS_TITLES), name, marker=marker,
            customdata=table["seed"], hovertemplate="%{y}, seed %{customdata}: %{x:.4f}<extra>" + name + "</extra>",
        )  # fmt: skip
    _categories(fig, pd.concat([table["loss"] for table in shown.values()]).replace(LOSS_TITLES).unique())
    fig.update_layout(showlegend=len(shown) > 1)
    return _by_metric(fig, lambda metric: [table[metric].tolist() for table in shown.values()])


def protocols(table: pd.DataFrame) -> go.Figure:
    """One model, one line per protocol: the exact expectation, and simulated draws with the deviation of a single one.

    ``table``: columns ``protocol``, ``metric``, ``expected``, ``simulated``, ``sd``. Points of one metric: all
    expectations and the simulated ones.
    """
    fig = base.figure("One model, five numbers", x=TRAP_METRICS[0].upper(), height=360)
    parts = {metric: table[table["metric"] == metric] for metric in TRAP_METRICS}
    first = parts[TRAP_METRICS[0]]
    drawn = {metric: part.dropna(subset="simulated") for metric, part in parts.items()}
    base.points(
        fig, first["expected"], first["protocol"], "exact expectation",
        marker={"color": base.PALETTE[0], "symbol": "diamond", "size": 12},
        hovertemplate="%{y}: %{x:.4f}<extra>exact</extra>",
    )  # fmt: skip
    simulated = drawn[TRAP_METRICS[0]]
    base.points(
        fig, simulated["simulated"], simulated["protocol"], "simulated (mean ± deviation of one draw)",
        marker={"color": base.PALETTE[1], "symbol": "line-ns-open", "size": 16, "line": {"width": 2}},
        error_x={"array": simulated["sd"].to_numpy(), "thickness": 1.5, "color": base.PALETTE[1]},
        hovertemplate="%{y}: %{x:.4f}<extra>simulated</extra>",
    )  # fmt: skip
    _categories(fig, first["protocol"])
    errors = {metric: [None, drawn[metric]["sd"].tolist()] for metric in TRAP_METRICS}
    return _by_metric(
        fig,
        lambda metric: [parts[metric]["expected"].tolist(), drawn[metric]["simulated"].tolist()],
        lambda metric: {"error_x.array": errors[metric]},
    )


def orders(table: pd.DataFrame) -> go.Figure:
    """Metric of every model under every protocol relative to the first model's: lines that cross change the order.

    ``table``: models in rows, protocols in columns.
    """
    reference = table.index[0]
    fig = base.figure("Who is better depends on who is ranked", y=f"times {reference}", height=460)
    for hue, sign, (model, row) in zip(base.PALETTE, base.SYMBOLS, table.iterrows(), strict=False):
        base.points(
            fig, list(table.columns), row / table.loc[reference], model, mode="lines+markers",
            marker={"color": hue, "symbol": sign}, line={"color": hue, "width": 1.5}, customdata=row.to_numpy(),
            hovertemplate=f"{model}, %{{x}}: %{{customdata:.4f}}<extra></extra>",
        )  # fmt: skip
    labels = [name.replace(" ", "<br>", 2) for name in table.columns]
    fig.update_xaxes(tickvals=list(table.columns), ticktext=labels, tickangle=0)
    fig.update_yaxes(rangemode="tozero")
    return fig


def splits(table: pd.DataFrame) -> go.Figure:
    """Metrics of each model on each split, with 95 % intervals over users.

    ``table``: columns ``split``, ``model``, ``cases``, the metrics and "± metric".
    """
    fig = base.figure("Two splits of one data set", x="NDCG@10", height=360)
    groups = list(table.groupby("split", sort=False))
    spreads = {metric: [_spread(rows, metric) for _, rows in groups] for metric in TRAP_METRICS}
    for k, ((split, rows), hue, sign) in enumerate(zip(groups, base.PALETTE, base.SYMBOLS, strict=False)):
        base.points(
            fig, rows[TRAP_METRICS[0]], rows["model"], split, marker={"color": hue, "symbol": sign, "size": 10},
            error_x={"symmetric": False, "thickness": 1.5, "color": hue} | spreads[TRAP_METRICS[0]][k],
            customdata=rows["cases"],
            hovertemplate=f"%{{y}}, {split}: %{{x:.4f}} over %{{customdata}} users<extra></extra>",
        )  # fmt: skip
    _categories(fig, table["model"].unique())
    return _by_metric(
        fig,
        lambda metric: [rows[metric].tolist() for _, rows in groups],
        lambda metric: {f"error_x.{side}": [one[side] for one in spreads[metric]] for side in ("array", "arrayminus")},
    )


def _spread(rows: pd.DataFrame, metric: str) -> dict[str, list[float]]:
    """Half of each interval to both sides, downwards at most to 0, below which no metric lies."""
    half = rows[f"± {metric}"]
    return {"array": half.tolist(), "arrayminus": np.minimum(half, rows[metric]).tolist()}


def published_levels(table: pd.DataFrame) -> go.Figure:
    """HR@10 others report on one data set; colour and sign are what was ranked.

    ``table``: columns ``model``, ``loss``, ``ranking``, ``hr@10``, ``source``.
    """
    fig = base.figure("Levels others report", x="HR@10", height=150 + 32 * len(table))
    table = table.sort_values("hr@10")
    labels = table["model"] + "<br>" + table["loss"]
    where = np.arange(len(table))
    for hue, sign, (ranking, rows) in zip(base.PALETTE, base.SYMBOLS, table.groupby("ranking"), strict=False):
        places = where[table["ranking"] == ranking]
        base.points(
            fig, rows["hr@10"], places, f"ranked: {ranking}", marker={"color": hue, "symbol": sign},
            customdata=rows["source"], hovertemplate="%{x:.4f}<br>%{customdata}<extra></extra>",
        )  # fmt: skip
    fig.update_yaxes(tickvals=where.tolist(), ticktext=labels.tolist(), tickfont_size=10)
    fig.update_xaxes(rangemode="tozero")
    return fig


def _categories(fig: go.Figure, names: Iterable[str]) -> None:
    """The first name on top."""
    fig.update_yaxes(categoryorder="array", categoryarray=list(names)[::-1])
    fig.update_xaxes(rangemode="tozero")


def _by_metric(fig: go.Figure, values, further=lambda metric: {}) -> go.Figure:
    """One button per metric; ``values(metric)`` is the x of every trace."""
    choices: list[tuple[str, Mapping, Mapping]] = [
        (metric.upper(), {"x": values(metric), **further(metric)}, {"xaxis.title.text": metric.upper()})
        for metric in TRAP_METRICS
    ]
    return buttons(fig, choices)
