import numpy as np
import pytest

from recscale import laws, published
from recscale.laws import compare
from recscale.published.panels import EXACT, SIX_DECIMALS


@pytest.fixture(scope="module")
def table():
    return published.panel_r2()


def test_twenty_panels_with_both_laws(table):
    assert len(table) == 20
    assert set(table["points"]) == {16, 24}


def test_on_the_twelve_exact_panels_the_printed_r2_is_reached_at_an_integer(table):
    exact = table[table["dataset"].isin(EXACT)]
    assert len(exact) == 12
    assert (exact["performance_law_difference"].abs() <= SIX_DECIMALS).all()
    found = exact.set_index(published.SETTING)["q1_printed"]
    assert found["HR@10", "ml-1m", 100] == "32"
    assert found["HR@10", "ml-1m", 200] == "4"
    assert found["HR@10", "kuairand-pure", 50] == "12"
    assert (exact["r2_best"] >= exact["performance_law_printed"] - SIX_DECIMALS).all()


def test_the_best_constant_is_apart_and_its_edges_are_flagged(table):
    row = table.set_index(published.SETTING).loc["HR@10", "ml-1m", 200]
    assert row["q1_best"] == 2
    assert not row["edge"]
    assert (table.loc[table["q1_best"] == 32, "edge"]).all()
    assert table["edge"].sum() >= 5


def test_disagreements_are_listed_with_their_size(table):
    off = published.disagreements(table)
    scaling = off[off["law"] == "scaling law"].set_index(published.SETTING)["difference"]
    # Six of the twenty printed R² of the plain log-linear law are off by whole hundredths.
    assert sorted(scaling.round(5)) == [-0.05, 0.03, 0.05, 0.05, 0.05, 0.08]
    assert scaling["HR@10", "amazon-books", 50] == pytest.approx(0.08, abs=1e-6)
    assert not set(off.loc[off["law"] == "performance law", "dataset"]) & set(EXACT)


def test_the_worked_panel_gives_the_decoded_surface():
    points = published.panels()["HR@10", "ml-1m", 100]
    fit = laws.fit(laws.get("performance-law").with_values(q1=[32]), points[published.AXES], points["value"])
    p = fit.parameters
    assert p["w3"] == pytest.approx(-1.24839, abs=1e-5)
    assert p["w4"] == pytest.approx(-0.82653, abs=1e-5)
    assert p["w1"] * p["w3"] == pytest.approx(0.010779, abs=1e-6)
    assert fit.optimum["layers"] == pytest.approx(16.1, abs=0.05)
    assert fit.optimum["embedding_dim"] == pytest.approx(66.2, abs=0.05)


def test_a_quadratic_in_logs_does_as_well_with_fewer_parameters():
    points = published.panels()["HR@10", "kuairand-pure", 50]
    table = compare(points[published.AXES], points["value"], ["log-quadratic", "performance-law"])
    assert table["law"].iloc[0] == "log-quadratic"
    assert np.isfinite(table["leave_one_size_out_rmse"].astype(float)).all()


@pytest.mark.slow
def test_every_panel_under_every_model():
    table = published.panel_models()
    assert len(table) == 100
    assert table.loc[table["law"] == "performance-law", "peak_layers"].notna().sum() >= 15
