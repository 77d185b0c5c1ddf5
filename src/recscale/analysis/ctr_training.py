"""Training CTR models, looked at: learning curves, comparisons with their two kinds of noise, calibration."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recscale.datasets.tables import CTRData
from recscale.runs.spec import RunSpec
from recscale.runs.table import Columns
from recscale.stats.seeds import mean_half_width
from recscale.training.ctr import predict
from recscale.training.result import TrainingResult


def results_table(runs: Sequence[RunSpec], results: Sequence[TrainingResult]) -> pd.DataFrame:
    """One row per run.

    Columns: ``model``, ``seed``, ``training_flop_per_example``, ``dense_parameters``, ``diverged``, and every metric.
    """
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
    """Every logged loss, one per row.

    Columns: ``examples_seen``, ``logloss``, ``model``, ``seed``, ``part`` ("train" or "valid").
    """
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


def losses_by_row(
    runs: Sequence[RunSpec], results: Sequence[TrainingResult], data: CTRData
) -> dict[tuple[str, int], np.ndarray]:
    """(model, seed) -> log-loss of every impression of ``data``, first task: (rows,)."""
    labels = data.labels[:, 0]
    losses = {}
    for run, result in zip(runs, results, strict=True):
        logits = predict(result.model, data)[:, 0].astype(np.float64)
        losses[run.model.model, run.seed] = np.logaddexp(0, logits) - labels * logits
    return losses


def users(data: CTRData) -> np.ndarray | None:
    """Each impression's user; None where the data set names none."""
    return next((data.ids[name] for name in ("user", "user_id") if name in data.ids), None)


def differences(
    losses: dict[tuple[str, int], np.ndarray], users: np.ndarray | None = None, first: str = "wukong"
) -> pd.DataFrame:
    """``first`` minus each other model, with both kinds of noise: one row per ``rival``, all in nats.

    Columns: ``difference``, the mean over seeds and impressions; ``seeds ±``, half of its 95 % interval over seeds
    (paired by seed, Student's t; NaN with one seed): what another seed would give on *these* test impressions;
    ``impressions ±``, the same over test impressions, each one's loss averaged over the seeds: what other impressions
    would give with *these* models; ``±``, both together, the root of their summed squares. ``losses``: (model, seed) ->
    log-loss of every impression. ``users``: each impression's user, whose impressions then count as one draw.
    """
    models = list(dict.fromkeys(model for model, _ in losses))
    seeds = [seed for model, seed in losses if model == first]
    rows = []
    for other in models:
        if other == first:
            continue
        gaps = np.stack([losses[first, seed] - losses[other, seed] for seed in seeds])  # (seeds, rows)
        seeds_half, impressions_half = mean_half_width(gaps.mean(axis=1)), _clustered(gaps.mean(axis=0), users)
        rows.append(
            {
                "rival": other,
                "difference": gaps.mean(),
                "seeds ±": seeds_half,
                "impressions ±": impressions_half,
                "±": np.hypot(seeds_half, impressions_half),
            }
        )
    return pd.DataFrame(rows).set_index("rival")


def _clustered(sample: np.ndarray, clusters: np.ndarray | None) -> float:
    """Half of the 95 % interval of the mean of ``sample``, drawn cluster by cluster (None: value by value)."""
    if clusters is None:
        return mean_half_width(sample)
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1], sample - sample.mean())
    return mean_half_width(sums * len(sums) / len(sample))


def calibration_table(
    runs: Sequence[RunSpec], results: Sequence[TrainingResult], data: CTRData, bins: int = 10
) -> pd.DataFrame:
    """Impressions in ``bins`` equal groups by predicted probability, of each model's first seed.

    Columns: ``group``, ``predicted`` (mean), ``observed`` (share of clicks), ``rows``, ``error`` (standard error of
    observed), ``model``.
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


def calibration_error(table: pd.DataFrame) -> pd.Series:
    """Expected calibration error of each model: mean over the groups of |predicted - observed|."""
    gap = (table["predicted"] - table["observed"]).abs()
    return gap.groupby(table["model"], sort=False).mean()
