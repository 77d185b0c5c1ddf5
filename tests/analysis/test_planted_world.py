"""Exponents on planted worlds: recovered exactly from runs that follow the law, and clearly above zero in real ones."""

import json

import numpy as np
import pandas as pd
import pytest

from recscale.analysis.planted_world import (
    by_order,
    curve_table,
    data_exponents,
    excess_by_rows,
    excess_table,
    floors,
    ideal_learner,
    mean_slope,
    posterior_mode,
    size_exponent,
    size_ladders,
    size_table,
    truncated,
)
from recscale.datasets.planted_world import PLANTED, PlantedWorld
from recscale.models.dlrm import DLRMConfig
from recscale.plans.planted_world import LADDERS, crossnet, run_of
from recscale.runs import make_record, train

WORLD = PLANTED["synthetic-world"][0]


def finished(model, rows, excess, *, seed=0, width=16, parameters=1000, curve=()) -> dict:
    """What a study's table holds of a run with this ``excess``."""
    spec = run_of(model, rows, (1e-3, 0.3), seed, width=width)
    points = [[count, loss + WORLD.bayes_logloss] for count, loss in curve]
    return {
        "dataset": spec.dataset,
        "split": spec.split,
        "model": spec.model.model,
        "config": json.dumps(spec.config),
        "seed": seed,
        "dense_parameters": parameters,
        "embedding_parameters": 0,
        "examples_seen": rows,
        "test_logloss": WORLD.bayes_logloss + excess,
        "test_logloss_curve": json.dumps(points),
        "diverged": False,
    }


@pytest.fixture
def runs() -> pd.DataFrame:
    """Excess 30 D^-0.5 of CrossNet and D^-0.3 of DLRM; a small CrossNet, a narrow one and orders beside them."""
    counts = (10_000, 100_000, 1_000_000, 10_000_000)
    large = [finished(LADDERS["crossnet"][-1], rows, 30 * rows**-0.5, seed=seed) for rows in counts for seed in (0, 1)]
    rival = [finished(LADDERS["dlrm"][-1], rows, rows**-0.3) for rows in counts]
    ladder = [finished(crossnet(rank), counts[-1], WORLD.excess(2 * rank) * 1.1, parameters=10) for rank in (1, 4, 16)]
    narrow = [finished(LADDERS["crossnet"][-1], rows, 0.02, width=1) for rows in counts]
    other = [finished(crossnet(64, 3), 10**6, 0.1) | {"dataset": "synthetic-world-orders"}]
    return pd.DataFrame([*large, *rival, *ladder, *narrow, *other])


def test_a_known_exponent_comes_back_beside_the_derived_one(runs):
    found = data_exponents(excess_table(runs)).set_index("model")
    assert found["exponent"].to_dict() == pytest.approx({"crossnet": 0.5, "dlrm": 0.3})
    assert found["seeds"].to_dict() == {"crossnet": 2, "dlrm": 1}
    assert found.loc["crossnet", ["ci_low", "ci_high"]].tolist() == pytest.approx([0.5, 0.5])
    assert np.isnan(found.loc["dlrm", "ci_low"])
    assert (found["derived"] == 0.5).all()


def test_a_learner_that_needs_500_times_the_rows_is_told_by_its_kappa():
    counts = (30_000, 100_000, 300_000, 1_000_000, 3_000_000)
    runs = [finished(LADDERS["wukong"][-1], rows, WORLD.excess_found(rows, 500)) for rows in counts]
    (found,) = data_exponents(excess_table(pd.DataFrame(runs))).to_dict("records")
    assert found["kappa"] == pytest.approx(500, rel=1e-3)
    assert found["exponent"] == pytest.approx(found["derived_finite"], abs=1e-4)
    assert found["exponent"] == pytest.approx(0.5, abs=0.05)


def test_the_interval_is_students(runs):
    noisy = pd.DataFrame(
        [
            finished(LADDERS["dlrm"][-1], rows, rows ** -(0.5 + shift), seed=seed)
            for seed, shift in enumerate((-0.02, 0.0, 0.02))
            for rows in (10**5, 10**6)
        ]
    )
    (found,) = data_exponents(excess_table(noisy)).to_dict("records")
    half = 4.302652729911275 * 0.02 / 3**0.5
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((0.5 - half, 0.5 + half))


def test_the_ladder_stands_beside_what_its_ranks_have_room_for(runs):
    table = size_table(excess_table(runs))
    assert table["rank"].tolist() == [1, 4, 16, 64]
    assert table["capacity"].tolist() == [2, 8, 32, 128]
    assert (table["excess"] / table["derived"])[:3].tolist() == pytest.approx([1.1] * 3)
    assert table["derived"].tolist() == [WORLD.excess(2 * rank) for rank in (1, 4, 16, 64)]


def test_a_curve_is_a_run_of_every_number_of_rows():
    run = finished(LADDERS["dlrm"][-1], 1000, 0.02, curve=[(100, 0.2), (1000, 0.02)])
    table = curve_table(pd.DataFrame([run, run | {"seed": 1}]))
    assert table[["rows", "seed"]].values.tolist() == [[100, 0], [1000, 0], [100, 1], [1000, 1]]
    assert table["excess"].tolist() == pytest.approx([0.2, 0.02] * 2)
    assert data_exponents(table)["exponent"].tolist() == pytest.approx([1.0])


def test_one_live_run_shows_the_law():
    """What a class sees in seconds: an exponent far from zero and near the derived one."""
    spec = run_of(DLRMConfig(top=(64, 64)), 50_000, (3e-3, 0.3), seed=0)
    curve = curve_table(pd.DataFrame([make_record(spec, train(spec))]))
    (found,) = data_exponents(curve, least_rows=12_000).to_dict("records")
    assert 0.35 < found["exponent"] < 0.75
    assert found["derived"] == 0.5
    assert (curve["excess"] > curve["ideal"]).all(), "nobody beats the ideal learner"


def test_the_live_exercise_finds_the_planted_exponent_and_not_zero():
    """The chapter planted-world: the interval holds a/(1+a) and excludes 0; the loss with its floor says otherwise."""
    world = PlantedWorld(interactions=400)
    ideal = ideal_learner(world, (250, 1000, 4000), range(5))
    found = mean_slope(ideal)
    assert found.ci_low < world.data_exponent < found.ci_high
    assert found.ci_low > 0.25
    assert mean_slope(ideal, "derived").value == pytest.approx(world.data_exponent, abs=0.02)
    assert mean_slope(ideal, "logloss").ci_high < 0.05
    assert (ideal["logloss"] - ideal["bayes"]).tolist() == pytest.approx(ideal["excess"].tolist())


def test_a_strong_prior_keeps_strengths_at_zero_and_a_weak_one_lets_the_data_speak():
    world = PlantedWorld(n_fields=4, interactions=5, deviation=1.0)
    seen, labels = world.rows("train", 20_000)
    functions = world.functions(seen)
    np.testing.assert_allclose(posterior_mode(functions, labels, np.full(5, 1e-9)), 0, atol=1e-4)
    np.testing.assert_allclose(posterior_mode(functions, labels, np.full(5, 1e9)), world.strengths, atol=0.1)


def test_a_model_that_holds_the_strongest_loses_the_rest():
    world = PlantedWorld()
    table = truncated(world, (2, 8, 32, world.interactions))
    assert table["excess"].iloc[-1] == pytest.approx(0, abs=1e-9)
    assert (table["excess"] / table["derived"])[:3].tolist() == pytest.approx([1] * 3, abs=0.08)


def test_the_exponent_in_size_is_that_of_the_derived_sum(runs):
    found, derived = size_exponent(excess_table(runs))
    assert found.value == pytest.approx(derived)
    assert 1.0 < derived < 1.3  # a = 1, and a little more as J is finite


def test_narrow_tables_and_low_orders_have_derived_floors(runs):
    (narrow,) = floors(excess_table(runs)).to_dict("records")
    assert (narrow["width"], narrow["capacity"], narrow["excess"]) == (1, 8, pytest.approx(0.02))
    assert narrow["derived"] == pytest.approx(WORLD.excess(8))
    world, _ = PLANTED["synthetic-world-orders"]
    low = finished(crossnet(64, 1), 10**6, 0.1) | {"dataset": "synthetic-world-orders"}
    deep = finished(LADDERS["dlrm"][-1], 10**6, 0.2) | {"dataset": "synthetic-world-orders"}
    table = by_order(excess_table(pd.concat([runs, pd.DataFrame([low, deep])]))).set_index(["model", "layers"])
    assert table.loc[("crossnet", 1), "derived"] == pytest.approx(world.excess(world.order <= 2))
    assert table.loc[("crossnet", 3), "derived"] == 0
    assert table.loc["dlrm", "derived"].isna().all()


def test_growth_has_the_largest_size_alone_and_a_line_for_its_kappa(runs):
    table = excess_by_rows(excess_table(runs)).set_index(["model", "rows"])
    assert table.loc["crossnet", "excess"].tolist() == pytest.approx(
        [30 * rows**-0.5 for rows in 10.0 ** np.arange(4, 8)]
    )
    assert table.loc[("crossnet", 10_000), "seeds"] == 2
    counts = (30_000, 1_000_000)
    slow = [finished(LADDERS["wukong"][-1], rows, WORLD.excess_found(rows, 500)) for rows in counts]
    fitted = excess_by_rows(excess_table(pd.DataFrame(slow)))
    assert fitted["fitted"].tolist() == pytest.approx(fitted["excess"].tolist(), rel=1e-3)


def test_a_ladder_is_read_on_the_rows_that_all_its_sizes_saw(runs):
    sizes = runs.assign(training_flop_per_example=runs["dense_parameters"])
    table = size_ladders(excess_table(sizes)).set_index("model")
    assert (table.loc["crossnet", "rows"] == 10_000_000).all()
    assert table.loc["crossnet", "training_flop_per_example"].tolist() == [10, 1000]
