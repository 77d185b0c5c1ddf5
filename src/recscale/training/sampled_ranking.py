"""Sampled metrics: the true item ranked among a few drawn rivals instead of among all.

Two ways to the same number. ``sampled_counts`` draws the rivals, as an evaluation script does. ``place_probabilities``
draws nothing: with ``better``, ``tied`` and ``total`` the weights (for uniform draws: the numbers) of the candidates
that beat the true item, that tie with it, and of all candidates but itself, the number that beat it among m draws is

    hypergeometric    P(j) = C(b, j) C(c − b, m − j) / C(c, m)        distinct rivals, all equally likely
    binomial          P(j) = C(m, j) p^j (1 − p)^(m − j), p = b / c   independent draws, a rival may come twice

with b = better, c = total. Ties are broken fairly, as in ``ranking``: of T tied rivals each number 0 … T that is put
before the true item is equally likely, so b is averaged over b … b + T (in the binomial case over the interval, which
gives incomplete beta functions). Source: Krichene & Rendle, KDD 2020, for the hypergeometric case without ties.

Infinite scores, scores that are not numbers and rows without rivals are treated by the rule of ``ranking``.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy import stats
from torch import Tensor

from recscale.models.checks import Settings
from recscale.training.ranking import comparable, number_left_out, ranked, ranking_metrics


@dataclass(frozen=True)
class Protocol(Settings):
    """What the true item is ranked against.

    ``negatives`` rivals are drawn (None: all candidates are ranked, nothing is drawn), distinct ones and all equally
    likely unless ``repeated`` (independent draws) or ``popular`` (probability ∝ count in training; independent, because
    distinct weighted draws have no closed form). ``excluded`` items are no candidates: the user's ``history``, only its
    ``training`` part (the validation item stays a rival), or ``nothing``.
    """

    negatives: int | None = None
    repeated: bool = False
    popular: bool = False
    excluded: Annotated[str, ("history", "training", "nothing")] = "history"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.popular and not self.repeated:
            raise ValueError("popular rivals are drawn independently: set repeated=True")


@dataclass(frozen=True, eq=False)
class Standing:
    """Where each true item stands: weights of the rivals that beat it, tie with it, and of all its rivals.

    A row whose ``total`` is 0 has no rivals.
    """

    better: Float[np.ndarray, " rows"]
    tied: Float[np.ndarray, " rows"]
    total: Float[np.ndarray, " rows"]


def sampled_standing(
    scores: Float[Tensor, "rows n_items"], targets: Int[Tensor, " rows"], weights: Float[Tensor, "rows n_items"]
) -> Standing:
    """``weights``: how likely each item is drawn as a rival, 0 for items that are none. The target's is ignored."""
    scores, own = _beside_own(scores, targets)
    weights = _rivals(weights, targets).double()
    parts = ((weights * (scores > own)).sum(1), (weights * (scores == own)).sum(1), weights.sum(1))
    return Standing(*(part.numpy() for part in parts))


def place_probabilities(
    found: Standing, negatives: int | None, places: int, *, repeated: bool = False
) -> Float[np.ndarray, "places rows"]:
    """The probability that the true item takes place 1, 2, …, ``places``: the mean over all draws, without drawing.

    ``negatives`` None, or as many distinct draws as there are rivals: the ranking among all of them. Every row must
    have rivals.
    """
    assert (found.total > 0).all()
    before = np.arange(places)[:, None]
    if repeated and negatives is not None:
        low, width = np.minimum(found.better / found.total, 1.0), found.tied / found.total
        high = np.minimum(low + width, 1.0)
        single = stats.binom.pmf(before, negatives, low)
        shape = before + 1, np.maximum(negatives - before, 0) + 1
        spread = np.where(before > negatives, 0.0, stats.beta.cdf(high, *shape) - stats.beta.cdf(low, *shape))
        return np.where(width > 0, spread / ((negatives + 1) * np.where(width > 0, high - low, 1.0)), single)
    better, tied, total = (np.rint(part).astype(np.int64) for part in (found.better, found.tied, found.total))
    drawn = total if negatives is None else np.minimum(negatives, total)
    row = np.repeat(np.arange(len(better)), tied + 1)
    shift = np.arange(len(row)) - np.repeat(np.cumsum(tied + 1) - (tied + 1), tied + 1)
    each = stats.hypergeom.pmf(before, total[row], better[row] + shift, drawn[row])
    return np.add.reduceat(each, np.flatnonzero(shift == 0), axis=1) / (tied + 1)


def expected_gains(found: Standing, protocol: Protocol, k: int = 10) -> dict[str, Float[np.ndarray, " ranked"]]:
    """HR@k and NDCG@k of every row that has rivals, in expectation over their draws."""
    chosen = ranked(found.total)
    kept = Standing(found.better[chosen], found.tied[chosen], found.total[chosen])
    probability = place_probabilities(kept, protocol.negatives, k, repeated=protocol.repeated)
    return {f"hr@{k}": probability.sum(0), f"ndcg@{k}": 1 / np.log2(np.arange(k) + 2) @ probability}


def expected_metrics(found: Standing, protocol: Protocol, k: int = 10) -> dict[str, float]:
    """Means of ``expected_gains``: HR@k and NDCG@k of the sampled evaluation, in expectation over its draws."""
    means = {name: float(gain.mean()) for name, gain in expected_gains(found, protocol, k).items()}
    return means | number_left_out(ranked(found.total))


def sampled_counts(
    scores: Float[Tensor, "rows n_items"],
    targets: Int[Tensor, " rows"],
    weights: Float[Tensor, "rows n_items"],
    protocol: Protocol,
    generator: torch.Generator,
) -> tuple[Int[np.ndarray, " rows"], Int[np.ndarray, " rows"], Int[np.ndarray, " rows"]]:
    """One draw of the rivals: how many of them beat the target, how many tie with it, and how many were drawn."""
    assert protocol.negatives is not None
    (scores, own), weights = _beside_own(scores, targets), _rivals(weights, targets)
    some = weights.sum(1) > 0
    if protocol.repeated:
        drawable = weights.masked_fill(~some[:, None], 1.0)  # who has no rivals draws in vain
        rivals = scores.gather(1, torch.multinomial(drawable, protocol.negatives, True, generator=generator))
        rivals.masked_fill_(~some[:, None], torch.nan)
    else:
        keys = torch.rand(weights.shape, generator=generator).masked_fill_(weights == 0, -1.0)
        chosen = keys.topk(min(protocol.negatives, keys.shape[1])).indices
        rivals = scores.gather(1, chosen).masked_fill(weights.gather(1, chosen) == 0, torch.nan)
    # One that is not a number is no rival: neither above nor equal.
    return (rivals > own).sum(1).numpy(), (rivals == own).sum(1).numpy(), (~rivals.isnan()).sum(1).numpy()


def under_ties(
    better: Int[np.ndarray, " rows"], tied: Int[np.ndarray, " rows"], total: Int[np.ndarray, " rows"], k: int = 10
) -> dict[str, dict[str, float]]:
    """HR@k and NDCG@k if the true item is put before all its ties, among them at random, or after them."""
    nothing, counted = np.zeros_like(tied), (f"hr@{k}", f"ndcg@{k}")
    placed = {"optimistic": (better, nothing), "expected": (better, tied), "pessimistic": (better + tied, nothing)}
    return {
        name: {metric: ranking_metrics(*counts, total, cutoffs=(k,))[metric] for metric in counted}
        for name, counts in placed.items()
    }


def _beside_own(scores: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """``scores`` in a comparable copy, and each target's own: (rows, 1)."""
    scores = comparable(scores.clone())
    return scores, scores.gather(1, targets[:, None])


def _rivals(weights: Tensor, targets: Tensor) -> Tensor:
    """``weights`` without the targets'."""
    if not (weights >= 0).all() or weights.isinf().any():
        raise ValueError("weights of rivals must be finite and at least 0")
    return weights.scatter(1, targets[:, None], 0.0)
