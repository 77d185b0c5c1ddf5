"""Data or model: the truth put in comes out, and what the cells can't tell is not printed."""

import json

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import data_scaling as scaling
from recscale.claims import evidence
from recscale.plans import plan_study
from recscale.runs import COLUMNS
from recscale.runs.table import healthy, run_table


def steeper(flop, rows):
    """β grows with the model: 0.02, 0.03, 0.04."""
    return 0.9 * rows ** -(0.02 + 0.01 * np.log10(flop / 1e4))


def alike(flop, rows):
    return 0.9 * rows**-0.05 * flop**-0.01


def test_exponents_are_those_put_in(ctr_runs):
    study = scaling.judge(ctr_runs.grid(steeper, noise=0))
    table = scaling.exponents(study)
    assert table.index.tolist() == ["0.01 MFLOP", "0.1 MFLOP", "1 MFLOP"]
    assert table["β"].tolist() == pytest.approx([0.02, 0.03, 0.04])
    assert table["% for ten times the rows"].iloc[0] == pytest.approx(100 * (10**-0.02 - 1))
    noisy = scaling.exponents(scaling.judge(ctr_runs.grid(steeper, noise=1e-3)))
    assert ((noisy["seeds, low"] < [0.02, 0.03, 0.04]) & (noisy["seeds, high"] > [0.02, 0.03, 0.04])).all()


def test_shares_and_sizes_come_from_the_recipes(ctr_runs):
    study = scaling.judge(ctr_runs.grid(alike).sample(frac=1, random_state=0))
    assert study.shares == ["10 %", "30 %", "100 %"]
    assert study.complete
    assert study.epochs == 1
    assert "a new one" in scaling.unique_words(study)
    cells = study.table.groupby("size")["rows"].max()
    assert cells.tolist() == [100_000] * 3


def test_the_papers_data_scaling_gives_the_papers_verdicts(ctr_runs):
    claims = scaling.claims(scaling.judge(ctr_runs.grid(steeper)))
    assert [claim.verdict for claim in claims] == ["holds", "holds", "holds"]
    assert (claims[0].ours, claims[0].paper_value) == (3, 3)
    assert claims[1].ours == pytest.approx(0.02, abs=1e-3)
    assert claims[1].interval[0] < 0.02 < claims[1].interval[1]


def test_equal_slopes_are_not_called_steeper(ctr_runs):
    claims = scaling.claims(scaling.judge(ctr_runs.grid(alike, noise=1e-3, seeds=(0, 1))))
    assert claims[1].verdict == "can't be known"
    backwards = scaling.claims(scaling.judge(ctr_runs.grid(lambda flop, rows: steeper(1e10 / flop, rows))))
    assert backwards[1].verdict == "does not hold"


def test_an_effect_below_noise_is_not_called_one(ctr_runs):
    study = scaling.judge(ctr_runs.grid(lambda flop, rows: 0.5, noise=1e-2, seeds=(0, 1)))
    assert {claim.verdict for claim in scaling.claims(study)} == {"can't be known"}
    words = scaling.buy_words(scaling.marginal_return(study))
    assert "can't be told from 0" in words
    assert "can't be told from the noise of seeds" in words


@pytest.mark.parametrize(
    ("rows", "model", "words"), [(0.05, 0.01, "rows are the better buy"), (0.01, 0.05, "a larger model is the better")]
)
def test_the_better_buy_is_the_steeper_axis(ctr_runs, rows, model, words):
    study = scaling.judge(ctr_runs.grid(lambda n, d: 0.9 * d**-rows * n**-model, noise=1e-5))
    found = scaling.marginal_return(study)
    assert found.rows.percent.value == pytest.approx(100 * (10**-rows - 1), rel=0.01)
    assert found.model.percent.value == pytest.approx(100 * (10**-model - 1), rel=0.01)
    assert words in scaling.buy_words(found)


def test_steps_are_priced_in_compute(ctr_runs):
    table = scaling.steps(scaling.judge(ctr_runs.grid(alike, noise=0)))
    assert len(table) == 12
    assert table.loc[table["more"] == "model", "compute"].tolist() == pytest.approx([10] * 6)
    rows, model = (table.loc[table["more"] == what, "a decade"] for what in ("rows", "model"))
    assert rows.to_numpy() == pytest.approx(100 * (10**-0.05 - 1))
    assert model.to_numpy() == pytest.approx(100 * (10**-0.01 - 1))


def test_chinchilla_is_told_on_a_wide_grid_and_not_on_three_by_three(ctr_runs):
    def truth(flop, rows):
        return 0.4 + 3 * (flop / 6) ** -0.4 + 8 * rows**-0.5

    wide = ctr_runs.grid(
        truth, noise=1e-6, fractions=(1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1), flops=tuple(10**k for k in range(3, 9))
    )
    fit = scaling.joint(scaling.judge(wide))
    table = scaling.known(fit)["value"].astype(float)
    assert table.to_dict() == pytest.approx({"E": 0.4, "A": 3, "B": 8, "α": 0.4, "β": 0.5}, rel=0.05)
    assert "all its 5 numbers" in scaling.told_words(fit)
    narrow = scaling.joint(scaling.judge(ctr_runs.grid(alike, noise=2e-3, seeds=(0,))))
    assert scaling.known(narrow)["value"].isna().sum() >= 4
    assert "not told by these points" in scaling.said(narrow)
    assert "fewer than 3 each" in scaling.said(narrow)


def test_too_few_cells_are_said_and_not_fitted(ctr_runs):
    study = scaling.judge(ctr_runs.grid(alike, fractions=(0.1, 1.0), flops=(10_000, 100_000)))
    assert scaling.said(scaling.joint(study)).startswith("not fitted: the law 'chinchilla' has 5 parameters")
    assert "too few cells" in scaling.told_words(scaling.joint(study))


def test_a_partial_grid_makes_no_claim(ctr_runs):
    runs = ctr_runs.grid(alike)
    study = scaling.judge(runs[(runs["examples_seen"] < 1e5) | (runs["training_flop_per_example"] < 1e6)])
    assert not study.complete
    assert scaling.claims(study) == []
    assert "can't be said yet" in scaling.buy_words(scaling.marginal_return(study))
    assert "has not run on all rows" in scaling.last_steps_words(study)
    assert len(scaling.exponents(study)) == 3
    single = scaling.judge(runs[runs["training_flop_per_example"] == 10_000])
    assert scaling.marginal_return(single) is None


def test_no_committed_table_is_no_study():
    assert scaling.judge(healthy(run_table(pd.DataFrame(columns=list(COLUMNS))))) is None
    assert "comparable runs" in evidence.evidence(scaling.claims, None, None)


def test_one_seed_has_no_interval(ctr_runs):
    study = scaling.judge(ctr_runs.grid(steeper, seeds=(0,)))
    assert np.isnan(study.half).all()
    assert {claim.verdict for claim in scaling.claims(study)} == {"can't be known"}
    assert "one seed" in scaling.buy_words(scaling.marginal_return(study))
    assert "nan" not in scaling.last_steps_words(study)


def test_repeats_see_as_many_examples_as_one_pass_over_all_rows():
    plan = plan_study("ctr-data", "smoke", dataset="synthetic-ctr", seeds=(0, 1))
    again = scaling.repeated(plan)
    assert len(again.runs) == 6
    assert len({run.model for run in again.runs}) == 1
    few = [run for run in again.runs if run.training.epochs > 1]
    assert [run.training.epochs for run in few] == [10, 10]
    assert len({run.fraction for run in few}) == 1


def test_passes_count_different_rows(ctr_runs):
    recipes = [ctr_runs.config({}, 0.1, epochs=epochs) for epochs in (1, 10)]
    runs = pd.DataFrame(
        [ctr_runs.run(recipe, 0, 100, seen, 0.5) for recipe, seen in zip(recipes, (1000, 10_000), strict=True)]
    )
    table = scaling.passes(runs)
    assert table["different rows"].tolist() == [1000, 1000]
    assert table["examples"].tolist() == [1000, 10_000]
    assert "repeats" in scaling.unique_words(scaling.judge(healthy(run_table(runs))))
    assert json.loads(recipes[1])["training"]["epochs"] == 10


def test_repeats_are_put_into_words(ctr_runs):
    once, again, more = (ctr_runs.config({}, *how) for how in ((0.1, 1), (0.1, 10), (1.0, 1)))
    runs = [
        ctr_runs.run(recipe, seed, 100, seen, loss * (1 + 1e-4 * seed))
        for recipe, seen, loss in ((once, 1000, 0.60), (again, 10_000, 0.63), (more, 10_000, 0.55))
        for seed in (0, 1)
    ]
    words = scaling.passes_words(pd.DataFrame(runs))
    assert words.startswith("To pass 10 times over 1,000 rows instead of once raises the loss by 5.00 %")
    assert "To pass once over 10,000 rows instead, which are as many examples, lowers the loss by 12.70 %" in words
