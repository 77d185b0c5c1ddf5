"""The CTR plans: in the right order, on the right data, at rates that come from the search and from nowhere else."""

import functools
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recscale.models import account_ctr
from recscale.models.ctr_presets import wukong_ladder
from recscale.plans import ctr, live, parts, plan_study, rate_search
from recscale.plans.parts import Part, runs_of
from recscale.runs import NotYetPlanned, save_results, spec
from recscale.runs.table import records_table, run_table


@pytest.fixture(autouse=True)
def no_files(tmp_path, monkeypatch):
    """Every plan on the synthetic set, with no committed results but those a test writes."""
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path / "results"))


STUDIES = ("ctr-learning-rate", "ctr-scaling", "wukong-knobs", "wukong-components", "ctr-data", "frappe-quality")


def full() -> ctr.CTRScale:
    return replace(ctr.CTR_SCALES.full, dataset="synthetic-ctr")


def search_results(best):
    """A finished ``ctr-learning-rate`` whose lowest loss is at the rates ``best(run)`` gives."""
    rows = []
    for run in rate_search.full_search():
        account = account_ctr(run.model, *parts.inputs(run.dataset), run.training.embedding)
        dense, sparse = best(run)
        loss = abs(np.log(run.training.dense_learning_rate / dense)) + abs(
            np.log(run.training.sparse_learning_rate / sparse)
        )
        rows.append(
            {
                "run_id": run.run_id,
                "model": run.model.model,
                "dataset": run.dataset,
                "split": run.split,
                "seed": run.seed,
                "dense_parameters": account.dense_parameters,
                "embedding_parameters": account.embedding_parameters,
                "config": json.dumps(run.config),
                "training_flop_per_example": account.training_flop_per_example,
                "valid_logloss": loss,
                "diverged": False,
            }
        )
    return records_table(rows, "ctr-learning-rate")


@pytest.fixture
def everything_on_synthetic(monkeypatch):
    """The searched data set of a full plan is MovieLens-1M; here it is the synthetic one."""
    load = functools.cache(parts.load_ctr)
    usual = rate_search.SEARCHED_ON
    beyond = {
        ("synthetic-ctr", model): pairs
        for (dataset, model), pairs in rate_search.RATES_BEYOND.items()
        if dataset == usual
    }
    monkeypatch.setattr(rate_search, "RATES_BEYOND", beyond)
    monkeypatch.setattr(rate_search, "CROSSED_AT", {"synthetic-ctr": rate_search.CROSSED_AT[usual]})
    monkeypatch.setattr(rate_search, "SEARCHED", {"synthetic-ctr": rate_search.COMPARED_MODELS})
    monkeypatch.setattr(rate_search, "SEARCHED_ON", "synthetic-ctr")
    monkeypatch.setattr(parts, "load_ctr", lambda name: load("synthetic-ctr"))
    monkeypatch.setattr(spec, "load_data", lambda name, is_ctr: load("synthetic-ctr"))
    parts.inputs.cache_clear()
    yield
    parts.inputs.cache_clear()


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("profile", ["smoke", "quick"])
def test_every_small_plan_has_its_name_and_distinct_runs(name, profile):
    study = plan_study(name, profile, dataset="synthetic-ctr")
    assert study.name == f"{name}-{profile}"
    assert {run.dataset for run in study.runs} == {"synthetic-ctr"}
    assert len(study.runs) >= 3


def test_a_full_plan_waits_for_the_search(everything_on_synthetic):
    with pytest.raises(NotYetPlanned, match="waits for ctr-learning-rate: 22 of its 22 wukong runs"):
        ctr.wukong_knobs(full(), None, None)
    table = search_results(lambda run: (1e-3, 1e-1))
    save_results(table.drop(index=0), "ctr-learning-rate")
    with pytest.raises(NotYetPlanned, match="1 of its 22 wukong runs"):
        ctr.wukong_knobs(full(), None, None)
    save_results(table, "ctr-learning-rate")
    assert len(ctr.wukong_knobs(full(), None, None)) == 7 * 2


def test_rates_are_interpolated_in_log_flop_and_kept_beyond_the_ends(everything_on_synthetic):
    sizes = rate_search.searched_sizes("wukong")
    dense = dict(zip(sizes, (1e-2, 3e-3, 1e-3), strict=True))
    save_results(search_results(lambda run: (dense.get(run.model, 3e-3), 1e-1)), "ctr-learning-rate")
    rates = [rate_search.tuned("synthetic-ctr", model).dense_learning_rate for model in wukong_ladder()]
    assert rates[0] == 1e-2
    assert rates[5] == 3e-3
    assert rates[10] == rates[11] == 1e-3
    assert rates == sorted(rates, reverse=True)
    assert 3e-3 < rates[3] < 1e-2
    save_results(search_results(lambda run: (3e-3, 3e-1)), "ctr-learning-rate")
    assert {rate_search.tuned("synthetic-ctr", size).sparse_learning_rate for size in wukong_ladder()} == {3e-1}


def test_the_search_goes_beyond_the_grid_where_its_best_lay_at_the_edge(everything_on_synthetic):
    runs = rate_search.full_search()
    rates = {run.training.dense_learning_rate for run in runs if run.model == rate_search.searched_sizes("wukong")[2]}
    assert rates == {3e-5, 1e-4, *rate_search.DENSE_RATES}
    save_results(search_results(lambda run: (1e-4, 1e-1)), "ctr-learning-rate")
    assert rate_search.tuned("synthetic-ctr", wukong_ladder()[-1]).dense_learning_rate == 1e-4


def test_every_data_set_has_the_rates_of_its_own_search_or_of_the_usual_one():
    assert rate_search.searched_on("kuairand-pure", "wukong") == "kuairand-pure"
    assert rate_search.searched_on("kuairand-pure", "afn+") == "movielens-1m"
    assert rate_search.searched_on("movielens-100k", "wukong") == "movielens-1m"


def test_the_dense_rate_is_the_best_at_the_embedding_rate_that_is_used(everything_on_synthetic):
    """DCNv2's middle size likes 0.3 for the tables. At the ends another pair is best of all, and 0.3 decides all the
    same."""
    sizes = rate_search.searched_sizes("dcnv2")

    def best(run):
        if run.model == sizes[1]:
            return 1e-3, 3e-1
        return (1e-2, 1e-1) if run.training.sparse_learning_rate == 1e-1 else (3e-3, 3.1e-1)

    table = search_results(best)
    own = run_table(table[table["model"] == "dcnv2"])
    assert rate_search.best_rates(own)["sparse_learning_rate"].tolist() == [0.1, 0.3, 0.1]
    save_results(table, "ctr-learning-rate")
    rates = [rate_search.tuned("synthetic-ctr", size) for size in (sizes[0], sizes[2])]
    assert {(rate.dense_learning_rate, rate.sparse_learning_rate) for rate in rates} == {(3e-3, 3e-1)}


def test_a_diverged_run_is_never_the_best():
    table = pd.DataFrame(
        {
            "model": "wukong",
            "training_flop_per_example": 1,
            "valid_logloss": [0.1, 0.5, 0.6],
            "healthy": [False, True, True],
            "dense_learning_rate": [1, 2, 3],
        }
    )
    assert rate_search.best_rates(table)["dense_learning_rate"].tolist() == [2]


def test_seed_by_seed_and_cheap_first(everything_on_synthetic):
    save_results(search_results(lambda run: (3e-3, 1e-1)), "ctr-learning-rate")
    runs = ctr.SCALING_PLAN.full("movielens-1m", None)
    seeds = [run.seed for run in runs]
    assert seeds == sorted(seeds)
    assert [run.model for run in runs[: len(wukong_ladder())]] == list(wukong_ladder())
    wukong = [run for run in runs if run.model.model == "wukong"]
    assert {run.seed for run in wukong if run.split == "random"} == {0, 1, 2}
    assert len({run.model for run in wukong if run.split == "random"}) >= 10
    assert len({run.model for run in wukong if run.split == "time"}) == 5


def test_asked_for_another_data_set_a_plan_moves_its_first_split_there():
    curves = [
        Part("a", wukong_ladder()[:2], parts.fixed, (0, 1)),
        Part("a", wukong_ladder()[:1], parts.fixed, (0,), split="time"),
        Part("b", wukong_ladder()[:1], parts.fixed, (0,)),
    ]
    moved = runs_of(curves, "synthetic-ctr", (5,))
    assert [(run.dataset, run.split, run.seed) for run in moved] == [("synthetic-ctr", "random", 5)] * 2


def test_smoke_keeps_to_its_rows_on_any_data():
    part = Part("synthetic-ctr", (), parts.fixed, (0,), fraction=0.1, most_rows=8_000)
    assert part.share == pytest.approx(0.05)


def test_the_noise_runs_of_a_quick_scaling_study_repeat_no_seed():
    runs = ctr.SCALING_PLAN.quick("synthetic-ctr", (3, 7))
    smallest = [run.seed for run in runs if run.model == wukong_ladder()[0]]
    assert sorted(smallest) == [3, 7, 8, 9]


def test_the_chapter_on_training_varies_what_it_says():
    runs = live.training_comparison("smoke", "synthetic-ctr", (0, 1), split="time", layers=3, dense_learning_rate=0.5)
    assert [run.model.model for run in runs] == ["wukong", "dlrm", "dcnv2"] * 2
    assert {run.training.dense_learning_rate for run in runs} == {0.5}
    assert {run.split for run in runs} == {"time"}
    assert runs[0].model.l == 3
