"""Recorded predictions and the runs that test them: leads, bands and errors of planted truths."""

from datetime import UTC, datetime

import numpy as np
import pytest

from recscale.analysis import prediction_outcomes as outcomes
from recscale.analysis import shape_predictions as predictions
from recscale.analysis.shape_fits import GRID, shapes
from recscale.analysis.shape_law import LAW, LINE, QUADRATIC
from recscale.runs.table import load_results
from recscale.stats.multiplicity import Count, count_above

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def recorded(sequential_runs):
    return predictions.predict_shapes(shapes(sequential_runs.grid(noise=0.002), **GRID), NOW)


@pytest.fixture(scope="module")
def spots(recorded):
    return list(dict.fromkeys(zip(recorded["layers"].tolist(), recorded["width"].tolist(), strict=True)))


@pytest.fixture(scope="module")
def true(sequential_runs, recorded, spots):
    return outcomes.predictions_tested(recorded, sequential_runs.predicted(spots, noise=0.001))


def test_named_shapes_lead_where_the_law_is_the_truth(true):
    first = outcomes.lead_without_budget(true)
    assert first.is_positive
    assert outcomes.mean_lead(true).is_positive
    table = outcomes.lead_table(true)
    assert table["kind"].tolist() == [kind for kind, _ in predictions.BUDGETS.values()]
    assert (table["measured"] > 0).sum() >= 3
    assert outcomes.mean_lead(true).value == pytest.approx(np.log1p(table["measured"] / 100).mean())
    assert outcomes.same_choice(true)[LAW] == 4


def test_a_lead_is_the_ratio_to_the_better_neighbour(true, sequential_runs):
    for question in true.questions:
        truth = {shape: sequential_runs.law(*shape) for shape in (question.named, *question.neighbours)}
        better = true.better_neighbour(question)
        expected = np.log(truth[question.named] / truth[better])
        assert outcomes.lead(true, question).value == pytest.approx(expected, abs=0.004)


def test_the_choice_among_neighbours_widens_the_interval(true):
    (question,) = [one for one in true.questions if one.kind == predictions.NO_BUDGET]
    plain, allowed = outcomes.lead(true, question), outcomes.lead_without_budget(true)
    assert allowed.ci_low < plain.ci_low < plain.ci_high < allowed.ci_high


def test_shapes_trail_where_the_truth_has_changed(sequential_runs, recorded, spots):
    def other(layers, width, **differs):
        return 0.30 - sequential_runs.law(layers, width)

    tested = outcomes.predictions_tested(recorded, sequential_runs.predicted(spots, other, noise=0.001))
    assert outcomes.lead_without_budget(tested).is_negative
    assert outcomes.mean_lead(tested).is_negative
    assert outcomes.band_share(tested).value == 0
    assert outcomes.band_share(tested).ci_high < 0.95


def test_a_named_shape_that_collapsed_loses_everything(sequential_runs, recorded, spots):
    runs = sequential_runs.predicted(spots, noise=0.001)
    named = {question.named for question in predictions.questions(recorded)}
    for layers, width in named:
        runs.loc[runs["config"].str.contains(f'"layers": {layers}, "width": {width}', regex=False), "collapsed"] = 1.0
    tested = outcomes.predictions_tested(recorded, runs)
    assert outcomes.lead_without_budget(tested).percent.ci_high == -100
    assert outcomes.mean_lead(tested) == outcomes.LOST
    assert count_above(outcomes.leads_within_budgets(tested)) == Count(0, 3, 3)


def test_bands_and_errors_are_counted_by_shape(true, spots):
    share = outcomes.band_share(true)
    assert share.value > 0.8
    assert share.ci_low < 0.95 <= share.ci_high
    errors = outcomes.law_errors(true)
    assert set(errors.index) == {LAW, QUADRATIC, LINE}
    assert errors["error"].idxmin() == LAW
    gap = outcomes.error_gap(true)
    assert gap.value == pytest.approx(errors.drop(LAW)["error"].min() - errors.loc[LAW, "error"])
    assert gap.is_positive


def test_runs_that_test_nothing_are_refused(sequential_runs, recorded, spots):
    runs = sequential_runs.predicted(spots)
    with pytest.raises(ValueError, match="these runs don't test the predictions: run"):
        outcomes.predictions_tested(recorded, runs.assign(finished_at="2026-11-30T00:00:00+00:00"))
    with pytest.raises(ValueError, match="no prediction is"):
        outcomes.predictions_tested(recorded.iloc[:0], runs)
    with pytest.raises(ValueError, match="no named shape was trained together with a neighbour"):
        outcomes.predictions_tested(recorded, runs.assign(collapsed=1.0))


def test_one_seed_gives_leads_without_intervals(sequential_runs, recorded, spots):
    runs = sequential_runs.predicted(spots)
    tested = outcomes.predictions_tested(recorded, runs[runs["seed"] == 0])
    assert not outcomes.mean_lead(tested).has_interval
    assert not outcomes.error_gap(tested).has_interval
    assert count_above(outcomes.leads_within_budgets(tested)) == Count(0, 0, 3)


def test_the_committed_choices_are_those_of_a_quadratic_too():
    tested = outcomes.predictions_tested(predictions.read(), load_results("performance-law-predictions"))
    assert outcomes.same_choice(tested) == {LAW: 4, QUADRATIC: 4, LINE: 2}
    assert (outcomes.lead_table(tested)["measured"] > 0).all()
