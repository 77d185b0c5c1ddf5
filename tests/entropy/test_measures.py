"""Entropies against direct definitions, hand-computed sequences, and chains whose entropy is known."""

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recscale import entropy
from recscale.entropy.markov import Chain, duplicate

sequences = st.lists(st.integers(0, 5), min_size=6, max_size=30)


def matches(sequence, m: int, r: float) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(sequence), m)
    return np.abs(windows[:, None] - windows[None]).max(2) <= r


def apen_by_definition(sequence, m: int, r: float) -> float:
    return np.log(matches(sequence, m, r).mean(1)).mean() - np.log(matches(sequence, m + 1, r).mean(1)).mean()


def sampen_by_definition(sequence, m: int, r: float) -> float:
    longer, shorter = matches(sequence, m + 1, r), matches(sequence, m, r)[:-1, :-1]
    a, b = longer.sum() - len(longer), shorter.sum() - len(shorter)
    return np.nan if b == 0 else np.inf if a == 0 else -log(a / b)


def end_to_end(users) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate(users), np.concatenate([[0], np.cumsum([len(user) for user in users])])


@settings(max_examples=60, deadline=None)
@given(sequences, st.integers(1, 4), st.sampled_from([0, 0.2, 1, 2, 2.5]))
def test_apen_and_sampen_are_their_definitions(sequence, m, r):
    expected = apen_by_definition(sequence, m, r)
    assert entropy.approximate_entropy(sequence, m, r, signed=True) == pytest.approx(expected, abs=1e-12)
    assert entropy.approximate_entropy(sequence, m, r) == pytest.approx(abs(expected), abs=1e-12)
    expected = sampen_by_definition(sequence, m, r)
    assert entropy.sample_entropy(sequence, m, r) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_apen_by_hand():
    # a b a b a: windows of 1 match 3, 2, 3, 2, 3 of 5; of 2 (ab, ba, ab, ba) match 2 of 4 each.
    expected = (3 * log(3 / 5) + 2 * log(2 / 5)) / 5 - log(2 / 4)
    assert entropy.approximate_entropy([7, 9, 7, 9, 7], m=1, signed=True) == pytest.approx(expected)
    assert entropy.approximate_entropy([4, 4, 4, 4], m=1) == 0


def test_real_numbers_are_compared_by_distance():
    values = np.random.default_rng(0).normal(size=40)
    assert entropy.approximate_entropy(values, 2, 0.5) == pytest.approx(abs(apen_by_definition(values, 2, 0.5)))
    assert entropy.approximate_entropy(values, 1, 0.0) == pytest.approx(log(40 / 39))


@pytest.mark.parametrize("scale", [1, 2**20, 2**45])
def test_ids_of_any_size_count_alike(scale):
    sequence = np.random.default_rng(1).integers(0, 4, 60)
    for m in (1, 2, 8):
        expected = entropy.approximate_entropy(sequence, m)
        assert entropy.approximate_entropy(scale * sequence - 3, m) == expected
        assert entropy.approximate_entropy(sequence, m) == pytest.approx(abs(apen_by_definition(sequence, m, 0)))


@pytest.mark.parametrize("r", [0.0, 1.0])
@pytest.mark.parametrize("function", ["approximate_entropy", "sample_entropy", "real_entropy", "shannon_entropy"])
def test_per_user_is_each_user_alone(function, r):
    rng = np.random.default_rng(2)
    users = [rng.integers(0, 5, length) for length in (4, 30, 4, 9, 17)]
    arguments = (2, r) if function in ("approximate_entropy", "sample_entropy") else ()
    together = getattr(entropy, f"{function}_per_user")(*end_to_end(users), *arguments)
    alone = [getattr(entropy, function)(user, *arguments) for user in users]
    np.testing.assert_allclose(together, alone, atol=1e-12)


def test_too_short_users_have_no_entropy():
    items, offsets = end_to_end([[], [1], [1, 1], [1, 1, 1, 1]])
    items = items.astype(int)
    for function in (entropy.approximate_entropy_per_user, entropy.sample_entropy_per_user):
        assert np.isnan(function(items, offsets, 2)).tolist() == [True, True, True, False]
    np.testing.assert_array_equal(entropy.real_entropy_per_user(items, offsets)[:2], [np.nan, 0.0])


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("n", [5, 50, 500])
def test_without_repeats_apen_is_length_alone(m, n):
    expected = log((n - m + 1) / (n - m))
    for seed in range(3):
        sequence = np.random.default_rng(seed).permutation(10 * n)[:n]
        assert entropy.approximate_entropy(sequence, m) == pytest.approx(expected, abs=1e-12)
        assert entropy.approximate_entropy(sequence, m, signed=True) == pytest.approx(-expected, abs=1e-12)
        assert entropy.real_entropy(sequence) == pytest.approx(log(n))
        assert np.isnan(entropy.sample_entropy(sequence, m))


def test_renaming_items_changes_nothing_at_r_0_and_everything_at_r_1():
    rng = np.random.default_rng(3)
    sequence, names = rng.integers(0, 30, 200), rng.permutation(30)
    renamed = names[sequence]
    for function in (entropy.approximate_entropy, entropy.sample_entropy):
        assert function(renamed, 1, 0.0) == function(sequence, 1, 0.0)
        assert function(renamed, 1, 0.9) == function(sequence, 1, 0.0)
        assert abs(function(renamed, 1, 1.0) - function(sequence, 1, 1.0)) > 1e-3
    for function in (entropy.real_entropy, entropy.shannon_entropy, entropy.markov_entropy_rate):
        assert function(renamed) == pytest.approx(function(sequence), abs=1e-12)


def test_real_entropy_by_hand():
    # a a b a a b: nothing; a; nothing; "aa" seen; "a" seen ("ab" is too); "b" seen. Λ = 1, 2, 1, 4, 3, 2.
    assert entropy.real_entropy([1, 1, 2, 1, 1, 2]) == pytest.approx(6 * log(6) / 13)


def test_shannon_and_markov_by_hand():
    assert entropy.shannon_entropy([1, 1, 2, 3]) == pytest.approx(0.5 * log(2) + 0.5 * log(4))
    # Steps 1→1, 1→2, 2→1 | 1→2: from item 1 one step of three stays; item 2 always returns.
    items, offsets = end_to_end([[1, 1, 2, 1], [1, 2]])
    assert entropy.markov_entropy_rate(items, offsets) == pytest.approx((log(3) + 2 * log(3 / 2)) / 4)
    assert entropy.markov_entropy_rate(items) != entropy.markov_entropy_rate(items, offsets)


@pytest.mark.parametrize("chain", [Chain.noisy_cycle(4, 0.5), Chain.noisy_cycle(6, 0.3)])
def test_long_chains_reach_their_entropy_rate(chain):
    sequence, _ = chain.sample(1, 60_000, seed=5)
    for m in (1, 2, 3):  # for a first-order chain the window length does not matter
        assert entropy.approximate_entropy(sequence, m) == pytest.approx(chain.entropy_rate, abs=0.01)
        assert entropy.sample_entropy(sequence, m) < chain.entropy_rate + 0.01  # order-2 entropies lie below
    assert entropy.markov_entropy_rate(sequence) == pytest.approx(chain.entropy_rate, abs=0.01)
    assert entropy.real_entropy(sequence) == pytest.approx(chain.entropy_rate, rel=0.15)
    assert entropy.shannon_entropy(sequence) == pytest.approx(log(len(chain.transition)), abs=0.001)


def test_concatenated_apen_at_m_1_is_the_bigram_chain():
    sequence = np.random.default_rng(6).integers(0, 50, 20_000)
    assert entropy.approximate_entropy(sequence, 1) == pytest.approx(entropy.markov_entropy_rate(sequence), abs=1e-3)


def test_apen_of_short_sequences_is_not_monotone_in_diversity():
    def mean(alphabet: int) -> float:
        rng = np.random.default_rng(7)
        items, offsets = end_to_end(list(rng.integers(0, alphabet, (400, 50))))
        return entropy.approximate_entropy_per_user(items, offsets, m=1).mean()

    rising, falling = [mean(2), mean(5)], [mean(10), mean(50), mean(200)]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)
    assert mean(50) == pytest.approx(0.53, abs=0.03)


def test_duplication_lowers_real_entropy():
    items, offsets = Chain.noisy_cycle(50, 1.0).sample(40, 80, seed=8)
    values = [
        entropy.real_entropy_per_user(duplicate(items, offsets, share, 0), offsets).mean() for share in (0, 0.5, 1)
    ]
    assert values[0] > values[1] > values[2]


def test_compression_ratio():
    noise = np.random.default_rng(9).integers(0, 2**32, 20_000)
    assert entropy.compression_ratio(noise) == pytest.approx(1, abs=0.01)
    assert entropy.compression_ratio(np.full(20_000, 7)) < 0.01
    chunks = [entropy.compression_ratio(noise[a : a + 7_000] % 99) for a in (0, 7_000, 14_000)]
    assert entropy.compression_ratio(noise % 99, chunk=7_000) == pytest.approx(np.mean(chunks))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: entropy.approximate_entropy([1, 2], m=2), "at least 3 items; got 2"),
        (lambda: entropy.approximate_entropy([1, 2, 3], m=0), "window length m"),
        (lambda: entropy.approximate_entropy([1, 2, 3], r=-1), "tolerance r"),
        (lambda: entropy.approximate_entropy([1.0, 2.0, np.nan]), "finite"),
        (lambda: entropy.approximate_entropy([[1, 2], [3, 4]]), "one sequence"),
        (lambda: entropy.shannon_entropy([]), "at least 1 items"),
        (lambda: entropy.real_entropy(["a", "b"]), "numbers"),
        (lambda: entropy.markov_entropy_rate([1]), "at least 2 items"),
        (lambda: entropy.compression_ratio([-1, 2]), "between 0 and"),
        (lambda: entropy.compression_ratio([1, 2], chunk=0), "chunk"),
        (lambda: entropy.approximate_entropy([]), "at least 3 items; got 0"),
        (lambda: entropy.approximate_entropy([1, 2, 3], m=3), "at least 4 items; got 3"),
        (lambda: entropy.real_entropy([True, False]), "numbers; got bool"),
        (lambda: entropy.real_entropy([1.0, np.inf]), "finite"),
        (lambda: entropy.compression_ratio([1, 2], chunk=1.5), "chunk must be a whole number"),
        (lambda: entropy.data_quality([1, 2], [0, 2], max_length="2"), "max_length must be a whole number"),
        (lambda: entropy.real_entropy_per_user([1, 2], [0.0, 2.0]), "offsets must be whole numbers"),
        (lambda: entropy.real_entropy_per_user(np.arange(4), np.array([0, 3, 2, 4], np.uint64)), "offsets must rise"),
        (lambda: entropy.real_entropy_per_user(np.arange(4), np.array([0, 3])), "offsets must rise from 0 to the 4"),
        (lambda: entropy.real_entropy_per_user(np.arange(4), np.array([0, 3, 2, 4])), "offsets must rise"),
    ],
)
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("r", [0.0, 1.0, 2.5])
@pytest.mark.parametrize(
    "names", [(2**63 + 7, 2**63 + 9, 2**63 + 11), (0, 2**64 - 1, 5), (-(2**63), 2**63 - 1, 5), (-128, 127, 0)]
)
def test_ids_of_64_bits_are_exact(names, r):
    small = -128 in names
    items = np.array(names, np.int8 if small else np.int64 if min(names) < 0 else np.uint64)
    order = np.random.default_rng(4).integers(0, 3, 40)
    rank = np.sort(items).searchsorted(items)
    near = max(names) - min(names) < 100
    plain = np.array(names) - min(names) if near else 100 * rank  # far apart: no r of the test joins any two
    for function in (entropy.approximate_entropy, entropy.sample_entropy):
        assert function(items[order], 2, r) == function(plain[order], 2, r)
    for function in (entropy.real_entropy, entropy.shannon_entropy, entropy.markov_entropy_rate):
        assert function(items[order]) == pytest.approx(function(plain[order]))


def test_a_whole_number_is_a_window_length_whatever_its_type():
    sequence = [1, 2, 1, 2, 3, 1, 2]
    for m in (2.0, np.float32(2), np.int8(2)):
        assert entropy.approximate_entropy(sequence, m) == entropy.approximate_entropy(sequence, 2)
        assert entropy.sample_entropy(sequence, m, 1.0) == entropy.sample_entropy(sequence, 2, 1.0)


def test_windows_longer_than_every_user_are_none():
    assert np.isnan(entropy.approximate_entropy_per_user(np.array([1, 2, 1, 3]), np.array([0, 3, 4]), 10**12)).all()


def test_differences_beyond_a_double_are_far():
    assert entropy.approximate_entropy([-1e308, 1e308, -1e308, 1e308], 1, 1.0) == entropy.approximate_entropy(
        [0, 9, 0, 9], 1, 1.0
    )


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("m", [2.5, "2", None, True, np.nan, np.inf, 0, -1])
def test_a_window_length_that_is_none_gets_one_sentence(m):
    for function in (entropy.approximate_entropy, entropy.sample_entropy):
        with pytest.raises(ValueError, match="the window length m must be a whole number from 1 on; got"):
            function([1, 2, 3, 4], m)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("r", [-1, np.nan, "1", None])
def test_a_tolerance_that_is_none_gets_one_sentence(r):
    with pytest.raises(ValueError, match="the tolerance r must be 0 or more"):
        entropy.sample_entropy([1, 2, 3, 4], 2, r)


def test_shannon_is_the_frequencies_entropy():
    sequence = np.random.default_rng(10).integers(0, 9, 100)
    shares = np.array(list(Counter(sequence.tolist()).values())) / 100
    assert entropy.shannon_entropy(sequence) == pytest.approx(-(shares * np.log(shares)).sum())


def test_rounding_is_no_entropy():
    items, offsets = end_to_end([np.zeros(length, int) for length in range(4, 400)])
    np.testing.assert_array_equal(entropy.approximate_entropy_per_user(items, offsets), 0.0)
    assert entropy.data_quality(items, offsets).set_index("name").loc["apen-literal", "users_with_zero"] == 396
