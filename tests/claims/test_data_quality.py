"""What counting and simulated chains say of tokens and entropies."""

import pandas as pd
import pytest

from recscale import published
from recscale.claims import data_quality
from recscale.claims.claim import Verdict
from recscale.entropy.markov import Chain
from recscale.stats.estimate import Estimate


def test_the_printed_tokens_are_not_those_of_movielens():
    printed = published.load("performance_law_datasets")
    counted = pd.DataFrame({"dataset": ["movielens-1m"], "max_length": [200], "tokens": [661_028]})
    assert data_quality.tokens(counted, printed).verdict is Verdict.FAILS
    assert data_quality.tokens(counted.assign(tokens=1_058_511), printed).verdict is Verdict.HOLDS
    assert data_quality.tokens(data_quality.load_measured(), printed).observed.value == 661_028


def test_repetition_raises_apen_in_short_histories_only():
    short = data_quality.repetition(Chain.noisy_cycle(500, 0.9), users=40, length=50, seed=0)
    assert data_quality.rises("pl-apen-repetition-short", short["ApEn, mean of users"]).verdict is Verdict.HOLDS
    assert short["ApEn, mean of users"].value == pytest.approx(9.947, abs=1e-3)
    assert short["S_real, mean of users"].value == pytest.approx(0.6350, abs=1e-4)
    assert data_quality.rises("pl-real-entropy-repetition", short["S_real, mean of users"]).verdict is Verdict.FAILS
    long = data_quality.repetition(Chain.noisy_cycle(5, 0.9), users=5, length=500, seed=0)
    assert data_quality.rises("pl-apen-repetition-long", long["ApEn, mean of users"]).verdict is Verdict.FAILS


def test_an_undecided_ratio_asks_for_more_simulations():
    undecided = data_quality.rises("pl-real-entropy-repetition", Estimate(1.1, 0.9, 1.3))
    assert undecided.verdict is Verdict.OPEN
    assert undecided.price.seeds == pytest.approx(8 * (0.2 / 0.1) ** 2)


def test_a_bound_must_stay_below_the_code_on_every_chain():
    chains = pd.DataFrame({"reciprocal": [1.0, 3.0], "shortest_code": [2.0, 2.0]})
    assert data_quality.coding_lemma(chains).verdict is Verdict.IN_PART
    assert data_quality.coding_lemma(chains[:1]).verdict is Verdict.HOLDS
    assert data_quality.coding_lemma(data_quality.coding_table(12, 20, 30, 6, 0)).verdict is not Verdict.HOLDS
