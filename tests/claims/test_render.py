"""Claims as readers and programs get them."""

import json
import math

import pytest

from recscale.claims import render
from recscale.claims.claim import Evidence, Paper, Price, Statement, judge
from recscale.claims.rules import EveryCase, Exceeds, Matches
from recscale.stats.estimate import Estimate
from recscale.stats.multiplicity import Count

EXPECTED = {
    *("id", "paper", "question", "statement", "evidence", "reference"),
    *("observed", "ci_low", "ci_high", "rule", "verdict", "price", "page"),
}


def claim(rule, observed, id="falls", evidence=Evidence.MEASURED, price=None, **more):
    said = Statement(id, Paper.WUKONG, "law", "The loss <falls>.", evidence, "scaling", **more)
    return judge(said, rule, observed, price)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (claim(Exceeds(), Estimate(0.0015632, 0.00105, 0.00207), symbol="α"), "α = 0.00156 [0.00105, 0.00207]"),
        (claim(Exceeds(), Estimate(-1.5, -2, -1), unit="%"), "−1.50 % [−2.00, −1.00]"),
        (claim(Matches(2.0), Estimate(-29331.4, -29331.4, -29331.4)), "−29,331"),
        (claim(Matches(2.0), Estimate(1058511, 1058511, 1058511)), "1,058,511"),
        (claim(Exceeds(), Estimate(0.0979, 0.0739, 0.123), unit="%"), "0.098 % [0.074, 0.123]"),
        (claim(Exceeds(), Estimate(3, 1, math.inf)), "3 [1, ∞]"),
        (claim(EveryCase(), Count(2, 1, 7)), "2 of 7"),
    ],
)
def test_what_was_observed(one, text):
    assert render.observed(one) == text


def test_the_list_links_every_statement_and_holds_the_data():
    shown = render.ClaimList([claim(Exceeds(), Estimate(1, -1, 3), price=Price(11.2, 4.04))])
    bundle = shown._repr_mimebundle_()
    assert 'href="report-card.html#falls"' in bundle["text/html"]
    assert "The loss &lt;falls&gt;." in bundle["text/html"]
    assert "verdict-open" in bundle["text/html"]
    assert "needs 12 seeds, 4 core-hours" in bundle["text/html"]
    assert bundle[render.MIME][0]["verdict"] == "open"


def test_two_bodies_of_evidence_stand_side_by_side():
    live, full = claim(Exceeds(), Estimate(1, -1, 3), price=Price(9, 1)), claim(Exceeds(), Estimate(2, 1, 3), unit="%")
    table = render.side_by_side({"live": [live], "full study": [full]})
    assert table.loc["The loss <falls>."].tolist() == ["? open: 1.0 [−1.0, 3.0]", "● holds: 2.0 % [1.0, 3.0]"]


def test_json_has_every_field_and_nothing_that_is_not_finite():
    rows = json.loads(
        render.as_json([claim(Exceeds(), Estimate(0.0, -1, 1), price=Price(math.inf, math.inf), reference=0.2)])
    )
    assert set(rows[0]) >= EXPECTED
    assert rows[0]["price"] == {"seeds": None, "core_hours": None, "sizes": None}
    assert (rows[0]["observed"], rows[0]["ci_low"], rows[0]["ci_high"], rows[0]["reference"]) == (0.0, -1, 1, 0.2)
    assert render.price(Price(math.inf, math.inf)) == "no number of seeds decides it"


def test_a_price_counts_what_is_missing():
    assert render.price(Price(11.2, 4.04)) == "needs 12 seeds, 4 core-hours"
    assert render.price(Price(3, 4.04, sizes=98.5)) == "needs 99 sizes, 4 core-hours"
    assert render.price(Price(3, math.inf, sizes=math.inf)) == "no number of sizes decides it"


def test_the_table_is_indexed_by_id():
    table = render.table([claim(EveryCase(), Count(2, 1, 7)), claim(Exceeds(), Estimate(1.0, 0.5, 1.5), id="other")])
    assert list(table.index) == ["falls", "other"]
    assert table.loc["falls", "observed"] == "2 of 7"
