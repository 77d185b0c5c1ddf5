"""Fits over layers and width: what they predict, where they peak, and what a grid can't determine."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import shape_fits
from recscale.analysis.shape_law import ShapeGrid
from recscale.runs import load_results


@pytest.fixture(scope="module")
def grid():
    """A noiseless quadratic with its peak at H = 2, d = 16."""
    pairs = [(h, d) for h in (1, 2, 4) for d in (4, 16, 64)]
    table = pd.DataFrame(pairs, columns=["layers", "width"])
    noise = np.random.default_rng(0).normal(0, 1e-4, len(table))
    bend = 0.02 * np.log(table["layers"] / 2) ** 2 + 0.01 * np.log(table["width"] / 16) ** 2
    return table.assign(**{"ndcg@10": 0.2 - bend + noise})


def test_held_out_shapes_are_predicted_not_fitted(grid):
    held_out = shape_fits.largest(grid, 1)
    assert grid[held_out][["layers", "width"]].to_numpy().tolist() == [[4, 64]]
    fits = shape_fits.fit_forms(grid, "ndcg@10", hold_out_largest=1)
    assert {fit.n_points for fit in fits.values()} == {8}
    table = shape_fits.comparison(fits)
    assert table["held_out_rmse"].idxmin() in ("log-quadratic", "performance-law", "performance-law-outside")
    seeds = pd.concat([grid[held_out], grid[held_out].assign(**{"ndcg@10": grid[held_out]["ndcg@10"] + 0.01})])
    forecast = shape_fits.predictions(fits, seeds, "ndcg@10")
    assert len(forecast) == len(fits), "a row per shape, not per seed"
    assert forecast["measured"].tolist() == pytest.approx([grid.loc[held_out, "ndcg@10"].item() + 0.005] * len(fits))


def test_nothing_held_out_has_no_error(grid):
    table = shape_fits.comparison(shape_fits.fit_forms(grid, "ndcg@10", forms=("log-linear", "constant")))
    assert table["held_out_rmse"].isna().all()
    assert table["free"].tolist() == [3, 1]


def test_an_optimum_counts_only_inside_what_was_measured(grid):
    rising = grid.assign(**{"ndcg@10": 0.1 + 0.01 * np.log(grid["layers"] * grid["width"])})
    table = shape_fits.optima({"bent": grid, "rising": rising}, "ndcg@10", ["log-quadratic"])
    assert table[["points", "axis"]].to_numpy().tolist() == [
        ["bent", "layers"],
        ["bent", "width"],
        ["rising", "layers"],
        ["rising", "width"],
    ]
    assert table["inside"].tolist() == [True, True, False, False]
    bent = table[table["points"] == "bent"]
    assert bent["peak"].tolist() == pytest.approx([2, 16], rel=0.05)
    assert bent[["measured_low", "measured_high"]].to_numpy().tolist() == [[1, 4], [4, 64]]


def test_the_committed_grid_enters_as_the_page_that_measures_it_has_it(grid):
    """A row per shape, the mean over its seeds: both pages name one peak."""
    tables = shape_fits.grids(pd.concat([grid, grid]), "ndcg@10")
    assert len(tables["this page's grid"]) == len(grid)
    full = ShapeGrid.from_runs(load_results("sequential-grid"), "ndcg@10").cells
    pd.testing.assert_series_equal(tables["our full grid"]["ndcg@10"], full["value"], check_names=False)


def test_q1_hardly_changes_the_fit_of_the_authors_grid():
    table = shape_fits.over_q1(shape_fits.published("ml-1m", 100), "hr@10", values=(1, 4, 32))
    assert table["H*"].isna().tolist() == [True, False, False]
    assert table.loc[2, "r2"] == pytest.approx(0.898712, abs=1e-5), "printed in the paper's figure"
    assert table["w1"].abs()[1] > 4 * table["w1"].abs()[2]
    for row in table.dropna().itertuples():
        assert row[list(table).index("H*") + 1] == pytest.approx(row.q1 ** (1 / abs(row.w3)))


def test_three_grids_side_by_side_and_two_for_metrics_that_the_authors_lack(grid):
    tables = shape_fits.grids(grid, "ndcg@10")
    assert list(tables) == ["the authors' grid", "our full grid", "this page's grid"]
    assert [len(table) for table in tables.values()] == [24, 14, 9]
    other = grid.rename(columns={"ndcg@10": "mrr"})
    assert list(shape_fits.grids(other, "mrr")) == ["our full grid", "this page's grid"]


def test_the_data_term_leaves_only_its_sum():
    table = shape_fits.data_term(0.25, [(1e4, 0.3), (1e7, -0.2)])
    assert table["sum"].tolist() == pytest.approx([0.25, 0.25])
    assert table["b"].nunique() == 2


def test_more_seeds_find_the_best_cell_more_often(grid):
    noisy = grid.assign(**{"ndcg@10": grid["ndcg@10"] + np.random.default_rng(3).normal(0, 0.02, len(grid))})
    fit = shape_fits.fit_forms(noisy, "ndcg@10", forms=("log-quadratic",))["log-quadratic"]
    table = shape_fits.winners(fit, noisy, counts=(1, 4, 400))
    assert table["best_wins"].is_monotonic_increasing
    assert table["best_wins"].iloc[0] < 0.8
    assert table["noise"].tolist() == pytest.approx([table["noise"][0] / k for k in (1, 2, 20)])


def test_every_metric_has_its_best_cell(grid):
    metrics = ("ndcg@10", "hr@10", "ndcg@50", "hr@50", "mrr")
    table = shape_fits.by_metric(grid.assign(**{f"test_{name}": grid["ndcg@10"] for name in metrics}))
    assert tuple(table.index) == metrics
    assert (table[["layers", "width"]] == [2, 16]).all(axis=None)
    assert (table["r2_law"] > table["r2_line"]).all()


def test_unhealthy_runs_stay_out_of_fits():
    config = '{"model": {"layers": 2, "width": 8}, "training": {"max_length": 50, "precision": "fp32"}}'
    runs = pd.DataFrame({"config": [config] * 3, "diverged": [False, True, False], "collapsed": [0.0, 0.0, 1.0]})
    runs = runs.assign(dataset="toy", split="leave-one-out", dense_parameters=10, embedding_parameters=20)
    table = shape_fits.shapes(runs.assign(model="sasrec"), model="sasrec", max_length=50)
    assert len(table) == 1
    assert table.loc[0, ["layers", "width"]].tolist() == [2, 8]
