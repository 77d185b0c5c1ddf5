"""Scaling figures: exact where the truth is known, silent where there is nothing to say, no run lost on the way."""

import numpy as np
import pandas as pd
import pytest

from recscale.figures import ctr_scaling as scaling
from recscale.figures import show

FLOP = np.geomspace(1e4, 1e7, 9)


def runs(loss, seeds=(0, 1), noise=1e-4, models=("wukong", "dlrm"), dataset="set"):
    """A results table whose log loss is ``loss(flop)`` plus seed noise."""
    generator = np.random.default_rng(0)
    config = '{"model": {}, "training": {"epochs": %d, "embedding": {}}}'
    rows = [
        {
            "dataset": dataset,
            "split": "random",
            "model": model,
            "config": config % flop,
            "seed": seed,
            "dense_parameters": flop / 6,
            "embedding_parameters": 50_000,
            "training_flop_per_example": flop,
            "test_logloss": loss(flop) + noise * generator.normal(),
            "test_auc": 0.7,
            "diverged": False,
        }
        for model in models
        for flop in FLOP
        for seed in seeds
    ]
    return scaling.healthy(scaling.run_table(pd.DataFrame(rows)))


def power(flop):
    return 0.7 * flop**-0.01


def test_a_power_law_is_found_and_its_held_out_sizes_predicted():
    fit = scaling.fit_law(runs(power, noise=0), "training_flop_per_example", 2)
    assert fit.parameters["α"] == pytest.approx(0.01, rel=1e-6)
    assert fit.n_points == 7
    assert fit.held_out["rmse"] < 1e-9


def test_seeds_are_one_point_a_configuration():
    few, many = runs(power, seeds=(0,), noise=0), runs(power, seeds=range(5), noise=0)
    size = "training_flop_per_example"
    assert scaling.compare_forms(few, size, 1)["aicc"].tolist() == pytest.approx(
        scaling.compare_forms(many, size, 1)["aicc"].tolist()
    )


def test_diverged_runs_are_left_out():
    table = runs(power)
    table.loc[table.index[0], "diverged"] = True
    assert len(scaling.healthy(scaling.run_table(table))) == len(table) - 1


def test_pooled_noise_is_the_noise_put_in():
    noise, dof = scaling.seed_noise(runs(power, seeds=range(40), noise=1e-3))
    assert dof == 2 * len(FLOP) * 39
    assert noise == pytest.approx(1e-3, rel=0.1)
    assert np.isnan(scaling.seed_noise(runs(power, seeds=(0,)))[0])


def test_the_least_difference_shrinks_with_seeds_and_is_unknown_without_noise():
    assert scaling.least_significant_difference(1e-3, 1000) == pytest.approx(1.96 * 2**0.5 * 1e-3, rel=0.01)
    assert scaling.least_significant_difference(1e-3, 1000, seeds=4) == pytest.approx(1.96 * 0.5**0.5 * 1e-3, rel=0.01)
    assert np.isnan(scaling.least_significant_difference(float("nan"), 0))


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (power, "power law"),
        (lambda flop: 0.5, "constant"),
        (lambda flop: 0.5 + 40 * flop**-0.5, "the power law with a floor describes"),
    ],
)
def test_the_verdict_names_the_form_the_data_came_from(loss, expected):
    table = runs(loss, noise=1e-5, seeds=(0, 1, 2))
    comparison = scaling.compare_forms(table, "training_flop_per_example", 1)
    assert expected in scaling.verdict(comparison, 1e-4)


def test_the_verdict_doesnt_praise_a_prediction_within_the_noise():
    table = runs(lambda flop: 0.5, noise=1e-4)
    comparison = scaling.compare_forms(table, "training_flop_per_example", 1)
    assert "differ by no more than the seeds do" in scaling.verdict(comparison, 1.0)


def test_slopes_are_in_percent_a_decade_of_each_model():
    table = scaling.slopes(runs(power, noise=0))
    assert list(table.index) == ["wukong", "dlrm"]
    assert table["% a decade"].tolist() == pytest.approx([100 * (10**-0.01 - 1)] * 2, rel=0.02)
    assert (table["log-loss at 10⁶"] - power(1e6)).abs().max() < 1e-3


def test_relative_to_the_smallest_dlrm_of_the_same_data():
    both = pd.concat([runs(power, noise=0), runs(lambda flop: 2 * power(flop), noise=0, dataset="other")])
    table = scaling.relative(scaling.healthy(scaling.run_table(both)))
    smallest = table[table["training_flop_per_example"] == FLOP[0]]
    assert smallest["relative"].abs().max() < 1e-12
    assert table["relative"].min() == pytest.approx(100 * ((FLOP[-1] / FLOP[0]) ** -0.01 - 1))


@pytest.mark.parametrize("size", scaling.SIZES)
@pytest.mark.parametrize("hold_out", [1, 3])
def test_the_law_figure_draws_every_run_once_under_every_convention(size, hold_out):
    table = runs(power)
    fig = scaling.law_figure(table, size, hold_out)
    show(fig, points=len(table))
    for button in fig.layout.updatemenus[0].buttons:
        assert [len(x) for x in button.args[0]["x"]] == [len(y) for y in button.args[0]["y"]]
        assert sum(len(x) for x in button.args[0]["x"][:3]) == len(table)
    assert fig.layout.xaxis.title.text == scaling.SIZES[size]


def test_no_law_is_drawn_where_the_size_does_not_vary():
    fig = scaling.law_figure(runs(power), "embedding_parameters", 1)
    assert all(len(trace.x) == 0 for trace in fig.data if trace.meta is None)


def test_the_relative_figure_holds_every_run_and_the_lines_that_are_known():
    live = scaling.relative(runs(power))
    fig = scaling.relative_figure(live, 0.1)
    show(fig, points=len(live))
    assert [shape.y0 for shape in fig.layout.shapes] == [-0.02, -0.1]
    assert len(scaling.relative_figure(live, float("nan")).layout.shapes) == 1


def test_no_committed_table_is_an_empty_one():
    from recscale.runs import COLUMNS

    empty = scaling.committed_curves(pd.DataFrame(columns=list(COLUMNS)), "movielens-1m")
    assert empty.empty
    assert scaling.relative(empty).empty


def test_conclusions_say_what_is_known():
    size = "training_flop_per_example"
    falls = scaling.conclusion({"here": runs(power, noise=1e-5)}, size, 1)
    assert falls.startswith("Here: the loss falls with size, and it predicts the held-out sizes better than")
    flat = scaling.conclusion({"here": runs(lambda flop: 0.5, noise=1e-3)}, size, 1)
    assert "can't be told from zero" in flat
    assert "seeds could explain why the law and 'no further gain' err differently" in flat


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ((-0.001, 0.002), "anything from 0.23 % more to 0.46 % less loss"),
        ((0.001, 0.002), "0.23 to 0.46 % less loss"),
        ((-0.002, -0.001), "0.23 to 0.46 % more loss"),
    ],
)
def test_the_gain_a_decade_is_told_with_its_sign(interval, words):
    assert scaling.gain_a_decade(*interval) == words


def test_more_seeds_help_where_residuals_are_noise():
    assert "seeds help" in scaling.seeds_or_sizes((0.9, 4), (1.0, 4))
    assert "seeds help" in scaling.seeds_or_sizes((1.5, 3), (1.0, 2)), "one in three grids has as much by luck"
    assert "sizes help" in scaling.seeds_or_sizes((4.0, 4), (1.0, 4))
    assert "too few" in scaling.seeds_or_sizes((1.0, 3), (float("nan"), 0))
    factor = scaling.telling_factor(3, 2)
    assert factor == pytest.approx(19.164**0.5, rel=1e-4)
    assert "seeds help" in scaling.seeds_or_sizes((0.99 * factor, 3), (1.0, 2))
    assert "sizes help" in scaling.seeds_or_sizes((1.01 * factor, 3), (1.0, 2))
    assert scaling.telling_factor(3, 0) == np.inf
