"""Claims on Frappe follow the seeds: planted tables on both sides, and the committed one."""

import math

import pytest

from recscale.analysis.frappe import printed
from recscale.claims import frappe
from recscale.claims.claim import Verdict
from recscale.claims.registry import claim_of

HOLDS, IN_PART, FAILS, OPEN = Verdict.HOLDS, Verdict.IN_PART, Verdict.FAILS, Verdict.OPEN


@pytest.fixture(scope="module")
def runs(frappe_runs):
    return frappe_runs.runs


@pytest.fixture(scope="module")
def matched(frappe_runs):
    return frappe_runs.MATCHED


@pytest.fixture(scope="module")
def verdicts(runs, matched):
    """Claim id -> verdict on runs with these means."""

    def on(**means) -> dict[str, Verdict]:
        return {claim.id: claim.verdict for claim in frappe.measured(runs({**matched, **means}))}

    return on


def test_the_paper_s_rivals_are_counted_from_published_numbers():
    claim = frappe.full_strength()
    assert (claim.observed.agree, claim.observed.contradict, claim.observed.of) == (2, 5, 7)
    assert claim.verdict is FAILS


@pytest.mark.parametrize(("wukong", "verdict"), [(0.9880, HOLDS), (0.98681, OPEN), (0.98669, OPEN), (0.9861, FAILS)])
def test_the_printed_auc_is_reached_or_not(wukong, verdict, verdicts):
    assert verdicts(wukong=wukong)["frappe-wukong-auc"] is verdict


@pytest.mark.parametrize(("wukong", "verdict"), [(0.9880, HOLDS), (0.9862, OPEN), (0.9840, FAILS)])
def test_the_lead_follows_the_noise_of_seeds(wukong, verdict, verdicts):
    assert verdicts(wukong=wukong)["frappe-best-auc"] is verdict
    assert verdicts(wukong=wukong)["frappe-best-logloss"] is verdict


@pytest.mark.parametrize(("loss", "verdict"), [(0.1500, HOLDS), (0.1758, OPEN), (0.3000, FAILS)])
def test_the_printed_log_loss_is_reached_or_not(loss, verdict, runs):
    table = runs()
    table.loc[table["model"] == "wukong", "test_logloss"] = [loss - 1e-4, loss, loss + 1e-4]
    claim = claim_of(frappe.measured(table), "frappe-wukong-logloss")
    assert claim.verdict is verdict
    assert claim.reference == printed().loc["wukong", "paper_logloss"] == 0.1757


@pytest.mark.parametrize(("means", "verdict"), [({}, HOLDS), ({"dlrm": 0.98}, IN_PART)])
def test_rivals_within_a_thousandth_are_counted(means, verdict, verdicts, matched):
    assert verdicts(**means)["frappe-rivals-match-benchmark"] is verdict
    far = {model: mean - 0.002 for model, mean in matched.items()}
    assert verdicts(**far)["frappe-rivals-match-benchmark"] is FAILS


def test_an_open_claim_has_the_price_of_its_missing_seeds(runs, matched):
    """Two threads for six minutes make 0.2 core-hours per seed."""
    claim = claim_of(frappe.measured(runs({**matched, "wukong": 0.98650})), "frappe-wukong-auc")
    assert claim.verdict is OPEN
    assert claim.price.core_hours == pytest.approx(0.2 * (claim.price.seeds - 3))
    lead = claim_of(frappe.measured(runs({**matched, "wukong": 0.9862})), "frappe-best-auc")
    assert lead.price.core_hours == pytest.approx(2 * 0.2 * (lead.price.seeds - 3))
    single = frappe.measured(runs(seeds=(0,)))
    assert {claim.verdict for claim in single if claim.price} == {OPEN}


def test_single_seeds_decide_no_difference(runs, matched):
    single = {claim.id: claim for claim in frappe.measured(runs({**matched, "wukong": 0.99}, seeds=(0,)))}
    for id in ("frappe-wukong-auc", "frappe-wukong-logloss", "frappe-best-auc", "frappe-best-logloss"):
        assert single[id].verdict is OPEN


def test_the_committed_runs():
    claims = {claim.id: claim for claim in frappe.frappe_claims(0, 0)}
    assert {id: claim.verdict for id, claim in claims.items()} == {
        "frappe-rivals-at-full-strength": FAILS,
        "frappe-wukong-auc": OPEN,
        "frappe-wukong-logloss": OPEN,
        "frappe-best-auc": HOLDS,
        "frappe-best-logloss": OPEN,
        "frappe-rivals-match-benchmark": IN_PART,
    }
    assert tuple(claims["frappe-wukong-auc"].observed) == pytest.approx((0.987718, 0.986503, 0.988932), abs=1e-6)
    assert claims["frappe-wukong-auc"].price.seeds == 4
    assert claims["frappe-wukong-logloss"].price.seeds == math.inf
    assert claims["frappe-best-auc"].observed.value == pytest.approx(0.0020, abs=5e-5)
