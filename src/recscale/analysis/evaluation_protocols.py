"""One trained model, many numbers: losses compared at one budget, and what the way of evaluating does to a metric.

``loss_specs`` says what is trained; everything else takes trained models, scorers or tables and returns tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
import torch

from recscale import published
from recscale.analysis.sequential_probes import Scorer, over_users, ranks
from recscale.datasets import SequenceData
from recscale.models.losses import LOSSES
from recscale.models.sequential import SequentialModel
from recscale.plans import plan_study
from recscale.runs import RunSpec, run_table
from recscale.training import TrainingResult, sampled_ranking
from recscale.training.sampled_ranking import Protocol, Standing, sampled_counts, sampled_standing, under_ties
from recscale.training.sequential_batches import RankingBatch, has_rivals, ranking_batches, split_sequences

RANKING_METRICS = ("ndcg@10", "hr@10")
FULL = "all unseen items"
CODE = "2,499 draws with repeats"
PROTOCOLS: Mapping[str, Protocol] = {
    FULL: Protocol(),
    "all items, seen too": Protocol(excluded="nothing"),
    "100 uniform": Protocol(100),
    "100 popular": Protocol(100, repeated=True, popular=True),
    CODE: Protocol(2499, repeated=True, excluded="training"),
}
"""Ways to rank one true item. The last is that of the Performance Law's released code: 2,499 uniform draws that may
repeat, from all items but those of the user's training part."""


def loss_specs(
    profile: str, dataset: str | None, seeds: Sequence[int], negatives: int, budget: float
) -> dict[tuple[str, int], RunSpec]:
    """(loss, seed) -> run. All train the model of ``sequential-quality`` for the same number of epochs.

    ``budget`` multiplies the profile's epochs; nothing stops early, so that budgets are equal.
    """
    if not budget > 0:
        raise ValueError(f"budget is {budget}; it must be above 0")
    base = plan_study("sequential-quality", profile, dataset=dataset, seeds=(seeds[0],)).runs[0]
    epochs = max(1, round(budget * base.training.epochs))
    training = replace(base.training, negatives=negatives, epochs=epochs, patience=epochs)
    return {
        (loss, seed): replace(base, seed=seed, training=replace(training, loss=loss))
        for seed in seeds
        for loss in LOSSES
    }


def losses_table(results: Mapping[tuple[str, int], TrainingResult]) -> pd.DataFrame:
    """One row per run.

    Columns: ``loss``, ``seed``, the test metrics, ``training GFLOP``, ``seconds``, ``collapsed`` (it learned nothing,
    by ``training.health``, or its loss wasn't finite).
    """
    rows = []
    for run, result in results.items():
        metrics = (result.metrics[f"test_{metric}"] for metric in RANKING_METRICS)
        flop = result.accounting.training_flop_per_example * result.examples_seen
        collapsed = bool(result.metrics["collapsed"]) or result.diverged
        rows.append((*run, *metrics, flop / 1e9, result.wall_seconds, collapsed))
    columns = ["loss", "seed", *RANKING_METRICS, "training GFLOP", "seconds", "collapsed"]
    return pd.DataFrame(rows, columns=columns)


def paired_differences(gains: Mapping[str, np.ndarray], reference: str = "softmax") -> pd.DataFrame:
    """Every other model minus ``reference`` on the same users.

    Columns: ``model``, ``difference`` (mean over users), ``±``, half of its 95 % interval over users.
    ``gains``: model -> its metric user by user. A user's noise that both share cancels in the difference.
    """
    rows = [(name, *over_users(gain - gains[reference])) for name, gain in gains.items() if name != reference]
    return pd.DataFrame(rows, columns=["model", "difference", "±"])


@dataclass(frozen=True, eq=False)
class Examined:
    """One model under several protocols: its standings, and metrics of simulated draws, (draws, metrics)."""

    standings: Mapping[str, Standing]
    simulated: Mapping[str, np.ndarray]

    def gains(self, protocol: str = FULL) -> dict[str, np.ndarray]:
        return sampled_ranking.expected_gains(self.standings[protocol], PROTOCOLS[protocol])


@torch.inference_mode()
def examine(
    score: Scorer,
    data: SequenceData,
    max_length: int,
    *,
    split: str = "leave-one-out",
    protocols: Sequence[str] = tuple(PROTOCOLS),
    draws: int = 0,
    seed: int = 0,
) -> Examined:
    """Rank the test items of ``split`` by ``score`` under each of ``protocols``; ``draws`` also simulates them.

    A user who has nothing left for full ranking is left out of every protocol, so that all speak of the same users.
    """
    parts = split_sequences(data, split)
    cases = parts.test[has_rivals(data, parts.test)]
    popularity = torch.from_numpy(np.bincount(parts.train.items, minlength=data.n_items)).float()
    generator = torch.Generator().manual_seed(seed)
    masses = {name: np.zeros((3, len(cases))) for name in protocols}
    counts = {name: np.zeros((draws, 3, len(cases)), np.int64) for name in protocols if PROTOCOLS[name].negatives}
    for batch in ranking_batches(data, cases, max_length, torch.device("cpu")):
        scores = score(batch.histories)
        for name in protocols:
            weights = _weights(PROTOCOLS[name], batch, popularity)
            batch_standing = sampled_standing(scores, batch.targets, weights)
            masses[name][:, batch.cases] = batch_standing.better, batch_standing.tied, batch_standing.total
            for draw in counts.get(name, ()):
                draw[:, batch.cases] = sampled_counts(scores, batch.targets, weights, PROTOCOLS[name], generator)
    simulated = {
        name: np.array([[under_ties(*draw)["expected"][metric] for metric in RANKING_METRICS] for draw in all_draws])
        for name, all_draws in counts.items()
    }
    return Examined({name: Standing(*mass) for name, mass in masses.items()}, simulated)


def _weights(protocol: Protocol, batch: RankingBatch, popularity: torch.Tensor) -> torch.Tensor:
    """(rows, n_items): how likely each item is drawn; 0 for those excluded."""
    one = popularity if protocol.popular else torch.ones_like(popularity)
    weights = one.repeat(len(batch.targets), 1)
    if protocol.excluded == "nothing" or batch.excluded is None:
        return weights
    weights[batch.excluded] = 0
    if protocol.excluded == "training":
        last = batch.histories.last(batch.histories.items)
        weights[torch.arange(len(last)), last] = one[last]
    return weights


def protocol_table(examined: Examined) -> pd.DataFrame:
    """One model, one row per protocol and metric.

    Columns: ``protocol``, ``metric``; ``expected``, the exact expectation; ``simulated``, the mean over draws, and
    ``sd``, the standard deviation of one draw, both NaN where nothing is drawn.
    """
    rows = []
    for name, one in examined.standings.items():
        exact, drawn = sampled_ranking.expected_metrics(one, PROTOCOLS[name]), examined.simulated.get(name, ())
        for column, metric in enumerate(RANKING_METRICS):
            values = [draw[column] for draw in drawn] if len(drawn) > 1 else [np.nan] * 2
            rows.append((name, metric, exact[metric], np.mean(values), np.std(values, ddof=1)))
    return pd.DataFrame(rows, columns=["protocol", "metric", "expected", "simulated", "sd"])


def by_protocol(examined: Mapping[str, Examined], metric: str = "ndcg@10") -> pd.DataFrame:
    """Expected metric of every model (rows) under every protocol (columns)."""
    tables = {name: protocol_table(one).set_index(["protocol", "metric"])["expected"] for name, one in examined.items()}
    return pd.DataFrame(tables).xs(metric, level="metric").rename_axis(None).T


def tie_table(scorers: Mapping[str, Scorer], data: SequenceData, max_length: int) -> pd.DataFrame:
    """Test metrics of each scorer under three rules for ties, one row per scorer and metric.

    Columns: ``scores``, ``metric``, ``ties`` (rivals per user tied with the true item), ``optimistic`` (the true item
    first), ``expected`` (mean over all orders), ``pessimistic`` (the true item last).
    """
    rows = []
    for name, score in scorers.items():
        candidates, better, tied = ranks(score, data, max_length).to_numpy().T
        by_rule, ties = under_ties(better, tied, candidates - 1), float(tied.mean())
        for metric in RANKING_METRICS:
            values = {rule: metrics[metric] for rule, metrics in by_rule.items()}
            rows.append({"scores": name, "metric": metric, "ties": ties, **values})
    return pd.DataFrame(rows)


def tied_scorers(data: SequenceData, model: SequentialModel) -> dict[str, Scorer]:
    """The model in single precision, in bfloat16 and squashed in half precision; plain counts; and one constant."""
    counts = torch.from_numpy(np.bincount(split_sequences(data, "leave-one-out").train.items, minlength=data.n_items))

    def own(histories):
        return model.scores(histories.last(model(histories)))

    def rows(histories):
        return len(histories.last(histories.items))

    return {
        "model": own,
        "model, bfloat16": lambda histories: own(histories).bfloat16().float(),
        "model, fp16 sigmoid": lambda histories: own(histories).half().sigmoid().float(),
        "item counts": lambda histories: counts.float().repeat(rows(histories), 1),
        "constant": lambda histories: torch.zeros(rows(histories), data.n_items),
    }


def later_share(data: SequenceData, split: str) -> float:
    """Mean share of the training interactions that happened after the test interaction they help to predict."""
    parts = split_sequences(data, split)
    if data.timestamps is None:
        return float("nan")
    times = np.sort(parts.train.timestamps)
    return float(1 - np.searchsorted(times, data.timestamps[parts.test], side="right").mean() / len(times))


def usable_splits(data: SequenceData) -> tuple[str, ...]:
    """Both splits, or leave-one-out alone for data without times."""
    return ("leave-one-out",) if data.timestamps is None else ("leave-one-out", "global-time")


def split_table(examined: Mapping[str, Mapping[str, Examined]], data: SequenceData) -> pd.DataFrame:
    """Full ranking of split -> model -> ``examine``, one row per split and model.

    Columns: ``split``, ``model``, ``cases`` (test users), ``later`` (``later_share``), the metrics, and "± metric",
    half of each one's 95 % interval over users.
    """
    rows = []
    for split, models in examined.items():
        for model, one in models.items():
            gains = one.gains()
            row = {"split": split, "model": model, "cases": len(gains["hr@10"]), "later": later_share(data, split)}
            for metric in RANKING_METRICS:
                row[metric], row[f"± {metric}"] = over_users(gains[metric])
            rows.append(row)
    return pd.DataFrame(rows)


def stored_losses(runs: pd.DataFrame) -> pd.DataFrame:
    """SASRec on MovieLens-1M in a table of ``sequential-quality``, collapsed runs too: ``loss``, ``seed``, metrics."""
    own = runs[(runs["model"] == "sasrec") & (runs["dataset"] == "movielens-1m") & ~runs["diverged"].astype(bool)]
    metrics = {metric: own[f"test_{metric}"] for metric in RANKING_METRICS}
    return pd.DataFrame({"loss": run_table(own)["loss"], "seed": own["seed"], **metrics})


def turned_pairs(table: pd.DataFrame) -> pd.Series:
    """Protocol -> how many pairs of models it puts in the other order than ``FULL``. ``table``: ``by_protocol``."""
    gaps = pd.DataFrame([table.loc[a] - table.loc[b] for a, b in combinations(table.index, 2)], columns=table.columns)
    return gaps.drop(columns=FULL).mul(gaps[FULL], axis=0).lt(0).sum()


def published_levels(dataset: str = "ml-1m") -> pd.DataFrame:
    """Numbers others report on ``dataset``, one per row.

    Columns: ``model``, ``loss``, ``ranking`` (what was ranked), ``hr@10``, ``ndcg@10``, ``source``, ``dataset``,
    ``split``.
    """
    return published.load("sequential_quality").query("dataset == @dataset").reset_index(drop=True)
