"""The measured law: planted truths come out in words, and what noise can explain is not called anything."""

import json

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import ctr_curves as full
from recscale.analysis import ctr_exponents as exponents
from recscale.analysis import ctr_rivals as leads
from recscale.analysis import ctr_scaling as law
from recscale.analysis.ctr_learning_rates import Caveats
from recscale.plans import ctr as plans_ctr
from recscale.runs import COLUMNS, load_results

SIZE = "training_flop_per_example"
OFFSET = {"wukong": 0.0, "dlrm": 0.5, "dcnv2": -0.5}


def power(model, flop):
    """α = 0.002 for all; rivals lie 0.5 % above, DCNv2 0.5 % below Wukong."""
    return 0.55 * flop**-0.002 * np.exp(OFFSET.get(model, 0.5) / 100)


def steep(model, flop):
    return 0.55 * flop ** -(0.01 if model == "wukong" else 0.002 if model == "dlrm" else 0.02)


@pytest.fixture
def none():
    return pd.DataFrame(columns=list(COLUMNS))


def one(ctr_runs, loss=power, **options):
    return full.curves(ctr_runs.scaling(loss, **options), "movielens-1m")


def test_the_planted_exponent_is_recovered_and_put_into_words(ctr_runs):
    runs = one(ctr_runs)
    fit = law.fit_law(runs, SIZE, 2)
    assert fit.parameters["α"] == pytest.approx(0.002, rel=1e-2)
    words = law.exponent_words(fit)
    assert "falls with size" in words
    assert "0.00071 lies below the interval" in words
    assert "too few sizes" in law.exponent_words(None)


def test_the_law_in_pf_days_has_the_exponent_of_compute(ctr_runs):
    runs = one(ctr_runs)
    assert runs["pf_days"].tolist() == pytest.approx((runs["training_flop"] / 8.64e19).tolist())
    assert law.fit_law(runs, "pf_days", 0).parameters["α"] == pytest.approx(
        law.fit_law(runs, SIZE, 0).parameters["α"], rel=1e-6
    )


def test_the_best_form_is_named_only_where_every_criterion_agrees(ctr_runs):
    floor = one(ctr_runs, lambda model, flop: 0.5 + 40 * flop**-0.6)
    noise, least = law.noise_of(floor)
    assert noise < 1e-5, "what a seed shares is taken out"
    assert law.best_form(law.compare_forms(floor, SIZE, 2), least) == "power-law-floor"
    assert "a floor describes the data best" in law.form_words(law.compare_forms(floor, SIZE, 2), least)
    tie = law.compare_forms(one(ctr_runs, noise=1e-4), SIZE, 2)
    assert law.best_form(tie, least) is None
    assert law.form_words(tie, least).startswith("It can't be told which form")
    assert "too few sizes" in law.form_words(pd.DataFrame(), np.nan)


def test_a_rival_that_leads_is_named_and_a_lead_is_measured(ctr_runs):
    runs = one(ctr_runs)
    table = leads.standings(runs)
    assert table.loc["dlrm", "lead, %"] == pytest.approx(0.5, abs=0.01)
    assert table["who leads"].to_dict() == {m: "dcnv2" if m == "dcnv2" else "Wukong" for m in table.index}
    words = leads.lead_words(runs)
    assert "Wukong is beaten at equal compute by DCNv2." in words
    assert words.startswith("Wukong leads DLRM, AutoInt+")
    assert "behind at 6" in leads.size_words(runs)
    assert "An offset explains a lead there" in leads.kind_words(one(ctr_runs, noise=1e-3))
    untuned = Caveats(frozenset({"autoint+"}), frozenset({"dlrm"}), {"dcnv2": 0.6, "dlrm": 1.1})
    assert "the tables' rate of AutoInt+ was not searched" in leads.lead_words(runs, untuned)
    assert "it brought 0.6 to 1.1 % of the loss" in leads.lead_words(runs, untuned)
    assert "rates that was never tried there: DLRM." in leads.stop_words(runs, untuned)


def test_differences_at_the_level_of_noise_are_not_called_leads(ctr_runs):
    calm, named = {"not known"}, []
    for draw in range(1, 41):
        runs = one(ctr_runs, lambda model, flop: 0.5, noise=2e-3, seeds=(0, 1), draw=draw)
        named += [set(leads.standings(runs)[column]) - calm for column in ("who leads", "who is steeper")]
    assert sum(map(bool, named)) <= 8  # of 80 families, each wrong with at most 5 %
    assert leads.lead_words(runs).startswith("The noise of seeds leaves open who leads")
    assert "ahead beyond the noise at 0 and behind at 0" in leads.size_words(runs)
    assert "No slope can be told from Wukong's" in leads.kind_words(runs)


def test_what_a_seed_shares_is_not_taken_for_noise(ctr_runs):
    runs = one(ctr_runs, shared=0.05)
    assert leads.judge(runs).contrasts.noise < 1e-5
    assert leads.standings(runs).loc["dlrm", "who leads"] == "Wukong"


def test_steeper_and_flatter_rivals_are_told_from_wukong(ctr_runs):
    runs = one(ctr_runs, steep)
    words = leads.kind_words(runs)
    assert "Wukong is steeper than DLRM: with compute" in words
    assert "Steeper than Wukong: AutoInt+, DCNv2" in words
    assert leads.steeper(runs)["dlrm"].value == pytest.approx(100 * (10**-0.01 - 10**-0.002), rel=0.05)


def test_rivals_that_stop_are_told_from_those_that_improve(ctr_runs):
    def truth(model, flop):
        return 0.5 if model == "dlrm" else 0.55 * flop**-0.01

    table = leads.stops(leads.judge(one(ctr_runs, truth)))
    assert table["says"].to_dict() == {m: "stops" if m == "dlrm" else "improves" for m in table.index}
    assert "No further gain at the largest size: DLRM." in leads.stop_words(one(ctr_runs, truth))
    assert leads.stop_words(one(ctr_runs, truth)).endswith("it still improves.")
    flat = leads.stop_words(one(ctr_runs, lambda model, flop: 0.5 * max(flop, 1e6) ** 0.01))
    assert flat.endswith("it stops too.")
    assert "still gains is left open by the noise" in leads.stop_words(one(ctr_runs, truth, noise=0.3, seeds=(0, 1)))


def test_progress_counts_curves_seeds_and_diverged_runs(ctr_runs):
    table = ctr_runs.scaling(power, seeds=(0,))
    table.loc[0, "diverged"] = True
    assert full.planned()["runs"].sum() == 143
    found = full.progress(table).set_index(["dataset", "split", "model"])
    assert found.loc[("movielens-1m", "random", "wukong"), ["in", "sizes in", "diverged"]].tolist() == [12, 12, 1]
    words = full.progress_words(table)
    assert "the same seed" in words
    assert "1 diverged and is left out" in words


def test_the_second_task_has_its_own_columns_and_wrong_choices_are_said(ctr_runs):
    table = ctr_runs.scaling(power)
    first, second = (full.curves(table, "kuairand-pure", task=task) for task in (1, 2))
    assert (second["test_logloss"] / first["test_logloss"]).to_numpy() == pytest.approx(0.8)
    assert set(full.curves(table, "movielens-1m", seeds=[1])["seed"]) == {1}
    with pytest.raises(ValueError, match="movielens-1m has no task 2; it has 1 task: rating of 4 or 5"):
        full.curves(table, "movielens-1m", task=2)
    with pytest.raises(ValueError, match="no time split of kuairand-pure; it has official"):
        full.curves(table, "kuairand-pure", "time")
    with pytest.raises(ValueError, match="no data set 'frappe'"):
        full.split_of("frappe", "main")


def test_the_plan_counted_without_data_is_the_plan(ctr_runs):
    parts = full.planned().groupby(["dataset", "split", "model"])["sizes"].sum()
    wanted = {(*key, model): n for key, models in ctr_runs.CURVES.items() for model, n in models.items()}
    assert parts.to_dict() == wanted
    assert len(plans_ctr.scaling_parts()) == len(full.planned())


def test_a_seed_counts_once_it_is_whole(ctr_runs):
    table = ctr_runs.scaling(power, seeds=(0, 1))
    half = table[(table["seed"] == 0) | (table["training_flop_per_example"] < 1e6)]
    assert set(full.curves(half, "movielens-1m")["seed"]) == {0}
    assert set(full.curves(table, "movielens-1m")["seed"]) == {0, 1}


def test_the_price_of_a_gain_by_the_law(ctr_runs):
    fit = law.fit_law(one(ctr_runs, noise=0), SIZE, 0)
    assert law.factor_words(fit, 0.2).startswith("2.72 times the size")
    flat = law.fit_law(one(ctr_runs, lambda m, f: 0.5, noise=1e-3), SIZE, 0)
    assert "without limit" in law.factor_words(flat, 0.2)
    assert "no growth" in law.factor_words(law.fit_law(one(ctr_runs, lambda m, f: 0.5 * f**0.01), SIZE, 0), 0.2)


def test_a_promise_whose_verdict_hangs_by_how_many_sizes_are_held_out_says_so(ctr_runs):
    sizes = sorted(one(ctr_runs).query("model == 'wukong'")[SIZE].unique())

    def truth(model, flop):
        return power(model, flop) * (1.01 if flop > 0.99 * sizes[-1] else 0.99 if flop > 0.99 * sizes[-2] else 1.0)

    runs = one(ctr_runs, truth, noise=2e-4)
    words = law.kept_words(runs, SIZE, 2)
    assert ": the law can't be faulted; with 1" in words
    assert words.endswith("held out the answer is another.")


def test_the_end_of_the_curve_is_in_the_short_answer(ctr_runs):
    stops = one(ctr_runs, lambda model, flop: 0.55 * min(flop, 5e6) ** -0.01)
    words = law.short_words("A", law.fit_law(stops, SIZE, 0), law.fit_law(stops, SIZE, 2), law.noise_of(stops)[1])
    assert "falls with size" in words
    assert words.endswith("fitted without them, the law predicts the held-out sizes worse than 'no further gain' does.")
    assert "can't be said yet" in law.short_words("A", None, None, np.nan)
    assert "of which" in law.noise_words(stops)


def test_predictions_are_told_beside_both_baselines(ctr_runs):
    runs = one(ctr_runs)
    words = law.prediction_words(law.fit_law(runs, SIZE, 2), law.noise_of(runs)[1])
    assert "'no further gain' by 0.00" in words
    assert words.endswith("So the law predicts the held-out sizes better than 'no further gain' does.")
    assert "too few sizes" in law.prediction_words(None, np.nan)


@pytest.mark.parametrize(
    ("kink", "said"), [(0.0, ": the law can't be faulted."), (0.01, ": the law was too optimistic.")]
)
def test_a_promise_that_was_not_kept_is_told_from_one_that_was(ctr_runs, kink, said):
    def truth(model, flop):
        return power(model, flop) * (1 + kink * (flop > 1e7))

    runs = one(ctr_runs, truth, noise=1e-4)
    assert law.kept_words(runs, SIZE, 2).endswith(said)
    assert "single seeds" in law.kept_words(runs[runs["seed"] == runs["seed"].iloc[0]], SIZE, 2)
    assert "too few sizes" in law.kept_words(runs, SIZE, 0)


def test_a_law_may_be_too_optimistic_and_yet_not_known_to_lose_to_no_further_gain(ctr_runs):
    """Two questions, whose answers don't contradict each other on the page."""
    runs = one(ctr_runs, lambda model, flop: power(model, flop) * (1 + 0.004 * (flop > 1e7)), noise=2e-3)
    words = law.prediction_words(law.fit_law(runs, SIZE, 2), law.noise_of(runs)[1])
    assert "can't be told apart" not in words
    assert "seeds could explain why" in words


def test_the_ladder_shows_what_changes_from_size_to_size(ctr_runs):
    runs = one(ctr_runs)
    recipes = [json.loads(config) for config in runs["config"]]
    rates = [{**recipe, "training": {**recipe["training"], "dense_learning_rate": 0.001}} for recipe in recipes]
    runs = runs.assign(config=[json.dumps(recipe) for recipe in rates])
    table = full.ladder(runs)
    own = runs[runs["model"] == "wukong"]
    assert len(table) == own[SIZE].nunique()
    assert table["seeds"].sum() == len(own)
    means = own.groupby(SIZE)["test_logloss"].mean()
    assert table["log-loss on test"].to_numpy() == pytest.approx(means.to_numpy())
    assert set(full.KNOBS.values()) <= set(table.columns)


def test_the_upper_half_has_a_slope_of_its_own(ctr_runs):
    """A curve that falls and then stops: its whole exponent is above 0, that of its larger half isn't."""
    runs = one(ctr_runs, lambda model, flop: 0.55 * min(flop, 5e5) ** -0.01, noise=1e-4)
    upper = full.upper_half(runs, SIZE)
    sizes = sorted(runs.loc[runs["model"] == "wukong", SIZE].unique())
    assert sorted(upper[SIZE].unique()) == sizes[-(len(sizes) // 2) :]
    found = exponents.exponents({"all": runs, "upper": upper}, SIZE)
    assert found.loc["all", "low"] > 0 > found.loc["upper", "low"]


def test_the_committed_ladder_is_the_one_the_page_describes():
    """Twelve sizes; l ends at 4, the MLP deepens at the last two, which share a rate; the best mean is the ninth."""
    table = full.ladder(full.curves(load_results(full.NAME), "movielens-1m", "main", 1, [0, 1, 2]))
    assert table["l"].tolist() == [1, 2, *[4] * 10]
    assert table["MLP layers"].tolist() == [1] * 10 + [2] * 2
    assert table["dense rate"].iloc[-1] == table["dense rate"].iloc[-2]
    assert table["log-loss on test"].argmin() == 8
    assert table["log-loss on test"].min() == pytest.approx(0.52834, abs=5e-6)


def test_the_curve_and_its_scale_are_named(ctr_runs):
    assert full.where_words("kuairand-pure", "main", 2) == "KuaiRand-Pure, official split, task long_view"
    assert full.where_words("movielens-1m", "time") == "MovieLens-1M, time split"
    assert "40 MFLOP per example, the paper's smallest 530" in full.scale_words(ctr_runs.scaling(power))


def test_runs_that_end_as_a_constant_are_counted():
    entropy = {"wukong": 0.9, "dlrm": 0.9995, "dcnv2": 1.02}
    table = pd.DataFrame(
        {"dataset": "kuairand-pure", "model": list(entropy), "test_normalized_entropy": list(entropy.values())}
    )
    words = full.constant_words(table, "kuairand-pure")
    assert words == "2 of 3 runs on KuaiRand-Pure end at the loss of a constant (DLRM, DCNv2)."
    assert full.constant_words(table[:1], "kuairand-pure").startswith("No run on KuaiRand-Pure ends")
    assert full.constant_words(table, "movielens-1m") == "No run on MovieLens-1M is in yet."


def test_one_seed_leads_nowhere(ctr_runs):
    runs = one(ctr_runs, seeds=(0,))
    assert set(leads.standings(runs)["who leads"]) == {"not known"}
    assert leads.lead_words(runs).startswith("Lower loss than Wukong's, on average over their sizes: DCNv2.")
    assert "single seeds" in leads.stop_words(runs)
    assert "second seed" in leads.size_words(runs)
    assert "single seeds the noise is unknown" in exponents.range_words(exponents.exponents({"a": runs}, SIZE), "a")


def test_an_empty_table_is_said_and_not_an_error(none):
    runs = full.curves(none, "movielens-1m")
    assert runs.empty
    assert leads.judge(runs) is None
    assert not law.can_fit(runs, 2)
    assert exponents.exponents({"a": runs}, SIZE).empty
    for words in (leads.lead_words, leads.size_words, leads.kind_words, leads.stop_words):
        assert words(runs)
    assert full.progress_words(none).startswith("Of 143 planned runs none are in")
