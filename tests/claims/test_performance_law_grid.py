"""Claims on the grid: the planted verdicts by id, their opposites where the truth is another, none from noise."""

import numpy as np
import pytest

from recscale.analysis.shape_contrasts import CellMeans
from recscale.book.execute import Layout, pages
from recscale.claims import performance_law_grid as grid_claims
from recscale.claims.claim import Verdict
from recscale.claims.registry import claim_of
from recscale.runs.table import load_results
from recscale.stats.multiplicity import Count

BENDS = (
    "pl-grid-follows-law",
    "pl-grid-decay-needed",
    "pl-grid-beats-quadratic",
    "pl-grid-best-depth",
    "pl-grid-best-width",
)


def claims_on(table):
    return grid_claims.grid_claims(table, 60, 0)


@pytest.fixture(scope="module")
def grid(sequential_runs):
    return sequential_runs.grid(noise=0.002)


@pytest.fixture(scope="module")
def planted(grid):
    return claims_on(grid)


def test_the_planted_law_gets_its_verdicts(planted):
    assert len(planted) == len({claim.id for claim in planted}) == 13
    for id in BENDS:
        assert claim_of(planted, id).verdict is Verdict.HOLDS, id
    depth = claim_of(planted, "pl-grid-best-depth")
    assert depth.reference == "28 (length 200)"
    assert depth.observed.ci_low < 3.5 < depth.observed.ci_high
    assert claim_of(planted, "pl-grid-training-loss-falls").observed == Count(10, 0, 10)
    peaks = claim_of(planted, "pl-grid-metric-peaks-before-loss")
    assert (peaks.observed.agree, peaks.verdict) == (3, Verdict.IN_PART)


def test_a_straight_line_flips_them(sequential_runs):
    claims = claims_on(sequential_runs.grid(sequential_runs.line, noise=0.002))
    assert claim_of(claims, "pl-grid-metric-peaks-before-loss").verdict is Verdict.FAILS
    for id in BENDS:  # six numbers follow a line too, so that nothing refutes them
        assert claim_of(claims, id).verdict is Verdict.OPEN, id


def test_noise_alone_supports_nothing(sequential_runs):
    claims = claims_on(sequential_runs.grid(lambda *shape, **differs: 0.17, noise=0.03))
    assert Verdict.HOLDS not in {claim.verdict for claim in claims if "loss" not in claim.id}


def test_one_seed_decides_nothing(sequential_runs):
    claims = claims_on(sequential_runs.grid(noise=0.001, seeds=(0,)))
    assert {claim.verdict for claim in claims} == {Verdict.OPEN}
    assert {claim.price.seeds for claim in claims} == {np.inf}


def test_metrics_that_disagree_decide_nothing(sequential_runs):
    table = sequential_runs.grid(noise=0.001)
    line = sequential_runs.grid(sequential_runs.line, noise=0.001)
    claims = claims_on(table.assign(**{"test_hr@10": 1.7 * line["test_ndcg@10"]}))
    for id in BENDS:
        assert claim_of(claims, id).verdict is Verdict.OPEN, id
    assert claim_of(claims, "pl-grid-decay-needed").observed == Count(1, 0, 2)


@pytest.mark.parametrize(("planted", "verdict"), [(0.942, Verdict.HOLDS), (1.0, Verdict.OPEN), (1.05, Verdict.FAILS)])
def test_bfloat16_must_cost_quality(sequential_runs, planted, verdict):
    def truth(layers, width, *, precision, **differs):
        return sequential_runs.law(layers, width) * (planted if precision == "bf16" else 1.0)

    table = sequential_runs.grid(truth, noise=0.002)
    claim = grid_claims.half_precision(CellMeans.from_runs(table, "test_ndcg@10"), table)
    assert claim.verdict is verdict
    assert claim.reference == "0.162 against 0.172"
    assert claim.observed.value == pytest.approx(100 * (planted - 1), abs=0.6)


@pytest.mark.parametrize(("factor", "verdict"), [(1.04, Verdict.HOLDS), (0.96, Verdict.FAILS), (1.0, Verdict.OPEN)])
def test_longer_histories_help_or_don_t(sequential_runs, factor, verdict):
    def truth(layers, width, *, max_length, **differs):
        return sequential_runs.law(layers, width) * (factor if max_length > 50 else 1.0)

    table = sequential_runs.grid(truth, noise=0.002)
    assert grid_claims.longer_histories(CellMeans.from_runs(table, "test_ndcg@10"), table).verdict is verdict


def test_w_orders_the_models_or_not(sequential_runs):
    """Depth pays the HSTU-style model less, and its best depth lies beyond the grid like SASRec's: w₁ says so too."""

    def truth(layers, width, *, model, **differs):
        share, best = {"sasrec": 1.0, "hstu": 0.4, "llama": 2.0}[model], (20.0, 44.0)
        flat, bent = sequential_runs.law(1, width, best), sequential_runs.law(layers, width, best)
        return flat + share * (bent - flat)

    table = sequential_runs.grid(truth, noise=0.001)
    ordered = grid_claims.orders_models(CellMeans.from_runs(table, "test_ndcg@10"), table, 60, 0)
    assert [claim.id for claim in ordered] == ["pl-grid-w1-orders-models", "pl-grid-w2-orders-models"]
    assert (ordered[0].observed, ordered[0].verdict) == (Count(1, 0, 1), Verdict.HOLDS)
    alike = sequential_runs.grid(noise=0.01)
    open_ones = grid_claims.orders_models(CellMeans.from_runs(alike, "test_ndcg@10"), alike, 60, 0)
    assert {claim.verdict for claim in open_ones} == {Verdict.OPEN}


def test_what_an_open_claim_costs(sequential_runs):
    """Two shapes in two precisions at 36 s each: seeds beyond the one there is cost 72 s together."""
    table = sequential_runs.grid(noise=0.02)
    claim = grid_claims.half_precision(CellMeans.from_runs(table, "test_ndcg@10"), table)
    assert claim.verdict is Verdict.OPEN
    assert claim.price.core_hours == pytest.approx((claim.price.seeds - 1) * 2 * 36 / 3600)


def test_the_pages_exist(planted):
    assert {claim.page for claim in planted} <= set(pages(Layout()))


def test_the_committed_mean_of_longer_histories_hangs_by_one_shape():
    table = load_results("sequential-grid")
    claim = grid_claims.longer_histories(CellMeans.from_runs(table, "test_ndcg@10"), table)
    assert claim.verdict is Verdict.OPEN
    assert tuple(claim.observed) == pytest.approx((3.433, -0.861, 7.231), abs=5e-4)
