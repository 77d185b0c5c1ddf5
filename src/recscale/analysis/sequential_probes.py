"""Looking into a trained sequential model: what it reads, how it ranks against rivals, what sampling does to numbers.

Everything here takes a model or its ranks and returns a table; nothing trains.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from scipy import sparse, stats
from torch import Tensor

from recscale.datasets import SequenceData
from recscale.models import SequentialModel, account_sequential
from recscale.models.attention import PackedSequences
from recscale.models.losses import Sample, Sampler, next_item_loss
from recscale.runs.spec import RunSpec
from recscale.training import sampled_ranking
from recscale.training.ranking import count_rivals, ranked
from recscale.training.sequential_batches import TrainingBatches, ranking_batches, split_sequences

Scorer = Callable[[PackedSequences], Tensor]
"""Histories in, scores (histories, n_items) out."""

REPLACEMENTS = 16
"""Random items tried at every position of an influence map."""


@torch.inference_mode()
def influence(model: SequentialModel, items: Int[np.ndarray, " length"], seed: int = 0) -> pd.DataFrame:
    """How far the state at each position moves when one item of the history is replaced by a random other one.

    Columns: ``changed`` and ``read`` (positions from 1), ``share`` of the movement at ``read`` that is due to
    ``changed`` (mean over ``REPLACEMENTS`` items). One row per pair with any movement: a causal model has none where
    read < changed.
    """
    model.eval()
    length = len(items)
    original = torch.as_tensor(items, dtype=torch.int64)
    rows = original.repeat(1 + length * REPLACEMENTS, 1)
    changed = torch.arange(length).repeat_interleave(REPLACEMENTS)
    other = torch.randint(1, model.n_items, (len(changed),), generator=torch.Generator().manual_seed(seed))
    rows[torch.arange(1, len(rows)), changed] = (original[changed] + other) % model.n_items
    hidden = model(PackedSequences(rows.flatten(), ((len(rows), length),))).view(len(rows), length, -1)
    moved = (hidden[1:] - hidden[0]).norm(dim=-1).view(length, REPLACEMENTS, length).mean(1).T.numpy()
    read, changed_at = np.nonzero(moved)
    share = moved / moved.sum(1, keepdims=True)
    return pd.DataFrame({"changed": changed_at + 1, "read": read + 1, "share": share[read, changed_at]})


def scorers(
    data: SequenceData, model: SequentialModel, seed: int = 0, split: str = "leave-one-out"
) -> dict[str, Scorer]:
    """The model and two rivals that only count: how popular an item is, and how often it followed the last one.

    Counts are of the training part of ``split``. Ties between items are broken by popularity, then by a fixed random
    order.
    """
    train = split_sequences(data, split).train
    follows = np.flatnonzero(train.positions_from_end() > 0)
    pairs = (np.ones(len(follows)), (train.items[follows], train.items[follows + 1]))
    transitions = sparse.csr_array(pairs, shape=(data.n_items, data.n_items))
    counts = np.bincount(train.items, minlength=data.n_items) + np.random.default_rng(seed).random(data.n_items)
    popularity = counts / counts.max() / 2

    def last_item(histories: PackedSequences) -> Tensor:
        last = histories.last(histories.items).numpy()
        return torch.from_numpy(transitions[last].toarray() + popularity)

    return {
        "sasrec": lambda histories: model.scores(histories.last(model(histories))),
        "last item": last_item,
        "popularity": lambda histories: torch.from_numpy(popularity).repeat(len(histories.last(histories.items)), 1),
    }


@torch.inference_mode()
def ranks(score: Scorer, data: SequenceData, max_length: int) -> pd.DataFrame:
    """For every test user with something to rank: the number of ``candidates``, of those that rank ``better`` than the
    true item, and of those ``tied`` with it."""
    cases = split_sequences(data, "leave-one-out").test
    table = np.zeros((len(cases), 3), dtype=np.int64)
    for batch in ranking_batches(data, cases, max_length, torch.device("cpu")):
        better, tied, total = count_rivals(score(batch.histories).clone(), batch.targets, batch.excluded)
        table[batch.cases] = torch.stack([total + 1, better, tied], dim=1).numpy()
    return pd.DataFrame(table[ranked(table[:, 0] - 1)], columns=["candidates", "better", "tied"])


def exact_metrics(ranks: pd.DataFrame, negatives: int | None, k: int = 10) -> dict[str, float]:
    """HR@k and NDCG@k when the true item is ranked among ``negatives`` uniformly drawn others (None: all).

    No draw is made (``training.sampled_ranking``): this is the mean over all possible samples.
    """
    metrics = sampled_ranking.expected_metrics(_standing(ranks), sampled_ranking.Protocol(negatives), k)
    return {name.upper(): value for name, value in metrics.items()}


def _standing(ranks: pd.DataFrame) -> sampled_ranking.Standing:
    better, tied, candidates = (ranks[column].to_numpy(float) for column in ("better", "tied", "candidates"))
    return sampled_ranking.Standing(better, tied, candidates - 1)


def reading(score: Scorer, data: SequenceData, lengths: Sequence[int], k: int = 10) -> pd.DataFrame:
    """HR@k and NDCG@k of one model that reads so many last items, one row per length (ascending).

    ``step``: NDCG@k less that of the row before, with ``±``, half of its 95 % interval: the users are the same, so the
    difference is taken user by user.
    """
    rows, before = [], np.nan
    for length in lengths:
        ranking = ranks(score, data, length)
        gain = sampled_ranking.expected_gains(_standing(ranking), sampled_ranking.Protocol(), k)[f"ndcg@{k}"]
        step, half_width = over_users(gain - before)
        rows.append({**exact_metrics(ranking, None, k), "step": step, "±": half_width})
        before = gain
    return pd.DataFrame(rows, index=pd.Index(lengths, name="items read"))


def over_users(values: Float[np.ndarray, " users"]) -> tuple[float, float]:
    """The mean of a number per user, and half of its 95 % interval."""
    return float(values.mean()), float(stats.norm.ppf(0.975) * values.std(ddof=1) / len(values) ** 0.5)


def metric_curves(
    rankings: Mapping[str, pd.DataFrame], negatives: Sequence[int] = (10, 20, 50, 100, 200, 500, 1000)
) -> pd.DataFrame:
    """``exact_metrics`` of every model at every number of negatives below all, and at all of them."""
    everything = int(min(table["candidates"].max() for table in rankings.values())) - 1
    sizes = [size for size in negatives if size < everything]
    rows = []
    for (model, table), size in product(rankings.items(), (*sizes, None)):
        row = {"model": model, "negatives": size or everything, "full": size is None}
        rows.append(row | exact_metrics(table, size))
    return pd.DataFrame(rows)


@torch.inference_mode()
def loss_estimates(
    model: SequentialModel,
    data: SequenceData,
    max_length: int,
    negatives: Sequence[int],
    *,
    draws: int = 30,
    seed: int = 0,
) -> tuple[pd.DataFrame, float]:
    """The sampled softmax loss of one and the same model, for samples of different size, and the exact loss (nats).

    Columns: ``sampling``, ``negatives``, ``mean`` and ``sd`` over ``draws`` samples, on a batch of training positions.
    """
    model.eval()
    train = split_sequences(data, "leave-one-out").train
    batch, targets = next(TrainingBatches(train, max_length, 2048, seed, torch.device("cpu")).epoch())
    hidden, table = model(batch), model.items.weight
    counts = torch.from_numpy(np.bincount(train.items, minlength=data.n_items))
    rows = []
    for size in (size for size in negatives if size <= data.n_items):
        for sampling, power in (("uniform", 0.0), ("popular items", 1.0), ("uniform, uncorrected", 0.0)):
            sampler = Sampler(counts, size, power, seed, torch.device("cpu"))
            samples = [sampler.draw() for _ in range(draws)]
            if sampling == "uniform, uncorrected":
                samples = [Sample(sample.items, torch.zeros_like(sample.log_weight)) for sample in samples]
            losses = [float(next_item_loss("sampled-softmax", hidden, table, targets, sample)) for sample in samples]
            rows.append((sampling, size, np.mean(losses), np.std(losses, ddof=1)))
    exact = float(next_item_loss("softmax", hidden, table, targets))
    return pd.DataFrame(rows, columns=["sampling", "negatives", "mean", "sd"]), exact


def costs(runs: Sequence[RunSpec], n_items: int) -> pd.DataFrame:
    """Parameters and training FLOP per position of each run's model, by closed form."""
    rows = []
    for model, training in ((run.model, run.training) for run in runs):
        cost = account_sequential(model, n_items, training.max_length, training.loss, training.negatives)
        parameters = cost.dense_parameters, cost.embedding_parameters
        rows.append((model.layers, model.width, *parameters, cost.training_flop_per_example))
    columns = ["layers", "width", "dense parameters", "tables", "training FLOP per position"]
    return pd.DataFrame(rows, columns=columns)
