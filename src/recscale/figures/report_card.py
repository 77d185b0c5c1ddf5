"""Figures of the report card: verdicts counted, and every number of the papers beside ours."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.claims.card import COUNTED
from recscale.figures import base

HUES = {
    "holds": base.PALETTE[2],
    "holds in part": base.PALETTE[4],
    "does not hold": base.PALETTE[1],
    "can't be known": base.NEUTRAL,
}
LABELS = {
    "law, coefficient A": "coefficient A",
    "law, exponent": "exponent (size)",
    "gain for four times": "gain a quadrupling",
    "the sizes span": "range in decades",
    "lead at equal compute": "lead at equal compute",
    "DCNv2 needs 40": "DCNv2: 40 × compute",
    "Frappe: AUC of": "Frappe: Wukong's AUC",
    "Frappe: log-loss of": "Frappe: its log-loss",
    "best depth": "best depth, ML-1M",
    "best width of ML-1M": "best width, ML-1M",
    "best width of Industrial": "best width, Industrial",
    "best width with": "best width, H·d = 512",
    "tokens of": "tokens, ML-1M 200",
    "measured: R² of the law on Wukong": "R², Wukong's AUC",
}
"""Start of a claim -> what the axis of ``forest`` calls it."""

SIGNS = {"holds": "circle", "holds in part": "diamond", "does not hold": "x", "can't be known": "square"}


def counts(table: pd.DataFrame) -> pd.DataFrame:
    """How many claims of each paper, checks left out, got each verdict: ``paper, verdict, claims``; no zeros."""
    found = table[~table["check"]].groupby(["paper", "verdict"], sort=False).size().rename("claims").reset_index()
    order = {verdict: k for k, verdict in enumerate(HUES)}
    return found.sort_values(["paper", "verdict"], key=lambda c: c.map(order).fillna(0) if c.name == "verdict" else c)


def verdicts(found: pd.DataFrame) -> go.Figure:
    """A bar a paper, in pieces by verdict. ``found``: ``counts``; one piece is one row."""
    fig = base.figure("Verdicts", x="claims", height=300)
    for verdict, rows in found.groupby("verdict", sort=False):
        fig.add_bar(
            x=rows["claims"],
            y=rows["paper"],
            name=verdict,
            orientation="h",
            marker={"color": HUES[verdict]},
            text=rows["claims"],
            meta=base.DATA,
            hovertemplate=f"{verdict}: %{{x}}",
        )
    fig.update_layout(barmode="stack", legend_traceorder="normal")
    return fig


def comparable(table: pd.DataFrame) -> pd.DataFrame:
    """Claims with a number on both sides, as ratios of magnitudes: ``ratio, ratio_low, ratio_high`` (1: as printed);
    no counts, whose number of cases is ours.

    ``sign_differs``: our number has the other sign, and its interval, if any, excludes 0.
    """
    table = table[~table["check"] & ~table["claim"].str.endswith(COUNTED)]
    numeric = table[[*("paper_value", "ours")]].apply(lambda c: pd.to_numeric(c, errors="coerce"))
    rows = table[(numeric["paper_value"] != 0) & (numeric["ours"] != 0) & numeric.notna().all(axis=1)].copy()
    scale = numeric.loc[rows.index, "paper_value"]
    rows["ratio"] = numeric.loc[rows.index, "ours"] / scale
    ends = rows[["low", "high"]].astype(float).div(scale, axis=0)
    rows["ratio_low"], rows["ratio_high"] = ends.min(axis=1), ends.max(axis=1)
    negative = rows["ratio"] < 0
    rows.loc[negative, ["ratio", "ratio_low", "ratio_high"]] *= -1
    swapped = rows["ratio_low"] > rows["ratio_high"]
    rows.loc[swapped, ["ratio_low", "ratio_high"]] = rows.loc[swapped, ["ratio_high", "ratio_low"]].to_numpy()
    return rows.assign(sign_differs=negative & ~(rows["ratio_low"] <= 0))


def forest(rows: pd.DataFrame) -> go.Figure:
    """Ours over the paper's number with its interval, one line a claim; the legend switches verdicts off and on.

    ``rows``: ``comparable``.
    """
    fig = base.figure(
        "Our number ÷ the paper's", x="ratio (log scale; 1: as printed)", log_x=True, height=140 + 16 * len(rows)
    )
    place = dict(zip(rows.index, range(len(rows) - 1, -1, -1), strict=True))
    for verdict, part in rows.groupby("verdict", sort=False):
        hue = HUES[verdict]
        base.points(
            fig,
            part["ratio"],
            [place[k] for k in part.index],
            verdict,
            marker={"color": hue, "symbol": SIGNS[verdict], "size": 9},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": (part["ratio_high"] - part["ratio"]).fillna(0),
                "arrayminus": (part["ratio"] - part["ratio_low"]).fillna(0),
                "color": hue,
                "thickness": 1.5,
                "width": 0,  # caps of a missing interval would split the marker
            },
            customdata=np.stack(
                [part["claim"].str.removesuffix(COUNTED), part["paper_value"].map(str), part["ours"].map(_short)],
                axis=1,
            ),
            hovertemplate="%{customdata[0]}<br>paper %{customdata[1]}, here %{customdata[2]}",
        )
    labels = [_label(text) for text in rows["claim"]]
    fig.update_yaxes(tickvals=[place[k] for k in rows.index], ticktext=labels, tickfont_size=11)
    fig.add_vline(x=1, line={"color": base.NEUTRAL, "dash": "dot", "width": 1})
    return fig


def _short(value) -> str:
    return f"{value:.4g}"


def _label(text: str) -> str:
    """A claim in the few words that an axis on a phone has room for."""
    return next((label for start, label in LABELS.items() if text.startswith(start)), text[:22].rstrip())
