"""Simulations with a known truth: it is recovered, and every trap they are made for is there."""

import numpy as np
import pandas as pd
import pytest

from recscale import laws, published
from recscale.analysis import fit_simulations as simulations


def test_the_truth_is_recovered_and_the_trap_is_shown():
    exact = simulations.chinchilla_points((6, 5), 0.0, 0)
    fit = laws.fit("chinchilla", exact[["N", "D"]], exact["loss"])
    assert simulations.recovered(fit, simulations.CHINCHILLA)["relative error"].abs().max() < 1e-6
    points = simulations.chinchilla_points((12, 10), 0.003, 0)
    best = laws.fit("chinchilla", points[["N", "D"]], points["loss"], loss="huber")
    table = simulations.early_stopping(points, (1 / len(points), 1e4), best).set_index(["factor", "start"])
    assert (table["objective"] > 1 - 1e-6).all(), "nothing is better than the optimum"
    mean = table.loc[1 / len(points)]
    assert mean["converged"].all()
    assert (mean["objective"] > 2).all(), "the trap: reported as converged, far from the optimum"
    assert table.loc[1e4]["objective"].min() == pytest.approx(1, abs=1e-6), "avoided by scaling"


def test_the_data_term_of_one_panel_is_one_constant():
    panel = published.panels()["HR@10", "ml-1m", 100]
    ends = simulations.data_term_starts(panel, 32, (0.03, 0.1, 0.5, 5.0, 20.0, 200.0))
    # Which starts end at the optimum and which elsewhere differs between processors.
    ends = ends[ends["r2"] > ends["r2"].max() - 1e-6]
    assert len(ends) >= 2
    assert ends["r2"].max() == pytest.approx(0.898712, abs=1e-6)
    assert ends["constant"].max() == pytest.approx(ends["constant"].min(), abs=1e-6)
    assert ends["D"].max() / ends["D"].min() > 10


def test_every_d_fits_a_panel_equally_well():
    panel = published.panels()["HR@10", "ml-1m", 100]
    table = simulations.equal_data_terms(panel, 32, (0.001, 1.0, 1000.0))
    assert table["r2"].to_numpy() == pytest.approx(0.898712, abs=1e-6)
    assert np.ptp(table["r2"]) < 1e-9
    assert np.ptp(table["b"]) > 1


def test_a_short_range_makes_a_band_promise_too_much_beyond_it():
    table = simulations.coverage_by_span((0.5, 2.0), 0.002, 60, 0)
    assert table.index.tolist() == [0.5, 2.0]
    assert table["inside the range"].min() > 0.85
    assert table.loc[0.5, "ten times beyond"] < 0.8 < table.loc[2.0, "ten times beyond"]


def test_coverage_ranges_are_over_the_true_values_of_the_grid():
    shares = {("averaged", "largest"): 0.95, ("averaged", "twice"): 0.83, ("profiled", "largest"): 0.95}
    rows = [
        (q1, kind, band, at, shares.get((kind, at), 0.99) + 0.01 * (q1 == "drawn") - 0.02 * (q1 == 5))
        for q1 in (2, 5, "drawn")
        for kind in ("averaged", "profiled")
        for band in ("law", "measurement")
        for at in ("largest", "twice")
    ]
    table = pd.DataFrame(rows, columns=["q1", "kind", "band", "at", "coverage"])
    ranges = simulations.coverage_ranges(table)
    assert ranges.loc[("averaged", "twice")].tolist() == pytest.approx([0.81, 0.83, 0.84])


def test_profiles_are_named():
    with pytest.raises(ValueError, match="smoke, quick, full"):
        simulations.size("fast")
