"""Figures of the report card against claims made by hand."""

import numpy as np
import pytest

from recscale.claims.claim import Evidence, Paper, Statement, Verdict, judge
from recscale.claims.render import table
from recscale.claims.rules import EveryCase, Exceeds
from recscale.figures import report_card as figures
from recscale.figures.base import count_points
from recscale.stats.estimate import Estimate
from recscale.stats.multiplicity import Count


def claim(id, observed, reference=None, evidence=Evidence.PUBLISHED, rule=None, **more):
    said = Statement(id, Paper.WUKONG, "law", "It falls.", evidence, "page", reference, **more)
    return judge(said, rule or Exceeds(), observed)


@pytest.fixture
def claims():
    return table(
        [
            claim("twice", Estimate(2.0, 1.0, 3.0), 1.0),
            claim("flipped", Estimate(-2.0, -3.0, -1.0), 1.0),
            claim("torn", Estimate(-1.0, -3.0, 1.0), 2.0),
            claim("quoted", Estimate(1.0, 0.5, 2.0), "“much”"),
            claim("zero", Estimate(0.0, -1.0, 1.0), 1.0),
            claim("check", Estimate(1.0, 0.5, 2.0), 1.0, check=True),
            claim("cases", Count(1, 0, 2), rule=EveryCase(), evidence=Evidence.MEASURED),
        ]
    )


def test_pieces_add_up_to_the_claims_that_count(claims):
    found = figures.verdict_counts(claims)
    assert found["claims"].sum() == 6
    assert set(found["body"]) == {"Wukong, printed numbers", "Wukong, our runs"}
    assert set(found["body"]) < set(figures.BODIES)
    assert set(figures.VERDICT_COLOURS) == {str(verdict) for verdict in Verdict}
    assert count_points(figures.verdicts(found).to_plotly_json()["data"]) == len(found)


def test_ratios_are_of_magnitudes_and_say_where_the_sign_differs(claims):
    rows = figures.ratios(claims)
    assert list(rows.index) == ["twice", "flipped", "torn"]
    np.testing.assert_allclose(rows[["ratio", "ratio_low", "ratio_high"]], [[2, 1, 3], [2, 1, 3], [0.5, -0.5, 1.5]])
    assert list(rows["sign_differs"]) == [False, True, False]
    assert count_points(figures.forest(rows).to_plotly_json()["data"]) == 3
