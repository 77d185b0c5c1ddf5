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
    for column in ENTROPIES:
        shown = {
            "visible": column == "ApEn",
            "hovertemplate": f"{ENTROPIES[column]} = %{{y:.3f}} nats<br>%{{x}} items to choose from",
        }
        base.series(fig, table, "length", "alphabet", column, "{} items per user", size=7, **shown)
    truth = table[["alphabet", "truth"]].drop_duplicates()
    base.line(fig, truth["alphabet"], truth["truth"], "the truth, ln K", line={"color": base.NEUTRAL, "dash": "dot"})
    lengths = table["length"].nunique()
    highest = {column: 1.1 * table[column].max() for column in ENTROPIES}
    choices = [
        (
            label,
            {"visible": [column == shown for shown in ENTROPIES for _ in range(lengths)] + [True]},
            {"yaxis.range": [0, highest[column]]},
        )
        for column, label in ENTROPIES.items()
    ]
    fig.update_yaxes(range=[0, highest["ApEn"]])
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
    base.line(
        fig,
        lengths,
        np.log1p(1 / (lengths - m)),
        "ln((n−m+1)/(n−m))",
        line={"color": base.NEUTRAL, "dash": "dot"},
        hoverinfo="skip",
    )
    groups = (("never repeats an item", table["repeats"] == 0, 0), ("repeats items", table["repeats"] > 0, 1))
    for name, chosen, index in groups:
        rows = table[chosen]
        if len(rows):
            base.points(
                fig,
                rows["length"],
                rows["ApEn"],
                name,
                marker={"size": 5, "opacity": 0.6, "color": base.PALETTE[index], "symbol": base.SYMBOLS[index]},
                customdata=rows[["repeats"]],
                hovertemplate="%{x} items, %{customdata[0]} of them met before<br>ApEn = %{y:.4f} nats",
            )
    return fig


def renamed(table: pd.DataFrame) -> go.Figure:
    """Mean ApEn at every tolerance, once per random renaming of the items. ``table``: ``renaming``."""
    fig = base.figure(
        "The same histories under other names", x="tolerance r between ids", y="mean ApEn of the users (nats)"
    )
    tolerances = list(dict.fromkeys(table["r"]))
    place = table["r"].map({r: index for index, r in enumerate(tolerances)})
    spread = 0.3 * (table["renaming"] / max(table["renaming"].max(), 1) - 0.5)
    for name, chosen, hue, sign, size in (
        ("a random renaming", table["renaming"] > 0, base.PALETTE[0], "circle", 6),
        ("ids as given", table["renaming"] == 0, base.PALETTE[1], "diamond", 11),
    ):
        base.points(
            fig,
            (place + spread * (table["renaming"] > 0))[chosen],
            table["ApEn"][chosen],
            name,
            marker={"color": hue, "symbol": sign, "size": size, "opacity": 0.8},
            customdata=table[["r"]][chosen],
            hovertemplate="r = %{customdata[0]}<br>ApEn = %{y:.5f} nats",
        )
    fig.update_xaxes(tickvals=list(range(len(tolerances))), ticktext=[f"{r:g}" for r in tolerances])
    return fig


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
        own = base.look(index, joined=1.5, dash=dash, size=7, symbol=sign)
        base.points(
            fig, table["entropy_rate"], table[column], name, **own, hovertemplate="h = %{x:.3f} bits<br>%{y:.3f}"
        )
    fig.add_vline(x=1, line={"color": base.NEUTRAL, "dash": "dot", "width": 1})
    return fig


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
    relative = table.assign(
        times=table["value"] / table.groupby("entropy")["value"].transform("first"),
        entropy=table["entropy"].map(_brief),
    )
    hover = {"data": ["value"], "hovertemplate": "%{x:.0%} copies<br>%{y:.2f} times, %{customdata[0]:.3g}"}
    base.series(fig, relative, "entropy", "share", "times", size=7, **hover)
    fig.update_xaxes(tickformat=".0%")
    return fig.update_layout(legend={"entrywidth": 96, "font": {"size": 11}})  # two columns on a phone


def _brief(entropy: str) -> str:
    """A row's name of ``duplication`` in as few words as two columns of a phone's legend allow."""
    for long, short in (
        ("S_real", "real"),
        ("mean of users", "per user"),
        ("concatenated", "end to end"),
        ("Markov entropy rate", "Markov rate"),
    ):
        entropy = entropy.replace(long, short)
    return entropy


def credited(stored: pd.DataFrame, live: pd.DataFrame) -> go.Figure:
    """D′ / tokens in every reading: what one token of each data set is credited with.

    ``stored`` and ``live``: rows of ``readings`` (``dataset, name, formula, factor``) with a finite factor; the live
    data set is drawn as open rings over the stored points.
    """
    fig = base.figure("Nineteen data terms", x="D′ / tokens (log scale)", log_x=True, height=680)
    order = list(dict.fromkeys(_label(formula) for formula in pd.concat([stored, live])["formula"]))[::-1]
    for index, (dataset, rows) in enumerate(stored.groupby("dataset", sort=False)):
        _credits(
            fig, rows, dataset, color=base.PALETTE[index % 8], symbol=base.SYMBOLS[(index + index // 8) % 8], size=9
        )
    name = f"{live['dataset'].iloc[0]}, this page"
    _credits(fig, live, name, color=base.NEUTRAL, symbol="circle-open", size=16)
    fig.update_yaxes(categoryorder="array", categoryarray=order, tickfont={"size": 11})
    return fig.update_xaxes(tickvals=[1e-4, 0.01, 1, 100, 1e4], ticktext=["0.0001", "0.01", "1", "100", "10,000"])


def _label(formula: str) -> str:
    """A formula without the arguments that a tick's label has no room for."""
    for long, short in (("(S_u)", ""), ("S_1 S_2 …", "all"), ("S_real", "real"), ("mean_u", "mean")):
        formula = formula.replace(long, short)
    return formula


def _credits(fig: go.Figure, rows: pd.DataFrame, name: str, **marker) -> None:
    base.points(
        fig,
        rows["factor"],
        rows["formula"].map(_label),
        name,
        marker=marker,
        customdata=rows[["formula"]],
        hovertemplate="D′ = %{customdata[0]}<br>%{x:.4g} per token",
    )
