"""The rules of the old report card."""

import pytest

from recscale.claims import card as report_card
from recscale.claims.card import Claim


def row(**changes) -> Claim:
    values = {"paper": "Wukong", "claim": "c", "paper_value": 2.0, "ours": 1.0, "interval": (0.5, 1.5)}
    values |= {"verdict": "does not hold", "chapter": "wukong-published", "why": "w"}
    return Claim(**values | changes)


def test_a_claim_needs_a_known_verdict_and_an_interval_the_right_way_up():
    with pytest.raises(ValueError, match="is not one of holds"):
        row(verdict="maybe")
    with pytest.raises(ValueError, match="upside down"):
        row(interval=(2.0, 1.0))
    with pytest.raises(ValueError, match="source 'a friend' is not one of paper, first paper"):
        row(source="a friend")


@pytest.mark.parametrize("value", ["power law", "needed", "above 1", "yes, at 28", "setting means: 0.994", "> 0", ""])
def test_what_is_ours_can_t_stand_in_the_paper_s_column(value):
    with pytest.raises(ValueError, match="neither a quotation nor a printed number"):
        row(paper_value=value)


@pytest.mark.parametrize("value", ["“GPT-3/LLaMa-2 scale”", "0.9913 against 0.8259", "+1.84 % or +0.8 %", 0.2, None])
def test_quotations_and_printed_numbers_can(value):
    assert row(paper_value=value).printed == ("" if value is None else report_card.number(value))


def test_an_undecided_row_says_whose_numbers_don_t_decide():
    undecided = {"verdict": "can't be known"}
    assert row().open == ""
    assert row(**undecided).open == "from what was printed"
    assert row(chapter="wukong-law-measured", **undecided).open == "from our runs: too few"
    shown = report_card.shown((row(**undecided),))
    assert "from what was printed" in shown.loc[0, "verdict"]
    assert 'data-verdict="can\'t be known"' in report_card.html((row(**undecided),))


def test_verdicts_follow_their_rules():
    assert report_card.interval_verdict(1.0, 0.9, 1.1) == "holds"
    assert report_card.interval_verdict(1.2, 0.9, 1.1) == "does not hold"
    assert [report_card.count_verdict(k, 3) for k in (3, 2, 1, 0)] == ["holds", "holds in part", *["does not hold"] * 2]
