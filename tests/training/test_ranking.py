"""Ranking metrics against a loop that can be checked by eye."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recscale.training.ranking import count_rivals, ranking_metrics


def rank_and_measure(scores, targets, excluded=None, cutoffs=(10, 50)):
    counts = count_rivals(scores.clone(), targets, excluded)
    return ranking_metrics(*(count.numpy() for count in counts), cutoffs)


def naive(scores, target, excluded, cutoff):
    """Mean HR, NDCG and MRR over every place the target can take among its ties; None without rivals."""
    value = [-math.inf if math.isnan(score) else score for score in scores]
    rivals = [i for i in range(len(scores)) if i != target and i not in excluded]
    if not rivals:
        return None
    better = sum(value[i] > value[target] for i in rivals)
    tied = sum(value[i] == value[target] for i in rivals)
    ranks = range(better + 1, better + tied + 2)
    hits = [rank <= cutoff for rank in ranks]
    gains = [hit / math.log2(rank + 1) for rank, hit in zip(ranks, hits, strict=True)]
    reciprocals = [1 / rank for rank in ranks]
    return [sum(values) / len(ranks) for values in (hits, gains, reciprocals)]


NASTY = st.sampled_from([math.inf, -math.inf, math.nan, 0.0, 1.0, -1.0])


@given(st.data())
def test_matches_a_naive_loop_whatever_the_scores(data):
    """Infinities, no numbers, ties, excluded items that repeat or are the target, users who saw everything."""
    items = data.draw(st.integers(1, 6))
    scores = data.draw(st.lists(st.lists(NASTY, min_size=items, max_size=items), min_size=1, max_size=4))
    one = st.integers(0, items - 1)
    targets = [data.draw(one) for _ in scores]
    excluded = [data.draw(st.lists(one, max_size=8)) for _ in scores]
    pairs = [(row, item) for row, seen in enumerate(excluded) for item in seen]
    rows, seen = (torch.tensor([pair[side] for pair in pairs], dtype=torch.int64) for side in (0, 1))
    by_row = [naive(*case, 2) for case in zip(scores, targets, excluded, strict=True)]
    known = [gains for gains in by_row if gains is not None]
    if not known:
        with pytest.raises(ValueError, match="nothing to evaluate"):
            rank_and_measure(torch.tensor(scores), torch.tensor(targets), (rows, seen), (2,))
        return
    found = rank_and_measure(torch.tensor(scores), torch.tensor(targets), (rows, seen), (2,))
    assert [found["hr@2"], found["ndcg@2"], found["mrr"]] == pytest.approx(np.mean(known, axis=0).tolist(), rel=1e-12)
    assert found.get("left_out", 0) == len(by_row) - len(known)


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
            naive(scores[row], target, {item for other, item in excluded if other == row}, 5)
            for row, target in enumerate(targets)
        ],
        axis=0,
    )
    assert [found["hr@5"], found["ndcg@5"], found["mrr"]] == pytest.approx(list(expected), rel=1e-12)
    assert set(found) == {"hr@5", "ndcg@5", "mrr"}, "ordinary data has no further columns"


@pytest.mark.parametrize("score", [math.inf, -math.inf, math.nan])
def test_scores_that_are_all_infinite_or_no_numbers_give_chance_level(score):
    found = rank_and_measure(torch.full((2, 100), score), torch.tensor([3, 4]))
    assert found["hr@10"] == pytest.approx(0.1)


def test_an_item_of_the_history_never_ties_with_a_target_of_the_lowest_score():
    pairs = (torch.tensor([0, 0]), torch.tensor([1, 2]))
    for lowest in (-math.inf, math.nan):
        found = rank_and_measure(torch.tensor([[lowest, 1.0, 1.0, 2.0]]), torch.tensor([0]), pairs)
        assert found["mrr"] == 1 / 2, "one rival, which is better"


def test_a_user_who_saw_everything_enters_no_mean():
    pairs = (torch.tensor([0, 0]), torch.tensor([0, 1]))
    found = rank_and_measure(torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]), torch.tensor([2, 2]), pairs)
    assert (found["mrr"], found["left_out"]) == (1 / 3, 1)


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
        ranking_metrics(*np.zeros((3, 0), int))
    with pytest.raises(ValueError, match="of 2 users none"):
        ranking_metrics(*np.zeros((3, 2), int))


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
