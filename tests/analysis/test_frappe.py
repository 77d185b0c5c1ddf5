"""Our AUCs beside published ones: exact where the table is made by hand, and nothing said that the runs don't bear."""

import json

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import frappe as quality
from recscale.claims import card as report_card
from recscale.claims import frappe as report_card_quality
from recscale.datasets.cards import find_card
from recscale.figures import quality as figures
from recscale.figures import show
from recscale.plans.ctr import FRAPPE_WUKONG
from recscale.runs import COLUMNS, load_results, save_results

MIRROR = next(s for s in find_card("frappe").sources if s.name.startswith("mirror")).files[0].sha256
MATCHED = quality.printed()["benchmark"].fillna(0.9868)


def runs(means=MATCHED, seeds=(0, 1, 2), noise=1e-4, checksum=MIRROR, dataset="frappe") -> pd.DataFrame:
    """A results table in which the seeds of a model lie ``noise`` apart around its mean."""
    rows = [
        {
            "dataset": dataset,
            "split": "official",
            "model": model,
            "config": json.dumps(
                {"model": {"model": model}, "training": {"embedding": {"width": 128 if model == "wukong" else 10}}}
            ),
            "seed": seed,
            "dense_parameters": 1,
            "embedding_parameters": 1,
            "training_flop_per_example": 1,
            "test_auc": mean + noise * (place - (len(seeds) - 1) / 2),
            "test_logloss": 1 - mean + noise * (place - (len(seeds) - 1) / 2),
            "diverged": False,
            "data_checksum": checksum,
        }
        for model, mean in dict(means).items()
        for place, seed in enumerate(seeds)
    ]
    return pd.DataFrame(rows)


NONE = pd.DataFrame(columns=list(COLUMNS))


def test_every_model_has_its_printed_figures_and_wukong_none_of_the_benchmark():
    table = quality.printed()
    assert table["paper"].notna().all()
    assert table.index[table["benchmark"].isna()].tolist() == ["wukong"]
    assert table.loc["dcnv2", ["benchmark", "paper"]].tolist() == [0.9845, 0.9774]
    assert quality.plain_mlp() == 0.9833


def test_wukong_on_frappe_is_the_best_setting_tried():
    tried, chosen = quality.tried().reset_index(), FRAPPE_WUKONG
    best = tried.loc[tried["AUC on valid"].idxmax()]
    assert (best["d"], best["λ"]) == (chosen.width, chosen.embedding_l2)
    assert (best["l"], best["dropout"]) == (chosen.config.l, chosen.config.dropout)


def test_means_intervals_and_differences_are_those_of_the_seeds():
    table = quality.comparison(runs(noise=0.001))
    assert table["seeds"].tolist() == [3] * 8
    assert table["auc"].to_numpy() == pytest.approx(MATCHED.to_numpy())
    assert table["±"].to_numpy() == pytest.approx(4.302653 * 0.001 / 3**0.5)
    assert table["difference"].abs().max() < 1e-12
    # The published figure is one run, so that it moves as one of ours does.
    assert table["apart"].to_numpy() == pytest.approx(4.302653 * 0.001 * (1 + 1 / 3) ** 0.5)
    assert set(table["verdict"]) == {"within 0.001; level within the seeds"}


@pytest.mark.parametrize(
    ("difference", "half", "words"),
    [
        (0.0005, 0.0001, "within 0.001; beats it"),
        (0.001, 0.002, "within 0.001; level within the seeds"),
        (-0.003, 0.001, "not within 0.001; falls short of it"),
        (-0.003, 0.004, "not within 0.001; level within the seeds"),
        (0.002, 0.001, "not within 0.001; beats it"),
        (0.00004, 0.0, "within 0.001; level within the seeds"),
        (-0.002, np.nan, "not within 0.001; one seed, no interval"),
        (np.nan, np.nan, "no runs"),
    ],
)
def test_verdicts_in_words(difference, half, words):
    assert quality.verdict(difference, half) == words


def test_diverged_runs_other_data_and_other_splits_do_not_count():
    table = runs(seeds=(0, 1, 2, 3))
    table.loc[table["seed"] == 3, "diverged"] = True
    table.loc[table["seed"] == 2, "dataset"] = "movielens-100k"
    table.loc[table["seed"] == 1, "split"] = "random"
    assert quality.comparison(table)["seeds"].tolist() == [1] * 8


@pytest.mark.parametrize(
    ("wukong", "noise", "words"),
    [
        (0.9880, 1e-4, "best of 8, 0.0019 ahead of FinalMLP, more than the 0.0002 that seeds explain"),
        (0.9862, 1e-3, "best of 8, 0.0001 ahead of FinalMLP, no more than the 0.0017 that seeds explain"),
        (0.9842, 1e-4, "number 5 of 8, 0.0019 behind FinalMLP, more than the 0.0002 that seeds explain"),
    ],
)
def test_the_standing_of_wukong_is_told_with_the_noise_of_seeds(wukong, noise, words):
    place = quality.standing(runs({**MATCHED, "wukong": wukong}, noise=noise))
    assert str(place) == words


def test_one_seed_tells_no_standing_apart_and_one_model_has_none():
    place = quality.standing(runs({"wukong": 0.98, "dlrm": 0.97}, seeds=(0,), dataset="movielens-100k"))
    assert str(place) == "best of 2, 0.0100 ahead of DLRM, and one seed a model doesn't say whether that is noise"
    assert not place.told_apart
    assert quality.standing(runs({"wukong": 0.98})) is None
    assert quality.standing(runs({"dlrm": 0.98})) is None


def test_sentences_read_right_from_no_run_to_all():
    assert "holds no runs of the study" in quality.in_words(NONE)
    some = quality.in_words(runs({"wukong": 0.9868, "dlrm": 0.98}, seeds=(0,)))
    assert "0 of 1 rivals end within 0.001" in some
    assert "Wukong reaches 0.9868 (from one seed), the paper has 0.9868: within 0.001; one seed, no interval." in some
    assert "Without runs so far: DCNv2, AutoInt+, FinalMLP, MaskNet, AFN+, xDeepFM. The item of each training" in some
    without = quality.in_words(runs({"dlrm": 0.984}))
    assert without.startswith("1 of 1 rivals end within")
    assert "Wukong reaches" not in without
    whole = quality.in_words(runs())
    assert "7 of 7 rivals" in whole
    assert "It is best of 8" in whole
    assert "Without" not in whole
    assert whole.endswith(quality.caveat(runs()))


def test_redrawn_negatives_are_said_for_the_mirror_and_only_on_frappe():
    assert "negative is redrawn" in quality.caveat(runs())
    assert quality.caveat(runs(checksum="another")) == "Trained on the official files."
    assert quality.caveat(runs(dataset="movielens-100k")) == ""
    assert quality.caveat(NONE) == ""


def test_a_reader_sees_four_decimals_the_caveat_and_blanks():
    table = quality.shown(runs(MATCHED.drop("afn+")))
    assert table.columns[1] == "here, negatives redrawn"
    assert table.loc["DLRM", ["here, negatives redrawn", "difference"]].tolist() == ["0.9840", "+0.0000"]
    assert table.loc["Wukong", "benchmark"] == table.loc["AFN+", "±"] == table.loc["AFN+", "difference"] == ""
    assert quality.shown(NONE).columns[1] == "here"


def test_live_runs_are_told_with_the_caveat_only_where_it_applies():
    two = {"wukong": 0.98, "dlrm": 0.97}
    assert quality.live_words(runs(two, dataset="movielens-100k")).endswith("that seeds explain.")
    assert quality.live_words(runs(two)).endswith(quality.caveat(runs()))
    assert quality.live_words(runs({"dlrm": 0.97}, dataset="set")) == "There is nothing to compare here."


def test_the_papers_rivals_beside_the_benchmarks():
    table = quality.baselines()
    assert len(table) == 7
    assert table.index[table["weaker"]].tolist() == ["dcnv2", "autoint+", "masknet", "afn+", "xdeepfm"]
    assert table["difference"].min() == -0.0071
    reduced = quality.reduced()
    assert reduced.loc["DCNv2"].tolist() == ["CrossNetV2", 0.9729, 0.9774, 0.9845]
    assert set(reduced["part"]) == {"CrossNetV2", "AutoInt", "CIN"}


def test_counted_parameters_are_the_printed_ones_but_for_afn():
    table = quality.parameter_counts()
    assert (table["benchmark's log"] == table["bars preset"]).all()
    assert table.index[table["Table 3"] != table["paper preset"]].tolist() == ["AFN+"]
    printed, ours = quality.wukong_counts()
    assert printed == 7_769_589
    assert ours > 1e5


def test_the_baselines_row_is_counted_from_published_numbers():
    (row,) = report_card_quality.published_baselines(0, 0)
    assert (row.paper_value, row.ours, row.verdict) == (7, 2, "does not hold")
    assert row.why.endswith("the weakest, DCNv2, is 0.0071 below")
    assert report_card_quality.paper_place() == "0.9868 (FinalMLP 0.9868)"


def test_no_rows_before_every_model_has_an_interval(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    assert report_card_quality.frappe(0, 0) == []
    for table in (runs(seeds=(0,)), runs({"wukong": 0.9868, "dlrm": 0.984})):
        save_results(table, "frappe-quality")
        assert report_card_quality.frappe(0, 0) == []
    save_results(runs().assign(run_id="a"), "frappe-quality")
    assert len(report_card_quality.frappe(0, 0)) == 4


def verdicts(**changes) -> list[str]:
    rows = report_card_quality.frappe_claims(runs({**MATCHED, **changes}))
    assert all("negative is redrawn" in row.why for row in rows)
    assert len(report_card.shown(tuple(rows))) == 4
    return [row.verdict for row in rows if "log-loss" not in row.claim]


def test_verdicts_on_frappe_follow_the_seeds():
    assert verdicts(wukong=0.9880) == ["holds", "holds", "holds"]
    assert verdicts(wukong=0.9868) == ["can't be known", "holds", "holds"]
    assert verdicts(wukong=0.9861) == ["does not hold", "can't be known", "holds"]
    assert verdicts(wukong=0.9840, dlrm=0.98) == ["does not hold", "does not hold", "holds in part"]


def test_log_loss_ranks_apart_from_auc():
    """The best by AUC may be nearly the last by log-loss; one bad seed shows."""
    table = runs({**MATCHED, "wukong": 0.9880})
    own = table["model"] == "wukong"
    table.loc[own, "test_logloss"] = [0.160, 0.162, 0.219]
    found = quality.losses(table)
    assert found.index[0] == "Wukong"
    assert found.loc["Wukong", ["place by AUC", "place by log-loss", "d"]].tolist() == [1, 8, 128]
    assert found.loc["Wukong", "log-loss"] == pytest.approx((0.160 + 0.162 + 0.219) / 3)
    assert found.loc["Wukong", "worst seed"] == 0.219
    assert found.loc["Wukong", "paper"] == 0.1757
    assert found.loc["DLRM", ["benchmark", "paper"]].tolist() == [0.1444, 0.1465]
    (row,) = [row for row in report_card_quality.frappe_claims(table) if "log-loss" in row.claim]
    assert (row.paper_value, row.verdict) == (0.1757, "can't be known")
    assert "number 8 of 8 by log-loss, in the paper's column number 5" in row.why
    table.loc[own, "test_logloss"] = [0.30, 0.3001, 0.2999]
    (row,) = [row for row in report_card_quality.frappe_claims(table) if "log-loss" in row.claim]
    assert row.verdict == "does not hold"
    assert quality.losses(NONE)["log-loss"].isna().all()


def test_the_committed_log_losses_put_wukong_seventh():
    own = quality.losses(load_results("frappe-quality")).loc["Wukong"]
    assert own[["place by AUC", "place by log-loss"]].tolist() == [1, 7]
    assert own["log-loss"] == pytest.approx(0.1806, abs=5e-5)
    assert own["worst seed"] == pytest.approx(0.2191, abs=5e-5)


def test_the_card_holds_the_row_and_every_claim_has_its_label():
    from recscale.figures.report_card import LABELS, comparable

    rows = (*report_card_quality.published_baselines(0, 0), *report_card_quality.frappe_claims(runs()))
    for claim in comparable(report_card.table(rows))["claim"]:
        assert any(claim.startswith(start) for start in LABELS), claim
    assert report_card_quality.frappe in report_card._sources()
    assert report_card_quality.published_baselines in report_card._sources()


def test_the_dot_plot_draws_every_figure_with_and_without_runs():
    for table, count in ((NONE, 15), (runs(), 23), (runs({"wukong": 0.98}, seeds=(0,)), 16)):
        compared = quality.comparison(table)
        assert figures.marks(compared) == count
        fig = figures.frappe_figure(compared, quality.plain_mlp(), quality.own_label(table))
        assert show(fig, points=count).points == count
    assert fig.data[0].name == "here, negatives redrawn"
    assert list(fig.layout.yaxis.categoryarray)[-1] == "Wukong"


def test_a_trial_of_afn_is_no_preset_and_is_told_beside_its_seed():
    measured = runs()
    trial = measured.query("model == 'afn+' and seed == 0").assign(
        config='{"model": {"xavier_exponents": true}, "training": {"embedding": {}}}', test_auc=0.5
    )
    both = pd.concat([measured, trial], ignore_index=True)
    pd.testing.assert_frame_equal(quality.comparison(both), quality.comparison(measured))
    own = measured.query("model == 'afn+' and seed == 0")["test_auc"].iloc[0]
    assert f"reaches 0.5000, the same seed with ours {own:.4f}" in quality.afn_words(both)
    assert "isn't tested" in quality.afn_words(measured)
    assert "isn't tested" in quality.afn_words(NONE)
