"""Losses and metric traps, drawn: one model under many ways to evaluate, losses, and published levels."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons, swap

TRAP_METRICS = ("ndcg@10", "hr@10")
LOSS_TITLES = {"softmax": "softmax", "sampled-softmax": "sampled softmax", "bce": "BCE", "gbce": "gBCE"}
"""A loss's name in the run records -> what readers know it by."""


def losses(live: pd.DataFrame, stored: pd.DataFrame, names: tuple[str, str]) -> go.Figure:
    """One line per loss, one mark per run: live ones solid, the stored study hollow.

    Columns: loss, seed, metrics. ``names``: what the legend calls the two.
    """
    fig = base.figure("Four losses", x=TRAP_METRICS[0].upper(), height=380)
    tables = dict(zip(names, (live, stored), strict=True))
    shown = {name: table.replace({"loss": LOSS_TITLES}) for name, table in tables.items() if len(table)}
    for (name, table), hue in zip(shown.items(), base.PALETTE, strict=False):
        sign = "circle" if name == names[0] else "circle-open"
        look = {"hue": hue, "sign": sign, "size": 11, "marker": {"line": {"width": 2, "color": hue}}}
        hover = "%{y}, seed %{customdata}: %{x:.4f}<extra>" + name + "</extra>"
        base.draw(fig, table, TRAP_METRICS[0], "loss", name, data="seed", hover=hover, **look)
    _categories(fig, pd.concat(shown)["loss"].unique())
    fig.update_layout(showlegend=len(shown) > 1)
    return swap(fig, list(shown.values()), {metric.upper(): (metric, metric.upper()) for metric in TRAP_METRICS})


def protocols(table: pd.DataFrame) -> go.Figure:
    """One model, one line per protocol: the exact expectation, and simulated draws with the deviation of a single one.

    ``table``: columns ``protocol``, ``metric``, ``expected``, ``simulated``, ``sd``. Points of one metric: all
    expectations and the simulated ones.
    """
    fig = base.figure("One model, five numbers", x=TRAP_METRICS[0].upper(), height=360)
    parts = {metric: table[table["metric"] == metric] for metric in TRAP_METRICS}
    first = parts[TRAP_METRICS[0]]
    drawn = {metric: part.dropna(subset="simulated") for metric, part in parts.items()}
    exact = {"hue": base.PALETTE[0], "sign": "diamond", "size": 12, "hover": "%{y}: %{x:.4f}<extra>exact</extra>"}
    base.draw(fig, first, "expected", "protocol", "exact expectation", **exact)
    simulated, hue = drawn[TRAP_METRICS[0]], base.PALETTE[1]
    look = {"hue": hue, "sign": "line-ns-open", "size": 16, "marker": {"line": {"width": 2}}}
    look["error_x"] = {"array": simulated["sd"].to_numpy(), "thickness": 1.5, "color": hue}
    name, hover = "simulated (mean ± deviation of one draw)", "%{y}: %{x:.4f}<extra>simulated</extra>"
    base.draw(fig, simulated, "simulated", "protocol", name, hover=hover, **look)
    _categories(fig, first["protocol"])
    traces = {
        metric: {
            "x": [parts[metric]["expected"].tolist(), drawn[metric]["simulated"].tolist()],
            "error_x.array": [None, drawn[metric]["sd"].tolist()],
        }
        for metric in TRAP_METRICS
    }
    return _by_metric(fig, traces)


def orders(table: pd.DataFrame) -> go.Figure:
    """Metric of every model under every protocol relative to the first model's: lines that cross change the order.

    ``table``: models in rows, protocols in columns.
    """
    reference = table.index[0]
    fig = base.figure("Who is better depends on who is ranked", y=f"times {reference}", height=460)
    for place, (model, row) in enumerate(table.iterrows()):
        rows = pd.DataFrame({"own": row, "times": row / table.loc[reference]})
        look = {"place": place, "joined": 1.5, "data": "own"}
        hover = f"{model}, %{{x}}: %{{customdata:.4f}}<extra></extra>"
        base.draw(fig, rows, list(table.columns), "times", model, hover=hover, **look)
    labels = [name.replace(" ", "<br>", 2) for name in table.columns]
    fig.update_xaxes(tickvals=list(table.columns), ticktext=labels, tickangle=0)
    return fig.update_yaxes(rangemode="tozero")


def splits(table: pd.DataFrame) -> go.Figure:
    """Metrics of each model on each split, with 95 % intervals over users.

    ``table``: columns ``split``, ``model``, ``cases``, the metrics and "± metric".
    """
    fig = base.figure("Two splits of one data set", x="NDCG@10", height=360)
    groups = list(table.groupby("split", sort=False))
    spreads = {metric: [_spread(rows, metric) for _, rows in groups] for metric in TRAP_METRICS}
    for place, (split, rows) in enumerate(groups):
        error = {"symmetric": False, "thickness": 1.5, "color": base.PALETTE[place]} | spreads[TRAP_METRICS[0]][place]
        hover = f"%{{y}}, {split}: %{{x:.4f}} over %{{customdata}} users<extra></extra>"
        own = {"place": place, "size": 10, "error_x": error, "data": "cases", "hover": hover}
        base.draw(fig, rows, TRAP_METRICS[0], "model", split, **own)
    _categories(fig, table["model"].unique())
    traces = {
        metric: {"x": [rows[metric].tolist() for _, rows in groups]}
        | {f"error_x.{side}": [one[side] for one in spreads[metric]] for side in ("array", "arrayminus")}
        for metric in TRAP_METRICS
    }
    return _by_metric(fig, traces)


def _spread(rows: pd.DataFrame, metric: str) -> dict[str, list[float]]:
    """Half of each interval to both sides, downwards at most to 0, below which no metric lies."""
    half = rows[f"± {metric}"]
    return {"array": half.tolist(), "arrayminus": np.minimum(half, rows[metric]).tolist()}


def published_levels(table: pd.DataFrame) -> go.Figure:
    """HR@10 others report on one data set; colour and sign are what was ranked.

    ``table``: columns ``model``, ``loss``, ``ranking``, ``hr@10``, ``source``.
    """
    fig = base.figure("Levels others report", x="HR@10", height=150 + 32 * len(table))
    table = table.sort_values("hr@10").assign(where=range(len(table)))
    labels = table["model"] + "<br>" + table["loss"]
    own = {"joined": 0, "data": "source", "hover": "%{x:.4f}<br>%{customdata}<extra></extra>"}
    ordered = table.sort_values("ranking", kind="stable")
    base.series(fig, ordered, "ranking", "hr@10", "where", "ranked: {}", **own)
    fig.update_yaxes(tickvals=table["where"].tolist(), ticktext=labels.tolist(), tickfont_size=10)
    return fig.update_xaxes(rangemode="tozero")


def _categories(fig: go.Figure, names: Iterable[str]) -> None:
    """The first name on top."""
    fig.update_yaxes(categoryorder="array", categoryarray=list(names)[::-1])
    fig.update_xaxes(rangemode="tozero")


def _by_metric(fig: go.Figure, traces: Mapping[str, Mapping]) -> go.Figure:
    """One button per metric. ``traces``: metric -> changes to the traces."""
    return buttons(fig, [(one.upper(), own, {"xaxis.title.text": one.upper()}) for one, own in traces.items()])
