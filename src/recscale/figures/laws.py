"""Figures of laws and their fits: a curve with its band, and the failures of "Fitting honestly".

Every function takes tables of ``recscale.analysis.fit_simulations`` (or points) and ``Fit``; one row is one point.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons, dropdown
from recscale.laws import Fit

FITTED, TRUE = base.PALETTE[1], base.NEUTRAL


def slider(fig: go.Figure, prefix: str, choices: Sequence[tuple[str, dict[str, Any], dict[str, Any]]]) -> go.Figure:
    """A slider below the plot; each of its steps is (label, changes to the traces, changes to the layout)."""
    steps = [{"label": label, "method": "update", "args": [traces, layout]} for label, traces, layout in choices]
    style = {"pad": {"t": 48, "b": 4}, "bordercolor": "rgba(127,135,146,0.5)", "currentvalue": {"prefix": prefix}}
    fig.update_layout(sliders=[{"active": 0, "steps": steps} | style], margin_b=150)
    return fig


def only(group: Hashable, groups: Iterable[Hashable]) -> list[bool]:
    """Which traces show when ``group`` is chosen: its own, and those of no group."""
    return [own is None or own == group for own in groups]


def predicted(points: pd.DataFrame, fits: Mapping[str, Fit], hidden: int, *, x: str, y: str, reach: float) -> go.Figure:
    """Points ``x, y`` in order of size, the last ``hidden`` of them hollow, and what laws fitted to the others predict.

    ``fits``: name -> fit; the first has its 95 % band. Drawn ``reach`` times beyond the largest fitted size, beside "no
    further gain".
    """
    fig = base.figure(x=x, y=y, log_x=True)
    seen, unseen = points.iloc[:-hidden], points.iloc[-hidden:]
    styles = zip((FITTED, base.PALETTE[2]), ("solid", "dot"), fits.items(), strict=True)
    for place, (hue, dash, (name, fit)) in enumerate(styles):
        curve = fit.curve(reach=reach)
        along = curve.iloc[:, 0]
        if not place:
            base.band(fig, along, curve["low"], curve["high"], "95 % band of the law", hue)
        base.line(fig, along, curve["predicted"], name, line={"color": hue, "dash": dash})
    ends, last = [seen["x"].max(), along.max()], float(seen["y"].iloc[-1])
    base.line(fig, ends, [last, last], "no further gain", line={"color": TRUE, "dash": "dash"})
    base.points(fig, seen["x"], seen["y"], "runs that were fitted", marker={"color": base.PALETTE[0]})
    hollow = {"color": base.PALETTE[0], "symbol": "circle-open", "size": 10, "line": {"width": 2}}
    return base.points(fig, unseen["x"], unseen["y"], "hidden runs", marker=hollow)


def early_stopping(table: pd.DataFrame, mean: float, truth: Mapping[str, float]) -> go.Figure:
    """Where an optimiser stops when its objective is multiplied by a factor; ``mean`` is the factor of the mean loss.

    ``table``: ``fit_simulations.early_stopping``. A menu picks the objective or a parameter; the figure holds every
    row once.
    """
    fig = base.figure(
        "Converged, says the optimiser",
        x="objective multiplied by (1: the sum over all points)",
        y="objective, relative to the optimum",
        log_x=True,
        log_y=True,
    )
    columns = {"objective": "the objective", **{name: f"{name} (truth {truth[name]:g})" for name in ("α", "β", "E")}}
    starts = list(table.groupby("start"))
    hover = "converged: %{customdata[0]}, after %{customdata[1]} iterations<br>%{y:.4g}"
    hover += "<br>α %{customdata[2]:.3f}, β %{customdata[3]:.3f}, E %{customdata[4]:.3f}"
    data = ["converged", "iterations", "α", "β", "E"]
    base.series(fig, table, "start", "factor", "objective", "start {}", joined=1, data=data, hovertemplate=hover)
    level = {"objective": 1.0} | {name: truth[name] for name in ("α", "β", "E")}
    ends = [table["factor"].min(), table["factor"].max()]
    base.line(fig, ends, [1.0, 1.0], "optimum or truth", line={"color": TRUE, "dash": "dot"}, hoverinfo="skip")
    fig.add_vline(x=mean, line={"color": base.NEUTRAL, "width": 1})
    fig.add_annotation(  # on a log axis annotations, unlike shapes, take the logarithm
        x=np.log10(mean), y=1, yref="paper", text="mean", showarrow=False, xanchor="left", font={"size": 11}
    )
    choices = []
    for column, label in columns.items():
        values = [rows[column].tolist() for _, rows in starts] + [[level[column]] * 2]
        kind = "log" if column == "objective" else "linear"
        title = "objective, relative to the optimum" if column == "objective" else f"reported {column}"
        choices.append((label, {"y": values}, {"yaxis.type": kind, "yaxis.title.text": title}))
    return dropdown(fig, choices)


def resampled(draws: pd.DataFrame, truth: Mapping[str, float]) -> go.Figure:
    """Bootstrap refits: two parameters against each other, or two predictions. ``draws``: ``ln A, α, near, far``."""
    fig = base.figure("Parameters wander, predictions stay", x="ln A", y="α", height=480)
    pairs = (("ln A", "α", "parameters", True), ("near", "far", "predictions", False))
    for hue, (x, y, name, visible) in zip(base.PALETTE, pairs, strict=False):
        base.points(fig, draws[x], draws[y], f"one resample: {name}", marker={"color": hue, "size": 5, "opacity": 0.6})
        base.points(fig, [], [], f"truth: {name}", meta=None)
        fig.data[-1].update(x=[truth[x]], y=[truth[y]], marker={"color": base.PALETTE[1], "symbol": "x", "size": 12})
        for trace in fig.data[-2:]:
            trace.visible = visible
    text = {"ln A": "ln A", "α": "α", "near": "loss at the largest size measured", "far": "loss at ten times that size"}
    choices = [
        (name, {"visible": only(k, [0, 0, 1, 1])}, {"xaxis.title.text": text[x], "yaxis.title.text": text[y]})
        for k, (x, y, name, _) in enumerate(pairs)
    ]
    return buttons(fig, choices)


def one_start(table: pd.DataFrame) -> go.Figure:
    """R² of one panel at every q₁: the global optimum and what one start from ones finds. ``table``: ``one_start``."""
    fig = base.figure("One start, and the best there is", x="the constant q₁ of the search", y="R² on 24 points")
    for place, (column, name, sign) in enumerate(
        (("best", "every start", "circle"), ("one_start", "one start, all ones", "x"))
    ):
        rows, own = table.dropna(subset=[column]), base.look(place, joined=1, symbol=sign)
        base.points(fig, rows["q1"], rows[column], name, **own, hovertemplate="q₁ = %{x}<br>R² = %{y:.6f}")
    return fig


def data_terms(table: pd.DataFrame) -> go.Figure:
    """Fits that predict the same: a parameter of the data term against its start. ``table``: ``data_term_starts``.

    A menu picks D, w₅, b or what they add up to; every row is one point.
    """
    fig = base.figure(
        "Equal fits, any data term you like", x="start value of D (log scale)", y="reported D", log_x=True, log_y=True
    )
    base.points(
        fig,
        table["start"],
        table["D"],
        "a fit with the best R²",
        marker={"color": base.PALETTE[0]},
        customdata=table[["r2", "w5", "b", "constant"]],
        hovertemplate="R² = %{customdata[0]:.6f}<br>w₅ = %{customdata[1]:.3f}, b = %{customdata[2]:.3f}"
        "<br>together %{customdata[3]:.6f}",
    )
    columns = {"D": "reported D", "w5": "reported w₅", "b": "reported b", "constant": "D, w₅ and b together"}
    choices = [
        (name, {"y": [table[c].tolist()]}, {"yaxis.title.text": name, "yaxis.type": "log" if c == "D" else "linear"})
        for c, name in columns.items()
    ]
    choices[-1][2]["yaxis.range"] = [table["constant"].mean() - 0.5, table["constant"].mean() + 0.5]
    for choice in choices[:-1]:
        choice[2]["yaxis.autorange"] = True
    return dropdown(fig, choices)


def spans(fits: Mapping[float, tuple[pd.DataFrame, Fit]], truth, beyond: float = 10.0) -> go.Figure:
    """The same eight sizes over more and more decades (slider), the floor law's band and the truth, to ``beyond``.

    ``fits``: ``fit_simulations.spans``; ``truth``: the true law. Points: 8 for every step of the slider.
    """
    fig = base.figure(
        "How far can a range be stretched?", x="compute, largest run = 1", y="loss", log_x=True, height=560
    )
    first = next(iter(fits))
    groups: list[int | None] = []
    for step, (span, (points, fit)) in enumerate(fits.items()):
        curve = fit.curve(reach=beyond)
        base.band(fig, curve["x"], np.maximum(curve["low"], 0), curve["high"], "95 % band", FITTED)
        base.line(fig, curve["x"], curve["predicted"], "fitted law", line={"color": FITTED})
        base.points(fig, points["x"], points["y"], "runs", marker={"color": base.PALETTE[0]})
        groups += [step] * 3
        for trace in fig.data[-3:]:
            trace.visible = span == first
    x = np.geomspace(10.0 ** -max(fits), beyond, 120)
    base.line(fig, x, truth(x), "truth", line={"color": TRUE, "dash": "dot"})
    groups.append(None)
    low, high = float(truth(np.array([beyond * 3]))[0]), float(truth(np.array([10.0 ** -max(fits)]))[0])
    fig.update_yaxes(range=[low - 0.25 * (high - low), high + 0.1 * (high - low)])
    steps = [(f"{span:g}", {"visible": only(k, groups)}, {}) for k, span in enumerate(fits)]
    return slider(fig, "decades of compute: ", steps)


def seed_noise(table: pd.DataFrame, truth: float) -> go.Figure:
    """Exponents that repeats of one experiment report, by the number of seeds per size. ``table``: ``seed_noise``."""
    fig = base.figure("The same experiment again and again", x="seeds per size", y="reported exponent α")
    for hue, (count, rows) in zip(base.PALETTE, table.groupby("seeds"), strict=False):
        fig.add_box(
            x=[str(count)] * len(rows),
            y=rows["α"],
            name=f"{count} seed{'s' * (count > 1)}",
            boxpoints="all",
            jitter=0.6,
            pointpos=0,
            marker={"color": hue, "size": 4, "opacity": 0.6},
            line={"color": hue},
            fillcolor=base.translucent(hue),
            meta=base.DATA,
            hovertemplate="α = %{y:.3f}",
        )
    fig.add_hline(y=truth, line={"color": TRUE, "dash": "dot"}, annotation_text="truth", annotation_font_size=11)
    fig.update_xaxes(type="category")
    fig.update_layout(showlegend=False)
    return fig


def coverage(table: pd.DataFrame) -> go.Figure:
    """How often bands hold the truth, against the level they promise. ``table``: ``fit_simulations.coverage``."""
    fig = base.figure("Do the bands keep their promise?", x="level of the band", y="share that holds the truth")
    base.line(fig, [0.4, 1], [0.4, 1], "as promised", line={"color": TRUE, "dash": "dot"}, hoverinfo="skip")
    for hue, sign, shift, (where, rows) in zip(
        base.PALETTE, base.SYMBOLS, (-0.004, 0.004, 0.012), table.groupby("where", sort=False), strict=False
    ):
        above, below = rows["high"] - rows["share"], rows["share"] - rows["low"]
        base.points(
            fig,
            rows["level"] + shift,
            rows["share"],
            where,
            marker={"color": hue, "symbol": sign},
            error_y={"type": "data", "array": above, "arrayminus": below, "color": hue, "thickness": 1.2},
            customdata=rows[["level", "simulations"]],
            hovertemplate="promised %{customdata[0]:.0%}, true in %{y:.1%} of %{customdata[1]} simulations",
        )
    fig.update_xaxes(tickformat=".0%", range=[0.42, 1.02])
    fig.update_yaxes(tickformat=".0%", range=[0.3, 1.03])
    return fig
