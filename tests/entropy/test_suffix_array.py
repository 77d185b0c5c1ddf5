"""The suffix array and the longest matches against their one-line definitions."""

import numpy as np
import pytest

from recscale.entropy.suffix_array import longest_matches, suffix_array


def occurs(pattern: list, text: list) -> bool:
    return any(text[j : j + len(pattern)] == pattern for j in range(len(text) - len(pattern) + 1))


def longest_matches_by_definition(symbols) -> list[int]:
    symbols = list(symbols)
    n = len(symbols)
    return [max(k for k in range(n - i + 1) if occurs(symbols[i : i + k], symbols[:i])) for i in range(n)]


def test_suffix_array_of_a_word():
    order, shared = suffix_array(np.frombuffer(b"banana", np.uint8))
    assert order.tolist() == [5, 3, 1, 0, 4, 2]
    assert shared.tolist() == [0, 1, 3, 0, 0, 2]


@pytest.mark.parametrize("alphabet", [1, 2, 3, 8, 1000])
def test_longest_matches_are_the_definition_s(alphabet):
    rng = np.random.default_rng(alphabet)
    for _ in range(60):
        symbols = rng.integers(0, alphabet, rng.integers(1, 40))
        assert longest_matches(symbols).tolist() == longest_matches_by_definition(symbols)


def test_a_match_may_not_reach_into_the_present():
    # "aaaa": from position 1 on only one "a" lies wholly before; an overlapping match would have length 3.
    assert longest_matches(np.zeros(4, int)).tolist() == [0, 1, 2, 1]


def test_no_symbol_twice_and_nothing_at_all():
    assert longest_matches(np.arange(50)[::-1]).tolist() == [0] * 50
    assert longest_matches(np.zeros(0, int)).tolist() == []


def test_a_long_constant_sequence_is_no_worst_case():
    n = 1 << 14
    matches = longest_matches(np.zeros(n, int))
    position = np.arange(n)
    np.testing.assert_array_equal(matches, np.minimum(position, n - position))
