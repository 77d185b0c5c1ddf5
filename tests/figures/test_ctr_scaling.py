"""Scaling figures: no run lost on the way under any axis, and lines only where their height is known."""

import numpy as np
import pytest

from recscale.analysis import ctr_curves
from recscale.analysis import ctr_scaling as law
from recscale.figures import ctr_scaling as figures
from recscale.figures import show
from recscale.runs.table import AXES, SIZES

FLOP = "training_flop_per_example"


@pytest.fixture(scope="module")
def runs(ctr_runs):
    table = ctr_runs.scaling(lambda model, flop: 0.7 * flop**-0.01, seeds=(0, 1), noise=1e-4)
    return ctr_curves.curves(table, "movielens-1m").query("model in ('wukong', 'dlrm')")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("hold_out", [1, 3])
def test_the_law_figure_draws_every_run_once_under_every_convention(runs, size, hold_out):
    fig = figures.law_figure(runs, law.curves_by_axis(runs, AXES, hold_out), size, hold_out)
    show(fig, points=len(runs))
    buttons = fig.layout.updatemenus[0].buttons
    for button in buttons:
        assert [len(x) for x in button.args[0]["x"]] == [len(y) for y in button.args[0]["y"]]
        assert sum(len(x) for x in button.args[0]["x"][:3]) == len(runs)
    assert fig.layout.xaxis.title.text == SIZES[size]
    assert {button.label for button in buttons} == {"FLOP", "dense", "all", "tables", "PF-days"}


def test_a_button_moves_the_points_to_its_axis(runs):
    fig = figures.law_figure(runs, law.curves_by_axis(runs, AXES, 2), FLOP, 2)
    moved = fig.layout.updatemenus[0].buttons[-1].args[0]["x"][0]
    assert np.isin(moved, runs["pf_days"]).all()


def test_no_law_is_drawn_where_the_size_does_not_vary(runs):
    fig = figures.law_figure(runs, law.curves_by_axis(runs, AXES, 1), "embedding_parameters", 1)
    assert all(len(trace.x) == 0 for trace in fig.data if trace.meta is None)


def test_the_relative_figure_holds_every_run_and_the_lines_that_are_known(runs):
    table = law.relative(runs)
    fig = figures.relative_figure(table, 0.02, 0.1)
    show(fig, points=len(table))
    assert [shape.y0 for shape in fig.layout.shapes] == [-0.02, -0.1]
    assert len(figures.relative_figure(table, 0.02, float("nan")).layout.shapes) == 1
