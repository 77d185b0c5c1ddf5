"""Figures of the planted world: learners beside the derived law, a missing floor, and what a size can hold."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.datasets.planted_world import WORLD, PlantedWorld
from recscale.figures import base
from recscale.figures.overlay import bars
from recscale.models import MODEL_TITLES

EXCESS = "excess loss (nats)"
IDEAL = base.PALETTE[7]
_LOOKS = ("dot", "x"), ("dash", "circle-open"), ("solid", "square-open")
"""Dash and mark of CrossNets, by rank."""


def by_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds of ``analysis.planted_world.ideal_learner``, by rows, with the seeds' standard error."""
    means = table.groupby("rows", as_index=False)[["excess", "logloss", "bayes", "derived"]].mean()
    return means.assign(half=2 * table.groupby("rows")["excess"].sem().to_numpy())


def learners(ideal: pd.DataFrame, curves: pd.DataFrame, world: PlantedWorld, height: int = 360) -> go.Figure:
    """Excess over rows in logarithms: the ideal learner in ``world`` with the derived sum and its power, and networks
    in training in a world of their own, with what the ideal learner would lose there.

    ``ideal``: ``by_rows``; ``curves``: ``analysis.planted_world.curve_table``, one line per run.
    """
    fig = base.figure(x="training rows, each seen once", y=EXCESS, log_x=True, log_y=True, height=height)
    rows, middle = ideal["rows"], ideal["derived"].iloc[len(ideal) // 2]
    at = np.array([rows.min(), rows.max()], dtype=float)
    power = middle * (at / rows.iloc[len(ideal) // 2]) ** -world.data_exponent
    base.line(fig, at, power, f"slope −{world.data_exponent:.2g}", line={"color": base.NEUTRAL, "dash": "dot"})
    base.line(fig, rows, ideal["derived"], f"derived, J = {world.interactions}", line={"color": IDEAL})
    theirs = curves.drop_duplicates("rows").sort_values("rows")
    name = f"derived, J = {WORLD.interactions} (networks)"
    base.line(fig, theirs["rows"], theirs["ideal"], name, line={"color": base.NEUTRAL, "width": 1.5})
    base.points(
        fig,
        rows,
        ideal["excess"],
        f"ideal learner, J = {world.interactions}",
        marker={"color": IDEAL},
        error_y=bars(ideal["excess"], ideal["excess"] - ideal["half"], ideal["excess"] + ideal["half"], IDEAL),
        hovertemplate="ideal learner, %{x:,} rows<br>%{y:.4f} nats above Bayes<extra></extra>",
    )
    looks = dict(zip(sorted(curves["rank"].dropna().unique()), _LOOKS, strict=False))
    for run, points in _runs(curves):
        first = points.iloc[0]
        hue = base.colour(first["model"])
        dash, sign = looks.get(first["rank"], ("solid", base.symbol(first["model"])))
        base.points(
            fig,
            points["rows"],
            points["excess"],
            run,
            mode="lines+markers",
            marker={"size": 6, "color": hue, "symbol": sign},
            line={"width": 1.2, "color": hue, "dash": dash},
            hovertemplate="%{fullData.name}, %{x:,} rows<br>%{y:.4f} nats above Bayes<extra></extra>",
        )
    return fig.update_layout(margin_t=12)


def _runs(curves: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Name -> the points of one run; CrossNet with its rank."""
    named = []
    for _, points in curves.groupby(["model", "dense_parameters", "seed"], sort=False):
        first = points.iloc[0]
        rank = f", rank {first['rank']}" if first["model"] == "crossnet" else ""
        named.append((f"{MODEL_TITLES[first['model']]}{rank}", points))
    return named


def floor(ideal: pd.DataFrame, lines: Mapping[str, pd.DataFrame], height: int = 320) -> go.Figure:
    """The loss itself over rows, its floor, and fitted laws. ``lines``: name -> rows, logloss of a curve."""
    fig = base.figure(x="training rows", y="log-loss on test (nats)", log_x=True, height=height)
    for hue, (name, curve) in zip((base.PALETTE[1], base.PALETTE[0], base.PALETTE[2]), lines.items(), strict=False):
        base.line(fig, curve["rows"], curve["logloss"], name, line={"color": hue})
    base.points(fig, ideal["rows"], ideal["logloss"], "ideal learner", marker={"color": IDEAL})
    bayes = float(ideal["bayes"].iloc[0])
    fig.add_hline(
        y=bayes,
        line={"color": base.NEUTRAL, "dash": "dot"},
        annotation_text="Bayes",
        annotation_position="bottom right",
    )
    return fig.update_layout(margin_t=12)


def capacity(table: pd.DataFrame, nets: pd.DataFrame, size_exponent: float, height: int = 320) -> go.Figure:
    """Excess over the interactions that a model can hold: truncated models, the derived sum, and trained CrossNets.

    ``table``: ``analysis.planted_world.truncated``; ``nets``: ``analysis.planted_world.size_table``.
    """
    fig = base.figure(x="interactions held, N", y=EXCESS, log_x=True, log_y=True, height=height)
    held = table["capacity"]
    power = table["derived"].iloc[1] * (held / held.iloc[1]) ** -size_exponent
    base.line(fig, held, power, f"slope −{size_exponent:.2g}", line={"color": base.NEUTRAL, "dash": "dot"})
    base.line(fig, held, table["derived"], "derived", line={"color": IDEAL})
    base.points(fig, held, table["excess"], "exactly the N strongest", marker={"color": IDEAL})
    look = {"color": base.colour("crossnet"), "symbol": base.symbol("crossnet")}
    base.points(fig, nets["capacity"], nets["excess"], "CrossNet of rank N / 2, trained", marker=look)
    return fig.update_layout(margin_t=12)


def rows_law(table: pd.DataFrame, height: int = 420) -> go.Figure:
    """Excess over rows of every contestant with its interval, the line of its κ, and the ideal learner's.

    ``table``: ``analysis.planted_world.excess_by_rows``.
    """
    fig = base.figure(x="training rows, each seen once", y=EXCESS, log_x=True, log_y=True, height=height)
    theirs = table.drop_duplicates("rows").sort_values("rows")
    base.line(fig, theirs["rows"], theirs["ideal"], "ideal learner, derived", line={"color": IDEAL})
    for model, rows in table.groupby("model", sort=False):
        hue, dotted = base.colour(model), {"color": base.colour(model), "dash": "dot", "width": 1.5}
        base.line(fig, rows["rows"], rows["fitted"], "its law", line=dotted, showlegend=False, hoverinfo="skip")
        _measured(fig, rows, "rows", MODEL_TITLES[model], hue, base.symbol(model))
    return fig.update_layout(margin_t=12)


def rival_ladders(table: pd.DataFrame, height: int = 380) -> go.Figure:
    """Excess over training FLOP per example, a ladder per model. ``table``: ``analysis.planted_world.size_ladders``."""
    fig = base.figure(x="training FLOP per example", y=EXCESS, log_x=True, log_y=True, height=height)
    for (model, rows), sizes in table.groupby(["model", "rows"], sort=False):
        name = f"{MODEL_TITLES[model]}, {rows:,} rows"
        _measured(fig, sizes, "training_flop_per_example", name, base.colour(model), base.symbol(model))
    return fig.update_layout(margin_t=12)


def _measured(fig: go.Figure, table: pd.DataFrame, x: str, name: str, hue: str, sign: str) -> None:
    """Means over seeds with their interval, joined."""
    base.points(
        fig,
        table[x],
        table["excess"],
        name,
        mode="lines+markers",
        marker={"color": hue, "symbol": sign},
        line={"color": hue, "width": 1.2},
        error_y=bars(table["excess"], table["ci_low"], table["ci_high"], hue),
        hovertemplate="%{fullData.name}, %{x:,}<br>%{y:.4f} nats above Bayes<extra></extra>",
    )
