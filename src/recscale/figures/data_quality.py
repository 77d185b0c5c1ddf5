"""Figures of the data quality chapter: what the entropies of item sequences measure, and what D′ becomes of it.

Every function takes a table of ``recscale.entropy.experiments``, one row a point.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons

ENTROPIES = {"ApEn": "ApEn", "S_real": "real entropy"}


def bias_curve(table: pd.DataFrame) -> go.Figure:
    """Mean entropy of uniform random sequences against the number of items, one series per length.

    ``table``: ``finite_size_bias``. Buttons pick the entropy; the figure holds both, ``2 × len(table)`` points.
    """
    fig = base.figure(
        "Entropies of finite random sequences",
        x="number of equally likely items (log scale)",
        y="entropy (nats)",
        log_x=True,
        height=500,
    )
    for column, label in ENTROPIES.items():
        own = {"size": 7, "hover": f"{label} = %{{y:.3f}} nats<br>%{{x}} items to choose from"}
        base.series(fig, table, "length", "alphabet", column, "{} items per user", visible=column == "ApEn", **own)
    truth = table[["alphabet", "truth"]].drop_duplicates()
    base.line(fig, truth["alphabet"], truth["truth"], "the truth, ln K", base.NEUTRAL, dash="dot")
    owners = np.repeat(list(ENTROPIES), table["length"].nunique())
    ranges = {column: [0, 1.1 * table[column].max()] for column in ENTROPIES}
    choices = [
        (label, {"visible": [*(owners == column).tolist(), True]}, {"yaxis.range": ranges[column]})
        for column, label in ENTROPIES.items()
    ]
    fig.update_yaxes(range=ranges["ApEn"])
    return buttons(fig, choices)


def length_alone(table: pd.DataFrame, m: int) -> go.Figure:
    """ApEn of every user against the length of the history, over the curve that it is without repeats.

    ``table``: ``per_user``. Users with ApEn = 0 have no place on a log axis and must be left out beforehand.
    """
    fig = base.figure(
        "One point per user: entropy, or length?",
        x="items in the history n (log scale)",
        y="ApEn (nats, log scale)",
        log_x=True,
        log_y=True,
    )
    lengths = np.geomspace(max(table["length"].min(), m + 1), table["length"].max(), 100)
    law = np.log1p(1 / (lengths - m))
    base.line(fig, lengths, law, "ln((n−m+1)/(n−m))", base.NEUTRAL, dash="dot", hoverinfo="skip")
    hover = "%{x} items, %{customdata[0]} of them met before<br>ApEn = %{y:.4f} nats"
    for name, place in (("never repeats an item", 0), ("repeats items", 1)):
        rows = table[(table["repeats"] > 0) == place]
        if len(rows):
            look = {"place": place, "size": 5, "marker": {"opacity": 0.6}}
            base.draw(fig, rows, "length", "ApEn", name, data=["repeats"], hover=hover, **look)
    return fig


def renamed(table: pd.DataFrame) -> go.Figure:
    """Mean ApEn at every tolerance, once per random renaming of the items. ``table``: ``renaming``."""
    axes = {"x": "tolerance r between ids", "y": "mean ApEn of the users (nats)"}
    fig = base.figure("The same histories under other names", **axes)
    codes, tolerances = pd.factorize(table["r"])
    other, spread = table["renaming"] > 0, 0.3 * (table["renaming"] / max(table["renaming"].max(), 1) - 0.5)
    placed = table.assign(place=codes + spread * other)
    hover = "r = %{customdata[0]}<br>ApEn = %{y:.5f} nats"
    for name, rows, hue, sign, size in (
        ("a random renaming", placed[other], base.PALETTE[0], "circle", 6),
        ("ids as given", placed[~other], base.PALETTE[1], "diamond", 11),
    ):
        look = {"hue": hue, "sign": sign, "size": size, "marker": {"opacity": 0.8}}
        base.draw(fig, rows, "place", "ApEn", name, data=["r"], hover=hover, **look)
    return fig.update_xaxes(tickvals=list(range(len(tolerances))), ticktext=[f"{r:g}" for r in tolerances])


_BRIEF = {
    "S_real": "real",
    "mean of users": "per user",
    "concatenated": "end to end",
    "Markov entropy rate": "Markov rate",
}
"""Of entropies, in as few words as two columns of a phone's legend allow."""

_FEW = {r"\(S_u\)": "", "S_1 S_2 …": "all", "S_real": "real", "mean_u": "mean"}
"""Of formulas, for a tick's label."""

SIDES = {
    "shortest_code": ("shortest code", 1, "solid"),
    "entropy_rate": ("entropy rate h (Shannon)", 0, "solid"),
    "reciprocal": ("1 / h (the lemma, literally)", 3, "dash"),
    "real_reciprocal": ("1 / real entropy, as measured", 4, "dot"),
    "apen_reciprocal": ("1 / ApEn, as measured", 2, "dot"),
}
"""Column of ``coding_table``: (name, colour, dash)."""


def coding_sides(table: pd.DataFrame) -> go.Figure:
    """Both sides of the coding lemma against the true entropy rate, log-log; ``5 × len(table)`` points."""
    fig = base.figure(
        "The shortest code and the lemma's bound",
        x="entropy rate of the chain (bits per step, log scale)",
        y="bits per token (log scale)",
        log_x=True,
        log_y=True,
        height=520,
    )
    for (column, (name, index, dash)), sign in zip(SIDES.items(), base.SYMBOLS, strict=False):
        look = {"place": index, "sign": sign, "size": 7, "joined": 1.5, "dash": dash}
        base.draw(fig, table, "entropy_rate", column, name, hover="h = %{x:.3f} bits<br>%{y:.3f}", **look)
    return fig.add_vline(x=1, line={"color": base.NEUTRAL, "dash": "dot", "width": 1})


def duplicated(table: pd.DataFrame) -> go.Figure:
    """Every entropy against the share of items replaced by a copy of the one before, relative to none.

    ``table``: ``duplication``, with shares from 0 on.
    """
    fig = base.figure(
        "Which way does an entropy turn when data repeat?",
        x="share of items replaced by the item before",
        y="entropy ÷ before (log)",
        log_y=True,
        height=520,
    )
    fig.add_hline(y=1, line={"color": base.NEUTRAL, "dash": "dot", "width": 1})
    times = table["value"] / table.groupby("entropy")["value"].transform("first")
    relative = table.assign(times=times, entropy=table["entropy"].replace(_BRIEF, regex=True))
    hover = {"data": ["value"], "hover": "%{x:.0%} copies<br>%{y:.2f} times, %{customdata[0]:.3g}"}
    base.series(fig, relative, "entropy", "share", "times", size=7, **hover)
    fig.update_xaxes(tickformat=".0%")
    return fig.update_layout(legend={"entrywidth": 96, "font": {"size": 11}})  # two columns on a phone


def credited(stored: pd.DataFrame, live: pd.DataFrame) -> go.Figure:
    """D′ / tokens in every reading: what one token of each data set is credited with.

    ``stored`` and ``live``: rows of ``readings`` (``dataset, name, formula, factor``) with a finite factor; the live
    data set is drawn as open rings over the stored points.
    """
    fig = base.figure("Nineteen data terms", x="D′ / tokens (log scale)", log_x=True, height=680)
    stored, live = (rows.assign(short=rows["formula"].replace(_FEW, regex=True)) for rows in (stored, live))
    order = pd.concat([stored, live])["short"].unique()[::-1].tolist()
    hover = {"data": ["formula"], "hover": "D′ = %{customdata[0]}<br>%{x:.4g} per token"}
    for index, (dataset, rows) in enumerate(stored.groupby("dataset", sort=False)):
        hue, sign = base.PALETTE[index % 8], base.SYMBOLS[(index + index // 8) % 8]
        base.draw(fig, rows, "factor", "short", dataset, hue=hue, sign=sign, **hover)
    look = {"hue": base.NEUTRAL, "sign": "circle-open", "size": 16}
    name = f"{live['dataset'].iloc[0]}, this page"
    base.draw(fig, live, "factor", "short", name, **look, **hover)
    fig.update_yaxes(categoryorder="array", categoryarray=order, tickfont={"size": 11})
    return fig.update_xaxes(tickvals=[1e-4, 0.01, 1, 100, 1e4], ticktext=["0.0001", "0.01", "1", "100", "10,000"])
