"""Best rates and the edges of their search, on tables whose optimum is known."""

import pandas as pd
import pytest

from recscale.analysis import ctr_learning_rates as rates
from recscale.runs.table import run_table


def rows(ctr_runs, best_dense, best_sparse=0.1, sparse=(0.03, 0.1, 0.3), flop=1_000_000, model="wukong"):
    made = []
    for table in sparse:
        for dense in (1e-3, 3e-3, 1e-2):
            recipe = ctr_runs.config(dense_learning_rate=dense, sparse_learning_rate=table)
            loss = 0.5 + abs(dense - best_dense) + abs(table - best_sparse)
            made.append(ctr_runs.run(recipe, 1000, flop, 100, loss) | {"valid_logloss": loss, "model": model})
    return made


def search(*parts):
    return run_table(pd.DataFrame([row for part in parts for row in part]))


@pytest.mark.parametrize(("best", "edge"), [(1e-3, "low"), (3e-3, ""), (1e-2, "high")])
def test_an_edge_is_found_where_it_is(ctr_runs, best, edge):
    pairs = rates.best_pairs(search(rows(ctr_runs, best)))
    (row,) = pairs.to_dict("records")
    assert (row["dense_learning_rate"], row["dense_edge"], row["sparse_edge"]) == (best, edge, "")
    assert len(rates.at_an_edge(pairs)) == bool(edge)


def test_a_rate_that_was_not_varied_is_not_at_an_edge(ctr_runs):
    pairs = rates.best_pairs(search(rows(ctr_runs, 3e-3, sparse=(0.1,))))
    assert pairs["sparse_edge"].tolist() == ["not searched"]
    assert rates.at_an_edge(pairs).empty


def test_pairs_of_rates_that_were_never_tried_are_counted(ctr_runs):
    ends = [rows(ctr_runs, 3e-3, sparse=(0.1,), flop=flop) for flop in (20_000, 9_000_000)]
    for best, untried in ((0.3, {"wukong": 2}), (0.1, {})):
        table = search(*ends, rows(ctr_runs, 3e-3, best_sparse=best))
        assert rates.untried(rates.best_pairs(table)) == untried


def test_caveats_are_the_gaps_of_the_search(ctr_runs):
    """Embedding rate searched at the middle size (best 0.3, worth 0.2 of 0.7), not tried at the ends; a rival
    without."""
    ends = [rows(ctr_runs, 3e-3, sparse=(0.1,), flop=flop) for flop in (20_000, 9_000_000)]
    own = [*ends, rows(ctr_runs, 3e-3, best_sparse=0.3)]
    rival = rows(ctr_runs, 3e-3, sparse=(0.1,), model="masknet")
    found = rates.caveats(search(*own, rival))
    assert found.unsearched == {"masknet"}
    assert found.untried == {"wukong"}
    assert found.worth == {"wukong": pytest.approx(100 * 0.2 / 0.7)}


def test_a_search_is_one_data_set_s():
    for dataset in ("movielens-1m", "kuairand-pure"):
        assert set(rates.search(dataset)["dataset"]) == {dataset}
    assert rates.search("frappe").empty


def test_a_diverged_run_is_never_the_best(ctr_runs):
    table = search(rows(ctr_runs, 1e-2))
    table.loc[table["valid_logloss"].idxmin(), "healthy"] = False
    (row,) = rates.best_pairs(table).to_dict("records")
    assert (row["dense_learning_rate"], row["sparse_learning_rate"]) != (1e-2, 0.1)
