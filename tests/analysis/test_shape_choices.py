"""The best shape within a budget, what limits it, and the paper's applications."""

import numpy as np
import pandas as pd
import pytest

from recscale import laws, published
from recscale.analysis import shape_choices as choices
from recscale.analysis import shape_planning as planning
from recscale.analysis.shape_choices import Limit

DEPTHS, WIDTHS = (1, 2, 4, 8), (8, 32, 96)
BOTH = {"layers": Limit.FREE, "width": Limit.FREE}


def toy(peak=(4, 32), noise=1e-3, cells=None):
    """Twelve cells with a peak near ``peak`` (layers, width); 500 items."""
    points = pd.DataFrame(cells or [(h, d) for h in DEPTHS for d in WIDTHS], columns=["layers", "width"])
    scatter = np.random.default_rng(0).normal(0, noise, len(points))
    bend = 0.01 * np.log(points["layers"] / peak[0]) ** 2 + 0.02 * np.log(points["width"] / peak[1]) ** 2
    return planning.Grid("toy", "NDCG@10", points.assign(value=0.2 - bend + scatter), 500, 50)


@pytest.fixture(scope="module")
def prepared():
    return choices.prepare([toy()], resamples=60)


def quadratic(grid):
    (one,) = choices.prepare([grid], ["log-quadratic"], resamples=60)
    return one


def test_more_money_is_never_worse(prepared):
    for one in prepared:
        for kind in ("product", "parameters", "flop"):
            predicted = [outcome.choice.predicted for outcome in one.outcomes if outcome.kind == kind]
            assert len(predicted) > 2
            assert predicted == sorted(predicted)


def test_every_kind_of_budget_has_outcomes_that_keep_it(prepared):
    for one in prepared:
        assert {outcome.kind for outcome in one.outcomes} == set(planning.KINDS)
        for outcome in one.outcomes:
            assert not (outcome.choice.tied & ~outcome.allowed).any()
            if outcome.kind == "layers":
                assert outcome.choice.layers == outcome.budget
            if outcome.kind == "product":
                assert outcome.choice.layers * outcome.choice.width <= outcome.budget


def test_a_peak_inside_is_free_and_an_edge_is_named():
    assert quadratic(toy()).unlimited.limits == BOTH
    wider = quadratic(toy(peak=(4, 1000), noise=1e-4)).unlimited
    assert wider.choice.width == 96
    assert wider.choice.width_interval == (96, 96), "every refit agrees, because there is nowhere else to go"
    assert wider.limits == {"layers": Limit.FREE, "width": Limit.RANGE}


def test_a_corner_that_the_budget_leaves_is_named():
    one = quadratic(toy(peak=(4, 32)))
    free = one.outcome("product", 64)
    assert free.limits == BOTH, "the best of a whole frontier"
    corner = quadratic(toy(peak=(0.2, 1000), noise=1e-4)).outcome("product", 64)
    assert (corner.choice.layers, corner.choice.width) == (1, 64)
    assert corner.limits == {"layers": Limit.RANGE, "width": Limit.BUDGET}


def test_a_depth_that_is_given_is_no_optimum():
    outcome = quadratic(toy()).outcome("layers", 2)
    assert outcome.limits == {"layers": Limit.BUDGET, "width": Limit.FREE}


def test_a_missing_corner_is_an_end_too():
    """Widest at its own depth, though another depth goes further: the grid says nothing beyond it."""
    cells = [(h, d) for h in DEPTHS for d in WIDTHS if h < 4 or d < 96]
    outcome = quadratic(toy(peak=(8, 60), noise=1e-4, cells=cells)).unlimited
    assert outcome.choice.layers > 2
    assert outcome.choice.width == 32
    assert outcome.limits["width"] is Limit.RANGE


def test_a_budget_below_the_cheapest_shape_has_no_outcome(prepared):
    assert prepared[0].outcome("product", 1) is None
    assert choices.recommendations(prepared, "product", 1).empty


def test_recommendations_keep_the_budget(prepared):
    table = choices.recommendations(prepared, "product", 64)
    assert (table["layers"] * table["width"] <= 64).all()
    assert table["law"].tolist() == ["performance-law", "log-quadratic"]
    assert not table["corner"].any()
    assert choices.recommendations(prepared, "product", 8)["corner"].all(), "one shape costs so little"


def test_results_are_found_by_name(prepared):
    assert choices.find(prepared, "toy", "NDCG@10", "log-quadratic") is prepared[1]
    with pytest.raises(ValueError, match="nothing is planned for performance-law on 'tin', NDCG@10; there are the"):
        choices.find(prepared, "tin", "NDCG@10")


def test_agreement_marks_ends_and_counts_ties(prepared):
    table = choices.agreement(prepared)
    assert table["law"].tolist() == ["performance-law", "log-quadratic"]
    assert not table[["layers_edge", "width_edge"]].any(axis=None)
    for share, one in zip(table["tied"], prepared, strict=True):
        assert share == one.unlimited.choice.tied.mean()


def test_laws_disagree_where_their_intervals_exclude_each_other(prepared):
    table = choices.agreement(prepared)
    assert choices.disjoint(table).to_dict() == {("toy", "NDCG@10"): False}
    moved = table.copy()
    moved.loc[1, ["layers_low", "layers_high"]] = (7, 8)
    moved.loc[0, ["layers_low", "layers_high"]] = (3, 5)
    assert choices.disjoint(moved).to_dict() == {("toy", "NDCG@10"): True}


@pytest.fixture(scope="module")
def published_choices():
    titles = {planning.title_of(*panel) for panel in (("ml-1m", 100), ("ml-1m", 200), ("industrial", 50))}
    return choices.prepare([grid for grid in planning.published_grids() if grid.title in titles], resamples=100)


@pytest.fixture(scope="module")
def applications(published_choices):
    return choices.applications(published_choices)


def test_each_claim_stands_with_the_budget_it_was_made_for(published_choices):
    claimed = {
        (one.grid.title, outcome.kind, outcome.budget, outcome.claimed.layers, outcome.claimed.width)
        for one in published_choices
        for outcome in one.outcomes
        if outcome.claimed
    }
    assert claimed == {
        ("MovieLens-1M, 200", "none", np.inf, 28, 54),
        ("MovieLens-1M, 100", "product", 512.0, 12, 44),
        ("Industrial, 50", "layers", 64.0, 64, 603),
    }


def test_the_paper_s_three_applications_are_judged_by_both_laws_and_metrics(applications):
    assert len(applications) == 3 * 2 * 2
    assert applications.groupby("constraint")["claimed_width"].first().to_dict() == {
        "none": 54,
        "layers = 64": 603,
        "layers × width = 512": 44,
    }
    given = applications[applications["constraint"] == "layers = 64"]
    assert (given["layers"] == 64).all()
    fixed = applications[applications["constraint"] == "layers × width = 512"]
    assert (fixed["layers"] * fixed["width"]).between(512 * 0.97, 512).all()


def test_width_603_is_told_from_the_best_and_is_not_among_the_tied(published_choices, applications):
    assert applications.loc[applications["constraint"] == "layers = 64", "worse"].all()
    for one in published_choices:
        if one.grid.title == "Industrial, 50":
            outcome = one.outcome("layers", 64)
            near = one.plan.shapes.index[(one.plan.shapes["layers"] == 64) & (one.plan.shapes["width"] >= 595)]
            assert not outcome.choice.tied[near].any()


def test_constrained_shapes_are_those_of_the_fine_curve(applications):
    points = published.panels()["HR@10", "ml-1m", 100]
    fit = laws.fit("log-quadratic", points[published.AXES], points["value"])
    layers, width = published.constrained_peak(fit, 512.0)
    constrained = "constraint == 'layers × width = 512' and metric == 'HR@10' and law == 'log-quadratic'"
    row = applications.query(constrained).iloc[0]
    assert abs(row["layers"] - layers) <= 1
    assert abs(row["width"] - width) <= 4


def test_a_claim_is_inside_if_both_intervals_hold_it(applications):
    depth = applications["claimed_layers"].between(applications["layers_low"], applications["layers_high"])
    width = applications["claimed_width"].between(applications["width_low"], applications["width_high"])
    assert (applications["inside"] == (depth & width)).all()
    assert depth.nunique() == 2, "some claims fail by their depth"
