"""Claims on other data: true where the metric is made from D′, false where it is made from tokens."""

import numpy as np
import pandas as pd
import pytest

from recscale.claims import performance_law_data as data_claims
from recscale.claims.claim import Verdict
from recscale.claims.registry import claim_of


@pytest.fixture(scope="module")
def made(sequential_runs):
    """Tables whose metric falls from one variant to the next, and data terms of which only ApEn's falls with it."""
    variants = {}

    def truth(layers, width, *, dataset, fraction, repeated, **differs):
        variants.setdefault((dataset, fraction, repeated), len(variants))
        return sequential_runs.law(layers, width) - 0.008 * variants[dataset, fraction, repeated]

    data, grid = sequential_runs.data(truth, noise=0.002), sequential_runs.grid(truth, noise=0.002)
    place = np.array([*variants.values()], float)
    random = np.random.default_rng(0)
    terms = pd.DataFrame({"apen-mean": np.exp(15 - place)}, index=pd.MultiIndex.from_tuples([*variants]))
    for name in ("tokens", "real-concatenated", "zlib"):
        terms[name] = np.exp(random.permutation(place))
    return data, grid, terms


@pytest.fixture(scope="module")
def claims(made):
    data, grid, terms = made
    return data_claims.data_claims(data, grid, 200, 0, terms)


def test_the_term_that_made_the_metric_wins(claims):
    assert len({claim.id for claim in claims}) == 6
    for id in ("pl-data-apen-beats-tokens", "pl-data-best-term", "pl-data-joint-law-fits"):
        assert claim_of(claims, id).verdict is Verdict.HOLDS, id
    assert claim_of(claims, "pl-data-real-entropy-beats-tokens").reference == "0.9906 against 0.8160"
    variants = claim_of(claims, "pl-data-orders-variants")
    assert variants.verdict is Verdict.IN_PART, "604 test users can't tell a part of the users from the whole"
    assert 3 <= variants.observed.agree < variants.observed.of == 5
    assert claim_of(claims, "pl-data-predicts-left-out").observed.agree >= 5


def test_exchanged_terms_refute_them(made):
    data, grid, terms = made
    exchanged = terms.rename(columns={"tokens": "apen-mean", "apen-mean": "tokens"})
    claims = data_claims.data_claims(data, grid, 200, 0, exchanged)
    for id in ("pl-data-apen-beats-tokens", "pl-data-best-term", "pl-data-joint-law-fits"):
        assert claim_of(claims, id).verdict is Verdict.FAILS, id


def test_more_seeds_can_t_replace_data_sets(made):
    data, grid, terms = made
    alike = terms.assign(tokens=terms["apen-mean"])
    claim = claim_of(data_claims.data_claims(data, grid, 60, 0, alike), "pl-data-apen-beats-tokens")
    assert claim.verdict is Verdict.OPEN
    assert claim.price.seeds == np.inf
