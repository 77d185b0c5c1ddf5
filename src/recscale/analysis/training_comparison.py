"""A few models trained on the same impressions, compared: their curves, their difference and its noise, calibration."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from recscale.datasets.tables import CTRData
from recscale.runs import Columns, RunSpec
from recscale.stats.seeds import mean_half_width
from recscale.training import TrainingResult
from recscale.training.ctr import predict


def comparison_table(runs: Sequence[RunSpec], results: Sequence[TrainingResult]) -> pd.DataFrame:
    """One row per run: model, seed, size and every metric."""
    rows = []
    for run, result in zip(runs, results, strict=True):
        size = result.accounting
        row = {"model": run.model.model, "seed": run.seed, Columns.FLOP: size.training_flop_per_example}
        rows.append({**row, "dense_parameters": size.dense_parameters, "diverged": result.diverged, **result.metrics})
    return pd.DataFrame(rows)


def history_table(runs: Sequence[RunSpec], results: Sequence[TrainingResult]) -> pd.DataFrame:
    """Every logged loss: model, seed, part (``train`` or ``valid``), examples seen, log loss."""
    tables = []
    for (run, result), part in product(zip(runs, results, strict=True), ("train", "valid")):
        logged = (
            result.history[["examples_seen", f"{part}_logloss"]].dropna().set_axis(["examples_seen", "logloss"], axis=1)
        )
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
) -> dict[tuple[str, int], Float[np.ndarray, " rows"]]:
    """(model, seed) -> log loss of every impression of ``data``, first task."""
    labels, losses = data.labels[:, 0], {}
    for run, result in zip(runs, results, strict=True):
        logits = predict(result.model, data)[:, 0].astype(np.float64)
        losses[run.model.model, run.seed] = np.logaddexp(0, logits) - labels * logits
    return losses


def users(data: CTRData) -> Int[np.ndarray, " rows"] | None:
    """To each impression its user; None where the data set names none."""
    return next((data.ids[name] for name in ("user", "user_id") if name in data.ids), None)


def differences(
    losses: Mapping[tuple[str, int], Float[np.ndarray, " rows"]],
    users: Int[np.ndarray, " rows"] | None = None,
    first: str = "wukong",
) -> pd.DataFrame:
    """``first`` minus each other model, with the two kinds of noise told apart, in nats; one row per ``rival``.

    difference         of the mean log losses; negative is in favour of ``first``
    seeds              half of the 95 % interval over seeds, paired, Student's t (nan with one seed): what another seed
                       would give on *these* test impressions
    impressions        the same over test impressions, each one's loss averaged over the seeds: what other impressions
                       would give with *these* models. ``users``: to each impression its user, whose impressions then
                       count as one draw
    ci_low, ci_high    difference ± the root of the sum of both squares
    """
    seeds, rows = [seed for model, seed in losses if model == first], {}
    for other in dict.fromkeys(model for model, _ in losses if model != first):
        gaps = np.stack([losses[first, seed] - losses[other, seed] for seed in seeds])  # (seeds, rows)
        mean, seed_noise, sample = gaps.mean(), mean_half_width(gaps.mean(axis=1)), gaps.mean(axis=0)
        if users is not None:
            sums = np.bincount(np.unique(users, return_inverse=True)[1], sample - sample.mean())
            sample = sums * len(sums) / len(sample)
        test_noise = mean_half_width(sample)
        both = np.hypot(seed_noise, test_noise)
        rows[other] = (mean, seed_noise, test_noise, mean - both, mean + both)
    columns = ["difference", "seeds", "impressions", "ci_low", "ci_high"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("rival")


def calibration_table(
    runs: Sequence[RunSpec], results: Sequence[TrainingResult], data: CTRData, bins: int = 10
) -> pd.DataFrame:
    """Impressions in ``bins`` equal groups by predicted probability: mean prediction, share of clicks, standard error.

    One seed per model, the first.
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
