"""Counts for the data sets' pages: right on small data, and the committed ones are those of the data."""

import numpy as np
import pytest

from recscale.datasets import load_ctr, load_sequences
from recscale.datasets.cards import book_cards
from recscale.datasets.planted_world import PLANTED
from recscale.datasets.statistics import ctr_statistics, rank_curve, read_statistics, sequence_statistics


def test_a_rank_curve_keeps_both_ends():
    curve = rank_curve(np.array([0, 5, 1, 9, 0]))
    assert curve == {"rank": [1, 2, 3], "count": [9, 5, 1]}
    long = rank_curve(np.arange(1, 10_001))
    assert (long["rank"][0], long["rank"][-1]) == (1, 10_000)
    assert (long["count"][0], long["count"][-1]) == (10_000, 1)
    assert len(long["rank"]) <= 40


def test_every_card_is_counted():
    assert {name: set(kinds) for name, kinds in read_statistics().items()} == {
        name: set(card.kinds) for name, card in book_cards().items() if name not in PLANTED
    }


def test_the_committed_counts_are_those_of_the_generated_data():
    counted = read_statistics()
    assert ctr_statistics(load_ctr("synthetic-ctr")) == counted["synthetic-ctr"]["ctr"]
    assert sequence_statistics(load_sequences("synthetic-markov")) == counted["synthetic-markov"]["sequences"]


def test_shares_and_parts_add_up():
    frappe = read_statistics()["frappe"]["ctr"]
    assert sum(frappe["parts"].values()) == frappe["rows"]
    assert frappe["positive"]["label"] == pytest.approx(1 / 3, abs=1e-3)
    assert all(field["values"] > 0 for field in frappe["fields"].values())
