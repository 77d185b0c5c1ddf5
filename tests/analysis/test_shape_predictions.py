"""Predictions are made once, from the committed grid, inside what was measured, and before their results."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from recscale.analysis import shape_planning as planning
from recscale.analysis import shape_predictions as predictions
from recscale.cli import application
from recscale.plans.registry import missing_reasons
from recscale.plans.sequential import CELLS
from recscale.runs import NotYetPlanned, load_results

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def runs_of(cells=CELLS, noise=1e-3, finished="2026-01-01T00:00:00+00:00", study="sequential-grid"):
    """A grid whose metric peaks at H = 3, d = 40."""
    random, rows = np.random.default_rng(0), []
    for number, (layers, width) in enumerate(cells):
        value = 0.18 - 0.01 * np.log(layers / 3) ** 2 - 0.015 * np.log(width / 40) ** 2 + random.normal(0, noise)
        config = {
            "model": {"layers": layers, "width": width},
            "training": {"max_length": 50, "precision": "fp32", "loss": "softmax"},
        }
        row = {"study": study, "run_id": f"{number:016x}", "model": "sasrec", "dataset": "movielens-1m", "seed": 0}
        row |= {
            "split": "leave-one-out",
            "dense_parameters": 12 * layers * width**2,
            "embedding_parameters": (3416 + 50) * width,
            "config": json.dumps(config),
            "diverged": False,
            "collapsed": 0.0,
            "finished_at": finished,
        }
        rows.append(row | {"test_ndcg@10": value, "test_hr@10": 1.7 * value})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def healthy():
    return predictions.shapes(runs_of())


@pytest.fixture(scope="module")
def table(healthy):
    return predictions.predict_shapes(healthy, NOW)


def test_the_file_has_its_columns_and_says_when_and_from_what(table, healthy):
    assert tuple(table.columns) == predictions.PREDICTION_COLUMNS
    assert set(table["predicted_at"]) == {"2026-01-02T03:04:05+00:00"}
    (origin,) = set(table["fitted_on"])
    assert origin.startswith("sequential-grid, 14 runs, ")
    other = predictions.predict_shapes(healthy.iloc[:-1], NOW)["fitted_on"].iloc[0]
    assert other != origin


def test_every_question_has_one_best_shape_and_two_neighbours_by_every_law_and_metric(table):
    assert table["question"].nunique() == len(predictions.BUDGETS)
    for _, rows in table.groupby(["question", "law", "metric"]):
        assert sorted(rows["role"]) == ["neighbour", "neighbour", "predicted"]
        assert len(rows[["layers", "width"]].drop_duplicates()) == 3
    assert set(table["law"]) == set(predictions.RECORDED_LAWS)
    assert set(table["metric"]) == {"ndcg@10", "hr@10"}
    assert (table["low"] < table["predicted"]).all()
    assert (table["predicted"] < table["high"]).all()


def test_shapes_lie_inside_what_was_measured(table):
    for layers, width in table[["layers", "width"]].itertuples(index=False):
        assert any(h >= layers and d >= width for h, d in CELLS), (layers, width)
        assert width % predictions.STEP == 0
    assert table["width"].min() >= 16


def test_no_shape_is_one_that_the_law_was_fitted_to(table):
    assert not set(table[["layers", "width"]].itertuples(index=False, name=None)) & set(CELLS)


def test_a_part_of_the_grid_is_not_predicted_from(results):
    runs_of(CELLS[:-2]).to_csv(results / "sequential-grid.csv", index=False)
    with pytest.raises(NotYetPlanned, match="lacks 2 of 14 shapes"):
        predictions.write()
    assert not predictions.PREDICTIONS.exists()


def test_the_best_shape_is_the_planner_s_and_keeps_to_its_budget(table, healthy):
    rows = table[(table["question"] == "best of all untrained") & (table["role"] == "predicted")]
    (best,) = set(rows[["layers", "width"]].itertuples(index=False, name=None))
    assert abs(best[0] - 3) <= 1
    assert abs(best[1] - 40) <= 12
    (bound,) = [one for one in predictions.questions(table) if one.kind == "product"]
    assert bound.named[0] * bound.named[1] <= 0.25 * 8 * 64


def test_neighbours_cost_about_as_much_where_they_can(table, healthy):
    grid = planning.recorded_grids("g", healthy, 4)[0]
    (bound,) = [one for one in predictions.questions(table) if one.kind == "flop"]
    rows = pd.DataFrame([bound.named, *bound.neighbours], columns=["layers", "width"])
    price = planning.shape_costs(grid, rows)["flop"].to_numpy()
    assert price.max() / price.min() < 2


def test_too_few_shapes_are_refused(healthy):
    with pytest.raises(ValueError, match="4 healthy shapes; at least 9"):
        predictions.predict_shapes(healthy.iloc[:4])


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    monkeypatch.setattr(predictions, "PREDICTIONS", tmp_path / "predictions" / "performance-law.csv")
    return tmp_path


def test_without_a_grid_there_is_nothing_to_predict_from(results):
    with pytest.raises(NotYetPlanned, match="sequential-grid"):
        predictions.write()


def test_written_once_and_never_again(results):
    runs_of().to_csv(results / "sequential-grid.csv", index=False)
    said = CliRunner().invoke(application(), ["study", "predict", "performance-law-predictions"])
    assert said.exit_code == 0, said.output
    assert "then run the study" in said.output
    assert tuple(predictions.read().columns) == predictions.PREDICTION_COLUMNS
    with pytest.raises(ValueError, match="made once and not rewritten"):
        predictions.write()


def test_results_that_are_there_can_t_be_predicted_any_more(results):
    runs_of().to_csv(results / "sequential-grid.csv", index=False)
    runs_of(CELLS[:1]).to_csv(results / "performance-law-predictions.csv", index=False)
    with pytest.raises(ValueError, match="too late"):
        predictions.write()


def test_other_studies_are_not_predicted():
    said = CliRunner().invoke(application(), ["study", "predict", "sequential-grid"])
    assert said.exit_code == 2
    assert "nothing is predicted for 'sequential-grid'" in said.output


def test_a_result_older_than_its_prediction_is_a_fault(table):
    shape = tuple(table.loc[0, ["layers", "width"]])
    late = runs_of([shape], finished="2026-01-02T03:04:06+00:00")
    assert predictions.faults(table, late) == []
    for finished in ("2026-01-02T03:04:05+00:00", "2026-01-02T04:00:00+01:00", "2025-12-31T00:00:00+00:00"):
        (fault,) = predictions.faults(table, runs_of([shape], finished=finished))
        assert "not after the prediction" in fault
    (fault,) = predictions.faults(table, runs_of([(7, 20)], finished="2027-01-01T00:00:00+00:00"))
    assert "never predicted" in fault
    assert predictions.faults(table.iloc[:0], late) == ["1 runs are there and no prediction is"]


def test_every_committed_result_finished_after_its_prediction():
    runs = load_results("performance-law-predictions")
    assert predictions.faults(predictions.read(), runs) == []
    if runs.empty:  # nothing to hold to its prediction yet: the repository must then say why
        assert "performance-law-predictions" in missing_reasons()


def test_committed_predictions_keep_the_format():
    recorded = predictions.read()
    assert tuple(recorded.columns) == predictions.PREDICTION_COLUMNS
    assert set(recorded["role"]) <= {"predicted", "neighbour"}


def test_questions_are_read_from_the_order_of_the_file(table):
    asked = predictions.questions(table)
    assert [one.kind for one in asked] == [kind for kind, _ in predictions.BUDGETS.values()]
    for one in asked:
        rows = table[(table["question"] == one.text) & (table["law"] == "performance-law")]
        value = rows[rows["metric"] == "ndcg@10"].set_index(["layers", "width"])["predicted"]
        better = max(value[shape] for shape in one.neighbours)
        assert one.promised == pytest.approx(100 * (value[one.named] / better - 1))
    with pytest.raises(ValueError, match="answer 3 questions instead of 4"):
        predictions.questions(table[table["question"] != asked[0].text])


def test_outcomes_count_the_runs_inside_the_band(table):
    spots = table.drop_duplicates(["layers", "width"])[["layers", "width"]].itertuples(index=False, name=None)
    runs = predictions.shapes(runs_of(list(spots), noise=0))
    measured = predictions.outcomes(table, runs)
    assert len(measured) == len(table)
    assert measured.loc[measured["law"] == "log-quadratic", "in_band"].mean() == 1
    part = predictions.outcomes(table, runs.iloc[:1])
    assert set(part["seeds"]) == {0, 1}
    assert part.loc[part["seeds"] == 0, ["measured", "in_band"]].isna().all(axis=None)
    far = predictions.outcomes(table, runs.assign(**{"test_ndcg@10": 9.0, "test_hr@10": 9.0}))
    assert (far["in_band"] == 0).all()


def test_a_shape_that_nobody_predicted_is_a_fault_even_if_it_collapsed(table):
    runs = runs_of([(7, 20)], finished="2027-01-01T00:00:00+00:00").assign(collapsed=1.0)
    assert any("never predicted" in fault for fault in predictions.faults(table, runs))


def test_a_rehearsal_never_fits_what_it_predicts(healthy):
    tested = predictions.shapes(runs_of([(2, 32), (8, 64), (2, 100)], noise=0))
    spoiled = healthy.copy()
    spoiled.loc[(spoiled["layers"] == 2) & (spoiled["width"] == 32), ["test_ndcg@10", "test_hr@10"]] = 9.0
    found = predictions.rehearsal(spoiled, tested)
    pd.testing.assert_frame_equal(found, predictions.rehearsal(healthy, tested))
    assert found.groupby(["layers", "width"])["inside"].first().tolist() == [True, False, False]
    assert (found.query("law == 'log-quadratic' and inside")["in_band"] == 1).all()
