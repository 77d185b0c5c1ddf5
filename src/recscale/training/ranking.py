"""Full-ranking metrics: where the true next item stands among all items.

A rank starts at 1. Ties are broken fairly: where ``ties`` other candidates score exactly as the true item does, a
metric is its mean over the ``ties + 1`` places the item could take, which is its expectation under a random order. A
model that gives every item one score therefore gets chance level, and one whose scores are not numbers gets no more
than that.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor


def count_better_and_tied(
    scores: Float[Tensor, "rows n_items"],
    targets: Int[Tensor, " rows"],
    excluded: tuple[Int[Tensor, " pairs"], Int[Tensor, " pairs"]] | None = None,
) -> tuple[Int[Tensor, " rows"], Int[Tensor, " rows"]]:
    """For each row, how many candidates beat the target and how many tie with it.

    ``excluded``: (row, item) pairs that are no candidates; a target always is one. Overwrites ``scores``.
    """
    rows = torch.arange(len(targets), device=scores.device)
    own = scores[rows, targets].nan_to_num(nan=-torch.inf)
    if excluded is not None:
        scores[excluded] = -torch.inf
        scores[rows, targets] = own
    scores.nan_to_num_(nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf)
    better = (scores > own[:, None]).sum(1)
    tied = (scores == own[:, None]).sum(1) - 1
    return better, tied


def ranking_metrics(
    better: Int[np.ndarray, " rows"], tied: Int[np.ndarray, " rows"], cutoffs: Sequence[int] = (10, 50)
) -> dict[str, float]:
    """Means over rows of HR@k = [rank ≤ k], NDCG@k = [rank ≤ k] / log2(rank + 1) and MRR = 1 / rank."""
    if len(better) == 0:
        raise ValueError("there is nothing to evaluate: no user has a history and a next item")
    better, tied = np.asarray(better, np.int64), np.asarray(tied, np.int64)
    rank = np.arange(1, int((better + tied).max()) + 2)
    gains = {"mrr": 1 / rank}
    for k in cutoffs:
        hit = (rank <= k).astype(float)
        gains |= {f"hr@{k}": hit, f"ndcg@{k}": hit / np.log2(rank + 1)}
    metrics = {}
    for name, gain in gains.items():
        summed = np.concatenate([[0.0], np.cumsum(gain)])  # summed[r] = gain of ranks 1 ... r
        mean_over_places = (summed[better + tied + 1] - summed[better]) / (tied + 1)
        # No tie, no sum: a difference of sums would carry their rounding into the common case.
        metrics[name] = float(np.where(tied == 0, gain[better], mean_over_places).mean())
    return metrics
