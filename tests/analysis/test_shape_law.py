"""The law on a planted grid: preferred where it is true, rejected where it is broken, nothing told from noise."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from recscale.analysis import shape_extrapolation as extrapolation
from recscale.analysis import shape_fits as shape_laws
from recscale.analysis import shape_law as law


@pytest.fixture(scope="module")
def planted(sequential_runs):
    return law.ShapeGrid.from_runs(sequential_runs.grid(noise=0.001), "ndcg@10")


@pytest.fixture(scope="module")
def straight(sequential_runs):
    return law.ShapeGrid.from_runs(sequential_runs.grid(sequential_runs.line, noise=0.002), "ndcg@10")


@pytest.fixture(scope="module")
def noise_alone(sequential_runs):
    return law.ShapeGrid.from_runs(sequential_runs.grid(lambda *shape, **differs: 0.17, noise=0.03), "ndcg@10")


def test_a_panel_holds_the_grid_s_own_cells_and_the_noise_of_its_diagonal(planted):
    assert len(planted.cells) == 14
    assert sorted(planted.cells["seeds"].unique()) == [1, 3]
    assert planted.dof == 8
    assert planted.noise == pytest.approx(0.001 * 0.17, rel=0.6)


def test_too_few_shapes_are_refused(sequential_runs):
    table = sequential_runs.grid()
    with pytest.raises(ValueError, match="needs 9 healthy shapes with three depths"):
        law.ShapeGrid.from_runs(table.iloc[:4], "ndcg@10")
    with pytest.raises(ValueError, match="has 0 shapes"):
        law.ShapeGrid.from_runs(table.iloc[:0], "ndcg@10")


def test_without_a_second_seed_nothing_is_rejected_or_bounded(sequential_runs):
    panel = law.ShapeGrid.from_runs(sequential_runs.grid(noise=0.001, seeds=(0,)), "ndcg@10")
    assert panel.dof == 0
    assert law.form_table(panel)["p"].isna().all()
    assert panel.is_flat
    assert law.sole_survivor(panel) == law.preference(panel, law.LINE) == law.preference(panel, law.QUADRATIC) == 0
    assert law.seeds_to_settle(panel) == law.seeds_to_prefer(panel, law.LINE) == np.inf
    assert not extrapolation.hold_out(panel, "layers").gain.has_interval
    assert not law.peak(panel, "layers", 60, 0).is_identified


def test_collapsed_and_diverged_runs_are_left_out(sequential_runs):
    table = sequential_runs.grid()
    table.loc[0, "collapsed"], table.loc[1, "diverged"] = 1.0, True
    table.loc[:1, "test_ndcg@10"] = 0.01
    panel = law.ShapeGrid.from_runs(table, "ndcg@10")
    assert panel.cells["value"].min() > 0.1


def test_the_planted_law_alone_survives(planted):
    assert law.sole_survivor(planted) == 1
    assert [law.robust_preference(planted, rival) for rival in (law.LINE, law.QUADRATIC)] == [1, 1]
    assert planted.lack_of_fit(law.LAW).p > 0.05 > planted.lack_of_fit(law.LINE).p
    assert law.seeds_to_settle(planted) == planted.seeds


def test_a_straight_line_needs_no_decay(straight):
    assert law.sole_survivor(straight) == law.preference(straight, law.LINE) == 0
    assert law.form_table(straight).index[0] == law.LINE


def test_a_quadratic_that_the_law_can_t_follow_is_preferred(sequential_runs):
    """A trough in depth, which no Performance Law has."""

    def trough(layers, width, **differs):
        return 0.16 + 0.02 * (np.log(layers) - 1) ** 2 + 0.004 * np.log(width)

    grid = law.ShapeGrid.from_runs(sequential_runs.grid(trough, noise=0.002), "ndcg@10")
    assert law.preference(grid, law.QUADRATIC) == law.robust_preference(grid, law.QUADRATIC) == -1


def test_a_shape_that_no_form_has_refutes_the_law(sequential_runs):
    def chessboard(layers, width, **differs):
        return sequential_runs.law(layers, width) * (1.05 if layers in (1, 4) else 1.0)

    assert law.sole_survivor(law.ShapeGrid.from_runs(sequential_runs.grid(chessboard, noise=0.002), "ndcg@10")) == -1


def test_noise_alone_supports_no_form(noise_alone):
    assert noise_alone.is_flat
    assert law.sole_survivor(noise_alone) == 0
    assert {law.preference(noise_alone, rival) for rival in (law.LINE, law.QUADRATIC)} == {0}


def test_a_misfit_beyond_seeds_is_asked_for(sequential_runs):
    """Bent cells whose seeds differ as much as the bend: AICc may prefer the law, the verdict must not."""
    table = sequential_runs.grid(noise=0.001)
    again = table["seed"] > 0
    table.loc[again, "test_ndcg@10"] *= np.where(table.loc[again, "seed"] == 1, 1.3, 0.7)
    panel = law.ShapeGrid.from_runs(table, "ndcg@10")
    assert law.preference(panel, law.QUADRATIC) == 0


def test_a_misfit_is_what_a_fit_to_all_runs_leaves_beyond_their_noise(sequential_runs):
    table = sequential_runs.grid(noise=0.02)
    panel = law.ShapeGrid.from_runs(table, "ndcg@10")
    runs = shape_laws.shapes(table, **shape_laws.GRID)
    fit = shape_laws.fit_forms(runs, "test_ndcg@10", forms=[law.LINE])[law.LINE]
    rest = len(panel.cells) - 3
    square = ((fit.residuals["residual"] ** 2).sum() - panel.dof * panel.noise**2) / rest
    expected = stats.f.sf(square / panel.noise**2, rest, panel.dof)
    assert panel.lack_of_fit(law.LINE).p == pytest.approx(expected, rel=1e-4)


def test_terms_that_the_line_lacks_are_asked_for_themselves(planted, straight, noise_alone):
    """Extra sum of squares: told for planted bends, for lines as often as chance has it, never from noise."""
    assert planted.extra_sum_of_squares(law.LINE).p < law.SIGNIFICANCE / 10
    assert straight.extra_sum_of_squares(law.LINE).p > law.SIGNIFICANCE
    fits = shape_laws.fit_forms(planted.cells.loc[planted.cells.index.repeat(planted.cells["seeds"])], "value")
    square = [(fits[form].residuals["residual"] ** 2).sum() for form in (law.LINE, law.LAW)]
    terms = fits[law.LAW].law.free - fits[law.LINE].law.free
    ratio = (square[0] - square[1]) / terms / planted.noise**2
    assert planted.extra_sum_of_squares(law.LINE).p == pytest.approx(stats.f.sf(ratio, terms, planted.dof), rel=1e-6)


def test_intervals_of_the_cells_are_those_of_student(planted):
    cells = planted.with_intervals()
    expected = stats.t.ppf(0.975, planted.dof) * planted.noise / np.sqrt(cells["seeds"])
    assert cells["half_width"].tolist() == pytest.approx(expected.tolist())
    assert law.form_table(planted).columns.tolist() == ["free", "p", "r2", "delta_aicc", "left_out"]


def test_peaks_inside_are_identified_with_their_fall(planted):
    for axis, truth in (("layers", 3.5), ("width", 44)):
        peak = law.peak(planted, axis, 100, 0)
        assert peak.is_identified
        assert peak.ci_low < truth < peak.ci_high


def test_peaks_outside_or_none_are_not(straight, sequential_runs):
    line = law.peak(straight, "layers", 60, 0)
    assert np.isnan(line.value)
    assert not line.is_identified
    assert not line.is_identified

    def far(layers, width, **differs):
        return sequential_runs.law(layers, width, best=(24.0, 200.0))

    panel = law.ShapeGrid.from_runs(sequential_runs.grid(far, noise=0.001), "ndcg@10")
    assert not law.peak(panel, "layers", 60, 0).is_identified
    assert not law.peak(panel, "width", 60, 0).is_identified


def test_a_fall_within_the_seeds_identifies_nothing(planted):
    peak = law.peak(planted, "width", 60, 0)
    assert peak.is_identified
    assert peak.seeds_to_identify(2.0) == 2.0
    steep = replace(peak, least_significant=2 * peak.fall)
    assert not steep.is_identified
    assert not steep.is_identified
    assert steep.seeds_to_identify(2.0) == pytest.approx(8.0)
    assert replace(steep, inside=False).seeds_to_identify(2.0) == np.inf
