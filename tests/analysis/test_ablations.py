"""Ablations: variants named from their recipes, effects with honest intervals, statements no surer than the seeds."""

import dataclasses
import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import ablations
from recscale.claims import evidence
from recscale.plans import ctr as plans_ctr
from recscale.plans import plan_study
from recscale.runs import COLUMNS
from recscale.runs.table import healthy, run_table

PAPER_KNOBS = {"l": -0.10, "mlp_width": -0.09, "k": -0.04, "n_F": -0.05, "n_L": 0.0, "k, n_F, n_L": -0.08}
PAPER_COMPONENTS = {"fmb": 1.84, "lcb": 0.03, "residual": 0.08, "lcb, residual": 0.8}


def verdicts(claims):
    return [claim.verdict for claim in claims]


def test_names_come_from_the_recipes_whatever_their_order(ctr_runs):
    study = ablations.judge(ctr_runs.variants(ctr_runs.KNOBS, {}))
    assert study.table.index.tolist() == ["base", "2 × l", "2 × n_F", "2 × n_L", "2 × k", "2 × MLP", "2 × k, n_F, n_L"]
    shuffled = ctr_runs.variants(ctr_runs.COMPONENTS, {}).sample(frac=1, random_state=1)
    assert set(ablations.judge(shuffled).table.index) == {
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
    recipes = [{**asdict(run.model), "units": run.training.embedding.units} for run in plan.runs]
    base = ablations.base_of(recipes)
    assert base == recipes[0], "the plan begins with its base"
    names = [ablations.named(ablations.changed(base, recipe)) for recipe in recipes]
    assert len(set(names)) == len(names) == 7
    assert max(map(len, names)) < 34


def test_the_base_of_the_full_study_is_recognised_too():
    base = plans_ctr.middle("full")
    doubled = dataclasses.replace(base, n_F=2 * base.n_F, n_L=2 * base.n_L, k=2 * base.k)
    recipes = [dataclasses.asdict(config) | {"units": ()} for config in (doubled, base)]
    assert ablations.base_of(recipes) == recipes[1]
    assert ablations.named(ablations.changed(recipes[1], recipes[0])) == "2 × k, n_F, n_L"


def test_effects_are_those_put_in_though_seeds_move_everything_more(ctr_runs):
    study = ablations.judge(ctr_runs.variants(ctr_runs.KNOBS, PAPER_KNOBS, shared=0.02))
    relative = study.table.set_index("changed")["relative"].drop("")
    assert relative.to_dict() == pytest.approx(PAPER_KNOBS, abs=0.005)
    inside = (study.table["low"] <= study.table["relative"]) & (study.table["relative"] <= study.table["high"])
    assert inside.iloc[1:].all()
    assert study.least < 0.01
    assert study.table.loc["base", "relative"] == 0
    assert study.table.loc["base", "flop_ratio"] == 1


def test_the_papers_knobs_give_the_papers_verdicts(ctr_runs):
    study = ablations.judge(ctr_runs.variants(ctr_runs.KNOBS, PAPER_KNOBS))
    assert verdicts(ablations.knob_claims(study)) == ["holds"] * 4
    assert "2 hold" in evidence.tally(ablations.knob_claims(study)[:2])


def test_the_papers_components_give_the_papers_verdicts(ctr_runs):
    study = ablations.judge(ctr_runs.variants(ctr_runs.COMPONENTS, PAPER_COMPONENTS))
    assert verdicts(ablations.component_claims(study)) == ["holds", "holds"]


def test_an_effect_below_noise_is_not_called_one(ctr_runs):
    study = ablations.judge(ctr_runs.variants(ctr_runs.KNOBS, PAPER_KNOBS, seeds=(0, 1), noise=5e-3))
    claims = ablations.knob_claims(study)
    assert set(verdicts(claims)) == {"can't be known"}
    assert "its interval is at 99%, wider than a single knob's" in claims[0].why
    study = ablations.judge(ctr_runs.variants(ctr_runs.COMPONENTS, PAPER_COMPONENTS, seeds=(0, 1), noise=0.05))
    assert set(verdicts(ablations.component_claims(study))) == {"can't be known"}


def test_the_opposite_of_the_paper_does_not_hold(ctr_runs):
    opposite = {name: -value for name, value in PAPER_KNOBS.items()} | {"n_L": -0.1}
    study = ablations.judge(ctr_runs.variants(ctr_runs.KNOBS, opposite))
    assert verdicts(ablations.knob_claims(study)) == ["does not hold"] * 4
    study = ablations.judge(ctr_runs.variants(ctr_runs.COMPONENTS, {"fmb": -0.5, "lcb": 0.8, "lcb, residual": 0.9}))
    assert verdicts(ablations.component_claims(study)) == ["does not hold", "holds in part"]


def test_flat_needs_more_than_a_wide_interval(ctr_runs):
    """No change is known of n_L either way, but nothing else is known to help: flat beside what?"""
    study = ablations.judge(ctr_runs.variants(ctr_runs.KNOBS, {}, noise=1e-4))
    flat = next(claim for claim in ablations.knob_claims(study) if "n_L alone" in claim.claim)
    assert flat.verdict == "can't be known"


def test_one_seed_gives_numbers_and_no_verdict(ctr_runs):
    study = ablations.judge(ctr_runs.variants(ctr_runs.COMPONENTS, PAPER_COMPONENTS, seeds=(0,)))
    claims = ablations.component_claims(study)
    assert set(verdicts(claims)) == {"can't be known"}
    assert "+1.8" in claims[0].ours
    assert "one seed only" in ablations.noise_words(study)
    assert ablations.summary(study)[["95 % interval", "% a doubling of FLOP"]].eq("").all(axis=None)
    assert ablations.seeds_needed(study, [0.1]).iloc[0, 0] == ""


def test_a_partial_table_says_what_it_can(ctr_runs):
    runs = ctr_runs.variants(ctr_runs.KNOBS, PAPER_KNOBS)
    kept = [json.loads(config)["model"]["l"] == 8 or json.loads(config)["model"]["k"] == 8 for config in runs["config"]]
    study = ablations.judge(runs[kept])
    assert "2 × k" not in study.table.index
    assert [claim.claim for claim in ablations.knob_claims(study)] == []
    assert ablations.judge(runs.iloc[:1]) is None
    without = runs[[json.loads(config)["model"] != ctr_runs.MODEL for config in runs["config"]]]
    assert ablations.judge(without) is None, "no base"


def test_no_committed_table_is_no_study():
    empty = healthy(run_table(pd.DataFrame(columns=list(COLUMNS))))
    assert ablations.judge(empty) is None
    text = evidence.evidence(ablations.knob_claims, None, None)
    assert "holds no comparable runs of the full study yet" in text
    assert "not in this copy" in evidence.tally_of(ablations.knob_claims, None, None)


def test_several_data_sets_are_refused(ctr_runs):
    both = [ctr_runs.variants(ctr_runs.KNOBS, {}, dataset=name) for name in ("one", "other")]
    with pytest.raises(ValueError, match="these are of 2: one, random; other, random"):
        ablations.judge(pd.concat(both))


def test_diverged_runs_do_not_count(ctr_runs):
    runs = ctr_runs.variants(ctr_runs.KNOBS, PAPER_KNOBS)
    runs.loc[runs.index[0], ["test_logloss", "diverged"]] = [5.0, True]
    study = ablations.judge(healthy(run_table(runs)))
    assert study.table.loc["2 × l", "seeds"] == 2
    assert study.table.loc["2 × l", "relative"] == pytest.approx(PAPER_KNOBS["l"], abs=0.01)


def test_gain_for_its_cost_is_only_told_beyond_noise(ctr_runs):
    study = ablations.judge(ctr_runs.variants(ctr_runs.KNOBS, {"l": -0.1}))
    told = ablations.summary(study)["% a doubling of FLOP"]
    ratio = study.table.loc["2 × l", "flop_ratio"]
    assert told["2 × l"] == pytest.approx(-0.1 / np.log2(ratio), abs=0.02)
    assert told["2 × k"] == "" or abs(told["2 × k"]) < 0.02


def test_seeds_needed_falls_with_the_difference_and_false_alarms_with_the_level(ctr_runs):
    study = ablations.judge(ctr_runs.variants(ctr_runs.KNOBS, {}, noise=1e-3))
    needed = ablations.seeds_needed(study, [0.3, 0.1, 0.03])["seeds a variant"].tolist()
    assert needed == sorted(needed)
    assert needed[-1] == pytest.approx(2 * (1.96 * 100 * study.contrasts.noise / 0.03) ** 2, rel=0.05)
    assert str(ablations.seeds_needed(study, [1e-6]).iloc[0, 0]).startswith("more than")
    share = ablations.false_alarms(study, draws=300)["share of studies"]
    assert 0.01 < share["one given variant"] < 0.12
    assert share["any of them"] > 2 * share["one given variant"]
    assert share["any of them, allowed for"] < 0.1


def test_statements_read_well(ctr_runs):
    live = ablations.judge(ctr_runs.variants(ctr_runs.KNOBS, PAPER_KNOBS))
    text = evidence.evidence(ablations.knob_claims, live, live)
    assert text.count("- **") == 8
    assert "**The full study, set**" in text
    assert "nan" not in text
    assert evidence.tally(ablations.knob_claims(live)) == "of 4 statements tested here 4 hold"
