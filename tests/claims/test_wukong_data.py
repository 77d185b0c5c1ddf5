"""Claims on more rows: planted grids on both sides of every claim."""

import numpy as np
import pytest

from recscale.analysis.data_scaling import data_grid
from recscale.claims.claim import Verdict
from recscale.claims.registry import SOURCES, claim_of
from recscale.claims.wukong_data import data_grid_claims

IMPROVE, STEEPER = "wukong-all-sizes-improve-with-data", "wukong-larger-steeper-in-data"
AHEAD, ROWS = "wukong-larger-more-data-efficient", "wukong-rows-better-buy"
HOLDS, IN_PART, FAILS, OPEN = Verdict.HOLDS, Verdict.IN_PART, Verdict.FAILS, Verdict.OPEN


def steeper(flop, rows):
    """β grows with the model: 0.02, 0.03, 0.04."""
    return 0.9 * rows ** -(0.02 + 0.01 * np.log10(flop / 1e4))


def verdicts(ctr_runs, loss, **options):
    return {claim.id: claim.verdict for claim in data_grid_claims(data_grid(ctr_runs.grid(loss, **options)))}


def test_the_papers_data_scaling_gives_the_papers_verdicts(ctr_runs):
    made = data_grid_claims(data_grid(ctr_runs.grid(steeper)))
    assert {claim.id: claim.verdict for claim in made if not claim.check} == dict.fromkeys(
        [IMPROVE, STEEPER, AHEAD], HOLDS
    )
    count = claim_of(made, IMPROVE).observed
    assert (count.agree, count.of) == (3, 3)
    assert claim_of(made, STEEPER).observed.value == pytest.approx(0.02, abs=1e-3)


def test_equal_slopes_are_not_called_steeper(ctr_runs):
    alike = verdicts(ctr_runs, lambda flop, rows: 0.9 * rows**-0.05 * flop**-0.01, noise=1e-3, seeds=(0, 1))
    assert alike[STEEPER] is OPEN
    backwards = verdicts(ctr_runs, lambda flop, rows: steeper(1e10 / flop, rows))
    assert backwards[STEEPER] is FAILS
    assert backwards[AHEAD] is FAILS


def test_a_lead_on_some_shares_alone_holds_in_part(ctr_runs):
    crossing = verdicts(ctr_runs, lambda flop, rows: 0.5 - 0.01 * np.log10(flop) * (rows == 1e5))
    assert crossing[AHEAD] is IN_PART


def test_rows_or_the_model_are_the_better_buy(ctr_runs):
    assert verdicts(ctr_runs, lambda flop, rows: 0.9 * rows**-0.05 * flop**-0.01)[ROWS] is HOLDS
    assert verdicts(ctr_runs, lambda flop, rows: 0.9 * rows**-0.01 * flop**-0.05)[ROWS] is FAILS


def test_noise_and_single_seeds_decide_nothing(ctr_runs):
    noisy = data_grid_claims(data_grid(ctr_runs.grid(lambda flop, rows: 0.5, noise=1e-2, seeds=(0, 1))))
    assert {claim.verdict for claim in noisy} == {OPEN}
    assert all(claim.price.seeds > 2 for claim in noisy)
    assert set(verdicts(ctr_runs, steeper, seeds=(0,)).values()) == {OPEN}


def test_the_committed_study_gives_the_same_claims():
    made = SOURCES["wukong-data"](10, 0)
    assert [claim.id for claim in made] == [IMPROVE, STEEPER, AHEAD, ROWS]
    assert {claim.page for claim in made} == {"data-scaling-wukong"}
