"""Metrics against naive loops and by hand."""

import math

import numpy as np
import pytest

from recscale.training.metrics import auc, binary_metrics, logloss, normalized_entropy


@pytest.fixture
def rows():
    generator = np.random.default_rng(0)
    labels = (generator.random(60) < 0.3).astype(np.float32)
    return labels, generator.integers(-3, 4, 60).astype(np.float32)  # many ties


def test_auc_counts_pairs_and_ties_half(rows):
    labels, scores = rows
    pairs = [(p > n) + 0.5 * (p == n) for p in scores[labels == 1] for n in scores[labels == 0]]
    assert auc(labels, scores) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_auc_weighs_probabilities_as_positives_and_negatives(rows):
    _, scores = rows
    p = np.random.default_rng(1).random(60)
    better = (scores[:, None] > scores) + 0.5 * (scores[:, None] == scores)
    expected = (p[:, None] * better * (1 - p)).sum() / (p.sum() * (1 - p).sum())
    assert auc(p, scores) == pytest.approx(expected, abs=1e-12)


def test_auc_knows_the_extremes():
    labels = np.array([0, 0, 1, 1.0])
    assert auc(labels, np.array([1, 2, 3, 4.0])) == 1
    assert auc(labels, np.array([4, 3, 2, 1.0])) == 0
    assert auc(labels, np.ones(4)) == 0.5
    assert math.isnan(auc(np.ones(4), np.arange(4.0)))


def test_logloss_is_the_mean_log_probability_of_the_label(rows):
    labels, logits = rows
    naive = [
        -math.log(1 / (1 + math.exp(-x if y else x))) for y, x in zip(labels.tolist(), logits.tolist(), strict=True)
    ]
    assert logloss(labels, logits) == pytest.approx(np.mean(naive), rel=1e-12)
    assert logloss(np.array([1.0]), np.array([-1000.0])) == 1000


def test_infinite_logits_cost_nothing_where_right_and_everything_where_wrong():
    sure = np.array([np.inf, -np.inf, np.inf], np.float32)
    assert logloss(np.array([1.0, 0.0, 1.0]), sure) == 0
    assert logloss(np.array([1.0, 1.0, 1.0]), sure) == math.inf
    assert logloss(np.array([1.0, 0.0, 0.0]), sure) == math.inf
    assert math.isnan(logloss(np.array([1.0, 0.0, 1.0]), np.array([np.inf, np.nan, 0.0])))


def test_auc_orders_infinite_scores_and_knows_no_order_of_others():
    labels = np.array([0, 1, 0, 1.0])
    assert auc(labels, np.array([-np.inf, np.inf, 0.0, 1.0])) == 1
    assert auc(labels, np.full(4, np.inf)) == 0.5
    assert auc(labels, np.array([np.inf, -np.inf, 0.0, np.inf])) == (0 + 0 + 0.5 + 1) / 4
    assert math.isnan(auc(labels, np.array([0.0, np.nan, 1.0, 2.0])))


def test_normalized_entropy_of_the_base_rate_is_one(rows):
    labels, _ = rows
    rate = labels.mean(dtype=float)
    assert normalized_entropy(labels, np.full(60, np.log(rate / (1 - rate)))) == pytest.approx(1, rel=1e-9)
    assert math.isnan(normalized_entropy(np.ones(3), np.zeros(3)))


def test_further_tasks_carry_their_name(rows):
    labels, scores = rows
    metrics = binary_metrics(
        "test", ("click", "like"), np.stack([labels, 1 - labels], 1), np.stack([scores, scores], 1)
    )
    assert metrics["test_auc"] == pytest.approx(1 - metrics["test_auc@like"])
    assert {name.partition("@")[0] for name in metrics} == {"test_logloss", "test_auc", "test_normalized_entropy"}
