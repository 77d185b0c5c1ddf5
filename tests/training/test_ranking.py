"""Ranking metrics against a loop that can be checked by eye."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recscale.training.ranking import count_better_and_tied, ranking_metrics


def rank_and_measure(scores, targets, excluded=None, cutoffs=(10, 50)):
    better, tied = count_better_and_tied(scores.clone(), targets, excluded)
    return ranking_metrics(better.numpy(), tied.numpy(), cutoffs)


def naive(scores, target, candidates, cutoff):
    """Mean HR and NDCG over every place the target can take among its ties."""
    better = sum(scores[i] > scores[target] for i in candidates if i != target)
    tied = sum(scores[i] == scores[target] for i in candidates if i != target)
    ranks = range(better + 1, better + tied + 2)
    hits = [rank <= cutoff for rank in ranks]
    gains = [hit / math.log2(rank + 1) for rank, hit in zip(ranks, hits, strict=True)]
    reciprocals = [1 / rank for rank in ranks]
    return [sum(values) / len(ranks) for values in (hits, gains, reciprocals)]


@pytest.mark.parametrize("levels", [3, 1000], ids=["many ties", "few ties"])
def test_matches_a_naive_loop(levels):
    random = np.random.default_rng(0)
    scores = random.integers(0, levels, (40, 30)).astype(np.float32)
    targets = random.integers(0, 30, 40)
    excluded = [(row, item) for row in range(40) for item in random.choice(30, 8, replace=False)]
    pairs = tuple(torch.tensor(part) for part in zip(*excluded, strict=True))
    found = rank_and_measure(torch.tensor(scores), torch.tensor(targets), pairs, cutoffs=(5,))
    expected = np.mean(
        [
            naive(scores[row], target, {*range(30)} - {i for r, i in excluded if r == row} | {target}, 5)
            for row, target in enumerate(targets)
        ],
        axis=0,
    )
    assert [found["hr@5"], found["ndcg@5"], found["mrr"]] == pytest.approx(list(expected), rel=1e-12)


def test_one_candidate_is_always_a_hit():
    found = rank_and_measure(torch.zeros(3, 1), torch.zeros(3, dtype=torch.int64))
    assert set(found.values()) == {1.0}


def test_all_equal_scores_give_chance_level():
    found = rank_and_measure(torch.zeros(5, 200), torch.arange(5))
    assert found["hr@10"] == pytest.approx(10 / 200)
    assert found["hr@50"] == pytest.approx(50 / 200)


def test_scores_that_are_not_numbers_win_nothing():
    scores = torch.full((2, 100), float("nan"))
    assert rank_and_measure(scores, torch.tensor([3, 4]))["hr@10"] == pytest.approx(0.1)
    scores[0] = torch.arange(100.0)
    scores[0, 3] = float("nan")
    assert rank_and_measure(scores[:1], torch.tensor([3]))["hr@50"] == 0


def test_a_target_in_the_history_stays_a_candidate():
    pairs = (torch.tensor([0, 0]), torch.tensor([1, 2]))
    found = rank_and_measure(torch.tensor([[1.0, 9.0, 5.0]]), torch.tensor([2]), pairs)
    assert found["mrr"] == 1.0


def test_an_item_nobody_trained_on_is_ranked_like_any_other():
    scores = torch.tensor([[0.5, 0.4, 0.3, -0.1]])
    assert rank_and_measure(scores, torch.tensor([3]))["mrr"] == pytest.approx(1 / 4)


def test_nothing_to_evaluate_is_said():
    with pytest.raises(ValueError, match="nothing to evaluate"):
        ranking_metrics(np.array([], int), np.array([], int))


@given(st.lists(st.lists(st.integers(-3, 3), min_size=60, max_size=60), min_size=1, max_size=5), st.randoms())
def test_order_of_candidates_and_size_of_metrics(rows, random):
    scores = torch.tensor(rows, dtype=torch.float32)
    targets = torch.tensor([random.randrange(60) for _ in rows])
    order = list(range(60))
    random.shuffle(order)
    where = torch.tensor(order).argsort()
    found = rank_and_measure(scores, targets)
    assert rank_and_measure(scores[:, order], where[targets]) == found
    for k in (10, 50):
        assert 0 <= found[f"ndcg@{k}"] <= found[f"hr@{k}"] <= 1
    assert found["hr@10"] <= found["hr@50"]
