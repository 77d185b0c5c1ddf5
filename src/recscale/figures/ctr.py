"""Training CTR models, looked at: learning curves, comparisons with their noise, calibration.

Tables are those of ``analysis.training_comparison``.
"""

import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import swap
from recscale.models import MODEL_TITLES

METRICS = {
    "logloss": ("test_logloss", "log-loss on test (nats)"),
    "normalized entropy": ("test_normalized_entropy", "normalized entropy on test"),
    "AUC": ("test_auc", "AUC on test"),
}


def learning_curves(history: pd.DataFrame) -> go.Figure:
    """Log loss against impressions seen; each model's seeds share a colour. ``history``: ``history_table``."""
    fig = base.figure("Learning curves", x="impressions seen", y="log-loss (nats)", height=400)
    for (model, part), rows in history.groupby(["model", "part"], sort=False):
        # A row without a value between two seeds lifts the pen; it is not drawn.
        curve = pd.concat([pd.concat([seed, pd.DataFrame([{}])]) for _, seed in rows.groupby("seed")])
        hover = f"{MODEL_TITLES[model]}, {part}<br>%{{x:,}} impressions: %{{y:.4f}}<extra></extra>"
        look = {"joined": 1, "mode": "lines", "opacity": 0.45} if part == "train" else {"joined": 2, "opacity": 1}
        look |= {"hue": base.colour(model), "legendgroup": model, "showlegend": part == "valid"}
        base.draw(fig, curve, "examples_seen", "logloss", MODEL_TITLES[model], hover=hover, **look)
    low, high = history["logloss"].quantile([0, 0.98])
    fig.update_yaxes(range=[low - 0.05 * (high - low), high + 0.05 * (high - low)])
    return fig.update_xaxes(tickformat="~s")


def comparison(table: pd.DataFrame) -> go.Figure:
    """Every run of every model on one axis, the mean as a bar across; buttons change the metric.

    ``table``: ``comparison_table``.
    """
    fig = base.figure("Three models, one loop", x=METRICS["logloss"][1], height=320)
    groups = list(table.groupby("model", sort=False))
    seeds = {"data": ["seed"], "showlegend": False, "hover": "%{y}, seed %{customdata[0]}: %{x:.5f}<extra></extra>"}
    for model, rows in groups:
        base.draw(fig, rows, "test_logloss", [MODEL_TITLES[model]] * len(rows), MODEL_TITLES[model], **seeds)
    means = [rows[[column for column, _ in METRICS.values()]].mean().to_frame().T for _, rows in groups]
    for (model, _), mean in zip(groups, means, strict=True):
        fig.add_scatter(
            x=mean["test_logloss"].tolist(),
            y=[MODEL_TITLES[model]],
            mode="markers",
            marker={"symbol": "line-ns", "size": 22, "line": {"width": 2, "color": base.colour(model)}},
            showlegend=False,
            hovertemplate="mean: %{x:.5f}<extra></extra>",
        )
    return swap(fig, [rows for _, rows in groups] + means, METRICS)


def differences(table: pd.DataFrame) -> go.Figure:
    """The first model less each rival, with the interval of seeds, of test impressions, and of both together.

    ``table``: ``training_comparison.differences``. A mark per rival, drawn three times with the three intervals.
    """
    fig = base.figure("Wukong's loss minus its rival's", x="difference in log-loss (nats)", height=280)
    fig.add_vline(x=0, line={"color": base.NEUTRAL, "width": 1})
    noises = {
        "another seed": table["seeds"],
        "other test impressions": table["impressions"],
        "both": table["ci_high"] - table["difference"],
    }
    for place, (noise, half) in enumerate(noises.items()):
        rows = table.assign(half=half, low=table["difference"] - half, high=table["difference"] + half)
        y = [row + 0.22 * (place - 1) for row in range(len(table))]
        hover = {"data": "half", "hover": f"%{{x:+.4f}} ± %{{customdata:.4f}}: {noise}<extra></extra>"}
        look = {"hue": base.PALETTE[(6, 5, 1)[place]], "sign": base.SYMBOLS[place], "x_ends": ("low", "high")}
        base.draw(fig, rows, "difference", y, noise, **look, **hover)
    labels = [MODEL_TITLES[rival] for rival in table.index]
    return fig.update_yaxes(tickvals=list(range(len(table))), ticktext=labels, range=[len(table) - 0.5, -0.5])


def calibration(table: pd.DataFrame) -> go.Figure:
    """Share of clicks against mean prediction: on the diagonal they agree. ``table``: ``calibration_table``."""
    fig = base.figure("Calibration", x="mean prediction of the group", y="share of clicks in the group", height=420)
    base.line(fig, [0, 1], [0, 1], "predicted = observed", base.NEUTRAL, dash="dot")
    for model, rows in table.groupby("model", sort=False):
        title = MODEL_TITLES[model]
        hover = f"{title}: %{{x:.3f}} predicted, %{{y:.3f}} seen<br>%{{customdata[0]}} rows<extra></extra>"
        own = {"hue": base.colour(model), "error_y": {"array": 1.96 * rows["error"], "thickness": 1, "width": 2}}
        base.draw(fig, rows, "predicted", "observed", title, joined=1, data=["rows"], hover=hover, **own)
    return fig
