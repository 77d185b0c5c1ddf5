"""Figures of the measured law: all models at equal compute, leads, slopes beside the paper's, and laws side by side."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.models import MODEL_TITLES
from recscale.runs.table import AXES, Columns, by_configuration

_HOVER = "%{fullData.name}, %{x:,} FLOP per example<br>log-loss %{y:.5f}, %{customdata[0]} seeds<extra></extra>"
LABEL_ROOM = 1.1
"""Decades to the right of the largest size, for the models' names."""


def equal_compute(means: pd.DataFrame, law: pd.DataFrame, hold_out: int = 0, height: int = 320) -> go.Figure:
    """Every model's seed means over compute, named at their ends, and Wukong's law with its 95 % band.

    ``means``: ``analysis.ctr_rivals.model_means``; ``law``: x, predicted, low, high, without rows for none. Wukong's
    ``hold_out`` largest sizes are hollow.
    """
    fig = base.figure(x=AXES[Columns.FLOP], y="log-loss on test (nats)", log_x=True, height=height)
    hue = base.colour("wukong")
    base.band(fig, law["x"], law["low"], law["high"], "95 % band", hue)
    base.line(fig, law["x"], law["predicted"], "power law", hue, dash="dash", hoverinfo="skip")
    means = means.assign(low=means["test_logloss"] - means["half"], high=means["test_logloss"] + means["half"])
    ends = []
    for model, rows in sorted(means.groupby(Columns.MODEL, sort=False), key=lambda item: item[0] == "wukong"):
        own, last = model == "wukong", rows.iloc[-1]
        signs = [base.symbol(model)] * len(rows)
        if own and hold_out:
            signs[-hold_out:] = [f"{base.symbol(model)}-open"] * hold_out
        look = {"size": 9, "mode": "markers", "y_ends": ("low", "high")} if own else {"size": 6}
        look |= {"hue": base.colour(model), "sign": signs, "joined": 1.2, "data": ["seeds"], "hover": _HOVER}
        base.draw(fig, rows, Columns.FLOP, "test_logloss", MODEL_TITLES[model], **look)
        ends.append((float(last[Columns.FLOP]), float(last["test_logloss"]), model))
    _name_at_ends(fig, ends, span=float(np.ptp(means["test_logloss"])))
    low, high = np.log10([means[Columns.FLOP].min(), means[Columns.FLOP].max()])
    fig.update_xaxes(range=[low - 0.1, high + LABEL_ROOM], dtick=1)
    return fig.update_layout(showlegend=False, margin_t=12)


def _name_at_ends(fig: go.Figure, ends: Sequence[tuple[float, float, str]], span: float) -> None:
    """Each model's name to the right of its last point (size, loss, model), moved apart where they would overlap."""
    ends = sorted(ends, key=lambda end: end[1])
    places = spread([loss for _, loss, _ in ends], 0.06 * span)
    largest = max(size for size, _, _ in ends)
    for place, (_, _, model) in zip(places, ends, strict=True):
        fig.add_annotation(
            x=float(np.log10(largest)),
            y=place,
            text=MODEL_TITLES[model],
            showarrow=False,
            xanchor="left",
            xshift=10,
            font={"color": base.colour(model), "size": 12},
        )


def spread(values: Iterable[float], gap: float) -> list[float]:
    """Ascending ``values`` moved as little as one pass up and one centring allow, until they are ``gap`` apart."""
    places = list(values)
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + gap)
    shift = float(np.mean(np.subtract(places, values))) if places else 0.0
    return [place - shift for place in places]


def leads_figure(standings: pd.DataFrame, promised: float = 0.2, height: int = 340) -> go.Figure:
    """Wukong's mean lead over each rival at equal compute, with the interval that decides, and the ``promised`` one.

    ``standings``: ``analysis.ctr_rivals.standings``.
    """
    table = standings.sort_values("lead")
    fig = base.figure(x="Wukong's lead at equal compute (%); negative: the rival leads", height=height)
    names, hues = table.index.map(MODEL_TITLES).tolist(), [base.colour(model) for model in table.index]
    hover = "%{y}: %{x:+.2f} % [%{customdata[0]:+.2f}, %{customdata[1]:+.2f}], %{customdata[2]} sizes<extra></extra>"
    interval = {"x_ends": ("ci_low", "ci_high"), "bar": {"hue": base.NEUTRAL}}
    own = {"hue": hues, "size": 10, "data": ["ci_low", "ci_high", "sizes"], "hover": hover}
    base.draw(fig, table, "lead", names, "lead", **own, **interval)
    fig.add_vline(x=0, line={"color": base.NEUTRAL, "width": 1})
    fig.add_vline(x=promised, line={"color": base.NEUTRAL, "width": 1, "dash": "dot"})
    return fig.update_layout(showlegend=False, margin_t=12)


def slope_figure(rows: pd.DataFrame, height: int = 400) -> go.Figure:
    """One line per model: its slope in the paper's table and here, with 95 % intervals.

    ``rows``: ``analysis.ctr_rivals.slopes_and_the_papers``.
    """
    fig = base.figure(x="change of log-loss per decade of compute (%); negative: better", height=height)
    models = list(dict.fromkeys(["wukong", *rows["model"]]))[::-1]
    place = {model: k for k, model in enumerate(models)}
    looks = (
        ("paper", "paper's table", base.NEUTRAL, "circle-open", 0.14),
        ("ours", "here", base.PALETTE[1], "diamond", -0.14),
    )
    for source, name, hue, sign, shift in looks:
        part = rows[rows["source"] == source].assign(title=rows["model"].replace(MODEL_TITLES))
        y = [place[model] + shift for model in part["model"]]
        hover = "%{customdata[0]}: %{x:.3f} % per decade<extra>%{fullData.name}</extra>"
        own = {"hue": hue, "sign": sign, "x_ends": ("low", "high"), "data": ["title"], "hover": hover}
        base.draw(fig, part, "slope", y, name, **own)
    fig.add_vline(x=0, line={"color": base.NEUTRAL, "dash": "dot", "width": 1})
    fig.update_layout(margin_t=12)
    return fig.update_yaxes(tickvals=list(place.values()), ticktext=[MODEL_TITLES[model] for model in models])


def side_rows(tables: Mapping[str, pd.DataFrame]) -> int:
    """How many points ``curves_side_by_side`` draws: Wukong's sizes over all named sets."""
    return sum(len(by_configuration(runs[runs[Columns.MODEL] == "wukong"])) for runs in tables.values())


def curves_side_by_side(
    tables: Mapping[str, pd.DataFrame], curves: Mapping[str, pd.DataFrame], size: str, height: int = 360
) -> go.Figure:
    """Wukong's seed means of each named set of runs in % of the loss at its smallest size, with the power law through
    all sizes and its 95 % band. ``curves``: name -> x, predicted, low, high."""
    fig = base.figure(x=AXES[size], y="log-loss against the smallest Wukong (%)", log_x=True, height=height)
    for place, (name, runs) in enumerate(tables.items()):
        means = by_configuration(runs[runs[Columns.MODEL] == "wukong"])
        zero, hue, law = means["test_logloss"].iloc[0], base.PALETTE[place], curves[name]
        hover = "%{fullData.name}: log-loss %{customdata[1]:.5f}, %{customdata[0]} seeds<extra></extra>"
        own = {"place": place, "data": ["seeds", "test_logloss"], "hover": hover}
        base.draw(fig, means, size, 100 * (means["test_logloss"] / zero - 1), name, **own)
        low, high, middle = (100 * (law[column] / zero - 1) for column in ("low", "high", "predicted"))
        base.band(fig, law["x"], low, high, f"95 % band, {name}", hue, showlegend=False)
        base.line(fig, law["x"], middle, name, hue, showlegend=False, hoverinfo="skip")
    fig.update_xaxes(dtick=1)
    return fig.update_layout(margin_t=12)
