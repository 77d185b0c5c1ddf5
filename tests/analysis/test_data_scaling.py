"""Data or model: the truth put in comes out, and what the cells can't determine is marked so."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import data_scaling as scaling
from recscale.plans import plan_study


def steeper(flop, rows):
    """β grows with the model: 0.02, 0.03, 0.04."""
    return 0.9 * rows ** -(0.02 + 0.01 * np.log10(flop / 1e4))


def alike(flop, rows):
    return 0.9 * rows**-0.05 * flop**-0.01


def test_exponents_are_those_put_in(ctr_runs):
    table = scaling.row_exponents(scaling.data_grid(ctr_runs.grid(steeper, noise=0)))
    assert table.index.tolist() == ["0.01 MFLOP", "0.1 MFLOP", "1 MFLOP"]
    assert table["β"].tolist() == pytest.approx([0.02, 0.03, 0.04])
    assert table["per_decade"].iloc[0] == pytest.approx(100 * (10**-0.02 - 1))
    noisy = scaling.row_exponents(scaling.data_grid(ctr_runs.grid(steeper, noise=1e-3)))
    assert ((noisy["seeds_low"] < [0.02, 0.03, 0.04]) & (noisy["seeds_high"] > [0.02, 0.03, 0.04])).all()


def test_the_largest_size_is_steeper_by_what_was_put_in(ctr_runs):
    gain = scaling.steepening(scaling.data_grid(ctr_runs.grid(steeper)))
    assert gain.value == pytest.approx(0.02, abs=1e-3)
    assert gain.ci_low < 0.02 < gain.ci_high


def test_shares_and_sizes_come_from_the_recipes(ctr_runs):
    grid = scaling.data_grid(ctr_runs.grid(alike).sample(frac=1, random_state=0))
    assert grid.shares == ["10 %", "30 %", "100 %"]
    assert grid.seeds == 3
    assert grid.table.groupby("size")["rows"].max().tolist() == [100_000] * 3
    assert grid.core_hours_per_seed == pytest.approx(9 / 3600)


@pytest.mark.parametrize(("rows", "model"), [(0.05, 0.01), (0.01, 0.05)])
def test_the_marginal_return_is_the_steepness_of_each_axis(ctr_runs, rows, model):
    grid = scaling.data_grid(ctr_runs.grid(lambda n, d: 0.9 * d**-rows * n**-model, noise=1e-5))
    returns = scaling.marginal_return(grid)
    assert returns.rows.percent.value == pytest.approx(100 * (10**-rows - 1), rel=0.01)
    assert returns.model.percent.value == pytest.approx(100 * (10**-model - 1), rel=0.01)
    assert returns.difference.is_negative == (rows > model)
    assert returns.difference.is_positive == (rows < model)


def test_steps_are_priced_in_compute(ctr_runs):
    table = scaling.steps(scaling.data_grid(ctr_runs.grid(alike, noise=0)))
    assert len(table) == 12
    assert table.loc[table["spent_on"] == "model", "compute"].tolist() == pytest.approx([10] * 6)
    rows, model = (table.loc[table["spent_on"] == what, "per_decade"] for what in ("rows", "model"))
    assert rows.to_numpy() == pytest.approx(100 * (10**-0.05 - 1))
    assert model.to_numpy() == pytest.approx(100 * (10**-0.01 - 1))


def test_chinchilla_is_determined_on_a_wide_grid_and_not_on_three_by_three(ctr_runs):
    def truth(flop, rows):
        return 0.4 + 3 * (flop / 6) ** -0.4 + 8 * rows**-0.5

    wide = ctr_runs.grid(
        truth, noise=1e-6, fractions=(1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1), flops=tuple(10**k for k in range(3, 9))
    )
    table = scaling.identified(scaling.joint(scaling.data_grid(wide)))
    truths = {"E": 0.4, "A": 3, "B": 8, "α": 0.4, "β": 0.5}
    assert table["value"].to_dict() == pytest.approx(truths, rel=0.05)
    assert table["determined"].all()
    narrow = scaling.identified(scaling.joint(scaling.data_grid(ctr_runs.grid(alike, noise=2e-3, seeds=(0,)))))
    assert narrow["determined"].sum() <= 1


def test_too_few_cells_are_refused_by_the_fitter(ctr_runs):
    grid = scaling.data_grid(ctr_runs.grid(alike, fractions=(0.1, 1.0), flops=(10_000, 100_000)))
    with pytest.raises(ValueError, match="the law 'chinchilla' has 5 parameters"):
        scaling.joint(grid)


def test_a_grid_with_a_hole_or_of_one_size_is_refused(ctr_runs):
    runs = ctr_runs.grid(alike)
    hole = runs[(runs["examples_seen"] < 1e5) | (runs["training_flop_per_example"] < 1e6)]
    with pytest.raises(ValueError, match="3 sizes on 3 shares of the rows have 8 cells"):
        scaling.data_grid(hole)
    with pytest.raises(ValueError, match="1 sizes on 3 shares"):
        scaling.data_grid(runs[runs["training_flop_per_example"] == 10_000])


def test_one_seed_has_no_interval(ctr_runs):
    grid = scaling.data_grid(ctr_runs.grid(steeper, seeds=(0,)))
    assert grid.table[["ci_low", "ci_high"]].isna().all(axis=None)
    assert np.isnan(scaling.marginal_return(grid).rows.ci_low)
    assert scaling.row_exponents(grid)["seeds_low"].isna().all()


def test_repeats_see_as_many_examples_as_one_pass_over_all_rows():
    plan = plan_study("ctr-data", "smoke", dataset="synthetic-ctr", seeds=(0, 1))
    again = scaling.repeated(plan)
    assert len(again.runs) == 6
    assert len({run.model for run in again.runs}) == 1
    few = [run for run in again.runs if run.training.epochs > 1]
    assert [run.training.epochs for run in few] == [10, 10]
    assert len({run.fraction for run in few}) == 1


def test_passes_compare_repeats_and_more_rows_with_the_first_pass(ctr_runs):
    once, again, more = (ctr_runs.config({}, *how) for how in ((0.1, 1), (0.1, 10), (1.0, 1)))
    runs = [
        ctr_runs.run(recipe, seed, 100, seen, loss * (1 + 1e-4 * seed))
        for recipe, seen, loss in ((once, 1000, 0.60), (again, 10_000, 0.63), (more, 10_000, 0.55))
        for seed in (0, 1)
    ]
    table = scaling.passes(pd.DataFrame(runs)).set_index(["rows", "passes"])
    assert table["examples"].tolist() == [1000, 10_000, 10_000]
    assert np.isnan(table.loc[(1000, 1), "change"])
    assert table.loc[(1000, 10), "change"] == pytest.approx(5.0)
    assert table.loc[(10_000, 1), "change"] == pytest.approx(100 * (0.55 / 0.60 - 1))
    assert table.loc[(1000, 10), "ci_low"] > 0
