"""The report card's rules, and the rows whose outcome is known from the papers' own arithmetic."""

import numpy as np
import pandas as pd
import pytest

from recscale import laws, published
from recscale.analysis import fit_simulations as gallery
from recscale.book.execute import Layout, pages
from recscale.claims import card as report_card
from recscale.claims import performance_law_published as performance
from recscale.claims import wukong_published as wukong
from recscale.claims.card import Claim
from recscale.figures import base
from recscale.figures import report_card as figures
from recscale.published import readings as published_claims


def row(**changes) -> Claim:
    values = {"paper": "Wukong", "claim": "c", "paper_value": 2.0, "ours": 1.0, "interval": (0.5, 1.5)}
    values |= {"verdict": "does not hold", "chapter": "wukong-published", "why": "w"}
    return Claim(**values | changes)


@pytest.fixture(scope="module")
def rows() -> tuple[Claim, ...]:
    return (*wukong.law(60, 0), *wukong.comparisons(60, 0), *performance.data(30, 0))


def test_a_claim_needs_a_known_verdict_and_an_interval_the_right_way_up():
    with pytest.raises(ValueError, match="is not one of holds"):
        row(verdict="maybe")
    with pytest.raises(ValueError, match="upside down"):
        row(interval=(2.0, 1.0))
    with pytest.raises(ValueError, match="source 'a friend' is not one of paper, first paper"):
        row(source="a friend")


@pytest.mark.parametrize("value", ["power law", "needed", "above 1", "yes, at 28", "setting means: 0.994", "> 0", ""])
def test_what_is_ours_can_t_stand_in_the_paper_s_column(value):
    with pytest.raises(ValueError, match="neither a quotation nor a printed number"):
        row(paper_value=value)


@pytest.mark.parametrize("value", ["“GPT-3/LLaMa-2 scale”", "0.9913 against 0.8259", "+1.84 % or +0.8 %", 0.2, None])
def test_quotations_and_printed_numbers_can(value):
    assert row(paper_value=value).printed == ("" if value is None else report_card.number(value))


def test_an_undecided_row_says_whose_numbers_don_t_decide():
    undecided = {"verdict": "can't be known"}
    assert row().open == ""
    assert row(**undecided).open == "from what was printed"
    assert row(chapter="wukong-law-measured", **undecided).open == "from our runs: too few"
    shown = report_card.shown((row(**undecided),))
    assert "from what was printed" in shown.loc[0, "verdict"]
    assert 'data-verdict="can\'t be known"' in report_card.html((row(**undecided),))


def test_verdicts_follow_their_rules():
    assert report_card.interval_verdict(1.0, 0.9, 1.1) == "holds"
    assert report_card.interval_verdict(1.2, 0.9, 1.1) == "does not hold"
    assert [report_card.count_verdict(k, 3) for k in (3, 2, 1, 0)] == ["holds", "holds in part", *["does not hold"] * 2]


def test_wukong_constants_hold_and_the_sign_does_not(rows):
    found = {r.claim: r for r in rows}
    coefficient = found["law, coefficient A"]
    assert coefficient.verdict == "holds"
    assert coefficient.ours == pytest.approx(99.5601, abs=1e-4)
    exponent = found["law, exponent (printed with a plus)"]
    assert exponent.ours == pytest.approx(-0.000707, abs=1e-6)
    assert exponent.verdict == "holds in part"
    assert found["gain for four times the compute, %"].ours == pytest.approx(0.098, abs=1e-3)


def test_plateaus_are_judged_from_the_size_the_paper_names(rows):
    found = {r.claim: r.verdict for r in rows}
    assert found["DLRM stops improving beyond 31 GFLOP (change, %)"] == "holds"
    assert found["FinalMLP stops improving beyond 36 GFLOP (change, %)"] == "holds in part"


def test_depth_is_undecided_because_the_two_metrics_disagree():
    found = {r.claim: r for r in performance.shapes(60, 0)}
    depth = found["best depth of ML-1M (length 200), layers"]
    assert depth.verdict == "can't be known"
    assert depth.interval == pytest.approx((14.7, 28.5), abs=0.15)
    assert found["best width of ML-1M (length 200)"].verdict == "holds"


def test_the_width_of_industrial_is_undecided_as_the_authors_trained_it_first():
    """The refit rejects 603; the trained rows have it first. Without that order the refit would decide."""
    found = {r.claim: r for r in performance.shapes(60, 0)}
    width = found["best width of Industrial with 64 layers"]
    assert width.interval[1] < width.paper_value == 603
    assert width.verdict == "can't be known"
    assert "603 0.2040, 370 0.2035, 512 0.2032" in width.why
    rows = published.optima_rows()
    rows.loc[rows["embedding_dim"] == 603, "ndcg@10"] = 0.2
    alone = performance._trained(row(paper_value=603.0, verdict="does not hold"), rows)
    assert alone.verdict == "does not hold"


def test_profile_interval_of_a_peak_holds_the_truth_and_widens_with_noise():
    layers, width = (v.ravel() for v in np.meshgrid([1, 2, 4, 8, 16, 32, 64.0], [16, 32, 64, 128.0]))
    exponents = -np.log(8) / np.log(12), -np.log(8) / np.log(50)
    value = sum(-(w * np.log(v) + 1 / (8 * v**w)) for v, w in zip((layers, width), exponents, strict=True))
    widths = []
    for noise in (0.02, 0.1):
        wobble = noise * np.random.default_rng(0).standard_normal(len(layers))
        points = pd.DataFrame({"layers": layers, "embedding_dim": width, "value": -value + wobble})
        low, high = published_claims.peak_profile(points, "layers")
        assert low < 12 < high
        widths.append(high / low)
    assert widths[0] < widths[1]


def test_wins_count_ties_apart():
    table = pd.DataFrame(
        {"metric": "HR@10", "dataset": list("aabbcc"), "max_length": 1, "law": ["performance-law", "log-linear"] * 3}
    ).assign(aicc=[0, 5, 1, 0, 9, 0])
    assert published_claims.wins(table, "log-linear") == (1, 1, 1)


def test_ablation_reproduces_and_turns_round_with_the_tokens_put_back(rows):
    found = {r.claim: r for r in rows}
    reproduced = next(r for name, r in found.items() if name.startswith("R² of fitted 1/D"))
    assert (reproduced.ours, reproduced.verdict) == (3, "holds")
    turned = next(r for name, r in found.items() if name.startswith("D′ explains"))
    assert (turned.paper_value, turned.ours) == ("0.9913 against 0.8259", "0.8781 against 0.9603")
    assert turned.verdict == "does not hold"
    tokens = found["tokens of MovieLens-1M at length 200"]
    assert tokens.ours == 661_028


def test_every_row_can_be_shown_and_links_to_a_page(rows):
    assert len(rows) >= 12
    assert len({(r.paper, r.claim) for r in rows}) == len(rows)
    assert {r.chapter for r in rows} <= set(pages(Layout()))
    shown = report_card.shown(rows)
    assert "[" in shown.loc[0, "we find"]
    page = report_card.html(rows)
    assert page.count("<tr data-verdict=") == len(rows)
    assert page.count('scope="row"') == len(rows)
    counted = shown["claim"].str.startswith("R² of fitted 1/D")
    assert shown.loc[counted, ["source", "printed", "we find"]].to_numpy().tolist() == [["successor", "", "3 of 3"]]
    assert set(shown.loc[shown["paper"] == "Performance Law", "source"]) <= set(report_card.SOURCES[1:])
    assert report_card.number(1058511.0) == "1,058,511"
    assert report_card.number(0.00070695) == "0.000707"


def test_figures_show_every_row(rows):
    table = report_card.table(rows)
    counted = figures.counts(table)
    assert counted["claims"].sum() == sum(not row.check for row in rows) < len(rows)
    assert report_card.sizes(rows) in report_card.html(rows)
    base.show(figures.verdicts(counted), points=len(counted))
    ratios = figures.comparable(table)
    assert not ratios["claim"].str.endswith(report_card.COUNTED).any(), "the number of cases is ours"
    base.show(figures.forest(ratios), points=len(ratios))
    assert (ratios["ratio"] > 0).all()
    assert bool(ratios.set_index("claim").loc["law, exponent (printed with a plus)", "sign_differs"])
    labels = [figures._label(text) for text in ratios["claim"]]
    assert all(len(label) <= 22 for label in labels)
    assert len(set(labels)) == len(labels)
    assert set(labels) <= set(figures.LABELS.values()), "a claim was reworded and its label lost"
    inside = ratios.dropna(subset=["ratio_low"])
    assert (inside["ratio_low"] <= inside["ratio_high"]).all()


def test_leads_public_ranks_and_forecast_are_those_of_the_tables():
    leads = published_claims.wukong_leads()
    sizes = published_claims.wukong_sizes(1)
    assert published_claims.bend(sizes) == pytest.approx(0.034, abs=0.001)
    straight = sizes.assign(y=np.log(sizes["gflop"]) + 1e-3 * np.array([1, -1, 0, 2, 0, -1, -1]))
    assert published_claims.bend(straight) > 0.2
    assert len(leads) == 58
    assert leads["lead"].min() == pytest.approx(0.2302, abs=1e-4)
    ranks = published_claims.public_ranks()
    assert (ranks["auc_rank"] == 1).all()
    assert (ranks["margin"].abs() < 5e-5).sum() == 2
    errors = published_claims.forecast(published_claims.wukong_sizes(1), 2)["rmse"]
    assert errors["power-law"] > errors["no further gain"] > errors["power-law-floor"]


def test_gallery_recovers_the_truth_and_shows_the_trap():
    exact = gallery.chinchilla_points((6, 5), 0.0, 0)
    fit = laws.fit("chinchilla", exact[["N", "D"]], exact["loss"])
    assert gallery.recovered(fit, gallery.CHINCHILLA)["relative error"].abs().max() < 1e-6
    points = gallery.chinchilla_points((12, 10), 0.003, 0)
    best = laws.fit("chinchilla", points[["N", "D"]], points["loss"], loss="huber")
    table = gallery.early_stopping(points, (1 / len(points), 1e4), best).set_index(["factor", "start"])
    assert (table["objective"] > 1 - 1e-6).all(), "nothing is better than the optimum"
    mean = table.loc[1 / len(points)]
    assert mean["converged"].all()
    assert (mean["objective"] > 2).all(), "the trap: reported as converged, far from the optimum"
    assert table.loc[1e4]["objective"].min() == pytest.approx(1, abs=1e-6), "avoided by scaling"


def test_the_data_term_of_one_panel_is_one_constant():
    panel = published.panels()["HR@10", "ml-1m", 100]
    ends = gallery.data_term_starts(panel, 32, (0.03, 0.1, 0.5, 5.0, 20.0, 200.0))
    # Which starts end at the optimum and which beside it differs between processors.
    ends = ends[ends["r2"] > ends["r2"].max() - 1e-6]
    assert len(ends) >= 2
    assert ends["r2"].max() == pytest.approx(0.898712, abs=1e-6)
    assert ends["constant"].max() == pytest.approx(ends["constant"].min(), abs=1e-6)
    assert ends["D"].max() / ends["D"].min() > 10


def test_wilson_holds_the_share_and_narrows():
    low, high = gallery.wilson(np.array([0.95]), 100)
    wide = high - low
    assert low < 0.95 < high <= 1
    low, high = gallery.wilson(np.array([0.95]), 10_000)
    assert (high - low) < wide / 5


def test_profiles_are_named():
    with pytest.raises(ValueError, match="smoke, quick, full"):
        gallery.size("fast")


def test_one_printed_r2_of_the_law_is_the_line_s_own():
    found = published_claims.borrowed(published.panel_r2())
    assert found[published.SETTING].to_numpy().tolist() == [["HR@10", "amazon-books", 50]]
    assert found["performance_law_printed"].iloc[0] == pytest.approx(
        found["scaling_law_recomputed"].iloc[0] + 0.02, abs=1e-6
    )
    (row,) = [r for r in performance.fits(10, 0) if r.claim.startswith("R² of the law on Books")]
    assert "amazon-books 50, HR@10" in row.why


def test_round_differences_are_whole_hundredths():
    table = pd.DataFrame(
        {
            "metric": "HR@10",
            "dataset": "x",
            "max_length": 1,
            **{f"{law}_{k}": [0.5, 0.5] for law in ("performance_law",) for k in ("printed", "nearest")},
            "performance_law_difference": 0.0,
            "scaling_law_printed": [0.5, 0.5],
            "scaling_law_recomputed": [0.55, 0.5123],
            "scaling_law_difference": [0.05, 0.0123],
        }
    )
    assert published_claims.round_differences(table)["round"].tolist() == [True, False]
