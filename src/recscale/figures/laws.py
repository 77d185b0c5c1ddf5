"""Figures of laws and their fits: a curve with its band, and the failures of "Fitting honestly".

Every function takes tables of ``recscale.analysis.fit_simulations`` (or points) and ``Fit``; one row is one point.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import dropdown, slider, switch
from recscale.laws import Fit

FITTED, TRUE = base.PALETTE[1], base.NEUTRAL
_AXES = ("xaxis.title.text", "yaxis.title.text")


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
        base.line(fig, along, curve["predicted"], name, hue, dash=dash)
    base.level(fig, [seen["x"].max(), along.max()], float(seen["y"].iloc[-1]), "no further gain", dash="dash")
    base.draw(fig, seen, "x", "y", "runs that were fitted", hue=base.PALETTE[0])
    hollow = {"hue": base.PALETTE[0], "sign": "circle-open", "size": 10, "marker": {"line": {"width": 2}}}
    return base.draw(fig, unseen, "x", "y", "hidden runs", **hollow)


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
    base.series(fig, table, "start", "factor", "objective", "start {}", joined=1, data=data, hover=hover)
    level = {"objective": 1.0} | {name: truth[name] for name in ("α", "β", "E")}
    base.level(fig, table["factor"], 1.0, "optimum or truth", hoverinfo="skip")
    fig.add_vline(x=mean, line={"color": base.NEUTRAL, "width": 1})
    note = {"text": "mean", "showarrow": False, "xanchor": "left", "font": {"size": 11}}
    fig.add_annotation(x=np.log10(mean), y=1, yref="paper", **note)  # unlike shapes in logarithms on a log axis
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
    titles = {
        "parameters": {"ln A": "ln A", "α": "α"},
        "predictions": {"near": "loss at the largest size measured", "far": "loss at ten times that size"},
    }
    cross = {"color": base.PALETTE[1], "symbol": "x", "size": 12}
    for hue, (name, (x, y)) in zip(base.PALETTE, titles.items(), strict=False):
        base.draw(fig, draws, x, y, f"one resample: {name}", hue=hue, size=5, marker={"opacity": 0.6})
        base.points(fig, [truth[x]], [truth[y]], f"truth: {name}", marker=cross, meta=None)
    layouts = {name: dict(zip(_AXES, text.values(), strict=True)) for name, text in titles.items()}
    return switch(fig, np.repeat(list(titles), 2).tolist(), layouts=layouts)


def one_start(table: pd.DataFrame) -> go.Figure:
    """R² of one panel at every q₁: the global optimum and what one start from ones finds. ``table``: ``one_start``."""
    fig = base.figure("One start, and the best there is", x="the constant q₁ of the search", y="R² on 24 points")
    kinds = (("best", "every start", "circle"), ("one_start", "one start, all ones", "x"))
    for place, (column, name, sign) in enumerate(kinds):
        look = {"place": place, "sign": sign, "joined": 1, "hover": "q₁ = %{x}<br>R² = %{y:.6f}"}
        base.draw(fig, table.dropna(subset=[column]), "q1", column, name, **look)
    return fig


def data_terms(table: pd.DataFrame) -> go.Figure:
    """Fits that predict the same: a parameter of the data term against its start. ``table``: ``data_term_starts``.

    A menu picks D, w₅, b or what they add up to; every row is one point.
    """
    fig = base.figure(
        "Equal fits, any data term you like", x="start value of D (log scale)", y="reported D", log_x=True, log_y=True
    )
    hover = "R² = %{customdata[0]:.6f}<br>w₅ = %{customdata[1]:.3f}, b = %{customdata[2]:.3f}"
    hover += "<br>together %{customdata[3]:.6f}"
    own = {"hue": base.PALETTE[0], "data": ["r2", "w5", "b", "constant"], "hover": hover}
    base.draw(fig, table, "start", "D", "a fit with the best R²", **own)
    middle, free = table["constant"].mean(), {"yaxis.autorange": True}
    columns = {
        "D": ("reported D", {"yaxis.type": "log"} | free),
        "w5": ("reported w₅", {"yaxis.type": "linear"} | free),
        "b": ("reported b", {"yaxis.type": "linear"} | free),
        "constant": ("D, w₅ and b together", {"yaxis.type": "linear", "yaxis.range": [middle - 0.5, middle + 0.5]}),
    }
    choices = [
        (name, {"y": [table[column].tolist()]}, {"yaxis.title.text": name} | layout)
        for column, (name, layout) in columns.items()
    ]
    return dropdown(fig, choices)


def spans(fits: Mapping[float, tuple[pd.DataFrame, Fit]], truth, beyond: float = 10.0) -> go.Figure:
    """The same eight sizes over more and more decades (slider), the floor law's band and the truth, to ``beyond``.

    ``fits``: ``fit_simulations.spans``; ``truth``: the true law. Points: 8 for every step of the slider.
    """
    fig = base.figure(
        "How far can a range be stretched?", x="compute, largest run = 1", y="loss", log_x=True, height=560
    )
    for step, (points, fit) in enumerate(fits.values()):
        curve, shown = fit.curve(reach=beyond), {"visible": not step}
        base.band(fig, curve["x"], np.maximum(curve["low"], 0), curve["high"], "95 % band", FITTED, **shown)
        base.line(fig, curve["x"], curve["predicted"], "fitted law", FITTED, **shown)
        base.draw(fig, points, "x", "y", "runs", hue=base.PALETTE[0], **shown)
    x = np.geomspace(10.0 ** -max(fits), beyond, 120)
    base.line(fig, x, truth(x), "truth", TRUE, dash="dot")
    owners = np.repeat(np.arange(len(fits)), 3)
    low, high = float(truth(np.array([beyond * 3]))[0]), float(truth(np.array([10.0 ** -max(fits)]))[0])
    fig.update_yaxes(range=[low - 0.25 * (high - low), high + 0.1 * (high - low)])
    steps = [(f"{span:g}", {"visible": [*(owners == k).tolist(), True]}, {}) for k, span in enumerate(fits)]
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
    return fig.update_xaxes(type="category").update_layout(showlegend=False)


def coverage(table: pd.DataFrame) -> go.Figure:
    """How often bands hold the truth, against the level they promise. ``table``: ``fit_simulations.coverage``."""
    fig = base.figure("Do the bands keep their promise?", x="level of the band", y="share that holds the truth")
    base.line(fig, [0.4, 1], [0.4, 1], "as promised", TRUE, dash="dot", hoverinfo="skip")
    hover = "promised %{customdata[0]:.0%}, true in %{y:.1%} of %{customdata[1]} simulations"
    for place, (where, rows) in enumerate(table.groupby("where", sort=False)):
        sides = {"array": rows["high"] - rows["share"], "arrayminus": rows["share"] - rows["low"]}
        look = {"place": place, "error_y": {"type": "data", "color": base.PALETTE[place], "thickness": 1.2} | sides}
        x = rows["level"] + (-0.004, 0.004, 0.012)[place]
        base.draw(fig, rows, x, "share", where, data=["level", "simulations"], hover=hover, **look)
    fig.update_xaxes(tickformat=".0%", range=[0.42, 1.02])
    return fig.update_yaxes(tickformat=".0%", range=[0.3, 1.03])
