"""Best rates and the edges of their search, on tables whose optimum is known."""

import pandas as pd
import pytest

from recscale.analysis import ctr_learning_rates as rates


def search(ctr_runs, best_dense, best_sparse=0.1, sparse=(0.03, 0.1, 0.3), flop=1_000_000):
    rows = []
    for table in sparse:
        for dense in (1e-3, 3e-3, 1e-2):
            recipe = ctr_runs.config(dense_learning_rate=dense, sparse_learning_rate=table)
            loss = 0.5 + abs(dense - best_dense) + abs(table - best_sparse)
            rows.append(ctr_runs.run(recipe, 1000, flop, 100, loss) | {"valid_logloss": loss})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("best", "edge"), [(1e-3, "low"), (3e-3, ""), (1e-2, "high")])
def test_an_edge_is_found_where_it_is(ctr_runs, best, edge):
    (row,) = rates.found_rates(search(ctr_runs, best)).to_dict("records")
    assert (row["dense"], row["dense edge"], row["tables edge"]) == (best, edge, "")


def test_a_rate_that_was_not_varied_is_not_at_an_edge(ctr_runs):
    found = rates.found_rates(search(ctr_runs, 3e-3, sparse=(0.1,)))
    assert found["tables edge"].tolist() == ["not searched"]
    assert "tables' rate was not searched" in rates.edge_words(found)


def test_edges_are_named(ctr_runs):
    table = pd.concat([search(ctr_runs, 1e-2), search(ctr_runs, 3e-3, flop=20_000)], ignore_index=True)
    words = rates.edge_words(rates.found_rates(table))
    assert "at 1 of 2 sizes" in words
    assert "Wukong at 1 MFLOP (high)" in words
    assert "lies inside the tried range at all 2 sizes" in words


def test_pairs_of_rates_that_were_never_tried_are_named(ctr_runs):
    ends = [search(ctr_runs, 3e-3, sparse=(0.1,), flop=flop) for flop in (20_000, 9_000_000)]
    for best, count in ((0.3, 2), (0.1, 0)):
        table = pd.concat([*ends, search(ctr_runs, 3e-3, best_sparse=best)], ignore_index=True)
        words = rates.pair_words(rates.found_rates(table))
        assert (f"Wukong ({best:g}, not tried at {count} of its 3" in words) == bool(count)
    assert rates.pair_words(rates.found_rates(pd.DataFrame())) == ""


def test_who_had_the_tables_rate_searched_is_said(ctr_runs):
    table = search(ctr_runs, 3e-3, best_sparse=0.3)
    rival = search(ctr_runs, 3e-3, sparse=(0.1,)).assign(model="masknet")
    assert rates.tables_words(table) == "The tables' rate was searched at 1 size of every model."
    assert "1 size of every model but MaskNet, whose is the usual 0.1." in rates.tables_words(pd.concat([table, rival]))
    assert rates.tables_words(rival) == "The tables' rate was not searched."
    larger = [search(ctr_runs, 3e-3, flop=flop).assign(model="masknet") for flop in (1000, 2000)]
    assert "at 1 size or more of every model." in rates.tables_words(pd.concat([table, *larger]))
    words = rates.unusual_words(rates.found_rates(pd.concat([table, rival])))
    assert words.startswith("Where it is not the usual 0.1, for Wukong (0.3), the dense rate was searched again")
    assert rates.unusual_words(rates.found_rates(rival)) == ""
    assert rates.unusual_words(rates.found_rates(pd.DataFrame())) == ""


def test_rates_of_several_data_sets_stand_in_one_table(ctr_runs):
    found = rates.found_rates(search(ctr_runs, 3e-3))
    both = rates.side_by_side({"here": found, "there": found, "nowhere": pd.DataFrame()})
    assert both.index.to_list() == [("here", "Wukong", "1"), ("there", "Wukong", "1")]
    assert both["dense"].tolist() == [3e-3, 3e-3]
    assert rates.side_by_side({"nowhere": pd.DataFrame()}).empty


def test_a_search_is_one_data_set_s():
    here, there = (rates.search(dataset) for dataset in ("movielens-1m", "kuairand-pure"))
    assert set(here["dataset"]) == {"movielens-1m"}
    assert set(there["dataset"]) == {"kuairand-pure"}
    assert rates.search("frappe").empty


def test_caveats_are_the_gaps_of_the_search(ctr_runs):
    """Tables' rate searched at the middle size (best 0.3, worth 0.2 of 0.7), not tried at the ends; a rival without."""
    ends = [search(ctr_runs, 3e-3, sparse=(0.1,), flop=flop) for flop in (20_000, 9_000_000)]
    own = pd.concat([*ends, search(ctr_runs, 3e-3, best_sparse=0.3)], ignore_index=True)
    rival = search(ctr_runs, 3e-3, sparse=(0.1,)).assign(model="masknet")
    found = rates.caveats(pd.concat([own, rival], ignore_index=True))
    assert found.unsearched == {"masknet"}
    assert found.untried == {"wukong"}
    assert found.worth == {"wukong": pytest.approx(100 * 0.2 / 0.7)}
    assert rates.caveats(pd.DataFrame()) == rates.NO_CAVEATS


def test_a_diverged_run_is_never_the_best(ctr_runs):
    table = search(ctr_runs, 1e-2)
    table.loc[table["valid_logloss"].idxmin(), "diverged"] = True
    assert rates.found_rates(table)["dense"].tolist() != [1e-2] or rates.found_rates(table)["tables"].tolist() != [0.1]


def test_no_search_is_said():
    assert rates.found_rates(pd.DataFrame()).empty
    assert "no runs of the search" in rates.edge_words(rates.found_rates(pd.DataFrame()))
