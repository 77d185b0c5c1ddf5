"""Claims on predicted shapes: true where the law is, false where the truth has changed."""

from datetime import UTC, datetime

import pytest

from recscale.analysis import shape_predictions as predictions
from recscale.analysis.shape_fits import GRID, shapes
from recscale.claims import performance_law_predictions as tested
from recscale.claims.claim import Verdict
from recscale.claims.registry import claim_of


@pytest.fixture(scope="module")
def recorded(sequential_runs):
    grid = sequential_runs.grid(noise=0.002)
    return predictions.predict_shapes(shapes(grid, **GRID), datetime(2026, 12, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def spots(recorded):
    return list(dict.fromkeys(zip(recorded["layers"].tolist(), recorded["width"].tolist(), strict=True)))


def test_predictions_hold_where_the_law_is_the_truth(sequential_runs, recorded, spots):
    claims = tested.prediction_claims(recorded, sequential_runs.predicted(spots, noise=0.001))
    assert len({claim.id for claim in claims}) == 5
    for name in ("best-shape-leads", "shapes-lead-together", "runs-in-band", "law-errs-least"):
        assert claim_of(claims, f"pl-predicted-{name}").verdict is Verdict.HOLDS, name
    assert claim_of(claims, "pl-predicted-budget-shapes-lead").observed.of == 3


def test_predictions_fail_where_the_truth_has_changed(sequential_runs, recorded, spots):
    def other(layers, width, **differs):
        return 0.30 - sequential_runs.law(layers, width)

    claims = tested.prediction_claims(recorded, sequential_runs.predicted(spots, other, noise=0.001))
    assert {claim.verdict for claim in claims} <= {Verdict.FAILS, Verdict.OPEN}
    for name in ("best-shape-leads", "shapes-lead-together", "runs-in-band"):
        assert claim_of(claims, f"pl-predicted-{name}").verdict is Verdict.FAILS, name


def test_a_named_shape_that_collapsed_fails(sequential_runs, recorded, spots):
    runs = sequential_runs.predicted(spots, noise=0.001)
    (free,) = [one for one in predictions.questions(recorded) if one.kind == predictions.NO_BUDGET]
    layers, width = free.named
    runs.loc[runs["config"].str.contains(f'"layers": {layers}, "width": {width}', regex=False), "collapsed"] = 1.0
    claim = claim_of(tested.prediction_claims(recorded, runs), "pl-predicted-best-shape-leads")
    assert (claim.observed.value, claim.verdict) == (-100, Verdict.FAILS)


def test_one_seed_decides_no_lead(sequential_runs, recorded, spots):
    runs = sequential_runs.predicted(spots)
    claims = tested.prediction_claims(recorded, runs[runs["seed"] == 0])
    assert {claim.verdict for claim in claims if not claim.check} == {Verdict.OPEN}
