"""Figures of the report card: verdicts counted, and every number of the papers with ours."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base

VERDICT_COLOURS = {
    "holds": base.PALETTE[2],
    "holds in part": base.PALETTE[4],
    "does not hold": base.PALETTE[1],
    "open": base.NEUTRAL,
    "undecidable": "#C3CAD1",
}
_SIGNS = {"holds": "circle", "holds in part": "diamond", "does not hold": "x", "open": "square", "undecidable": "star"}
_SHORT = {
    "wukong-law-coefficient": "Wukong: coefficient A",
    "wukong-law-exponent": "Wukong: exponent α",
    "wukong-law-gain": "Wukong: gain of 4 ×",
    "wukong-law-span": "Wukong: decades",
    "wukong-lead": "Wukong: least lead",
    "frappe-wukong-auc": "Frappe: AUC",
    "frappe-wukong-logloss": "Frappe: log-loss",
    "pl-width-product": "Width at H · d = 512",
    "pl-tokens-ml1m": "MovieLens-1M: tokens",
    "pl-wukong-r2": "R² of the law on Wukong",
}
"""Claims with a number on both sides, short enough for a phone; others are called by their ids."""
EVIDENCE = {"published": "printed numbers", "measured": "our runs", "predicted": "our runs"}
BODIES = [f"{paper}, {source}" for paper in ("Wukong", "Performance Law") for source in ("printed numbers", "our runs")]
"""Bodies of evidence, as pages list them."""


def verdict_counts(claims: pd.DataFrame) -> pd.DataFrame:
    """How many claims got each verdict: ``body`` (paper, kind of evidence), ``verdict``, ``claims``; no zeros.

    ``claims``: ``claims.render.table``. Checks of ours are left out.
    """
    stated = claims[~claims["check"]]
    body = stated["paper"] + ", " + stated["evidence"].map(EVIDENCE)
    found = stated.groupby([body.rename("body"), "verdict"], sort=False).size().rename("claims").reset_index()
    order = {verdict: k for k, verdict in enumerate(VERDICT_COLOURS)}
    return found.sort_values("verdict", key=lambda column: column.map(order), kind="stable").reset_index(drop=True)


def verdicts(found: pd.DataFrame) -> go.Figure:
    """One bar per paper and kind of evidence, in pieces by verdict; one row of ``verdict_counts`` is one piece."""
    fig = base.figure("Verdicts", x="claims", height=290)
    for verdict, rows in found.groupby("verdict", sort=False):
        text = {"text": rows["claims"], "textposition": "inside", "textfont": {"size": 12}, "textangle": 0}
        text |= {"constraintext": "none", "insidetextanchor": "middle"}
        hover = f"%{{y}}: %{{x}} {verdict}<extra></extra>"
        base.pieces(fig, rows, "claims", "body", verdict, VERDICT_COLOURS[verdict], hovertemplate=hover, **text)
    fig.update_layout(bargap=0.2)
    return fig.update_yaxes(
        categoryorder="array",
        categoryarray=BODIES[::-1],
        tickvals=BODIES,
        ticktext=[f"{paper}, {source}" for paper in ("Wukong", "P. Law") for source in ("printed", "ours")],
    )


def ratios(claims: pd.DataFrame) -> pd.DataFrame:
    """Claims with a number on both sides: ``ratio, ratio_low, ratio_high`` of magnitudes (1: as printed).

    ``claims``: ``claims.render.table``. ``sign_differs``: our number has the other sign, and its interval, if any,
    excludes 0.
    """
    numbers = claims[["reference", "observed"]].apply(lambda column: pd.to_numeric(column, errors="coerce"))
    chosen = numbers.notna().all(axis=1) & (numbers != 0).all(axis=1) & ~claims["check"]
    rows, printed = claims[chosen], numbers.loc[chosen, "reference"]
    ratio = numbers.loc[chosen, "observed"] / printed
    ends = rows[["ci_low", "ci_high"]].astype(float).div(printed, axis=0)
    low, high = ends.min(axis=1), ends.max(axis=1)
    sign = np.sign(ratio)
    return rows.assign(
        ratio=ratio.abs(),
        ratio_low=np.where(sign > 0, low, -high),
        ratio_high=np.where(sign > 0, high, -low),
        sign_differs=(sign < 0) & ~(high >= 0),
    )


def forest(rows: pd.DataFrame) -> go.Figure:
    """Our number over the paper's with its interval, one line per claim; the legend switches verdicts off and on.

    ``rows``: ``ratios``.
    """
    fig = base.figure(
        "Our number ÷ the paper's", x="ratio (log scale; 1: as printed)", log_x=True, height=140 + 22 * len(rows)
    )
    rows = rows.assign(place=range(len(rows) - 1, -1, -1))
    hover = {"hover": "%{customdata[0]}<br>paper %{customdata[1]}, here %{customdata[2]:.4g}"}
    hover["data"] = ["statement", "reference", "observed"]
    for verdict, part in rows.groupby("verdict", sort=False):
        look = {"hue": VERDICT_COLOURS[verdict], "sign": _SIGNS[verdict], "x_ends": ("ratio_low", "ratio_high")}
        base.draw(fig, part, "ratio", part["place"].tolist(), verdict, **look, **hover)
    labels = [_SHORT.get(id, id.replace("-", " ")) for id in rows.index]
    fig.update_yaxes(tickvals=rows["place"].tolist(), ticktext=labels, tickfont_size=11)
    return fig.add_vline(x=1, line={"color": base.NEUTRAL, "dash": "dot", "width": 1})
