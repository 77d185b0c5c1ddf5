import pytest

from recscale import laws, published


def test_rows_that_equal_a_cell_of_another_shape_are_found():
    table = published.optima_rows()
    relabelled = table[table["relabelled"]]
    assert len(relabelled) == 7
    assert set(relabelled["same_as"]) == {"8 × 50", "12 × 50", "16 × 50", "32 × 50", "24 × 25", "24 × 75", "24 × 100"}


def test_margins_of_the_claimed_shapes_are_about_a_thousandth():
    table = published.optima_margins()
    assert len(table) == 3
    assert table["hr@10"].between(0, 0.0012).all()


def test_claimed_optima_stand_beside_our_peaks():
    table = published.claimed_optima().query("law == 'performance-law'")
    whole = table[(table["constraint"] == "none") & (table["metric"] == "HR@10")].iloc[0]
    assert whole["width"] == pytest.approx(51.7, abs=0.1)  # claimed: 54
    assert whole["layers"] == pytest.approx(17.8, abs=0.1)  # claimed: 28
    held = table[table["constraint"] == "layers × width = 512"]
    assert (held["layers"] * held["width"]).to_numpy() == pytest.approx(512.0)


def test_the_rows_without_a_panel_lie_on_one_panel_in_both_metrics():
    table = published.distances()
    assert len(table) == 16  # Industrial has no width below 128
    on = table[table["miss"] <= table["scatter"]]
    both = on.groupby(["dataset", "max_length"]).size() == 2
    assert both[both].index.tolist() == [("ml-1m", 100)]
    longest = table.query("metric == 'HR@10' and dataset == 'ml-1m' and max_length == 200")["miss"].item()
    assert longest == pytest.approx(0.0154, abs=1e-4)


def test_a_constrained_peak_is_the_best_on_the_line():
    points = published.panels()["HR@10", "ml-1m", 200]
    fit = laws.fit("log-quadratic", points[published.AXES], points["value"])
    layers, width = published.constrained_peak(fit, 512)
    best = fit.predict({"layers": [layers], "embedding_dim": [width]})[0]
    for factor in (0.9, 1.1):
        assert fit.predict({"layers": [layers * factor], "embedding_dim": [width / factor]})[0] < best


def test_potential_depends_on_the_constant_searched():
    table = published.potential_by_q1(q1=(4, 8, 16, 32)).set_index("q1")
    assert table.loc[4, "w1"] == pytest.approx(0.0659, abs=5e-5)  # the script's sign, as printed for this panel
    assert table["w1"].max() > 4 * table["w1"].min()
    assert table["r2"].max() - table["r2"].min() < 0.01


def test_potential_table_has_a_row_a_model_and_precision():
    assert len(published.potential()) == 6
