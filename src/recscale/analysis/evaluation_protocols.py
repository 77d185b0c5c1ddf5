"""One trained model, many numbers: losses compared at one budget, and what the way of evaluating does to a metric.

``loss_specs`` says what is trained; everything else takes trained models, scorers or tables and returns tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from scipy import stats

from recscale import published
from recscale.analysis.sequential_probes import Scorer
from recscale.datasets import SequenceData
from recscale.models.sequential import SequentialModel
from recscale.plans import plan_study
from recscale.runs.spec import RunSpec
from recscale.runs.table import run_table
from recscale.training.ranking import count_rivals
from recscale.training.result import TrainingResult
from recscale.training.sampled_ranking import (
    Protocol,
    Standing,
    expected_gains,
    expected_metrics,
    sampled_counts,
    standing,
    under_ties,
)
from recscale.training.sequential_batches import RankingBatch, has_rivals, ranking_batches, split_sequences

LOSSES = ("softmax", "sampled-softmax", "bce", "gbce")
METRICS = ("ndcg@10", "hr@10")
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
    """A row a run: loss, seed, its test metrics, the training GFLOP and seconds it took, and whether it collapsed."""
    rows = [
        {
            "loss": loss,
            "seed": seed,
            **{metric: result.metrics[f"test_{metric}"] for metric in METRICS},
            "training GFLOP": result.accounting.training_flop_per_example * result.examples_seen / 1e9,
            "seconds": result.wall_seconds,
            "collapsed": bool(result.metrics["collapsed"]) or result.diverged,
        }
        for (loss, seed), result in results.items()
    ]
    return pd.DataFrame(rows)


def paired_differences(gains: Mapping[str, np.ndarray], reference: str = "softmax") -> pd.DataFrame:
    """Every other model minus ``reference`` on the same users: mean difference, and half of its 95 % interval.

    ``gains``: model -> its metric user by user. A user's noise that both share cancels in the difference.
    """
    rows = []
    for name, gain in gains.items():
        if name != reference:
            apart = gain - gains[reference]
            half = float(stats.norm.ppf(0.975) * apart.std(ddof=1) / len(apart) ** 0.5)
            rows.append({"model": name, "difference": float(apart.mean()), "±": half})
    return pd.DataFrame(rows, columns=["model", "difference", "±"])


def losses_in_words(differences: pd.DataFrame, table: pd.DataFrame, reference: str = "softmax") -> str:
    """Which losses fell short of ``reference`` beyond what the test users explain, and which learned nothing."""
    sides = {"below": [], "level with": [], "above": []}
    for name, difference, half in differences.itertuples(index=False):
        side = "level with" if abs(difference) <= half else "below" if difference < 0 else "above"
        sides[side].append(name)
    parts = [f"{side} {reference}: {', '.join(names)}" for side, names in sides.items() if names]
    seeds = table["seed"].nunique()
    how = "one seed" if seeds == 1 else f"{seeds} seeds"
    dead = sorted(set(table.loc[table["collapsed"], "loss"]))
    tail = f" No more than popularity was learned in this budget with: {', '.join(dead)}." if dead else ""
    return f"By intervals over test users ({how}), {'; '.join(parts)}.{tail}"


@dataclass(frozen=True, eq=False)
class Examined:
    """One model under several protocols: its standings, and metrics of simulated draws, (draws, metrics)."""

    standings: Mapping[str, Standing]
    simulated: Mapping[str, np.ndarray]

    def gains(self, protocol: str = FULL) -> dict[str, np.ndarray]:
        return expected_gains(self.standings[protocol], PROTOCOLS[protocol])


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
            found = standing(scores, batch.targets, weights)
            masses[name][:, batch.cases] = found.better, found.tied, found.total
            for draw in counts.get(name, ()):
                draw[:, batch.cases] = sampled_counts(scores, batch.targets, weights, PROTOCOLS[name], generator)
    simulated = {
        name: np.array([[under_ties(*draw)["expected"][metric] for metric in METRICS] for draw in all_draws])
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
    """One model, a row a protocol and metric: ``expected`` exactly, ``simulated`` mean and ``sd`` of one draw.

    The last two are NaN where nothing is drawn.
    """
    rows = []
    for name, found in examined.standings.items():
        exact = expected_metrics(found, PROTOCOLS[name])
        drawn = examined.simulated.get(name)
        for column, metric in enumerate(METRICS):
            row = {"protocol": name, "metric": metric, "expected": exact[metric], "simulated": np.nan, "sd": np.nan}
            if drawn is not None and len(drawn) > 1:
                row |= {"simulated": drawn[:, column].mean(), "sd": drawn[:, column].std(ddof=1)}
            rows.append(row)
    return pd.DataFrame(rows)


def code_in_words(hits: pd.Series, n_items: int) -> str:
    """How the released code's way lies to full ranking; ``hits``: protocol -> expected HR@10."""
    apart = hits[CODE] - hits[FULL]
    side = "the same as" if abs(apart) < 5e-4 else "above" if apart > 0 else "below"
    ratio = 2499 / n_items
    often = f"every one of {n_items:,} items comes about {ratio:.2g} times" if ratio >= 1 else "few items come twice"
    why = "a strong rival that comes twice costs two places" if ratio >= 1 else "most strong rivals are not drawn"
    return f"The released code's way gives {hits[CODE]:.3f}, {side} full ranking: {often}, and {why}."


def by_protocol(examined: Mapping[str, Examined], metric: str = "ndcg@10") -> pd.DataFrame:
    """Expected metric of every model (rows) under every protocol (columns)."""
    return pd.DataFrame(
        {
            name: {p: expected_metrics(f, PROTOCOLS[p])[metric] for p, f in one.standings.items()}
            for name, one in examined.items()
        }
    ).T


def order_in_words(table: pd.DataFrame) -> str:
    """How many pairs of models each protocol puts in another order than full ranking does."""
    models = list(table.index)
    pairs = [(a, b) for k, a in enumerate(models) for b in models[k + 1 :]]
    turned = {}
    for name in table.columns.drop(FULL):
        there = [
            (table.loc[a, name] - table.loc[b, name]) * (table.loc[a, FULL] - table.loc[b, FULL]) for a, b in pairs
        ]
        turned[name] = sum(product < 0 for product in there)
    if not any(turned.values()):
        return f"None of the {len(pairs)} pairs of models changes its order here. That is luck, not a rule"
    counted = ", ".join(f"“{name}” {number}" for name, number in turned.items() if number)
    return f"Of {len(pairs)} pairs of models these many change their order beside full ranking: {counted}"


@torch.inference_mode()
def tie_table(scorers: Mapping[str, Scorer], data: SequenceData, max_length: int) -> pd.DataFrame:
    """Test metrics of each scorer (a row each and metric) with ties before, among and after the true item."""
    cases, rows = split_sequences(data, "leave-one-out").test, []
    for name, score in scorers.items():
        counts = np.zeros((3, len(cases)), np.int64)
        for batch in ranking_batches(data, cases, max_length, torch.device("cpu")):
            found = count_rivals(score(batch.histories).clone(), batch.targets, batch.excluded)
            counts[:, batch.cases] = torch.stack(found).numpy()
        found, ties = under_ties(*counts), float(counts[1].mean())
        rows += [
            {"scores": name, "metric": metric, "ties": ties} | {order: found[order][metric] for order in found}
            for metric in METRICS
        ]
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
    """split -> model -> full ranking, as rows: split, model, metrics, half of the 95 % interval over users, cases."""
    rows = []
    for split, models in examined.items():
        for model, found in models.items():
            gains = found.gains()
            cases = len(gains["hr@10"])
            row = {"split": split, "model": model, "cases": cases, "later": later_share(data, split)}
            for metric in METRICS:
                half = stats.norm.ppf(0.975) * gains[metric].std(ddof=1) / cases**0.5
                row |= {metric: float(gains[metric].mean()), f"± {metric}": float(half)}
            rows.append(row)
    return pd.DataFrame(rows)


def on_split(run: RunSpec, split: str) -> RunSpec:
    """The same recipe on another split."""
    return replace(run, split=split)


def splits_in_words(table: pd.DataFrame) -> str:
    """NDCG@10 on both splits, and how much of the training part was later than what it was tested on."""
    by_split = table.drop_duplicates("split").set_index("split")
    if len(by_split) == 1:
        return "This data set has no times, so it can't be split by them."
    parts = [f"{row['ndcg@10']:.3f} ± {row['± ndcg@10']:.3f} on {split}" for split, row in by_split.iterrows()]
    later = by_split["later"]
    return (
        f"The transformer's NDCG@10 is {' and '.join(parts)}. Under leave-one-out {later.iloc[0]:.0%} of the training "
        f"interactions are later than the one tested, on average; under global time {later.iloc[1]:.0%}."
    )


def stored_losses(runs: pd.DataFrame) -> pd.DataFrame:
    """The committed SASRec runs on MovieLens-1M, collapsed ones too: loss, seed and the test metrics."""
    if runs.empty:
        return pd.DataFrame(columns=["loss", "seed", *METRICS])
    kept = runs[(runs["model"] == "sasrec") & (runs["dataset"] == "movielens-1m") & ~runs["diverged"].astype(bool)]
    return pd.DataFrame(
        {"loss": run_table(kept)["loss"], "seed": kept["seed"], **{m: kept[f"test_{m}"] for m in METRICS}}
    )


def stored_in_words(stored: pd.DataFrame) -> str:
    """What the committed full study holds, and the level of each loss."""
    if stored.empty:
        return (
            "The repository holds no run of the full study `sequential-quality` yet, so there is nothing to lay over."
        )
    means = stored.groupby("loss", sort=False)["ndcg@10"].agg(["mean", "size"])
    said = ", ".join(
        f"{loss} {mean:.4f} ({int(size)} seed{'s' * (size > 1)})" for loss, mean, size in means.itertuples()
    )
    return f"The committed full study on MovieLens-1M, histories of 200, reaches NDCG@10: {said}."


def published_levels(dataset: str = "ml-1m") -> pd.DataFrame:
    """Numbers others report, a row each: model, loss, ranking, hr@10, ndcg@10, source."""
    table = published.load("sequential_quality")
    return table[table["dataset"] == dataset].reset_index(drop=True)
