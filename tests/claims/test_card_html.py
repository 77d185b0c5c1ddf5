"""The report card: every question with its two sides, every claim with its anchor."""

import pytest
from bs4 import BeautifulSoup

from recscale.claims import registry as report_card
from recscale.claims.claim import Evidence, Paper, Price, Statement, judge
from recscale.claims.questions import Question
from recscale.claims.rules import EveryCase, Exceeds
from recscale.stats.estimate import Estimate
from recscale.stats.multiplicity import Count


@pytest.fixture
def claims():
    """Two claims of one question and a check of another paper's."""
    law = (Paper.WUKONG, "law", "It <falls>.")
    printed = Statement("printed", *law, Evidence.PUBLISHED, "some-page", detail="Two tables.")
    ours = Statement("ours", *law, Evidence.MEASURED, "other-page")
    aside = Statement("aside", Paper.PERFORMANCE_LAW, "shape", "Ours.", Evidence.MEASURED, "other-page", check=True)
    return [
        judge(printed, EveryCase(), Count(1, 0, 2)),
        judge(ours, Exceeds(), Estimate(1, -1, 3), Price(8, 2)),
        judge(aside, Exceeds(), Estimate(1, 0.5, 2)),
    ]


@pytest.fixture
def card(claims, monkeypatch):
    questions = {
        "law": Question("Is it so?", Paper.WUKONG, "Perhaps.", "printed", "ours", {}),
        "shape": Question("And that?", Paper.PERFORMANCE_LAW, "Yes.", None, "aside", {}),
    }
    monkeypatch.setattr(report_card, "QUESTIONS", questions)
    return BeautifulSoup(report_card.html(claims), "lxml")


def test_every_question_opens_to_its_claims(card):
    first, second = card.select("details.card-row")
    assert first["id"] == "question-law"
    assert [row["id"] for row in first.select("tbody tr")] == ["printed", "ours"]
    assert [row["id"] for row in second.select("tbody tr")] == ["aside"]
    assert "It <falls>." in first.text


def test_the_first_level_shows_both_sides(card):
    first, second = (row.summary for row in card.select("details.card-row"))
    assert [one["class"][1] for one in first.select(".verdict")] == ["verdict-holds-in-part", "verdict-open"]
    assert second.select_one(".card-none").text == "not judged"


def test_a_claim_shows_number_rule_price_and_page(card):
    row = card.find(id="ours")
    for text in ("1.0 [−1.0, 3.0]", "interval above 0", "needs 8 seeds, 2 core-hours", "open"):
        assert text in row.text
    assert row.a["href"] == "other-page.html"
    assert row["data-evidence"] == "measured"
    assert "A check of ours." in card.find(id="aside").text


def test_a_question_with_an_unknown_claim_is_refused(claims, monkeypatch):
    question = Question("Is it so?", Paper.WUKONG, "Perhaps.", "gone", None, {})
    monkeypatch.setattr(report_card, "QUESTIONS", {"law": question})
    with pytest.raises(ValueError, match="there is no claim 'gone'"):
        report_card.html(claims)
