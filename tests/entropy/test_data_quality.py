"""Every reading of D′ recomputed user by user from its formula."""

from itertools import pairwise

import numpy as np
import pytest

from recscale.entropy.measures import (
    approximate_entropy,
    compression_ratio,
    data_quality,
    markov_entropy_rate,
    real_entropy,
    shannon_entropy,
)


def cut(items, offsets) -> list[np.ndarray]:
    return [items[a:b] for a, b in pairwise(offsets)]


@pytest.fixture
def users() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    sequences = [rng.integers(0, 6, length) for length in (40, 12, 25)]
    sequences += [np.full(10, 3), np.array([5, 5])]  # one with no entropy, one too short for m = 2
    return np.concatenate(sequences), np.concatenate([[0], np.cumsum([len(s) for s in sequences])])


def test_each_reading_is_its_formula(users):
    items, _ = users
    table = data_quality(*users, m=2).set_index("name")
    sequences, tokens = cut(*users), len(items)
    apen = np.array([approximate_entropy(s, 2) for s in sequences[:3]])
    real = np.array([real_entropy(s) for s in sequences])
    lengths = np.array([len(s) for s in sequences])
    expected = {
        "tokens": tokens,
        "apen-literal": (lengths[:3] / apen).sum(),
        "apen-mean": tokens / (apen.sum() / 5),
        "apen-mean-inverse": tokens * (1 / apen).mean(),
        "apen-literal-times": (lengths[:3] * apen).sum(),
        "apen-concatenated": tokens / approximate_entropy(items, 2),
        "apen-concatenated-times": tokens * approximate_entropy(items, 2),
        "real-literal": (lengths / real).sum(),
        "real-mean": tokens / real.mean(),
        "real-mean-inverse": tokens * (1 / real).mean(),
        "real-literal-times": (lengths * real).sum(),
        "real-concatenated": tokens / real_entropy(items),
        "real-concatenated-times": tokens * real_entropy(items),
        "shannon": tokens / shannon_entropy(items),
        "shannon-times": tokens * shannon_entropy(items),
        "zlib": tokens / compression_ratio(items),
        "zlib-times": tokens * compression_ratio(items),
        "markov": tokens / markov_entropy_rate(*users),
        "markov-times": tokens * markov_entropy_rate(*users),
    }
    assert list(table.index) == list(expected)
    np.testing.assert_allclose(table["value"], list(expected.values()), rtol=1e-12)


def test_zero_entropy_is_counted_and_said(users):
    table = data_quality(*users, m=2).set_index("name")
    assert table.loc["apen-literal", "users_with_zero"] == 2
    assert "2 users without a positive ApEn left out" in table.loc["apen-literal", "note"]
    assert table.loc["real-literal", "users_with_zero"] == 0
    assert "left out" not in table.loc["real-literal", "note"]


def test_nothing_but_zeros_has_no_reciprocal():
    table = data_quality(np.full(12, 4), np.array([0, 6, 12])).set_index("name")
    assert np.isnan(table.loc[["apen-literal", "apen-mean", "apen-mean-inverse", "apen-concatenated"], "value"]).all()
    assert "no reciprocal" in table.loc["apen-concatenated", "note"]
    assert table.loc["apen-concatenated-times", "value"] == 0


def test_only_the_last_items_count(users):
    items, offsets = users
    last = [s[-10:] for s in cut(items, offsets)]
    shorter = np.concatenate(last), np.concatenate([[0], np.cumsum([len(s) for s in last])])
    np.testing.assert_array_equal(data_quality(*users, max_length=10)["value"], data_quality(*shorter)["value"])


def test_readings_do_not_depend_on_names_or_numbers_of_items_but_for_zlib(users):
    items, offsets = users
    renamed = 1_000 * np.random.default_rng(1).permutation(6)[items] + 17
    before, after = (
        data_quality(ids, offsets).set_index("name")["value"].drop(["zlib", "zlib-times"]) for ids in (items, renamed)
    )
    np.testing.assert_allclose(after, before, rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros(0, int), np.array([0, 0])), "empty"),
        ((np.zeros(3, int), np.array([0, 2])), "offsets"),
    ],
)
def test_bad_input_gets_one_sentence(arguments, message):
    with pytest.raises(ValueError, match=message):
        data_quality(*arguments)
    with pytest.raises(ValueError, match="max_length"):
        data_quality(np.arange(3), np.array([0, 3]), max_length=0)
