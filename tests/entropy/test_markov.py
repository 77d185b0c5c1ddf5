"""Chains with known entropy, and the coding lemma on them."""

from math import log

import numpy as np
import pytest

from recscale.entropy.markov import Chain, coding_bound, duplicate


def test_a_two_state_chain_by_hand():
    chain = Chain(np.array([[0.9, 0.1], [0.3, 0.7]]))
    np.testing.assert_allclose(chain.stationary, [0.75, 0.25])
    stay, move = -(0.9 * log(0.9) + 0.1 * log(0.1)), -(0.3 * log(0.3) + 0.7 * log(0.7))
    assert chain.entropy_rate == pytest.approx(0.75 * stay + 0.25 * move)
    first = -(0.75 * log(0.75) + 0.25 * log(0.25))
    assert chain.shortest_code(np.array([3, 1, 0])) == pytest.approx(2 * first + 2 * chain.entropy_rate)


def test_samples_follow_the_chain():
    chain = Chain(np.array([[0.2, 0.5, 0.3], [0.0, 0.1, 0.9], [1.0, 0.0, 0.0]]))
    items, offsets = chain.sample(200, 200, seed=0)
    sequences = items.reshape(200, 200)
    counts = np.zeros((3, 3))
    np.add.at(counts, (sequences[:, :-1], sequences[:, 1:]), 1)
    np.testing.assert_allclose(counts / counts.sum(1, keepdims=True), chain.transition, atol=0.02)
    np.testing.assert_allclose(np.bincount(sequences[:, 0], minlength=3) / 200, chain.stationary, atol=0.1)
    assert offsets[-1] == len(items)
    np.testing.assert_array_equal(chain.sample(200, 200, seed=0)[0], items)


def test_shannon_s_bound_holds_and_the_literal_one_breaks_below_one_bit():
    for noise in (0.02, 0.2, 0.6, 1.0):
        sides = coding_bound(Chain.noisy_cycle(12, noise), n_users=50, length=60, seed=0)
        assert sides["shortest_code"] >= sides["entropy_rate"]
        literal_holds = sides["shortest_code"] >= sides["reciprocal"]
        assert literal_holds == (noise >= 0.2)
    assert sides["entropy_rate"] == pytest.approx(np.log2(12))
    assert sides["markov"] == pytest.approx(np.log2(12), rel=0.03)


def test_a_deterministic_chain_needs_no_bits_a_step():
    sides = coding_bound(Chain.noisy_cycle(4, 0.0), n_users=5, length=40, seed=0)
    assert sides["entropy_rate"] == 0
    assert sides["shortest_code"] == pytest.approx(2 / 40)
    assert sides["reciprocal"] == np.inf


def test_duplicates_copy_the_item_before_within_a_user():
    items, offsets = np.arange(12), np.array([0, 0, 5, 12])
    np.testing.assert_array_equal(duplicate(items, offsets, 0.0, 0), items)
    np.testing.assert_array_equal(duplicate(items, offsets, 1.0, 0), [0] * 5 + [5] * 7)
    some = duplicate(np.arange(10_000), np.array([0, 10_000]), 0.3, 0)
    assert (some[1:] == some[:-1]).mean() == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Chain(np.array([[0.5, 0.4], [0.5, 0.5]])), "sum to 1"),
        (lambda: Chain(np.array([[1.5, -0.5], [0.5, 0.5]])), "probabilities"),
        (lambda: Chain(np.eye(2)).entropy_rate, "more than one stationary"),
        (lambda: duplicate(np.arange(3), np.array([0, 3]), 1.5, 0), "between 0 and 1"),
    ],
)
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
