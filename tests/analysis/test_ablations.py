"""Ablations: variants named from their recipes, effects with honest intervals, seeds and false alarms counted."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import ablations
from recscale.plans import ctr as plans_ctr
from recscale.plans import plan_study
from recscale.runs.table import healthy, run_table

PAPER_KNOBS = {"l": -0.10, "mlp_width": -0.09, "k": -0.04, "n_F": -0.05, "n_L": 0.0, "k, n_F, n_L": -0.08}


def test_names_come_from_the_recipes_whatever_their_order(ctr_runs):
    study = ablations.compare_variants(ctr_runs.variants(ctr_runs.KNOBS, {}))
    assert study.table.index.tolist() == ["base", "2 × l", "2 × n_F", "2 × n_L", "2 × k", "2 × MLP", "2 × k, n_F, n_L"]
    shuffled = ctr_runs.variants(ctr_runs.COMPONENTS, {}).sample(frac=1, random_state=1)
    assert set(ablations.compare_variants(shuffled).table.index) == {
        "base",
        "no FMB",
        "no LCB",
        "no residual",
        "no LCB, no residual",
        "attentive Y",
        "2 embeddings: user, item",
    }


@pytest.mark.parametrize("name", ["wukong-knobs", "wukong-components"])
@pytest.mark.parametrize("profile", ["smoke", "quick"])
def test_every_planned_variant_has_a_name_of_its_own(name, profile):
    plan = plan_study(name, profile, dataset="synthetic-ctr", seeds=(0,))
    recipes = [{**dataclasses.asdict(run.model), "units": run.training.embedding.units} for run in plan.runs]
    base = ablations.base_of(recipes)
    assert base == recipes[0], "the plan begins with its base"
    names = [ablations.named(ablations.changed(base, recipe)) for recipe in recipes]
    assert len(set(names)) == len(names) == 7
    assert max(map(len, names)) < 34


def test_the_base_of_the_full_study_is_recognised_too():
    base = plans_ctr.CTR_SCALES.full.middle
    doubled = dataclasses.replace(base, n_F=2 * base.n_F, n_L=2 * base.n_L, k=2 * base.k)
    recipes = [dataclasses.asdict(config) | {"units": ()} for config in (doubled, base)]
    assert ablations.base_of(recipes) == recipes[1]
    assert ablations.named(ablations.changed(recipes[1], recipes[0])) == "2 × k, n_F, n_L"


def test_effects_are_those_put_in_though_seeds_move_everything_more(ctr_runs):
    study = ablations.compare_variants(ctr_runs.variants(ctr_runs.KNOBS, PAPER_KNOBS, shared=0.02))
    relative = study.table.set_index("changed")["relative"].drop("")
    assert relative.to_dict() == pytest.approx(PAPER_KNOBS, abs=0.005)
    table = study.table.iloc[1:]
    assert ((table["ci_low"] <= table["relative"]) & (table["relative"] <= table["ci_high"])).all()
    assert study.least_significant_difference < 0.01
    assert study.unpaired_sd > 100 * study.contrasts.noise
    assert study.table.loc["base", "relative"] == 0
    assert study.table.loc["base", "flop_ratio"] == 1


def test_a_seed_of_all_variants_costs_their_wall_time(ctr_runs):
    runs = ctr_runs.variants(ctr_runs.KNOBS, {})
    assert ablations.compare_variants(runs).core_hours_per_seed == pytest.approx(7 / 3600)
    doubled = runs.assign(threads=2)
    assert ablations.compare_variants(doubled).core_hours_per_seed == pytest.approx(14 / 3600)


def test_one_seed_gives_numbers_without_intervals(ctr_runs):
    study = ablations.compare_variants(ctr_runs.variants(ctr_runs.KNOBS, PAPER_KNOBS, seeds=(0,)))
    assert study.table.loc["2 × l", "relative"] == pytest.approx(-0.10, abs=0.01)
    assert study.table[["ci_low", "ci_high"]].isna().all(axis=None)
    assert ablations.priced(study)["% per doubling"].isna().all()
    assert ablations.required_seeds(study, [0.1])["seeds per variant"].isna().all()


def test_without_its_base_nothing_can_be_compared(ctr_runs):
    runs = ctr_runs.variants(ctr_runs.KNOBS, PAPER_KNOBS)
    variants = runs[[json.loads(config)["model"] != ctr_runs.MODEL for config in runs["config"]]]
    for few in (runs.iloc[:1], variants):
        with pytest.raises(ValueError, match="base that the others vary"):
            ablations.compare_variants(few)


def test_several_data_sets_are_refused(ctr_runs):
    both = [ctr_runs.variants(ctr_runs.KNOBS, {}, dataset=name) for name in ("one", "other")]
    with pytest.raises(ValueError, match="these are of 2: one, random; other, random"):
        ablations.compare_variants(pd.concat(both))


def test_diverged_runs_do_not_count(ctr_runs):
    runs = ctr_runs.variants(ctr_runs.KNOBS, PAPER_KNOBS)
    runs.loc[runs.index[0], ["test_logloss", "diverged"]] = [5.0, True]
    study = ablations.compare_variants(healthy(run_table(runs)))
    assert study.table.loc["2 × l", "seeds"] == 2
    assert study.seeds == 2
    assert study.table.loc["2 × l", "relative"] == pytest.approx(PAPER_KNOBS["l"], abs=0.01)


def test_a_gain_has_a_price_only_beyond_noise(ctr_runs):
    study = ablations.compare_variants(ctr_runs.variants(ctr_runs.KNOBS, {"l": -0.1}))
    priced = ablations.priced(study)["% per doubling"]
    assert priced["2 × l"] == pytest.approx(-0.1 / np.log2(study.table.loc["2 × l", "flop_ratio"]), abs=0.02)
    noisy = ablations.compare_variants(ctr_runs.variants(ctr_runs.KNOBS, {"l": -0.1}, noise=0.01))
    assert np.isnan(ablations.priced(noisy).loc["2 × l", "% per doubling"])


def test_seeds_needed_grow_as_the_difference_shrinks(ctr_runs):
    study = ablations.compare_variants(ctr_runs.variants(ctr_runs.KNOBS, {}, noise=1e-3))
    needed = ablations.required_seeds(study, [0.3, 0.1, 0.03, 1e-6])["seeds per variant"].tolist()
    assert needed == sorted(needed)
    assert needed[2] == pytest.approx(2 * (1.96 * 100 * study.contrasts.noise / 0.03) ** 2, rel=0.05)
    assert needed[3] == np.inf


def test_one_of_many_intervals_errs_more_often_than_a_given_one(ctr_runs):
    study = ablations.compare_variants(ctr_runs.variants(ctr_runs.KNOBS, {}, noise=1e-3))
    share = ablations.false_alarms(study, draws=300)
    assert 0.01 < share["one given variant"] < 0.12
    assert share["any of them"] > 2 * share["one given variant"]
    assert share["any of them, Bonferroni"] < 0.1
