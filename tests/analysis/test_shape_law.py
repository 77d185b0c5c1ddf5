"""The law on a planted grid: right verdicts where it is true, the opposite ones where it is broken, none in noise."""

import numpy as np
import pytest
from scipy import stats

from recscale import laws
from recscale.analysis import shape_fits as shape_laws
from recscale.analysis import shape_law as law
from recscale.runs.store import load_results
from recscale.runs.table import run_table


@pytest.fixture(scope="module")
def planted(sequential_runs):
    return law.Panel.of(sequential_runs.grid(noise=0.001), "ndcg@10")


@pytest.fixture(scope="module")
def straight(sequential_runs):
    return law.Panel.of(sequential_runs.grid(sequential_runs.line, noise=0.002), "ndcg@10")


@pytest.fixture(scope="module")
def noise_alone(sequential_runs):
    return law.Panel.of(sequential_runs.grid(lambda *shape, **differs: 0.17, noise=0.03), "ndcg@10")


def test_a_panel_holds_the_grid_s_own_cells_and_the_noise_of_its_diagonal(planted):
    assert len(planted.cells) == 14
    assert sorted(planted.cells["seeds"].unique()) == [1, 3]
    assert planted.dof == 8
    assert planted.noise == pytest.approx(0.001 * 0.17, rel=0.6)
    assert planted.usable


def test_single_seeds_and_few_cells_are_not_usable(sequential_runs):
    table = sequential_runs.grid(seeds=(0,))
    assert not law.Panel.of(table, "ndcg@10").usable
    table = sequential_runs.grid()
    assert not law.Panel.of(table.iloc[:4], "ndcg@10").usable
    assert not law.Panel.of(table.iloc[:0], "ndcg@10").usable


def test_collapsed_and_diverged_runs_are_left_out_and_counted(sequential_runs):
    table = sequential_runs.grid()
    table.loc[0, "collapsed"], table.loc[1, "diverged"] = 1.0, True
    table.loc[:1, "test_ndcg@10"] = 0.01
    panel = law.Panel.of(table, "ndcg@10")
    assert panel.excluded == 2
    assert panel.cells["value"].min() > 0.1
    assert shape_laws.left_out(table, model="llama") == 0


def test_the_planted_law_is_found_and_needed(planted):
    assert law.form_verdict(planted) == "holds"
    assert "Performance Law" in law.form_words(planted)
    assert [law.needed(planted, rival) for rival in (law.LINE, law.QUADRATIC)] == ["holds", "holds"]
    assert planted.lack_of_fit(law.LAW) > 0.05 > planted.lack_of_fit(law.LINE)


def test_a_straight_line_needs_no_decay(straight):
    assert law.form_verdict(straight) == law.needed(straight, law.LINE) == "can't be known"
    assert law.form_words(straight) == "straight line in logs"


def test_noise_alone_supports_no_form(noise_alone):
    assert noise_alone.flat
    assert law.form_verdict(noise_alone) == "can't be known"
    assert {law.needed(noise_alone, rival) for rival in (law.LINE, law.QUADRATIC)} == {"can't be known"}


def test_a_misfit_beyond_seeds_is_asked_for(sequential_runs):
    """Bent cells whose seeds differ as much as the bend: AICc may prefer the law, the verdict must not."""
    table = sequential_runs.grid(noise=0.001)
    again = table["seed"] > 0
    table.loc[again, "test_ndcg@10"] *= np.where(table.loc[again, "seed"] == 1, 1.3, 0.7)
    panel = law.Panel.of(table, "ndcg@10")
    assert law.needed(panel, law.QUADRATIC) == "can't be known"


def test_a_misfit_is_what_a_fit_to_all_runs_leaves_beyond_their_noise(sequential_runs):
    table = sequential_runs.grid(noise=0.02)
    panel = law.Panel.of(table, "ndcg@10")
    runs = shape_laws.shapes(table, **shape_laws.GRID)
    fit = shape_laws.fit_forms(runs, "test_ndcg@10", forms=[law.LINE])[law.LINE]
    rest = len(panel.cells) - 3
    square = ((fit.residuals["residual"] ** 2).sum() - panel.dof * panel.noise**2) / rest
    assert panel.lack_of_fit(law.LINE) == pytest.approx(stats.f.sf(square / panel.noise**2, rest, panel.dof), rel=1e-4)


def test_terms_that_the_line_lacks_are_asked_for_themselves(planted, straight, noise_alone):
    """Extra sum of squares: told for planted bends, for lines as often as chance has it, never from noise."""
    assert planted.extra_sum_of_squares(law.LINE) < law.SURE / 10
    assert straight.extra_sum_of_squares(law.LINE) > law.SURE
    assert law.needed(planted, law.LINE) == "holds"
    fits = law.fit_forms(planted.cells.loc[planted.cells.index.repeat(planted.cells["seeds"])], "value")
    square = [(fits[form].residuals["residual"] ** 2).sum() for form in (law.LINE, law.LAW)]
    terms = fits[law.LAW].law.free - fits[law.LINE].law.free
    ratio = (square[0] - square[1]) / terms / planted.noise**2
    assert planted.extra_sum_of_squares(law.LINE) == pytest.approx(stats.f.sf(ratio, terms, planted.dof), rel=1e-6)


def test_a_verdict_that_hangs_by_one_shape_names_it(sequential_runs, planted):
    """A straight line, but for one shape whose single run went badly: the same as dropping runs from the table."""
    assert law.deciding(planted, law.LINE) == {}
    table = sequential_runs.grid(sequential_runs.line, noise=0.002)
    known = run_table(table)
    spoilt = (known["model"] == "sasrec") & (known["layers"] == 8) & (known["width"] == 16)
    table.loc[spoilt, "test_ndcg@10"] *= 0.95
    panel = law.Panel.of(table, "ndcg@10")
    found = law.deciding(panel, law.LINE)
    assert found
    for layers, width in panel.cells.loc[panel.cells["seeds"] == 1, ["layers", "width"]].itertuples(index=False):
        rest = law.Panel.of(table[(known["layers"] != layers) | (known["width"] != width)], "ndcg@10")
        assert law.needed(rest, law.LINE) == found.get((layers, width), law.needed(panel, law.LINE))


@pytest.mark.parametrize(("axis", "size", "cells"), [("layers", 8, 3), ("width", 96, 2)])
def test_held_out_sizes_are_those_of_the_axis_and_seeds_limit_what_counts(planted, straight, axis, size, cells):
    held = law.hold_out(planted, axis)
    assert (held.size, held.cells) == (size, cells)
    assert held.errors[law.LAW] < held.errors[law.LINE]
    assert held.least > 0
    line = law.hold_out(straight, axis)
    assert line.errors[law.NO_GAIN] > line.errors[law.LINE] + line.least


def test_both_published_forms_are_held_out_over_every_constant_the_seen_cells_allow(planted):
    held = law.hold_out(planted, "layers")
    assert set(held.ranges) == set(law.OWN) <= set(held.errors)
    seen = planted.cells[planted.cells["layers"] < 8]
    unseen = planted.cells[planted.cells["layers"] == 8]
    x, errors = seen[["layers", "width"]].astype(float), []
    for q1 in shape_laws.Q1:
        fit = laws.fit(laws.get(law.LAW).with_values(q1=[q1]), x, seen["value"])
        said = fit.predict(unseen[["layers", "width"]].astype(float))
        errors.append(float(np.sqrt(np.mean((unseen["value"] - said) ** 2))))
    low, high = held.ranges[law.LAW]
    assert {round(low, 9), round(high, 9)} <= {round(error, 9) for error in errors}
    assert low == pytest.approx(min(errors), rel=1e-6)


def held_out(inside, outside, flat=0.010, least=0.002):
    """A ``HeldOut`` whose forms err between these ends."""
    ranges = dict(zip(law.OWN, (inside, outside), strict=True))
    return law.HeldOut(8, 3, {law.NO_GAIN: flat}, ranges, least)


@pytest.mark.parametrize(
    ("inside", "outside", "verdict"),
    [
        ((0.003, 0.007), (0.009, 0.020), "holds"),
        ((0.015, 0.020), (0.013, 0.014), "does not hold"),
        ((0.015, 0.020), (0.009, 0.014), "can't be known"),
        ((0.006, 0.020), (0.013, 0.020), "can't be known"),
        ((0.003, 0.009), (0.009, 0.011), "can't be known"),
    ],
)
def test_a_form_wins_or_loses_only_whatever_its_constant(inside, outside, verdict):
    assert held_out(inside, outside).verdict == verdict


def test_the_largest_depth_of_the_committed_grid_is_undecided():
    """Inside, the error runs from 0.0063 to 0.0194 as q₁ goes to the end of its list, at nearly equal R²."""
    ndcg, hr = (
        law.hold_out(law.Panel.of(load_results("sequential-grid"), name), "layers") for name in ("ndcg@10", "hr@10")
    )
    inside, outside = law.OWN
    assert ndcg.errors[inside] == pytest.approx(0.0194, abs=5e-5)
    assert ndcg.errors[outside] == pytest.approx(0.0063, abs=5e-5)
    assert ndcg.errors[law.NO_GAIN] == pytest.approx(0.0059, abs=5e-5)
    assert ndcg.ranges[inside] == pytest.approx((0.0063, 0.0194), abs=5e-5)
    assert (hr.errors[inside], hr.errors[outside]) == pytest.approx((0.0474, 0.0102), abs=5e-5)
    assert (ndcg.least, hr.least) == pytest.approx((0.0045, 0.0057), abs=5e-5)
    assert ndcg.verdict == hr.verdict == "can't be known"


def test_too_few_cells_hold_none_out(sequential_runs):
    table = sequential_runs.grid()
    cells = law.Panel.of(table[[c.count('"layers": 1,') == 1 for c in table["config"]]], "ndcg@10")
    assert law.hold_out(cells, "layers") is None


def test_peaks_inside_are_identified_with_their_fall(planted):
    for axis, truth in (("layers", 3.5), ("width", 44)):
        peak = law.peak(planted, axis, 100, 0)
        assert peak.identified
        assert peak.interval[0] < truth < peak.interval[1]


def test_peaks_outside_or_none_are_not(straight, sequential_runs):
    assert law.peak(straight, "layers", 60, 0).shown == "none"
    assert not law.peak(straight, "layers", 60, 0).identified

    def far(layers, width, **differs):
        return sequential_runs.law(layers, width, best=(24.0, 200.0))

    panel = law.Panel.of(sequential_runs.grid(far, noise=0.001), "ndcg@10")
    assert not law.peak(panel, "layers", 60, 0).identified
    assert not law.peak(panel, "width", 60, 0).identified


def test_a_fall_within_the_seeds_identifies_nothing(planted):
    peak = law.peak(planted, "width", 60, 0)
    assert not law.Peak(peak.peak, peak.interval, peak.measured, True, peak.falls, 2 * peak.falls).identified
