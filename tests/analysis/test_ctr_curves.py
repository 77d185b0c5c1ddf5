"""Curves of a ``ctr-scaling`` table: the right runs of the right task, whole seeds, and the ladder along them."""

import json

import pytest

from recscale.analysis import ctr_curves
from recscale.runs import load_results

SIZE = "training_flop_per_example"


def power(model, flop):
    return 0.55 * flop**-0.002


def test_the_second_task_has_its_own_columns(ctr_runs):
    table = ctr_runs.scaling(power)
    first, second = (ctr_curves.curves(table, "kuairand-pure", task=task) for task in (1, 2))
    assert (second["test_logloss"] / first["test_logloss"]).to_numpy() == pytest.approx(0.8)
    assert first["pf_days"].tolist() == pytest.approx((first["training_flop"] / 8.64e19).tolist())


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (("movielens-1m", "main", 2), "movielens-1m has no task 2; it has 1 task: rating of 4 or 5"),
        (("kuairand-pure", "time"), "no time split of kuairand-pure; it has official"),
        (("frappe",), "no data set 'frappe'; it has movielens-1m, kuairand-pure"),
        (("movielens-1m", "main", 1, [7]), r"has a seed among \[7\]; there are 0, 1, 2"),
    ],
)
def test_a_wrong_choice_is_refused_with_the_allowed_ones(ctr_runs, choice, message):
    with pytest.raises(ValueError, match=message):
        ctr_curves.curves(ctr_runs.scaling(power), *choice)


def test_a_seed_counts_once_it_is_whole(ctr_runs):
    table = ctr_runs.scaling(power, seeds=(0, 1))
    half = table[(table["seed"] == 0) | (table[SIZE] < 1e6)]
    assert set(ctr_curves.curves(half, "movielens-1m")["seed"]) == {0}
    assert set(ctr_curves.curves(table, "movielens-1m")["seed"]) == {0, 1}
    assert set(ctr_curves.curves(table, "movielens-1m", seeds=[1])["seed"]) == {1}


def test_diverged_runs_are_left_out_and_don_t_break_their_seed(ctr_runs):
    table = ctr_runs.scaling(power, seeds=(0, 1))
    table.loc[0, "diverged"] = True
    runs = ctr_curves.curves(table, "movielens-1m")
    assert len(runs) == 2 * sum(ctr_runs.FIELD.values()) - 1


def test_what_was_trained_is_counted(ctr_runs):
    found = ctr_curves.trained(ctr_runs.scaling(power)).set_index(["dataset", "split", "model"])
    row = found.loc[("movielens-1m", "random", "wukong")]
    assert row[["sizes", "seeds", "runs"]].tolist() == [12, 3, 36]
    assert row["core_hours"] == pytest.approx(36 / 3600)


def test_the_ladder_shows_what_changes_from_size_to_size(ctr_runs):
    table = ctr_runs.scaling(power)
    recipes = [json.loads(config) for config in table["config"]]
    rates = [{**recipe, "training": {**recipe["training"], "dense_learning_rate": 0.004}} for recipe in recipes]
    runs = ctr_curves.curves(table.assign(config=[json.dumps(recipe) for recipe in rates]), "movielens-1m")
    ladder, own = ctr_curves.ladder(runs), runs[runs["model"] == "wukong"]
    assert ladder["l"].tolist() == list(range(1, 13))
    assert set(ladder["dense_learning_rate"]) == {0.004}
    assert ladder["seeds"].sum() == len(own)
    assert ladder["test_logloss"].to_numpy() == pytest.approx(own.groupby(SIZE)["test_logloss"].mean().to_numpy())


@pytest.mark.parametrize("split", ["main", "time"])
def test_the_halves(ctr_runs, split):
    """Of twelve sizes six each, of five two."""
    runs = ctr_curves.curves(ctr_runs.scaling(power), "movielens-1m", split)
    sizes = sorted(runs.loc[runs["model"] == "wukong", SIZE].unique())
    smaller, larger = (sorted(half[SIZE].unique()) for half in ctr_curves.halves(runs))
    assert (smaller, larger) == (sizes[: len(sizes) // 2], sizes[-(len(sizes) // 2) :])
    assert sorted(ctr_curves.halves(runs)[1][SIZE].unique()) == larger


def test_the_committed_ladder_is_the_one_the_page_describes():
    """Twelve sizes; l ends at 4, the MLP deepens at the last two, which share a rate; the best mean is the ninth."""
    table = ctr_curves.ladder(ctr_curves.curves(load_results(ctr_curves.NAME), "movielens-1m"))
    assert table["l"].tolist() == [1, 2, *[4] * 10]
    assert table["mlp_layers"].tolist() == [1] * 10 + [2] * 2
    assert table["dense_learning_rate"].iloc[-1] == table["dense_learning_rate"].iloc[-2]
    assert table["test_logloss"].argmin() == 8
    assert table["test_logloss"].min() == pytest.approx(0.52834, abs=5e-6)
