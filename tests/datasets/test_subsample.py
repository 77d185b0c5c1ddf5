from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recscale.datasets import repeat_within_user, subsample_rows, subsample_users
from recscale.datasets.synthetic import markov_sequences, planted_ctr

CHAINS = markov_sequences(60, 12, 40, seed=0)[0]


def is_subsequence(short, long):
    remaining = iter(long)
    return all(item in remaining for item in short)


def test_rows_and_users_are_nested_and_in_order():
    rows = [subsample_rows(planted_ctr(1000, 2, 0), fraction, 5).timestamp for fraction in (0.1, 0.3, 1.0)]
    assert [len(part) for part in rows] == [100, 300, 1000]
    assert set(rows[0]) < set(rows[1]) < set(rows[2])
    assert all((np.diff(part) > 0).all() for part in rows)
    few, more = (subsample_users(CHAINS, fraction, 5) for fraction in (0.1, 0.3))
    assert (few.n_users, more.n_users, more.n_items) == (6, 18, 40)
    kept = {tuple(more.user(index)) for index in range(more.n_users)}
    assert {tuple(few.user(index)) for index in range(few.n_users)} <= kept


def test_another_seed_draws_other_users():
    assert (subsample_users(CHAINS, 0.5, 1).items != subsample_users(CHAINS, 0.5, 2).items).any()


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.1])
def test_fractions_are_checked(fraction):
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        subsample_users(CHAINS, fraction, 0)
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        repeat_within_user(CHAINS, fraction, 0)


@given(st.sampled_from([0.25, 0.5, 1.0]), st.integers(0, 100), st.integers(1, 6))
def test_repeating_adds_copies_and_moves_nothing(fraction, seed, shortest):
    lengths = np.random.default_rng(seed).integers(shortest - 1, 9, size=60)
    data = CHAINS.keep(CHAINS.positions_from_end() < np.repeat(lengths, CHAINS.lengths))
    repeated = repeat_within_user(data, fraction, seed)
    for user in range(data.n_users):
        before, after = data.user(user).tolist(), repeated.user(user).tolist()
        assert len(after) == len(before) + np.round(fraction * max(0, len(before) - 2))
        assert after[-2:] == before[-2:]
        assert is_subsequence(before, after)
        assert set(after[:-2]) == set(before[:-2])
        assert all(count <= 2 * Counter(before)[item] for item, count in Counter(after).items())
    assert (repeated.n_items, repeated.repeats, repeated.n_users) == (data.n_items, data.repeats, data.n_users)


def test_a_copy_comes_after_its_original_and_times_never_go_back():
    distinct = replace(CHAINS, items=CHAINS.timestamps.copy())  # item = place in the history
    repeated = repeat_within_user(distinct, 1.0, 3)
    items, times = repeated.items.reshape(60, 22), repeated.timestamps.reshape(60, 22)
    assert (np.diff(times, axis=1) >= 0).all()
    assert (times >= items).all()
    assert (times[:, :-2] > items[:, :-2]).mean() > 0.3  # most copies come well after
    assert (items[:, -2:] == [10, 11]).all()


def test_larger_fractions_repeat_the_same_and_more():
    quarter, half = (repeat_within_user(CHAINS, fraction, 7) for fraction in (0.25, 0.5))
    for user in range(CHAINS.n_users):
        assert is_subsequence(quarter.user(user), half.user(user))
    assert (quarter.items == repeat_within_user(CHAINS, 0.25, 7).items).all()
