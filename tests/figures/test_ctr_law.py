"""Figures of the measured law: every point of their tables, with full, partial, single-seed and empty tables."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import ctr_curves as ctr_study
from recscale.analysis import ctr_scaling as ctr_law
from recscale.figures import ctr_law as figures
from recscale.figures import ctr_scaling, show
from recscale.runs import COLUMNS

SIZE = "training_flop_per_example"


def power(model, flop):
    return 0.55 * flop**-0.002


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_all_models_are_drawn_with_both_lines(ctr_runs, seeds):
    runs = ctr_study.curves(ctr_runs.scaling(power, seeds=seeds, noise=1e-4), "movielens-1m")
    means = figures.compared_means(runs)
    assert len(means) == sum(ctr_runs.FIELD.values())
    assert means["half"].notna().all() == (len(seeds) > 1)
    least = 100 * ctr_law.noise_of(runs)[1] / runs["test_logloss"].mean()
    fig = figures.compared(means, least)
    show(fig, points=len(means))
    assert len(fig.layout.shapes) == len(seeds)
    assert fig.layout.shapes[0].y0 == -0.02


def test_without_a_dlrm_the_papers_axis_is_empty(ctr_runs):
    runs = ctr_study.curves(ctr_runs.scaling(power), "movielens-1m")
    assert figures.compared_means(runs[runs["model"] != "dlrm"]).empty
    assert figures.compared_means(runs.iloc[:0]).empty


def test_slopes_stand_beside_the_papers_and_alone(ctr_runs):
    runs = ctr_study.curves(ctr_runs.scaling(power), "movielens-1m")
    rows = figures.slope_rows(runs)
    assert rows["source"].value_counts().to_dict() == {"here": 8, "paper's table": 7}
    assert rows.loc[rows["source"] == "here", "slope"].tolist() == pytest.approx([100 * (10**-0.002 - 1)] * 8, rel=0.05)
    show(figures.slope_figure(rows), points=len(rows))
    alone = figures.slope_rows(runs.iloc[:0])
    show(figures.slope_figure(alone), points=len(alone))
    assert len(alone) == 7


def test_laws_side_by_side_start_at_zero(ctr_runs):
    table = ctr_runs.scaling(power)
    named = {split: ctr_study.curves(table, "movielens-1m", split) for split in ("main", "time")}
    fig = figures.side_by_side("Two splits", named, SIZE)
    show(fig, points=figures.side_rows(named))
    assert figures.side_rows(named) == 17
    assert [trace.y[0] for trace in fig.data if trace.meta] == [0, 0]
    assert sum(trace.fill == "toself" for trace in fig.data) == 2
    empty = ctr_study.curves(pd.DataFrame(columns=list(COLUMNS)), "movielens-1m")
    assert figures.side_rows({"none": empty}) == 0


def test_the_law_figure_has_a_button_for_pf_days(ctr_runs):
    runs = ctr_study.curves(ctr_runs.scaling(power), "movielens-1m")
    fig = ctr_scaling.law_figure(runs, SIZE, 2)
    show(fig, points=len(runs))
    labels = [button.label for button in fig.layout.updatemenus[0].buttons]
    assert labels == ["FLOP", "dense", "all", "tables", "PF-days"]
    moved = fig.layout.updatemenus[0].buttons[-1].args[0]["x"][0]
    assert np.isin(moved, runs["pf_days"]).all()
