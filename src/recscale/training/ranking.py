"""Full-ranking metrics, and the one rule by which full, sampled and closed-form rankings all place a true item.

* **Rivals** are all items but those excluded (the user's history) and the true item itself, which always is ranked.
* **Scores** are ordered as real numbers with −∞ and +∞. One that is not a number counts as −∞.
* **Ties** are broken fairly: where ``tied`` rivals score exactly as the true item does, a metric is its mean over the
  ``tied + 1`` places the item could take, which is its expectation under a random order. A model that gives every item
  one score therefore gets chance level, and one whose scores are not numbers gets no more than that.
* **A user without rivals**, who has seen everything else, says nothing about a model: such rows enter no mean, and the
  metric ``left_out`` counts them (it is there only where it isn't 0). A ``ValueError`` says that nobody is left.

A rank starts at 1.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Int, Num
from torch import Tensor


def count_rivals(
    scores: Num[Tensor, "rows n_items"],
    targets: Int[Tensor, " rows"],
    excluded: tuple[Int[Tensor, " pairs"], Int[Tensor, " pairs"]] | None = None,
) -> tuple[Int[Tensor, " rows"], Int[Tensor, " rows"], Int[Tensor, " rows"]]:
    """For each row how many rivals beat the target, how many tie with it, and how many there are.

    ``excluded``: (row, item) pairs that are no rivals, in any order and number. Overwrites ``scores``.
    """
    comparable(scores)
    rows = torch.arange(len(targets), device=scores.device)
    own = scores[rows, targets]
    if excluded is not None:
        scores[excluded] = torch.nan  # neither above, nor equal to, nor below anything
    scores[rows, targets] = torch.nan
    better, tied = (scores > own[:, None]).sum(1), (scores == own[:, None]).sum(1)
    return better, tied, (~scores.isnan()).sum(1)


def comparable(scores: Num[Tensor, "..."]) -> Num[Tensor, "..."]:
    """``scores``, overwritten so that those that are not numbers are the lowest."""
    return scores.nan_to_num_(nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf)


def ranked(total: Num[np.ndarray, " rows"]) -> Bool[np.ndarray, " rows"]:
    """Which rows have rivals; ``total``: their number in each row, or their weight."""
    chosen = np.asarray(total) > 0
    if not chosen.any():
        raise ValueError(
            f"there is nothing to evaluate: of {len(chosen)} users none has a history, a next item and an unseen item "
            "to rank it against"
        )
    return chosen


def number_left_out(chosen: Bool[np.ndarray, " rows"]) -> dict[str, float]:
    """``left_out``, the number of rows that are not ``chosen``, if there are any."""
    left_out = float((~chosen).sum())
    return {"left_out": left_out} if left_out else {}


def ranking_metrics(
    better: Int[np.ndarray, " rows"],
    tied: Int[np.ndarray, " rows"],
    total: Int[np.ndarray, " rows"],
    cutoffs: Sequence[int] = (10, 50),
) -> dict[str, float]:
    """Means over rows with rivals of HR@k = [rank ≤ k], NDCG@k = [rank ≤ k] / log2(rank + 1) and MRR = 1 / rank.

    The arguments are what ``count_rivals`` returns.
    """
    chosen = ranked(total)
    better, tied = (np.asarray(counts, np.int64)[chosen] for counts in (better, tied))
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
    return metrics | number_left_out(chosen)
