"""Rows of the bridge: none before it can judge, and the planted verdict of each afterwards, in both directions."""

import json

import numpy as np
import pytest

from recscale.analysis import shape_law as law
from recscale.book.execute import Layout, pages
from recscale.claims import card as report_card
from recscale.claims import wukong_shapes as bridge
from recscale.figures import base, performance_law
from recscale.figures import report_card as figures
from recscale.runs import COLUMNS, save_results

R2, CONSTANT, LINE, QUADRATIC = range(4)


def peaked(layers, width):
    """A Performance Law (q₁ = 8) with its peak at 3 layers and width 24."""
    total = 0.80
    for value, at, weight in ((layers, 3.0, 0.004), (width, 24.0, 0.008)):
        exponent = np.log(8) / np.log(at)
        total += weight * (exponent * np.log(value) - value**exponent / 8)
    return total


def straight(layers, width):
    return 0.80 + 0.0015 * np.log(layers) + 0.0010 * np.log(width)


def quadratic(layers, width):
    """A trough in depth, which the law has no shape for, and a bend in width."""
    return 0.80 + 0.002 * (np.log(layers) - 1) ** 2 + 0.0005 * np.log(width / 24) ** 2


def chessboard(layers, width):
    """An interaction that no form with one term an axis can follow."""
    return 0.80 + 0.004 * (-1) ** round(np.log2(layers) + np.log2(width))


def flat(layers, width):
    return 0.80


def rows(table, resamples=30):
    return bridge.bridge_claims(bridge.panel(table), resamples, 0)


def verdicts(table):
    return [row.verdict for row in rows(table)]


@pytest.fixture(scope="module")
def planted(ctr_runs):
    return ctr_runs.bridge(peaked, noise=1e-5)


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    return tmp_path


def test_no_table_adds_no_row(results):
    assert bridge.bridge(10, 0) == []
    assert bridge.runs([0, 1]).empty
    assert not bridge.panel(bridge.runs([0, 1])).usable


def test_single_seeds_and_few_shapes_add_none(planted, ctr_runs):
    assert rows(planted[planted["seed"] == 0]) == []
    assert rows(ctr_runs.bridge(peaked, shapes=[(1, 8), (2, 16), (4, 32), (8, 64)])) == []
    assert rows(planted.assign(diverged=True)) == []


@pytest.mark.parametrize(("count", "found"), [(16, 0), (17, 0), (18, 4), (32, 4)])
def test_a_second_seed_under_way_is_enough_to_start(planted, count, found):
    assert len(rows(planted.iloc[:count])) == found


def test_a_table_is_read_by_its_recipes_and_seeds_lose_what_they_share(ctr_runs):
    table = ctr_runs.bridge(straight, noise=2e-4, shared=5e-3)
    panel = bridge.panel(table)
    assert sorted(panel.cells["layers"].unique()) == [1, 2, 4, 8]
    assert sorted(panel.cells["width"].unique()) == [8, 16, 32, 64]
    assert panel.cells["seeds"].tolist() == [2] * 16
    assert panel.dof == 15
    assert panel.noise == pytest.approx(2e-4, rel=0.5)
    plain = table.groupby([table["config"]], sort=False)["test_auc"].mean()
    assert panel.cells["value"].to_numpy() == pytest.approx(plain.to_numpy(), abs=1e-5)


def test_a_seed_on_some_shapes_moves_none_of_them(ctr_runs):
    """The second seed is 0.02 worse all over; on half of the shapes it must not look like an effect of shape."""
    table = ctr_runs.bridge(straight, noise=1e-5, shared=0.0)
    table.loc[table["seed"] == 1, "test_auc"] -= 0.02
    cells = bridge.panel(table.iloc[:24]).cells
    truth = np.array([straight(*shape) for shape in cells[["layers", "width"]].to_numpy()])
    assert np.ptp(cells["value"].to_numpy() - truth) < 1e-4


def test_diverged_runs_are_left_out_and_counted(planted):
    table = planted.copy()
    table.loc[3, ["diverged", "test_auc"]] = [True, 0.5]
    panel = bridge.panel(table)
    assert panel.excluded == 1
    assert panel.cells["value"].min() > 0.7
    assert "1 diverged runs left out" in rows(table)[R2].why


def test_what_a_seed_does_to_whole_widths_is_no_effect_of_width(ctr_runs):
    """Four depths of a width that err together are one piece of evidence on it, not four."""
    table, random = ctr_runs.bridge(flat, noise=1e-5), np.random.default_rng(0)
    shapes = [json.loads(config)["training"]["embedding"]["width"] for config in table["config"]]
    plots = {plot: random.normal(0, 1e-3) for plot in zip(shapes, table["seed"], strict=True)}
    table["test_auc"] += [plots[plot] for plot in zip(shapes, table["seed"], strict=True)]
    panel = bridge.panel(table)
    assert panel.widths > 0.05
    assert panel.flat
    table["test_auc"] += 0.01 * np.log(shapes)
    assert bridge.panel(table).widths < 0.01


def test_strata_need_seeds_and_depths_in_common(planted):
    one = bridge.panel(planted[planted["seed"] == 0])
    assert np.isnan([one.widths, one.depths]).all()
    assert one.flat


def test_the_planted_law_holds_throughout(planted):
    found = rows(planted)
    assert [row.verdict for row in found] == ["holds"] * 4
    assert found[R2].paper_value == 0.528
    assert found[R2].interval[0] > 0.9
    assert found[LINE].paper_value == "0.528 against 0.479 (R²)"


def test_a_straight_line_needs_no_law(ctr_runs):
    found = verdicts(ctr_runs.bridge(straight, noise=1e-4))
    assert found[CONSTANT] == "holds"
    assert found[LINE] == found[QUADRATIC] == "can't be known", "the law follows a line too"


def test_a_quadratic_is_told_from_the_law(ctr_runs):
    assert verdicts(ctr_runs.bridge(quadratic, noise=1e-5))[QUADRATIC] == "does not hold"


def test_differences_that_no_form_follows_refute_the_printed_r2(ctr_runs):
    found = verdicts(ctr_runs.bridge(chessboard, noise=1e-5))
    assert (found[R2], found[CONSTANT]) == ("does not hold", "holds")


@pytest.mark.parametrize("draw", [0, 1])
def test_noise_alone_supports_nothing(ctr_runs, draw):
    assert set(verdicts(ctr_runs.bridge(flat, draw=draw))) == {"can't be known"}


def test_the_interval_of_r2_widens_with_noise_and_few_seeds(ctr_runs, planted):
    def width(table):
        low, high = bridge.r2_limits(bridge.panel(table), 40, 0)
        assert 0 <= low <= high <= 1
        return high - low

    noisy = ctr_runs.bridge(peaked, noise=5e-4)
    assert width(planted) < width(noisy) < width(noisy.iloc[:18])


def test_the_card_knows_the_rows_their_page_and_label(results, planted):
    save_results(planted.reindex(columns=[*COLUMNS, "test_auc"]).assign(study="wukong-bridge"), bridge.STUDY)
    assert bridge.bridge in report_card._own()
    found = tuple(bridge.bridge(20, 0))
    assert len(found) == len({row.claim for row in found}) == 4
    assert {row.chapter for row in found} <= set(pages(Layout()))
    assert len(report_card.shown(found)) == 4
    ratios = figures.comparable(report_card.table(found))
    assert [figures._label(claim) for claim in ratios["claim"]] == ["R², Wukong's AUC"]
    base.show(figures.forest(ratios), points=len(ratios))
    assert len(bridge.runs([1])) == 16


def test_the_surfaces_can_be_drawn(planted):
    panel = bridge.panel(planted)
    grids = {"measured here": panel.cells.rename(columns={"value": "auc"})}
    base.show(performance_law.surfaces(grids, {"measured here": panel.fits}, "auc"), points=len(panel.cells))
    assert panel.fits[law.LAW].r2 > 0.99
