"""The planted world's plans: rows, sizes, floor and orders, each run once, at rates that a search found."""

import json

import numpy as np
import pytest

from recscale.datasets.planted_world import PLANTED
from recscale.plans import plan_study
from recscale.plans import planted_world as plans_world
from recscale.plans.planted_world import (
    FULL_SEEDS,
    LADDERS,
    ROWS,
    SEARCHED_ROWS,
    SIZE_ROWS,
    WIDTHS,
    WORLD_BEYOND,
    WORLD_DENSE_RATES,
    WORLD_EMBEDDING_RATES,
)
from recscale.runs import NotYetPlanned, save_results, spec
from recscale.runs.table import records_table


def rows_of(run) -> int:
    return round(run.fraction * PLANTED[run.dataset][1])


@pytest.fixture(autouse=True)
def no_results(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))


@pytest.fixture
def searched() -> None:
    """A whole search, in which the best rate falls as rows grow."""
    best = dict(zip(SEARCHED_ROWS, (0.01, 0.003, 0.001), strict=True))
    records = [
        {
            "run_id": run.run_id,
            "model": run.model.model,
            "dataset": run.dataset,
            "split": run.split,
            "seed": run.seed,
            "config": json.dumps(run.config),
            "dense_parameters": 1,
            "embedding_parameters": 1,
            "examples_seen": rows_of(run),
            "valid_logloss": 0.5
            + abs(np.log(run.training.dense_learning_rate / best[rows_of(run)]))
            + abs(run.training.sparse_learning_rate - (1.0 if rows_of(run) > 10**6 else 0.3)),
            "diverged": False,
        }
        for run in plan_study("planted-world-rate", "full").runs
    ]
    save_results(records_table(records, "planted-world-rate"), "planted-world-rate")


def test_the_search_tries_every_contestant_rate_and_number_of_rows_once():
    search = plan_study("planted-world-rate", "full")
    grid = len(LADDERS) * len(WORLD_DENSE_RATES) * len(WORLD_EMBEDDING_RATES) * len(SEARCHED_ROWS)
    assert len(search.runs) == grid + sum(map(len, WORLD_BEYOND.values()))
    assert {rows_of(run) for run in search.runs} == set(SEARCHED_ROWS)


def test_the_full_plan_waits_for_its_search():
    with pytest.raises(NotYetPlanned, match=r"waits for planted-world-rate: (\d+) of its \1 runs are missing"):
        plan_study("planted-world", "full")


def test_rows_sizes_widths_and_orders(searched):
    runs = plan_study("planted-world", "full").runs
    large = {ladder[-1] for ladder in LADDERS.values()}
    assert len(runs) == len({run.run_id for run in runs})
    for name, ladder in LADDERS.items():
        of = [run for run in runs if run.model.model == name and run.dataset != "synthetic-world-orders"]
        by_rows = {(rows_of(run), run.seed) for run in of if run.model == ladder[-1]}
        assert by_rows == {(rows, seed) for rows in ROWS for seed in FULL_SEEDS}
        assert {run.model for run in of if rows_of(run) == SIZE_ROWS[name]} == set(ladder)
    assert {run.training.embedding.width for run in runs} == {*WIDTHS, 16}
    assert {run.dataset for run in runs} == set(PLANTED)
    first = [run for run in runs if run.seed == 0][: len(ROWS) * len(LADDERS)]
    assert {run.model for run in first} == large, "the first table is that of the exponent in rows"


def test_rates_lie_between_the_searched_ones(searched):
    rates = plans_world.searched_rates()
    assert [rates("dlrm", rows) for rows in SEARCHED_ROWS] == [(0.01, 0.3), (0.003, 0.3), (0.001, 1.0)]
    assert rates("wukong", 10**7) == (0.001, 1.0)
    assert rates("wukong", 10**4) == (0.01, 0.3)
    dense, embedding = rates("crossnet", 10**6)
    assert 0.001 < dense < 0.003
    assert 0.3 < embedding < 1.0


@pytest.mark.parametrize(("profile", "runs"), [("smoke", 2), ("quick", 5)])
def test_small_plans_read_a_million_rows_at_most(profile, runs):
    study = plan_study("planted-world", profile)
    assert study.name == f"planted-world-{profile}"
    assert len(study.runs) == runs
    assert max(map(rows_of, study.runs)) <= 10**6
    assert [run.seed for run in plan_study("planted-world", profile, seeds=(4,)).runs] == [4] * runs


def test_no_other_data_set_has_a_known_law():
    for name in ("planted-world", "planted-world-rate"):
        with pytest.raises(ValueError, match="have data sets of their own; 'frappe' can't replace them"):
            plan_study(name, "smoke", dataset="frappe")


def test_a_planned_world_is_not_made(monkeypatch):
    def made(*_):
        raise AssertionError("a plan needs checksums, no rows")

    monkeypatch.setattr(spec, "load_ctr", made)
    assert plan_study("planted-world-rate", "full").runs[-1].dataset == "synthetic-world-10m"
