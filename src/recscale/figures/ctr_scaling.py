"""Loss against size: what a CTR scaling study measured, and the law through it.

The laws to draw come from ``analysis.ctr_scaling.curves_by_axis``.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons
from recscale.models import MODEL_TITLES
from recscale.runs.table import AXES, SIZES, Columns

_SHORT = {
    Columns.FLOP: "FLOP",
    "dense_parameters": "dense",
    "parameters": "all",
    "embedding_parameters": "tables",
    "pf_days": "PF-days",
}
_HOVER = (
    "%{fullData.name}, seed %{customdata[0]}<br>log-loss %{y:.5f}, AUC %{customdata[3]:.4f}"
    "<br>%{customdata[2]:,} FLOP per example, %{customdata[1]:,} dense parameters<extra></extra>"
)
_HOVER_DATA = ["seed", "dense_parameters", Columns.FLOP, "test_auc"]


def law_figure(
    runs: pd.DataFrame, curves: Mapping[str, pd.DataFrame], size: str, hold_out: int, height: int = 420
) -> go.Figure:
    """Log loss against ``size`` with the law through Wukong, its band, and the ``hold_out`` largest sizes as stars.

    ``curves``: axis -> x, predicted, low, high of the law along it. Buttons change what counts as size to each of
    them; along one without rows there is nothing to draw.
    """
    fig = base.figure(x=AXES[size], y="log-loss on test (nats)", log_x=True, height=height)
    groups = _groups(runs, hold_out)
    for model, label, rows, look in groups:
        look = {"hue": base.colour(model), "sign": base.symbol(model)} | look
        base.draw(fig, rows, size, "test_logloss", label, data=_HOVER_DATA, hover=_HOVER, **look)
    first, hue = curves[size], base.colour("wukong")
    base.band(fig, first["x"], first["low"], first["high"], "95 % band", hue)
    base.line(fig, first["x"], first["predicted"], "power law", hue, dash="dash")
    own = [rows for _, _, rows, _ in groups]
    choices = [
        (_SHORT[name], _moved(own, curves[name], name), {"xaxis.title.text": AXES[name]})
        for name in (size, *(name for name in curves if name != size))
    ]
    fig.update_xaxes(dtick=1)
    return buttons(fig, choices).update_layout(margin_t=44)


def _groups(runs: pd.DataFrame, hold_out: int) -> list[tuple[str, str, pd.DataFrame, dict]]:
    """(model, label, its runs, look) of each trace: Wukong's fitted sizes, those held out, and the other models."""
    wukong = runs[runs[Columns.MODEL] == "wukong"]
    largest = np.sort(wukong[Columns.FLOP].unique())[-hold_out:]
    held = wukong[Columns.FLOP].isin(largest)
    groups = [("wukong", MODEL_TITLES["wukong"], wukong[~held], {})]
    groups += [("wukong", "held out", wukong[held], {"sign": "star", "size": 14})]
    rivals = runs[runs[Columns.MODEL] != "wukong"].groupby(Columns.MODEL, sort=False)
    return groups + [(str(model), MODEL_TITLES[str(model)], rows, {}) for model, rows in rivals]


def _moved(groups: list[pd.DataFrame], curve: pd.DataFrame, axis: str) -> dict[str, list]:
    """The coordinates of all traces with ``axis`` as size."""
    around = np.concatenate([curve["x"], curve["x"][::-1]]), np.concatenate([curve["high"], curve["low"][::-1]])
    return {
        "x": [*(rows[axis].tolist() for rows in groups), around[0].tolist(), curve["x"].tolist()],
        "y": [*(rows["test_logloss"].tolist() for rows in groups), around[1].tolist(), curve["predicted"].tolist()],
    }


def relative_figure(runs: pd.DataFrame, significant: float, noise: float, height: int = 420) -> go.Figure:
    """The paper's axis: relative log loss in % against FLOP per example, one mark per run.

    ``runs``: ``analysis.ctr_scaling.relative``. Lines below the smallest DLRM: the gain (%) that the paper calls
    ``significant``, dotted, and the least significant difference by seed ``noise``, dashed; nan: none.
    """
    axes = {"x": SIZES[Columns.FLOP], "y": "log-loss against the smallest DLRM (%)", "log_x": True}
    fig = base.figure("Relative log-loss", **axes, height=height)
    hover = _HOVER.replace("log-loss %{y:.5f}", "%{y:+.3f} %")
    for model, rows in runs.groupby(Columns.MODEL, sort=False):
        own = {"size": 8, "data": _HOVER_DATA, "hover": hover}
        base.draw(fig, rows, Columns.FLOP, "relative", MODEL_TITLES[model], **own)
    shown = runs["relative"].tolist()
    for dash, text, value in (("dot", "paper's 0.02 %", significant), ("dash", "seed noise", noise)):
        if np.isfinite(value):
            fig.add_hline(y=-value, line={"dash": dash, "color": base.NEUTRAL}, name=text, showlegend=True)
            shown.append(-value)
    room = 0.08 * (max(shown) - min(shown))
    return fig.update_yaxes(range=[min(shown) - room, max(shown) + room])
