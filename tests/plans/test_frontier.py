"""The fair comparison's plans: rates from the search alone, useful order, further seeds where the noise asks."""

import functools
import json
from itertools import groupby, pairwise

import numpy as np
import pandas as pd
import pytest

from recscale.datasets import load_ctr
from recscale.models import EmbeddingConfig, account_ctr
from recscale.models.ctr_ladders import STYLES, TARGETS, flop, frontier_targets, ladder_shapes, recipe
from recscale.plans import frontier as plans_frontier
from recscale.plans import plan_study
from recscale.plans.frontier import CENTRAL, FIRST_SEEDS, GROUPS, PROTOCOL
from recscale.runs import NotYetPlanned, save_results, spec
from recscale.runs.table import records_table, run_table
from recscale.settings import named_path

FIRST = "wukong"


@pytest.fixture(autouse=True)
def on_synthetic(tmp_path, monkeypatch):
    """Every plan on the synthetic set, with no committed results but those a test writes."""
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(spec, "load_data", functools.cache(spec.load_data))


def full(study: str, **changes):
    """The runs of a full study on the synthetic set."""
    return plan_study(study, "full", dataset="synthetic-ctr", **changes).runs


def rows_of(runs, loss) -> list[dict]:
    return [
        {
            "run_id": run.run_id,
            "model": run.model.model,
            "dataset": run.dataset,
            "split": run.split,
            "seed": run.seed,
            "dense_parameters": 1,
            "embedding_parameters": 1,
            "config": json.dumps(run.config),
            "training_flop_per_example": flop(run.model),
            "valid_logloss": loss(run),
            "test_logloss": loss(run),
            "diverged": False,
        }
        for run in runs
    ]


def export(name: str, rows: list[dict]) -> None:
    save_results(records_table(rows, name), name)


def searched(best, models=(FIRST,)) -> list[dict]:
    """The search of ``models``, whose loss grows away from the rates (dense, embedding) that ``best(run)`` gives."""

    def loss(run) -> float:
        rates = run.training.dense_learning_rate, run.training.sparse_learning_rate
        return 0.5 + float(np.abs(np.log(np.array(rates) / best(run))).sum())

    runs = [run for run in full("ctr-frontier-rate") if run.model.model in models]
    return rows_of(runs, loss)


def test_models_and_groups_are_those_with_fair_ladders():
    assert sum(GROUPS, ()) == tuple(STYLES)
    assert {*plans_frontier.EXPECTED} == {*STYLES} == {*plans_frontier.ERROR_WANTED}
    assert {*plans_frontier.FRONTIER_BEYOND} <= {*STYLES}
    assert plans_frontier.ERROR_WANTED["xdeepfm"] == 0.0008
    assert plans_frontier.ERROR_WANTED["masknet"] == 0.0012


@pytest.mark.parametrize("name", ["ctr-frontier-rate", "ctr-frontier"])
@pytest.mark.parametrize("profile", ["smoke", "quick"])
def test_every_small_plan_has_its_name_and_distinct_runs(name, profile):
    study = plan_study(name, profile, dataset="synthetic-ctr")
    assert study.name == f"{name}-{profile}"
    assert {run.dataset for run in study.runs} == {"synthetic-ctr"}
    assert len(study.runs) >= 7
    assert {run.training.batch_size for run in study.runs} == {PROTOCOL.batch_size}


@pytest.mark.parametrize("model", STYLES)
def test_the_search_takes_five_sizes_and_crosses_the_rates_at_three(model):
    runs = [run for run in full("ctr-frontier-rate") if run.model.model == model]
    assert {run.seed for run in runs} == {plans_frontier.FRONTIER_SEARCH_SEED}
    sizes = [list(part) for _, part in groupby(runs, key=lambda run: run.model)]
    targets = [TARGETS[at] for at in plans_frontier.searched_targets(model)]
    assert [part[0].model for part in sizes] == [ladder_shapes(model, target)[CENTRAL] for target in targets]
    assert (targets[0], targets[-1]) == (frontier_targets(model)[0], frontier_targets(model)[-1])
    pairs = [{(run.training.dense_learning_rate, run.training.sparse_learning_rate) for run in part} for part in sizes]
    crossed = [len({sparse for _, sparse in tried}) == 3 and len(tried) >= 9 for tried in pairs]
    assert sum(crossed) == 3
    assert all(len({dense for dense, _ in tried}) >= 3 for tried in pairs)


def test_the_frontier_waits_model_by_model():
    with pytest.raises(NotYetPlanned, match="waits for ctr-frontier-rate: no model has been searched whole"):
        full("ctr-frontier")
    rows = searched(lambda run: (1e-3, 1e-1), (FIRST, "crossnet"))
    export("ctr-frontier-rate", rows[:-1])
    assert {run.model.model for run in full("ctr-frontier")} == {FIRST}
    export("ctr-frontier-rate", rows)
    assert {run.model.model for run in full("ctr-frontier")} == {FIRST, "crossnet"}


def test_the_embedding_rate_is_the_best_on_average_and_the_dense_one_interpolated():
    """Embeddings: 0.3 is best at one searched size, 0.1 at two. The dense rate falls from size to size."""
    sizes = [ladder_shapes(FIRST, TARGETS[at])[CENTRAL] for at in plans_frontier.searched_targets(FIRST)]
    dense = dict(zip(sizes, (3e-3, 1e-3, 1e-3, 3e-4, 1e-4), strict=True))
    export("ctr-frontier-rate", searched(lambda run: (dense[run.model], 3e-1 if run.model == sizes[0] else 1e-1)))
    runs = full("ctr-frontier")
    assert {run.training.sparse_learning_rate for run in runs} == {0.1}
    found = {run.model: run.training.dense_learning_rate for run in runs}
    assert {size: found[size] for size in sizes} == dense
    between = ladder_shapes(FIRST, TARGETS[10])
    assert all(1e-4 < found[shape] < 3e-4 for shape in between)
    assert len({found[shape] for shape in between}) <= 3, "equal compute, about equal rates"
    for run in runs:
        assert run.training == plans_frontier.at_rates(found[run.model], 0.1)


def test_a_diverged_run_and_a_rate_tried_at_one_size_alone_decide_nothing():
    rows = run_table(pd.DataFrame(searched(lambda run: (1e-3, 1e-1))))
    assert plans_frontier.best_embedding_rate(rows) == 0.1
    alone = rows.iloc[:1].assign(valid_logloss=0.0, sparse_learning_rate=9.0)
    assert plans_frontier.best_embedding_rate(pd.concat([rows, alone])) == 0.1
    assert plans_frontier.best_embedding_rate(pd.concat([rows, rows.assign(valid_logloss=0.0, healthy=False)])) == 0.1


def test_order_group_by_group_seed_by_seed_cheap_first():
    models = (FIRST, "dcnv2", "dlrm")
    export("ctr-frontier-rate", searched(lambda run: (1e-3, 1e-1), models))
    runs = full("ctr-frontier")
    first, second = runs[: 6 * (12 + 8)], runs[6 * (12 + 8) : 2 * 6 * (12 + 8)]
    assert {run.seed for run in first} == {0}
    assert {run.seed for run in second} == {1}
    assert {run.model.model for run in first} == {FIRST, "dcnv2"}
    costs = [flop(run.model) for run in first]
    assert all(late > 0.7 * early for early, late in pairwise(costs)), "but for the tolerance"
    wukongs = {run.model for run in runs if run.model.model == FIRST}
    assert wukongs >= {recipe(size) for size in range(len(TARGETS))}
    assert {run.model.model for run in runs[-6 * 8 * 3 :]} == {"dlrm"}
    assert [run.seed for run in full("ctr-frontier", seeds=(7,)) if run.seed != 7] == []


def test_best_shapes_get_the_seeds_their_noise_asks_for():
    export("ctr-frontier-rate", searched(lambda run: (1e-3, 1e-1), (FIRST, "dlrm")))
    plan = full("ctr-frontier")
    best = {ladder_shapes(FIRST, target)[at % 6]: at for at, target in enumerate(TARGETS)}
    deviation = 0.0017  # 0.0017 / √5 = 0.00076

    def loss(run) -> float:
        return 0.5 * np.exp(0.01 * (run.model not in best) + deviation * (run.seed - 1))

    rows = rows_of([run for run in plan if run.model.model == FIRST], loss)
    export("ctr-frontier", rows[:-40])
    assert len(full("ctr-frontier")) == len(plan), "waits for the first seeds"
    export("ctr-frontier", rows)
    grown = full("ctr-frontier")
    further = [run for run in grown if run.seed not in FIRST_SEEDS]
    assert [(run.model, run.seed) for run in further] == [(shape, seed) for seed in (3, 4) for shape in best]
    assert {run.run_id for run in plan} <= {run.run_id for run in grown}
    assert grown[-1].model.model == "dlrm", "further seeds come before the next group"


def test_a_shape_that_diverged_is_not_chosen_and_seeds_have_a_bound():
    at = ladder_shapes("dlrm", TARGETS[0])[:3]
    runs = [
        pd.DataFrame({"valid_logloss": level, "test_logloss": [level, 1.1 * level, level], "healthy": healthy})
        for level, healthy in ((0.4, False), (0.6, True), (0.5, True))
    ]
    assert plans_frontier.best_shape(at, runs, 0.0008) == {at[2]: plans_frontier.MOST_SEEDS}
    assert plans_frontier.best_shape(at, [rows.assign(healthy=False) for rows in runs], 0.0008) == {}
    calm = [rows.assign(test_logloss=rows["valid_logloss"]) for rows in runs]
    assert plans_frontier.best_shape(at, calm, 0.0008) == {at[2]: len(FIRST_SEEDS)}


@pytest.mark.slow
def test_the_ladders_count_compute_on_movielens_1m():
    if named_path("RECSCALE_MIRROR") is None:
        pytest.skip("needs RECSCALE_MIRROR with the data files")
    data = load_ctr("movielens-1m")
    for model in STYLES:
        config = ladder_shapes(model, TARGETS[4])[CENTRAL]
        account = account_ctr(config, data.fields, len(data.dense_names), len(data.tasks), EmbeddingConfig())
        assert account.training_flop_per_example == flop(config)
