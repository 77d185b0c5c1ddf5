"""Each verdict rule on both sides and on the fence, and that a claim can't stand without what belongs to it."""

import math

import pytest

from recscale.claims.claim import Claim, Evidence, Paper, Price, Statement, Verdict, judge
from recscale.claims.rules import Below, EveryCase, Exceeds, Leads, Matches, Unanimous, Within
from recscale.stats.estimate import Estimate
from recscale.stats.multiplicity import Count

HOLDS, IN_PART, FAILS = Verdict.HOLDS, Verdict.IN_PART, Verdict.FAILS

CASES = [
    (Exceeds(), Estimate(1.0, 0.1, 1.9), HOLDS),
    (Exceeds(), Estimate(1.0, 0.0, 2.0), None),
    (Exceeds(), Estimate(-1.0, -1.9, -0.1), FAILS),
    (Exceeds(), Estimate(1.0), None),
    (Exceeds(0.2), Estimate(0.3, 0.1, 0.5), None),
    (Exceeds(0.2), Estimate(0.3, 0.21, 0.39), HOLDS),
    (Below(), Estimate(-1.0, -1.9, -0.1), HOLDS),
    (Below(), Estimate(-1.0, -2.0, 0.0), None),
    (Below(), Estimate(1.0, 0.1, 1.9), FAILS),
    (Below(-0.2), Estimate(-0.1, -0.15, -0.05), FAILS),
    (Within(-1, 1), Estimate(0.0, -1.0, 1.0), HOLDS),
    (Within(-1, 1), Estimate(0.0, -1.1, 1.0), None),
    (Within(-1, 1), Estimate(1.5, 1.0, 2.0), None),
    (Within(-1, 1), Estimate(1.5, 1.1, 1.9), FAILS),
    (Within(-1, 1), Estimate(0.0), None),
    (Matches(2.0), Estimate(1.5, 1.0, 2.0), HOLDS),
    (Matches(2.0), Estimate(1.5, 1.0, 1.9), FAILS),
    (Matches(2.0, null=0.0), Estimate(1.0, -0.1, 2.1), None),
    (Matches(2.0, null=0.0), Estimate(0.5, -0.1, 1.1), FAILS),
    (Matches(2.0), Estimate(2.0), None),
    (Leads(), Estimate(2.0), HOLDS),
    (Leads(), Estimate(1.99), None),
    (Leads(), Estimate(-1.99), None),
    (Leads(), Estimate(-2.0), FAILS),
    (EveryCase(), Count(3, 0, 3), HOLDS),
    (EveryCase(), Count(2, 0, 3), IN_PART),
    (EveryCase(), Count(1, 1, 3), IN_PART),
    (EveryCase(), Count(1, 2, 3), FAILS),
    (EveryCase(), Count(0, 0, 3), None),
    (EveryCase(), Count(0, 1, 3), FAILS),
    (Unanimous(), Count(2, 0, 2), HOLDS),
    (Unanimous(), Count(1, 1, 2), None),
    (Unanimous(), Count(1, 0, 2), None),
    (Unanimous(), Count(0, 2, 2), FAILS),
]


@pytest.mark.parametrize(("rule", "observed", "verdict"), CASES, ids=lambda value: str(value))
def test_what_a_rule_says(rule, observed, verdict):
    assert rule(observed) is verdict


def test_every_rule_is_documented_and_tried_on_more_than_one_side():
    for kind in (Exceeds, Below, Within, Matches, Leads, EveryCase, Unanimous):
        assert len(kind.__doc__) > 40
        assert len({verdict for rule, _, verdict in CASES if isinstance(rule, kind)}) >= 3


def test_numbers_in_names_are_as_people_write_them():
    assert Matches(1058511.0).name == "interval has 1,058,511"
    assert Exceeds(0.98675).name == "interval above 0.98675"
    assert Within(-0.05, 12345.6).name == "interval inside −0.05 to 12,346"


def claim(observed=None, evidence=Evidence.MEASURED, price=None, id="some-claim", **more) -> Claim:
    said = Statement(id, Paper.WUKONG, "law", "It rises.", evidence, "page", **more)
    return judge(said, Exceeds(), observed or Estimate(1.0, -1.0, 3.0), price)


def test_undecided_claims_are_open_on_our_runs_and_undecidable_in_print():
    assert claim(price=Price(12, 3.0)).verdict is Verdict.OPEN
    assert claim(evidence=Evidence.PREDICTED, price=Price(12, 3.0)).verdict is Verdict.OPEN
    assert claim(evidence=Evidence.PUBLISHED).verdict is Verdict.UNDECIDABLE


def test_an_open_claim_has_a_price_and_a_decided_one_has_none():
    with pytest.raises(ValueError, match="some-claim is open: open claims have a price"):
        claim()
    assert claim(observed=Estimate(1.0, 0.5, 1.5), price=Price(12, 3.0)).price is None
    assert claim(price=Price(math.inf, math.inf)).price.seeds == math.inf


@pytest.mark.parametrize("id", ["", "Two Words", "with_underscore", "-edge"])
def test_ids_are_anchors(id):
    with pytest.raises(ValueError, match="lower-case words joined by hyphens"):
        claim(id=id)


@pytest.mark.parametrize("reference", ["about a tenth", "none", "the paper says 3"])
def test_a_reference_is_printed_or_quoted(reference):
    with pytest.raises(ValueError, match="neither a quotation nor a printed number"):
        claim(observed=Estimate(1.0, 0.5, 2.0), reference=reference)


@pytest.mark.parametrize("reference", [0.2, "“on the scale of GPT-3”", "+1.84 % or +0.8 %", "0.3322 against 0.3311"])
def test_printed_numbers_and_quotations_pass(reference):
    assert claim(observed=Estimate(1.0, 0.5, 2.0), reference=reference).reference == reference
