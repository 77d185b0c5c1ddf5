"""Figures of the measured law: every point of their tables, with several seeds and with one, and readable names."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import ctr_curves, ctr_rivals, ctr_scaling
from recscale.figures import ctr_law as figures
from recscale.figures import show

SIZE = "training_flop_per_example"


def power(model, flop):
    return 0.55 * flop**-0.002


def one(ctr_runs, split="main", **options):
    return ctr_curves.curves(ctr_runs.scaling(power, **options), "movielens-1m", split)


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_all_models_are_drawn_and_named(ctr_runs, seeds):
    runs = one(ctr_runs, seeds=seeds, noise=1e-4)
    means = ctr_rivals.model_means(runs)
    fig = figures.equal_compute(means, ctr_scaling.curve(runs, SIZE), hold_out=2)
    show(fig, points=len(means))
    assert {note.text for note in fig.layout.annotations} == {"Wukong", *(t.name for t in fig.data if t.meta)}
    (wukong,) = (trace for trace in fig.data if trace.name == "Wukong")
    assert [symbol.endswith("-open") for symbol in wukong.marker.symbol] == [False] * 10 + [True] * 2


def test_names_keep_their_distance_and_their_order():
    places = figures.spread([1.0, 1.01, 1.02, 5.0], 0.5)
    assert (np.diff(places) >= 0.5 - 1e-12).all()
    assert figures.spread([1.0, 2.0], 0.5) == [1.0, 2.0]
    assert figures.spread([], 0.5) == []


def test_leads_are_drawn_with_the_promise(ctr_runs):
    table = ctr_rivals.standings(one(ctr_runs, noise=1e-4))
    fig = figures.leads_figure(table)
    show(fig, points=len(table))
    assert [shape.x0 for shape in fig.layout.shapes] == [0, 0.2]
    assert list(fig.data[0].x) == sorted(table["lead"])


def test_slopes_stand_beside_the_papers(ctr_runs):
    rows = ctr_rivals.slopes_and_the_papers(one(ctr_runs))
    fig = figures.slope_figure(rows)
    show(fig, points=len(rows))
    assert {trace.name: len(trace.x) for trace in fig.data} == {"paper's table": 7, "here": 8}


def test_laws_side_by_side_start_at_zero(ctr_runs):
    runs = {split: one(ctr_runs, split) for split in ("main", "time")}
    curves = {split: ctr_scaling.curve(table, SIZE) for split, table in runs.items()}
    fig = figures.curves_side_by_side(runs, curves, SIZE)
    show(fig, points=figures.side_rows(runs))
    assert figures.side_rows(runs) == 17
    assert [trace.y[0] for trace in fig.data if trace.meta] == [0, 0]
    assert sum(trace.fill == "toself" for trace in fig.data) == 2


def test_an_axis_without_a_law_draws_its_points(ctr_runs):
    runs = {"main": one(ctr_runs)}
    empty = pd.DataFrame(columns=["x", "predicted", "low", "high"], dtype=float)
    show(figures.curves_side_by_side(runs, {"main": empty}, SIZE), points=12)
