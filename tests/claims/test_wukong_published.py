"""Verdicts on Wukong's tables, and that planted tables turn them round."""

import numpy as np
import pandas as pd
import pytest

from recscale import published
from recscale.claims import wukong_published as wukong
from recscale.claims.claim import Verdict
from recscale.claims.registry import claim_of
from recscale.published import readings


@pytest.fixture(scope="module")
def claims():
    return wukong.published_wukong_claims(60, 0)


EXPECTED = {
    "wukong-law-coefficient": Verdict.HOLDS,
    "wukong-law-exponent": Verdict.HOLDS,
    "wukong-law-sign": Verdict.FAILS,
    "wukong-law-gain": Verdict.HOLDS,
    "wukong-law-form": Verdict.UNDECIDABLE,
    "wukong-law-predicts": Verdict.UNDECIDABLE,
    "wukong-law-span": Verdict.HOLDS,
    "wukong-lead": Verdict.HOLDS,
    "wukong-steeper": Verdict.FAILS,
    "wukong-dlrm-stops": Verdict.HOLDS,
    "wukong-finalmlp-stops": Verdict.IN_PART,
    "wukong-afn-stops": Verdict.HOLDS,
    "wukong-rivals-stop": Verdict.IN_PART,
    "wukong-forty": Verdict.IN_PART,
    "wukong-public-auc": Verdict.IN_PART,
    "wukong-gpt3-compute": Verdict.FAILS,
}


def test_the_verdicts_on_the_paper_s_tables(claims):
    assert {claim.id: claim.verdict for claim in claims} == EXPECTED


def test_the_constants_are_those_of_the_paper(claims):
    assert claim_of(claims, "wukong-law-coefficient").observed.value == pytest.approx(99.5601, abs=1e-4)
    assert claim_of(claims, "wukong-law-exponent").observed.value == pytest.approx(0.000707, abs=1e-6)
    assert claim_of(claims, "wukong-law-gain").observed.value == pytest.approx(0.098, abs=1e-3)
    assert claim_of(claims, "wukong-law-span").observed.value == pytest.approx(2.3091, abs=1e-4)
    assert claim_of(claims, "wukong-lead").observed.value == pytest.approx(0.2302, abs=1e-4)
    assert claim_of(claims, "wukong-gpt3-compute").observed.value == pytest.approx(182.5, abs=0.1)


def test_a_planted_floor_and_a_planted_power_law_are_told_apart():
    """With exact points over many decades one form wins, and the claim follows."""
    gflop = np.geomspace(1e-3, 1e3, 9)
    law = pd.DataFrame({"gflop": gflop, "loss": 40 + 60 * gflop**-0.2 + 1e-4 * np.cos(7 * np.arange(9))})
    assert wukong.printed_power_law(law).verdict is Verdict.FAILS
    power = law.assign(loss=100 * gflop**-0.2 + 1e-2 * np.random.default_rng(1).standard_normal(9))
    assert wukong.printed_power_law(power).verdict is Verdict.HOLDS


def test_a_lead_below_the_printed_one_fails():
    leads = readings.wukong_leads()
    assert wukong.smallest_lead(leads.assign(lead=leads["lead"] - 0.1)).verdict is Verdict.FAILS


def test_slopes_are_compared_each_with_its_own_scatter():
    models = published.wukong_models().query("task == 1").set_index("model")
    flat = models.copy()
    flat.loc[flat.index != "Wukong", ["slope_per_decade", "slope_low", "slope_high"]] = (0.0, -1e-3, 1e-3)
    assert wukong.printed_slopes(flat).verdict is Verdict.HOLDS
    difference = wukong._steeper_by(models.loc["Wukong"], models.loc["AutoInt+"], 0.95)
    assert tuple(difference) == pytest.approx((0.462, 0.379, 0.545), abs=1e-3)


def test_all_rivals_must_stop():
    models = published.wukong_models().query("task == 1").set_index("model")
    assert wukong.all_stop(models.assign(plateau=True)).verdict is Verdict.HOLDS
    assert wukong.all_stop(models.assign(plateau=False)).verdict is Verdict.FAILS


def test_ties_in_auc_decide_nothing():
    ranks = readings.public_ranks()
    assert wukong.public_auc(ranks).observed.contradict == 0
    assert wukong.public_auc(ranks.assign(margin=0.01)).verdict is Verdict.HOLDS
    assert wukong.public_auc(ranks.assign(margin=-0.01, auc_rank=2)).verdict is Verdict.FAILS
