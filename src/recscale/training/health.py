"""Did a sequential model learn more than popularity? To be asked before its metrics enter any fit."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike
from torch import Tensor

from recscale.datasets import SequenceData
from recscale.models.sequential import SequentialModel
from recscale.training.ranking import count_rivals, ranking_metrics
from recscale.training.sequential_batches import SequenceSplit, ranking_batches

HEALTH = ("popularity_ndcg@10", "unigram_loss", "personal_share", "collapsed")
"""What ``health`` tells of a run, beside its metrics."""
LEAST_LEAD, LEAST_SHARE = 1.05, 0.01
"""Thresholds a trained model must exceed: NDCG@10 over popularity's, and the share of the scores' variance that differs
between users."""


def collapsed(ndcg: ArrayLike, popularity: ArrayLike, personal_share: ArrayLike) -> np.bool_ | Bool[np.ndarray, "..."]:
    """Whether a model hardly ranks better than popularity, or ranks alike for everybody; numbers, or columns of them.

    Its loss doesn't count. Where data are sparse, models may rank ten times as well as popularity and be far too sure
    of it, so that their likelihood falls below that of the items' frequencies, as on Amazon Beauty.
    """
    return ~((np.asarray(ndcg) > LEAST_LEAD * np.asarray(popularity)) & (np.asarray(personal_share) > LEAST_SHARE))


@torch.inference_mode()
def health(model: SequentialModel, parts: SequenceSplit, ndcg: float, max_length: int) -> dict[str, float]:
    """The check of one trained model, whose validation NDCG@10 is ``ndcg``.

    ``popularity_ndcg@10``  validation NDCG@10 of ranking by training counts
    ``unigram_loss``        validation cross-entropy of the (add-one smoothed) training frequencies, nats
    ``personal_share``      share of the scores' variance that differs between users, in the first ranking batch, which
                            has the shortest histories (0: everybody gets one ranking)
    ``collapsed``           1 where the function of that name says so
    """
    device = model.items.weight.device
    first = next(ranking_batches(parts.data, parts.valid, max_length, device))
    scores = model.scores(first.histories.last(model(first.histories)))
    scores = scores - scores.mean(1, keepdim=True)
    personal = float((scores - scores.mean(0)).var() / scores.var().clamp_min(1e-30))
    popularity = popularity_metrics(parts, parts.valid, max_length, device)["ndcg@10"]
    targets = torch.from_numpy(parts.data.items[parts.valid].astype(np.int64))
    unigram = float(-_frequency(parts)[targets].log().mean())
    return dict(zip(HEALTH, (popularity, unigram, personal, float(collapsed(ndcg, popularity, personal))), strict=True))


def popularity_metrics(
    parts: SequenceSplit, cases: Int[np.ndarray, " cases"], max_length: int, device: torch.device
) -> dict[str, float]:
    """``ranking_metrics`` of ranking ``cases``, such as those of ``parts.test``, by training counts."""
    frequency, counts = _frequency(parts).to(device), []
    for batch in ranking_batches(parts.data, cases, max_length, device):
        popular = frequency.expand(len(batch.targets), -1).clone()
        counts.append(torch.stack(count_rivals(popular, batch.targets, batch.excluded)).cpu())
    return ranking_metrics(*torch.cat(counts, dim=1).numpy())


def _frequency(parts: SequenceSplit) -> Float[Tensor, " n_items"]:
    """Add-one smoothed training frequencies."""
    counts = item_counts(parts.train) + 1
    return counts.float() / counts.sum()


def item_counts(train: SequenceData) -> Int[Tensor, " n_items"]:
    """How often each item occurs."""
    return torch.from_numpy(np.bincount(train.items, minlength=train.n_items))
