"""Sampled metrics against every possible draw, counted one by one."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recscale.training.ranking import count_rivals, ranking_metrics
from recscale.training.sampled_ranking import (
    Protocol,
    Standing,
    expected_metrics,
    place_probabilities,
    sampled_counts,
    sampled_standing,
    under_ties,
)

SCORES = torch.tensor([[5.0, 4.0, 3.0, 3.0, 3.0, 1.0, 0.0], [7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]])
TARGETS = torch.tensor([2, 4])


def fair_places(better, tied, places):
    """Probability of each place if ties are in random order."""
    return [1 / (tied + 1) if better <= place <= better + tied else 0.0 for place in range(places)]


def enumerated(scores, target, weights, negatives, places, repeated):
    """The mean over every ordered draw, weighted by its probability."""
    value = [-math.inf if math.isnan(score) else score for score in scores]
    rivals = [i for i in range(len(scores)) if i != target and weights[i] > 0]
    negatives = negatives if repeated else min(negatives, len(rivals))
    draws = itertools.product(rivals, repeat=negatives) if repeated else itertools.permutations(rivals, negatives)
    mean, mass = np.zeros(places), 0.0
    for draw in draws:
        probability = math.prod(weights[i] for i in draw)
        better = sum(value[i] > value[target] for i in draw)
        tied = sum(value[i] == value[target] for i in draw)
        mean += probability * np.array(fair_places(better, tied, places))
        mass += probability
    return mean / mass


@pytest.mark.parametrize("repeated", [False, True], ids=["distinct", "independent"])
@pytest.mark.parametrize("negatives", [1, 2, 4])
def test_the_expectation_is_the_mean_over_all_draws(negatives, repeated):
    weights = torch.ones(2, 7)
    weights[1, 0] = 0  # an item of the history
    found = place_probabilities(sampled_standing(SCORES, TARGETS, weights), negatives, 3, repeated=repeated)
    for row in (0, 1):
        expected = enumerated(SCORES[row].tolist(), int(TARGETS[row]), weights[row].tolist(), negatives, 3, repeated)
        np.testing.assert_allclose(found[:, row], expected, atol=1e-12)


def test_weighted_draws_are_binomial_in_the_weights():
    weights = torch.tensor([[1.0, 5.0, 9.0, 2.0, 3.0, 4.0, 1.0]]).repeat(2, 1)
    found = place_probabilities(sampled_standing(SCORES, TARGETS, weights), 3, 4, repeated=True)
    for row in (0, 1):
        expected = enumerated(SCORES[row].tolist(), int(TARGETS[row]), weights[row].tolist(), 3, 4, True)
        np.testing.assert_allclose(found[:, row], expected, atol=1e-12)


NASTY = st.sampled_from([math.inf, -math.inf, math.nan, 0.0, 1.0])


@st.composite
def rankings(draw):
    """Up to four users' scores, targets and excluded items: infinities, no numbers, ties, users who saw everything."""
    items = draw(st.integers(1, 5))
    rows = draw(st.integers(1, 4))
    scores = [draw(st.lists(NASTY, min_size=items, max_size=items)) for _ in range(rows)]
    weights = [draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=items, max_size=items)) for _ in range(rows)]
    targets = [draw(st.integers(0, items - 1)) for _ in range(rows)]
    return torch.tensor(scores), torch.tensor(targets), torch.tensor(weights)


@settings(deadline=None)
@given(rankings(), st.integers(1, 3), st.booleans())
def test_every_draw_of_nasty_scores_counted_one_by_one(case, negatives, repeated):
    scores, targets, weights = case
    protocol = Protocol(negatives, repeated=repeated)
    places = [
        enumerated(own.tolist(), int(target), row.tolist(), negatives, 2, repeated)
        for own, target, row in zip(*case, strict=True)
        if row.sum() > row[target]
    ]
    if not places:
        with pytest.raises(ValueError, match="nothing to evaluate"):
            expected_metrics(sampled_standing(scores, targets, weights), protocol, k=2)
        return
    found = expected_metrics(sampled_standing(scores, targets, weights), protocol, k=2)
    assert found["hr@2"] == pytest.approx(np.sum(places, axis=1).mean(), abs=1e-12)
    assert found.get("left_out", 0) == len(targets) - len(places)


@settings(deadline=None)
@given(rankings())
def test_full_sampled_and_closed_form_rankings_agree(case):
    """All rivals drawn, expected without drawing, or ranked: one number, and one number of users left out."""
    scores, targets, weights = case
    if (weights.scatter(1, targets[:, None], 0.0).sum(1) == 0).all():
        return
    full = ranking_metrics(
        *(n.numpy() for n in count_rivals(scores.clone(), targets, (weights == 0).nonzero(as_tuple=True))), (3,)
    )
    draws = sampled_counts(scores, targets, weights, Protocol(9), torch.Generator().manual_seed(0))
    closed = expected_metrics(sampled_standing(scores, targets, weights), Protocol(), k=3)
    for found in (ranking_metrics(*draws, (3,)), closed):
        for name in closed:
            assert found[name] == pytest.approx(full[name], abs=1e-12)
        assert found.get("left_out") == full.get("left_out")


@pytest.mark.parametrize("repeated", [False, True], ids=["distinct", "independent"])
def test_a_user_without_rivals_draws_nothing(repeated):
    weights = torch.tensor([[0.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
    scores, targets = torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]]), torch.tensor([2, 2])
    protocol = Protocol(2, repeated=repeated)
    draws = sampled_counts(scores, targets, weights, protocol, torch.Generator().manual_seed(0))
    assert [count.tolist() for count in draws] == [[0, 2], [0, 0], [0, 2]]
    assert under_ties(*draws, k=2)["expected"]["hr@2"] == 0, "the mean over the other user"
    found = sampled_standing(scores, targets, weights)
    assert expected_metrics(found, protocol, k=2) == {"hr@2": 0, "ndcg@2": 0, "left_out": 1}


def test_weights_that_are_no_weights_are_refused():
    for wrong in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="finite and at least 0"):
            sampled_standing(SCORES, TARGETS, torch.full((2, 7), wrong))


def test_all_rivals_give_the_full_ranking():
    found = sampled_standing(SCORES, TARGETS, torch.ones(2, 7))
    assert (found.better.tolist(), found.tied.tolist(), found.total.tolist()) == ([2, 4], [2, 0], [6, 6])
    for negatives in (None, 6, 100):
        places = place_probabilities(found, negatives, 7)
        np.testing.assert_allclose(places[:, 0], fair_places(2, 2, 7), atol=1e-12)
        np.testing.assert_allclose(places[:, 1], fair_places(4, 0, 7), atol=1e-12)
    # Rows of different ties at places 3-5 and 5: HR@4 = (2/3 + 0) / 2.
    assert expected_metrics(found, Protocol(), k=4)["hr@4"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "protocol", [Protocol(3), Protocol(40, repeated=True), Protocol(5, repeated=True, popular=True)], ids=str
)
def test_the_draws_of_a_script_agree_with_the_expectation(protocol):
    random = torch.Generator().manual_seed(0)
    scores = torch.randint(0, 12, (500, 30), generator=random).float()
    targets = torch.randint(0, 30, (500,), generator=random)
    weights = torch.rand(500, 30, generator=random) if protocol.popular else torch.ones(500, 30)
    weights[:, :5] = 0
    exact = expected_metrics(sampled_standing(scores, targets, weights), protocol, k=2)["hr@2"]
    shares = []
    for _ in range(60):
        draws = sampled_counts(scores, targets, weights, protocol, random)
        shares.append(under_ties(*draws, k=2)["expected"]["hr@2"])
    assert np.mean(shares) == pytest.approx(exact, abs=4 * np.std(shares) / 60**0.5 + 1e-9)


def test_more_draws_than_rivals_count_repeats_only_where_they_may_come():
    found = Standing(np.array([10.0]), np.array([0.0]), np.array([100.0]))
    full = expected_metrics(found, Protocol())["hr@10"]
    assert expected_metrics(found, Protocol(500))["hr@10"] == full == 0
    near = Standing(np.array([5.0]), np.array([0.0]), np.array([100.0]))
    assert expected_metrics(near, Protocol())["hr@10"] == 1
    assert expected_metrics(near, Protocol(500, repeated=True))["hr@10"] < 0.01, "each of the five comes five times"


def test_sampling_without_repeats_never_draws_an_excluded_item():
    weights = torch.zeros(1, 7)
    weights[0, 5:] = 1
    draws = sampled_counts(SCORES[:1], torch.tensor([6]), weights, Protocol(5), torch.Generator().manual_seed(0))
    assert [count.tolist() for count in draws] == [[1], [0], [1]]


def test_scores_that_are_not_numbers_win_nothing():
    scores, weights = SCORES[:1].clone(), torch.ones_like(SCORES[:1])
    scores[0, 3] = torch.nan
    found = sampled_standing(scores, torch.tensor([3]), weights)
    assert found.better == found.total == scores.shape[1] - 1
    draws = sampled_counts(scores, torch.tensor([3]), weights, Protocol(5), torch.Generator().manual_seed(0))
    assert draws == (5, 0, 5)


def test_a_constant_score_wins_and_loses_by_the_order_of_ties():
    better, tied = np.zeros(50, int), np.full(50, 199)
    found = under_ties(better, tied, tied)
    assert found["optimistic"] == {"hr@10": 1.0, "ndcg@10": 1.0}
    assert found["pessimistic"] == {"hr@10": 0.0, "ndcg@10": 0.0}
    assert found["expected"]["hr@10"] == pytest.approx(10 / 200)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"negatives": 0}, "at least 1"),
        ({"excluded": "seen"}, "history, training, nothing"),
        ({"negatives": 5, "popular": True}, "repeated=True"),
    ],
)
def test_a_wrong_protocol_is_named(wrong, words):
    with pytest.raises(ValueError, match=words):
        Protocol(**wrong)
