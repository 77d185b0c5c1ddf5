"""Training CTR models, looked at: learning curves, comparisons with their noise, calibration."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.datasets.tables import CTRData
from recscale.figures import base
from recscale.figures.controls import buttons
from recscale.runs.spec import RunSpec
from recscale.runs.table import Columns
from recscale.stats.seeds import mean_half_width
from recscale.training.ctr import predict
from recscale.training.result import TrainingResult

METRICS = {
    "logloss": ("test_logloss", "log-loss on test (nats)"),
    "normalized entropy": ("test_normalized_entropy", "normalized entropy on test"),
    "AUC": ("test_auc", "AUC on test"),
}


def results_table(runs: Sequence[RunSpec], results: Sequence[TrainingResult]) -> pd.DataFrame:
    """One row a run: model, seed, size and every metric."""
    return pd.DataFrame(
        [
            {
                "model": run.model.model,
                "seed": run.seed,
                Columns.FLOP: result.accounting.training_flop_per_example,
                "dense_parameters": result.accounting.dense_parameters,
                "diverged": result.diverged,
                **result.metrics,
            }
            for run, result in zip(runs, results, strict=True)
        ]
    )


def history_table(runs: Sequence[RunSpec], results: Sequence[TrainingResult]) -> pd.DataFrame:
    """Every logged loss: model, seed, part (``train`` or ``valid``), examples seen, log loss."""
    tables = []
    for run, result in zip(runs, results, strict=True):
        for part in ("train", "valid"):
            logged = result.history[["examples_seen", f"{part}_logloss"]].dropna()
            logged.columns = ["examples_seen", "logloss"]
            tables.append(logged.assign(model=run.model.model, seed=run.seed, part=part))
    return pd.concat(tables, ignore_index=True)


def early_share(history: pd.DataFrame, fraction: float) -> pd.Series:
    """Model -> share of the fall of its training loss that is made after ``fraction`` of the examples: from the first
    value logged to the mean over the last tenth; mean over seeds. ``history``: ``history_table``."""
    shares = {}
    for (model, seed), rows in history[history["part"] == "train"].groupby(["model", "seed"], sort=False):
        seen, loss = rows["examples_seen"].to_numpy(float), rows["logloss"].to_numpy(float)
        first, last = loss[0], loss[seen >= 0.9 * seen[-1]].mean()
        shares[model, seed] = (first - np.interp(fraction * seen[-1], seen, loss)) / (first - last)
    return pd.Series(shares).groupby(level=0, sort=False).mean()


def learning_curves(history: pd.DataFrame) -> go.Figure:
    """Log loss against impressions seen; each model's seeds share a colour."""
    fig = base.figure("Learning curves", x="impressions seen", y="log-loss (nats)")
    for (model, part), rows in history.groupby(["model", "part"], sort=False):
        # A row without a value between two seeds lifts the pen; it is not drawn.
        pieces = [pd.concat([seed, pd.DataFrame([{}])]) for _, seed in rows.groupby("seed")]
        curve = pd.concat(pieces)
        base.points(
            fig,
            curve["examples_seen"],
            curve["logloss"],
            model,
            mode="lines" if part == "train" else "lines+markers",
            line={"color": base.colour(model), "width": 1 if part == "train" else 2},
            opacity=0.45 if part == "train" else 1,
            legendgroup=model,
            showlegend=part == "valid",
            hovertemplate=f"{model}, {part}<br>%{{x:,}} impressions: %{{y:.4f}}<extra></extra>",
        )
    low, high = history["logloss"].quantile([0, 0.98])
    fig.update_yaxes(range=[low - 0.05 * (high - low), high + 0.05 * (high - low)])
    return fig


def comparison(table: pd.DataFrame) -> go.Figure:
    """Every run of every model on one axis, the mean as a bar across; buttons change the metric."""
    fig = base.figure("Three models, one loop", x=METRICS["logloss"][1], height=320)
    groups = list(table.groupby("model", sort=False))
    for model, rows in groups:
        base.points(
            fig,
            rows["test_logloss"],
            rows["model"],
            model,
            customdata=rows[["seed"]],
            showlegend=False,
            hovertemplate="%{y}, seed %{customdata[0]}: %{x:.5f}<extra></extra>",
        )
    for model, rows in groups:
        fig.add_scatter(
            x=[rows["test_logloss"].mean()],
            y=[model],
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


def losses_by_row(
    runs: Sequence[RunSpec], results: Sequence[TrainingResult], data: CTRData
) -> dict[tuple[str, int], np.ndarray]:
    """(model, seed) -> log loss of every impression of ``data``, first task: (rows,)."""
    labels = data.labels[:, 0]
    found = {}
    for run, result in zip(runs, results, strict=True):
        logits = predict(result.model, data)[:, 0].astype(np.float64)
        found[run.model.model, run.seed] = np.logaddexp(0, logits) - labels * logits
    return found


def users(data: CTRData) -> np.ndarray | None:
    """To each impression its user; None where the data set names none."""
    return next((data.ids[name] for name in ("user", "user_id") if name in data.ids), None)


def differences(
    losses: dict[tuple[str, int], np.ndarray], users: np.ndarray | None = None, first: str = "wukong"
) -> pd.DataFrame:
    """``first`` minus each other model, with the two kinds of noise told apart.

    ``seeds ±``: half of the 95 % interval of the mean difference over seeds (paired by seed, Student's t; NaN with one
    seed): what another seed would give on *these* test impressions. ``impressions ±``: the same over test impressions,
    each one's loss averaged over the seeds: what other impressions would give with *these* models. ``users``: to each
    impression its user, whose impressions then count as one draw. All in nats.
    """
    models = list(dict.fromkeys(model for model, _ in losses))
    seeds = [seed for model, seed in losses if model == first]
    rows = []
    for other in models:
        if other == first:
            continue
        gaps = np.stack([losses[first, seed] - losses[other, seed] for seed in seeds])  # (seeds, rows)
        rows.append(
            {
                "rival": other,
                "difference": gaps.mean(),
                "seeds ±": mean_half_width(gaps.mean(axis=1)),
                "impressions ±": _clustered(gaps.mean(axis=0), users),
            }
        )
    return pd.DataFrame(rows).set_index("rival")


def _clustered(sample: np.ndarray, clusters: np.ndarray | None) -> float:
    """Half of the 95 % interval of the mean of ``sample``, drawn cluster by cluster (None: value by value)."""
    if clusters is None:
        return mean_half_width(sample)
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1], sample - sample.mean())
    return mean_half_width(sums * len(sums) / len(sample))


def in_words(gaps: pd.DataFrame) -> str:
    """What ``differences`` allows one to say: a clause a rival, which counts both kinds of noise together."""
    clauses = []
    for rival, row in gaps.iterrows():
        both = np.hypot(row["seeds ±"], row["impressions ±"])
        if np.isnan(both):
            clauses.append(f"not known to differ from {rival} (one seed)")
        elif abs(row["difference"]) <= both:
            clauses.append(f"level with {rival} within the noise")
        else:
            clauses.append(f"{'better' if row['difference'] < 0 else 'worse'} than {rival}")
    return " and ".join(clauses)


def calibration_table(
    runs: Sequence[RunSpec], results: Sequence[TrainingResult], data: CTRData, bins: int = 10
) -> pd.DataFrame:
    """Impressions in ``bins`` equal groups by predicted probability: mean prediction, share of clicks, standard error.

    One seed a model, the first.
    """
    labels, seed, tables = data.labels[:, 0], runs[0].seed, []
    for run, result in zip(runs, results, strict=True):
        if run.seed != seed:
            continue
        probability = 1 / (1 + np.exp(-predict(result.model, data)[:, 0].astype(np.float64)))
        group = (np.argsort(np.argsort(probability, kind="stable")) * bins) // len(labels)
        table = pd.DataFrame({"group": group, "predicted": probability, "observed": labels}).groupby("group")
        means, counts = table.mean(), table.size()
        error = np.sqrt(means["observed"] * (1 - means["observed"]) / counts)
        tables.append(means.assign(rows=counts, error=error, model=run.model.model).reset_index())
    return pd.concat(tables, ignore_index=True)


def calibration(table: pd.DataFrame) -> go.Figure:
    """Share of clicks against mean prediction; on the diagonal a model means what it says."""
    fig = base.figure("Calibration", x="mean prediction of the group", y="share of clicks in the group")
    base.line(fig, [0, 1], [0, 1], "predicted = observed", line={"color": base.NEUTRAL, "dash": "dot"})
    for model, rows in table.groupby("model", sort=False):
        base.points(
            fig,
            rows["predicted"],
            rows["observed"],
            model,
            mode="lines+markers",
            line={"color": base.colour(model), "width": 1},
            error_y={"array": 1.96 * rows["error"], "thickness": 1, "width": 2},
            customdata=rows[["rows"]],
            hovertemplate=f"{model}: %{{x:.3f}} predicted, %{{y:.3f}} seen<br>%{{customdata[0]}} rows<extra></extra>",
        )
    return fig


def calibration_error(table: pd.DataFrame) -> pd.Series:
    """Expected calibration error of each model: mean over the groups of |predicted - observed|."""
    gap = (table["predicted"] - table["observed"]).abs()
    return gap.groupby(table["model"], sort=False).mean()
