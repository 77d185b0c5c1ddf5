import numpy as np
import pytest

from recscale.datasets import load_ctr, load_sequences
from recscale.datasets.synthetic import markov_sequences, planted_ctr


def sign_table(data, fields):
    """Mean label in every cell of ``fields``, centred: the best predictor that sees these fields alone."""
    cells = np.ravel_multi_index([data.ids[name] for name in fields], [data.fields[0].vocabulary_size] * len(fields))
    count = np.bincount(cells)
    return np.bincount(cells, weights=data.labels[:, 0])[cells] / count[cells]


def log_loss(labels, probability):
    return -np.mean(labels * np.log(probability) + (1 - labels) * np.log1p(-probability))


def auc(labels, score):
    positive, negative = score[labels == 1], score[labels == 0]
    less = np.searchsorted(np.sort(negative), positive, "left")
    below = np.searchsorted(np.sort(negative), positive, "right")
    return (less + below).mean() / 2 / len(negative)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_full_interaction_reaches_the_closed_form(order):
    data = planted_ctr(200_000, order, seed=1, n_fields=4, vocabulary=4, strength=1.5)
    best_auc = 1 / (1 + np.exp(-1.5))
    best_loss = -best_auc * np.log(best_auc) - (1 - best_auc) * np.log1p(-best_auc)
    labels = data.labels[:, 0]
    cell_means = sign_table(data, [f"field_{index}" for index in range(order)])
    probability = np.where(cell_means > 0.5, best_auc, 1 - best_auc)
    assert log_loss(labels, probability) == pytest.approx(best_loss, abs=0.005)
    assert auc(labels, probability) == pytest.approx(best_auc, abs=0.003)
    np.testing.assert_allclose(np.unique(np.round(cell_means, 1)), np.round([1 - best_auc, best_auc], 1))


def test_any_one_field_less_leaves_a_fair_coin():
    data = planted_ctr(200_000, order=3, seed=2, n_fields=4, vocabulary=4)
    for names in (["field_0", "field_1"], ["field_1", "field_2"], ["field_0", "field_2"], ["field_3"]):
        assert np.abs(sign_table(data, names) - 0.5).max() < 0.02


def test_planted_data_follow_the_seed():
    first, again, other = (planted_ctr(100, 2, seed=seed) for seed in (0, 0, 1))
    assert (first.labels == again.labels).all()
    assert (first.ids["field_3"] == again.ids["field_3"]).all()
    assert first.checksum == again.checksum != other.checksum
    assert (first.ids["field_3"] != other.ids["field_3"]).any()


def test_planted_arguments_are_checked():
    with pytest.raises(ValueError, match="order must be from 1 to the number of fields, 3; it is 4"):
        planted_ctr(10, 4, 0, n_fields=3)
    with pytest.raises(ValueError, match="must be even"):
        planted_ctr(10, 2, 0, vocabulary=5)


def test_chains_have_the_stated_entropy_rate_and_best_ndcg():
    successors, n_items = 15, 30
    data, rate, best = markov_sequences(2000, 100, n_items, seed=3, successors=successors)
    chains = data.items.reshape(2000, 100)
    counts = np.zeros((n_items, n_items))
    np.add.at(counts, (chains[:, :-1].ravel(), chains[:, 1:].ravel()), 1)
    rows = counts / counts.sum(axis=1, keepdims=True)
    weights = counts.sum(axis=1) / counts.sum()
    entropy = -(np.where(rows > 0, rows * np.log(np.where(rows > 0, rows, 1)), 0).sum(axis=1) * weights).sum()
    assert entropy == pytest.approx(rate, abs=0.01)
    assert ((counts > 0).sum(axis=1) == successors).all()
    rank = np.argsort(np.argsort(-rows, axis=1), axis=1)[chains[:, :-1], chains[:, 1:]]
    ndcg = np.where(rank < 10, 1 / np.log2(rank + 2), 0).mean()
    assert ndcg == pytest.approx(best, abs=0.01)


def test_chain_limits():
    _, rate, best = markov_sequences(2, 3, 5, seed=0, successors=1)
    assert (rate, best) == (0, 1)
    _, rate, _ = markov_sequences(2, 3, 8, seed=0, successors=8, exponent=0.0)
    assert rate == pytest.approx(np.log(8))
    with pytest.raises(ValueError, match="successors must be from 1 to the number of items, 5; got 6"):
        markov_sequences(2, 3, 5, seed=0, successors=6)
    with pytest.raises(ValueError, match="at least one user"):
        markov_sequences(0, 3, 5, seed=0, successors=5)


def test_both_load_by_name():
    assert load_ctr("synthetic-ctr").tasks == ("label",)
    assert len(load_ctr("synthetic-ctr").split("time").test) == 2000
    assert load_sequences("synthetic-markov").n_users == 300
