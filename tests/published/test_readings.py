"""Readings of the papers' tables: numbers that are known, and planted ones."""

import numpy as np
import pandas as pd
import pytest

from recscale import published
from recscale.published import readings


def test_leads_public_ranks_and_forecast_are_those_of_the_tables():
    leads = readings.wukong_leads()
    assert len(leads) == 58
    assert leads["lead"].min() == pytest.approx(0.2302, abs=1e-4)
    ranks = readings.public_ranks()
    assert (ranks["auc_rank"] == 1).all()
    assert (ranks["margin"].abs() < 5e-5).sum() == 2
    errors = readings.forecast(readings.wukong_sizes(1), 2)["rmse"]
    assert errors["power-law"] > errors["no further gain"] > errors["power-law-floor"]


def test_curvature_is_seen_in_the_paper_s_points_and_not_in_a_line():
    sizes = readings.wukong_sizes(1)
    assert readings.curvature_p(sizes) == pytest.approx(0.034, abs=0.001)
    straight = sizes.assign(y=np.log(sizes["gflop"]) + 1e-3 * np.array([1, -1, 0, 2, 0, -1, -1]))
    assert readings.curvature_p(straight) > 0.2


def test_plateaus_are_measured_from_the_best_and_from_the_size_named():
    dlrm, finalmlp = readings.plateaus("DLRM", 31.0), readings.plateaus("FinalMLP", 36.26)
    assert dlrm[["over_best", "over_named"]].to_numpy().tolist() == [[0.01, 0.01], [0.01, 0.01]]
    assert finalmlp["over_best"].tolist() == [0.0, 0.0]
    assert finalmlp["over_named"].tolist() == [-0.03, -0.04]
    assert readings.plateaus("AFN+", None)["over_named"].tolist() == [0.01, 0.01]


def test_profile_interval_of_a_peak_has_the_truth_and_widens_with_noise():
    layers, width = (v.ravel() for v in np.meshgrid([1, 2, 4, 8, 16, 32, 64.0], [16, 32, 64, 128.0]))
    exponents = -np.log(8) / np.log(12), -np.log(8) / np.log(50)
    value = sum(-(w * np.log(v) + 1 / (8 * v**w)) for v, w in zip((layers, width), exponents, strict=True))
    widths = []
    for noise in (0.02, 0.1):
        wobble = noise * np.random.default_rng(0).standard_normal(len(layers))
        points = pd.DataFrame({"layers": layers, "embedding_dim": width, "value": -value + wobble})
        low, high = readings.peak_profile(points, "layers")
        assert low < 12 < high
        widths.append(high / low)
    assert widths[0] < widths[1]


def test_the_peaks_of_movielens_have_their_profile_intervals():
    peaks = readings.claimed_peaks().query("law == 'performance-law' and constraint == 'none'").set_index("metric")
    depth, width = peaks[["layers", "layers_low", "layers_high"]], peaks[["width", "width_low", "width_high"]]
    assert depth.loc["HR@10"].tolist() == pytest.approx([17.8, 14.7, 28.5], abs=0.06)
    assert depth.loc["NDCG@10"].tolist()[1:] == pytest.approx([14.0, 25.1], abs=0.06)
    assert width.loc["HR@10"].tolist() == pytest.approx([51.7, 49.7, 56.3], abs=0.06)


def test_ties_are_counted_apart():
    table = pd.DataFrame(
        {"metric": "HR@10", "dataset": list("aabbcc"), "max_length": 1, "law": ["performance-law", "log-linear"] * 3}
    ).assign(aicc=[0, 5, 1, 0, 9, 0])
    assert readings.score(table, "log-linear") == (1, 1, 1)


def test_without_a_charge_for_the_searched_constant_law_and_quadratic_tie():
    models = published.panel_models()
    assert readings.score(models, "log-quadratic") == (0, 2, 18)
    assert readings.score(readings.uncharged(models), "log-quadratic") == (2, 18, 0)
    one = models[(models["dataset"] == "ml-1m") & (models["max_length"] == 200)]
    searched, given = (readings.uncharged(one, q1)["aicc"] for q1 in (None, 4))
    assert (given != one["aicc"]).sum() == 2
    assert (given >= searched - 1e-9).all()  # the search holds that value


def test_one_printed_r2_of_the_law_is_the_line_s_own():
    rows = readings.borrowed(published.panel_r2())
    assert rows[published.SETTING].to_numpy().tolist() == [["HR@10", "amazon-books", 50]]
    line = rows["scaling_law_recomputed"].iloc[0]
    assert rows["performance_law_printed"].iloc[0] == pytest.approx(line + 0.02, abs=1e-6)


def test_round_differences_are_whole_hundredths():
    table = pd.DataFrame(
        {
            "metric": "HR@10",
            "dataset": "x",
            "max_length": 1,
            "performance_law_printed": [0.5, 0.5],
            "performance_law_nearest": [0.5, 0.5],
            "performance_law_difference": 0.0,
            "scaling_law_printed": [0.5, 0.5],
            "scaling_law_recomputed": [0.55, 0.5123],
            "scaling_law_difference": [0.05, 0.0123],
        }
    )
    assert readings.round_differences(table)["round"].tolist() == [True, False]


def test_means_per_setting_explain_more_than_one_law_with_a_data_term():
    r2 = readings.joint_and_means()
    assert (r2["joint"], r2["means"]) == (pytest.approx(0.5912, abs=1e-4), pytest.approx(0.9944, abs=1e-4))
