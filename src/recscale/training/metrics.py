"""Metrics of binary predictions, exact and in double precision."""

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata


def logloss(labels: Float[np.ndarray, " rows"], logits: Float[np.ndarray, " rows"]) -> float:
    """Mean of ``log(1 + exp(x)) - y x`` in nats, from logits: no clipping of probabilities needed.

    An infinite logit costs 0 where it is right and infinity where it is wrong; one that is not a number gives NaN.
    """
    logits = logits.astype(np.float64)
    with np.errstate(invalid="ignore"):
        each = np.logaddexp(0, logits) - labels * logits
    each = np.where(np.isinf(logits), np.where(labels == (logits > 0), 0.0, np.inf), each)
    return float(np.mean(each))


def auc(labels: Float[np.ndarray, " rows"], scores: Float[np.ndarray, " rows"]) -> float:
    """P(score of a positive > score of a negative), ties counting half (Mann-Whitney).

    A label may be a probability p: its row is then a positive of weight p and a negative of weight 1 - p. Infinite
    scores are ordered as numbers are. NaN with one class only, and where a score is not a number.
    """
    labels = labels.astype(np.float64)
    positives, negatives = float(labels.sum()), float((1 - labels).sum())
    if not positives or not negatives or np.isnan(scores).any():
        return float("nan")
    place = rankdata(scores, method="dense") - 1
    negative = np.bincount(place, 1 - labels)
    below = np.cumsum(negative) - negative / 2
    return float(labels @ below[place] / (positives * negatives))


def base_entropy(labels: Float[np.ndarray, " rows"]) -> float:
    """Log loss in nats of always predicting the share of positives."""
    rate = float(np.mean(labels, dtype=np.float64))
    return 0.0 if rate in (0.0, 1.0) else float(-(rate * np.log(rate) + (1 - rate) * np.log1p(-rate)))


def normalized_entropy(labels: Float[np.ndarray, " rows"], logits: Float[np.ndarray, " rows"]) -> float:
    """Log loss over that of the rows' share of positives (He et al. 2014); NaN with one class only."""
    base = base_entropy(labels)
    return logloss(labels, logits) / base if base else float("nan")


def binary_metrics(
    part: str, tasks: tuple[str, ...], labels: Float[np.ndarray, "rows tasks"], logits: Float[np.ndarray, "rows tasks"]
) -> dict[str, float]:
    """``<part>_logloss``, ``<part>_auc``, ``<part>_normalized_entropy``; further tasks carry ``@<task>``."""
    return {
        f"{part}_{metric.__name__}{f'@{task}' if index else ''}": metric(labels[:, index], logits[:, index])
        for index, task in enumerate(tasks)
        for metric in (logloss, auc, normalized_entropy)
    }
