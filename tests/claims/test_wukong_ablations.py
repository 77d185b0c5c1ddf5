"""Claims on knobs and components: the paper's effects give the paper's verdicts, opposite ones the opposite."""

import math

import pytest

from recscale.analysis.ablations import compare_variants
from recscale.claims import wukong_ablations as claims
from recscale.claims.claim import Verdict
from recscale.claims.registry import SOURCES, claim_of
from recscale.runs import COLUMNS, save_results

HOLDS, IN_PART, FAILS, OPEN = Verdict.HOLDS, Verdict.IN_PART, Verdict.FAILS, Verdict.OPEN
KNOBS = {"l": -0.10, "mlp_width": -0.09, "k": -0.04, "n_F": -0.05, "n_L": 0.0, "k, n_F, n_L": -0.08}
COMPONENTS = {"fmb": 1.84, "lcb": 0.03, "residual": 0.08, "lcb, residual": 0.8}


def knobs(ctr_runs, effects, **options):
    study = compare_variants(ctr_runs.variants(ctr_runs.KNOBS, effects, **options))
    return {claim.id: claim.verdict for claim in claims.knob_claims(study)}


def components(ctr_runs, effects, **options):
    study = compare_variants(ctr_runs.variants(ctr_runs.COMPONENTS, effects, **options))
    return {claim.id: claim.verdict for claim in claims.component_claims(study)}


def test_the_papers_effects_give_the_papers_verdicts(ctr_runs):
    assert set(knobs(ctr_runs, KNOBS).values()) == {HOLDS}
    assert set(components(ctr_runs, COMPONENTS).values()) == {HOLDS}


def test_an_effect_below_noise_is_open_and_has_a_price(ctr_runs):
    study = compare_variants(ctr_runs.variants(ctr_runs.KNOBS, KNOBS, seeds=(0, 1), noise=5e-3, draw=1))
    made = claims.knob_claims(study)
    assert {claim.verdict for claim in made} == {OPEN}
    for claim in made:
        assert claim.price.seeds > 2
        assert claim.price.core_hours == pytest.approx((claim.price.seeds - 2) * study.core_hours_per_seed)
    assert set(components(ctr_runs, COMPONENTS, seeds=(0, 1), noise=0.05).values()) == {OPEN}


def test_the_opposite_of_the_paper_does_not_hold(ctr_runs):
    opposite = {name: -value for name, value in KNOBS.items()} | {"n_L": -0.1}
    assert set(knobs(ctr_runs, opposite).values()) == {FAILS}
    turned = components(ctr_runs, {"fmb": -0.5, "lcb": 0.8, "lcb, residual": 0.9})
    assert turned["wukong-fmb-matters-most"] is FAILS
    assert turned["wukong-fmb-needed"] is FAILS
    assert turned["wukong-lcb-or-residual-not-both"] is IN_PART


def test_flat_is_an_equivalence_test(ctr_runs):
    """A narrow interval around 0 holds, one that reaches beyond the margin is open, one beyond it fails."""
    flat = "wukong-doubling-nl-changes-nothing"
    assert knobs(ctr_runs, {}, noise=1e-5)[flat] is HOLDS
    assert knobs(ctr_runs, {"n_L": 0.04}, noise=1e-5)[flat] is HOLDS
    assert knobs(ctr_runs, {}, noise=1e-3)[flat] is OPEN
    assert knobs(ctr_runs, {"n_L": 0.06}, noise=1e-5)[flat] is FAILS


def test_the_price_of_flatness_is_that_of_the_nearer_margin(ctr_runs):
    study = compare_variants(ctr_runs.variants(ctr_runs.KNOBS, {"n_L": -0.2}, noise=2e-3))
    claim = claim_of(claims.knob_claims(study), "wukong-doubling-nl-changes-nothing")
    half_width = (claim.observed.ci_high - claim.observed.ci_low) / 2
    distance = abs(claim.observed.value) - claims.FLAT
    assert claim.price.seeds == pytest.approx(3 * (half_width / distance) ** 2, abs=1.1)


def test_one_seed_decides_nothing_and_no_number_of_such_seeds_would(ctr_runs):
    study = compare_variants(ctr_runs.variants(ctr_runs.COMPONENTS, COMPONENTS, seeds=(0,)))
    made = claims.component_claims(study)
    assert {claim.verdict for claim in made} == {OPEN}
    assert all(claim.price.seeds == math.inf for claim in made)
    assert claim_of(made, "wukong-fmb-needed").observed.value == pytest.approx(1.84, abs=0.02)


def test_the_body_of_evidence_reads_the_committed_tables(ctr_runs, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    for name, changes, effects in (
        ("wukong-knobs", ctr_runs.KNOBS, KNOBS),
        ("wukong-components", ctr_runs.COMPONENTS, COMPONENTS),
    ):
        runs = ctr_runs.variants(changes, effects)
        save_results(runs.reindex(columns=[*COLUMNS, "test_logloss"]).assign(study=name), name)
    made = SOURCES["wukong-ablations"](10, 0)
    assert len(made) == 9
    assert {claim.verdict for claim in made} == {HOLDS}
