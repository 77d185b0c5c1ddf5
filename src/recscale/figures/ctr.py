"""Training CTR models, drawn: learning curves, comparisons with their noise, calibration."""

import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons
from recscale.models import MODEL_TITLES

METRICS = {
    "logloss": ("test_logloss", "log-loss on test (nats)"),
    "normalized entropy": ("test_normalized_entropy", "normalized entropy on test"),
    "AUC": ("test_auc", "AUC on test"),
}


def learning_curves(history: pd.DataFrame) -> go.Figure:
    """Log-loss against impressions seen; each model's seeds share a colour.

    ``history``: columns ``model``, ``seed``, ``part`` ("train" or "valid"), ``examples_seen``, ``logloss``.
    """
    fig = base.figure("Learning curves", x="impressions seen", y="log-loss (nats)")
    for (model, part), rows in history.groupby(["model", "part"], sort=False):
        # A row without a value between two seeds lifts the pen; it is not drawn.
        pieces = [pd.concat([seed, pd.DataFrame([{}])]) for _, seed in rows.groupby("seed")]
        curve = pd.concat(pieces)
        base.points(
            fig,
            curve["examples_seen"],
            curve["logloss"],
            MODEL_TITLES[model],
            mode="lines" if part == "train" else "lines+markers",
            line={"color": base.colour(model), "width": 1 if part == "train" else 2},
            opacity=0.45 if part == "train" else 1,
            legendgroup=model,
            showlegend=part == "valid",
            hovertemplate=f"{MODEL_TITLES[model]}, {part}<br>%{{x:,}} impressions: %{{y:.4f}}<extra></extra>",
        )
    low, high = history["logloss"].quantile([0, 0.98])
    fig.update_yaxes(range=[low - 0.05 * (high - low), high + 0.05 * (high - low)])
    return fig


def comparison(table: pd.DataFrame) -> go.Figure:
    """Every run of every model on one axis, the mean as a bar across; buttons change the metric.

    ``table``: one row per run, columns ``model``, ``seed`` and those of ``METRICS``.
    """
    fig = base.figure("Three models, one loop", x=METRICS["logloss"][1], height=320)
    groups = list(table.groupby("model", sort=False))
    for model, rows in groups:
        base.points(
            fig,
            rows["test_logloss"],
            rows["model"].map(MODEL_TITLES),
            MODEL_TITLES[model],
            customdata=rows[["seed"]],
            showlegend=False,
            hovertemplate="%{y}, seed %{customdata[0]}: %{x:.5f}<extra></extra>",
        )
    for model, rows in groups:
        fig.add_scatter(
            x=[rows["test_logloss"].mean()],
            y=[MODEL_TITLES[model]],
            mode="markers",
            marker={"symbol": "line-ns", "size": 22, "line": {"width": 2, "color": base.colour(model)}},
            showlegend=False,
            hovertemplate="mean: %{x:.5f}<extra></extra>",
        )
    choices = []
    for label, (column, title) in METRICS.items():
        x = [rows[column].tolist() for _, rows in groups] + [[rows[column].mean()] for _, rows in groups]
        choices.append((label, {"x": x}, {"xaxis.title.text": title}))
    return buttons(fig, choices)


def calibration(table: pd.DataFrame) -> go.Figure:
    """Share of clicks against mean prediction; on the diagonal a model means what it says.

    ``table``: columns ``model``, ``predicted``, ``observed``, ``error`` (standard error of observed), ``rows``.
    """
    fig = base.figure("Calibration", x="mean prediction of the group", y="share of clicks in the group")
    base.line(fig, [0, 1], [0, 1], "predicted = observed", line={"color": base.NEUTRAL, "dash": "dot"})
    for model, rows in table.groupby("model", sort=False):
        base.points(
            fig,
            rows["predicted"],
            rows["observed"],
            MODEL_TITLES[model],
            mode="lines+markers",
            line={"color": base.colour(model), "width": 1},
            error_y={"array": 1.96 * rows["error"], "thickness": 1, "width": 2},
            customdata=rows[["rows"]],
            hovertemplate="%{fullData.name}: %{x:.3f} predicted, %{y:.3f} seen<br>%{customdata[0]} rows<extra></extra>",
        )
    return fig
