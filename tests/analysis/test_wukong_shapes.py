"""The grid of Wukong's shapes: seeds lose what they share, and R² has an interval only where shapes differ."""

import json

import numpy as np
import pytest

from recscale.analysis import shape_law as law
from recscale.analysis.wukong_shapes import r2, wukong_shapes
from recscale.figures import base, performance_law


def peaked(layers, width):
    """A Performance Law (q₁ = 8) with its peak at 3 layers and width 24."""
    total = 0.80
    for value, at, weight in ((layers, 3.0, 0.004), (width, 24.0, 0.008)):
        exponent = np.log(8) / np.log(at)
        total += weight * (exponent * np.log(value) - value**exponent / 8)
    return total


def straight(layers, width):
    return 0.80 + 0.0015 * np.log(layers) + 0.0010 * np.log(width)


def flat(layers, width):
    return 0.80


@pytest.fixture(scope="module")
def planted(ctr_runs):
    return ctr_runs.bridge(peaked, noise=1e-5)


def test_a_table_is_read_by_its_recipes_and_seeds_lose_what_they_share(ctr_runs):
    table = ctr_runs.bridge(straight, noise=2e-4, shared=5e-3)
    grid = wukong_shapes(table)
    assert sorted(grid.cells["layers"].unique()) == [1, 2, 4, 8]
    assert sorted(grid.cells["width"].unique()) == [8, 16, 32, 64]
    assert grid.cells["seeds"].tolist() == [2] * 16
    assert grid.dof == 15
    assert grid.noise == pytest.approx(2e-4, rel=0.5)
    plain = table.groupby([table["config"]], sort=False)["test_auc"].mean()
    assert grid.cells["value"].to_numpy() == pytest.approx(plain.to_numpy(), abs=1e-5)


def test_a_seed_on_some_shapes_moves_none_of_them(ctr_runs):
    """The second seed is 0.02 worse all over; on half of the shapes it must not look like an effect of shape."""
    table = ctr_runs.bridge(straight, noise=1e-5, shared=0.0)
    table.loc[table["seed"] == 1, "test_auc"] -= 0.02
    cells = wukong_shapes(table.iloc[:24]).cells
    truth = np.array([straight(*shape) for shape in cells[["layers", "width"]].to_numpy()])
    assert np.ptp(cells["value"].to_numpy() - truth) < 1e-4


def test_diverged_runs_are_left_out(planted):
    table = planted.copy()
    table.loc[3, ["diverged", "test_auc"]] = [True, 0.5]
    grid = wukong_shapes(table)
    assert grid.cells["value"].min() > 0.7
    with pytest.raises(ValueError, match="no healthy run of Wukong"):
        wukong_shapes(planted.assign(diverged=True))


def test_few_shapes_are_refused(ctr_runs):
    with pytest.raises(ValueError, match="needs 9 healthy shapes"):
        wukong_shapes(ctr_runs.bridge(peaked, shapes=[(1, 8), (2, 16), (4, 32), (8, 64)]))


def test_what_a_seed_does_to_whole_widths_is_no_effect_of_width(ctr_runs):
    table, random = ctr_runs.bridge(flat, noise=1e-5), np.random.default_rng(0)
    widths = [json.loads(config)["training"]["embedding"]["width"] for config in table["config"]]
    plots = {plot: random.normal(0, 1e-3) for plot in zip(widths, table["seed"], strict=True)}
    table["test_auc"] += [plots[plot] for plot in zip(widths, table["seed"], strict=True)]
    grid = wukong_shapes(table)
    assert grid.width_test.p > 0.05
    assert grid.is_flat
    table["test_auc"] += 0.01 * np.log(widths)
    assert wukong_shapes(table).width_test.p < 0.01


def test_one_seed_tells_nothing_apart(planted):
    one = wukong_shapes(planted[planted["seed"] == 0])
    assert np.isnan([one.width_test.p, one.depth_test.p]).all()
    assert one.is_flat
    assert not r2(one, 20, 0).has_interval
    assert r2(one, 20, 0).value > 0.9


def test_the_interval_of_r2_widens_with_noise_and_few_seeds(ctr_runs, planted):
    def spread(table):
        estimate = r2(wukong_shapes(table), 40, 0)
        assert 0 <= estimate.ci_low <= estimate.ci_high <= 1
        return estimate.ci_high - estimate.ci_low

    noisy = ctr_runs.bridge(peaked, noise=5e-4)
    assert spread(planted) < spread(noisy) < spread(noisy.iloc[:24])
    assert not r2(wukong_shapes(ctr_runs.bridge(flat)), 40, 0).has_interval


def test_the_surfaces_can_be_drawn(planted):
    grid = wukong_shapes(planted)
    tables = {"measured here": grid.cells.rename(columns={"value": "auc"})}
    base.show(performance_law.surfaces(tables, {"measured here": grid.fits}, "auc"), points=len(grid.cells))
    assert grid.fits[law.LAW].r2 > 0.99
