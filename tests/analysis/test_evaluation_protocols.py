"""One model, many numbers: every table against what can be checked by hand."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import evaluation_protocols as traps
from recscale.analysis import sequential_probes as probes
from recscale.datasets.tables import SequenceData
from recscale.models.sasrec import SASRecConfig
from recscale.models.sequential import build_sequential_model
from recscale.training.sequential import evaluate_model
from recscale.training.sequential_batches import split_sequences

LENGTH = 8


@pytest.fixture(scope="module")
def data():
    """40 users, 30 items, every history without repeats, times that increase over all users."""
    random = np.random.default_rng(0)
    items = np.concatenate([random.permutation(30)[:10] for _ in range(40)])
    times = random.permutation(400).reshape(40, 10)
    times.sort(axis=1)
    return SequenceData("toy", items, np.arange(0, 401, 10), times.reshape(-1), 30, False, "toy")


@pytest.fixture(scope="module")
def model(data):
    return build_sequential_model(SASRecConfig(width=8, layers=1, dropout=0.0), data.n_items, LENGTH, seed=0).eval()


@pytest.fixture(scope="module")
def examined(data, model):
    return traps.examine(probes.scorers(data, model)["sasrec"], data, LENGTH, draws=40)


def test_full_ranking_is_the_evaluation_of_the_training_loop(data, model, examined):
    measured = evaluate_model(model, data, split_sequences(data, "leave-one-out").test, LENGTH)
    table = traps.protocol_table(examined).set_index(["protocol", "metric"])["expected"]
    for metric in traps.RANKING_METRICS:
        assert table[traps.FULL, metric] == pytest.approx(measured[metric], abs=1e-9)


def test_users_who_saw_everything_are_left_out_everywhere(data, model):
    """Three users meet all ten items of this world, the others four: one answer to how many there are and how good."""
    random = np.random.default_rng(1)
    histories = [random.permutation(10)[: 10 if user < 3 else 4] for user in range(9)]
    offsets = np.cumsum([0, *map(len, histories)])
    seen = SequenceData("seen", np.concatenate(histories), offsets, None, 10, False, "seen")
    small = build_sequential_model(SASRecConfig(width=8, layers=1, dropout=0.0), 10, LENGTH, seed=0).eval()
    score = probes.scorers(seen, small)["sasrec"]
    found = traps.examine(score, seen, LENGTH, draws=3)
    assert {len(one.total) for one in found.standings.values()} == {6}
    measured = evaluate_model(small, seen, split_sequences(seen, "leave-one-out").test, LENGTH)
    table = traps.protocol_table(found).set_index(["protocol", "metric"])
    assert measured["left_out"] == 3
    assert np.isfinite(table["expected"]).all()
    assert table.loc[(traps.FULL, "ndcg@10"), "expected"] == pytest.approx(measured["ndcg@10"], abs=1e-12)
    assert table.loc[("100 uniform", "ndcg@10"), "simulated"] == pytest.approx(measured["ndcg@10"], abs=1e-12)
    ranks = probes.ranks(score, seen, LENGTH)
    assert len(ranks) == 6
    assert probes.exact_metrics(ranks, None)["NDCG@10"] == pytest.approx(measured["ndcg@10"], abs=1e-12)


def test_every_protocol_has_the_rivals_it_says(examined):
    rivals = {name: set(found.total.tolist()) for name, found in examined.standings.items()}
    assert rivals[traps.FULL] == rivals["100 uniform"] == {20.0}, "30 items less 9 of the history less the target"
    assert rivals["all items, seen too"] == {29.0}
    assert rivals[traps.CODE] == {21.0}, "the validation item stays a rival"
    assert len(rivals["100 popular"]) > 1


def test_simulated_draws_meet_the_expectation(examined):
    table = traps.protocol_table(examined).dropna()
    assert set(table["protocol"]) == {name for name, way in traps.PROTOCOLS.items() if way.negatives}
    away = (table["simulated"] - table["expected"]).abs()
    assert (away <= 4 * table["sd"] / 40**0.5 + 1e-9).all()


def test_the_same_seed_draws_the_same_rivals(data, model):
    score = probes.scorers(data, model)["sasrec"]
    one, other = (traps.examine(score, data, LENGTH, protocols=["100 popular"], draws=2, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.simulated["100 popular"], other.simulated["100 popular"])


def test_a_constant_score_is_best_or_worst_by_the_order_of_ties(data, model):
    table = traps.tie_table(traps.tied_scorers(data, model), data, LENGTH).set_index(["scores", "metric"])
    constant = table.loc["constant", "hr@10"]
    assert (constant["optimistic"], constant["pessimistic"], constant["ties"]) == (1, 0, 20)
    assert constant["expected"] == pytest.approx(10 / 21)
    assert (table["pessimistic"] <= table["expected"] + 1e-12).all()
    assert (table["expected"] <= table["optimistic"] + 1e-12).all()


def test_runs_differ_in_nothing_but_loss_and_seed():
    specs = traps.loss_specs("smoke", "synthetic-markov", [3, 4], 16, 0.4)
    assert list(specs)[:5] == [*((loss, 3) for loss in traps.LOSSES), ("softmax", 4)]
    trainings = {spec.training for spec in specs.values()}
    assert {(t.epochs, t.patience, t.negatives) for t in trainings} == {(2, 2, 16)}
    assert len({spec.model for spec in specs.values()}) == 1
    with pytest.raises(ValueError, match="budget is 0; it must be above 0"):
        traps.loss_specs("smoke", "synthetic-markov", [0], 16, 0)


def test_differences_are_paired_by_user():
    base = np.array([0.0, 1.0, 0.0, 1.0])
    table = traps.paired_differences({"softmax": base, "bce": base - 0.25, "gbce": np.zeros(4)}).set_index("model")
    assert table.loc["bce"].tolist() == [-0.25, 0.0]
    assert table.loc["gbce", "±"] == pytest.approx(1.96 * 0.57735 / 2, rel=1e-3)


def test_turned_pairs_are_counted():
    table = pd.DataFrame({traps.FULL: [3, 2, 1], "100 uniform": [3, 1, 2], "100 popular": [1, 2, 3]}, list("abc"))
    assert traps.turned_pairs(table).to_dict() == {"100 uniform": 1, "100 popular": 3}
    assert traps.turned_pairs(table[[traps.FULL]]).empty


def test_only_leave_one_out_learns_from_later_interactions(data):
    assert traps.later_share(data, "global-time") == 0
    times = np.array([0, 5, 6, 7, 1, 2, 3, 4])
    two = SequenceData("two", np.arange(8), np.array([0, 4, 8]), times, 8, False, "two")
    # Trained on: 0, 5 and 1, 2. Tested at 7 and 4: of the four, none and one (5) are later.
    assert traps.later_share(two, "leave-one-out") == pytest.approx((0 + 1 / 4) / 2)


def test_both_splits_side_by_side(data, model):
    found = {
        split: {n: traps.examine(s, data, LENGTH, split=split, protocols=[traps.FULL]) for n, s in scorers.items()}
        for split in traps.usable_splits(data)
        for scorers in [probes.scorers(data, model, split=split)]
    }
    table = traps.split_table(found, data)
    assert table["split"].unique().tolist() == ["leave-one-out", "global-time"]
    assert set(table["model"]) == {"sasrec", "last item", "popularity"}
    assert (table.loc[table["split"] == "global-time", "later"] == 0).all()
    assert traps.usable_splits(replace(data, timestamps=None)) == ("leave-one-out",)


def test_the_stored_losses_are_those_of_sasrec_on_movielens():
    config = {loss: json.dumps({"model": {}, "training": {"loss": loss}}) for loss in ("softmax", "bce")}
    runs = pd.DataFrame({"config": [config["softmax"]] * 2 + [config["bce"]] * 3, "seed": [0, 1, 0, 1, 2]})
    runs["model"] = ["sasrec", "sasrec", "sasrec", "hstu", "sasrec"]
    runs = runs.assign(
        dataset="movielens-1m", split="leave-one-out", diverged=[False] * 4 + [True], dense_parameters=1,
        embedding_parameters=1, **{"test_ndcg@10": [0.18, 0.16, 0.1, 0.2, 0.3], "test_hr@10": 0.3},
    )  # fmt: skip
    stored = traps.stored_losses(runs)
    assert stored["loss"].tolist() == ["softmax", "softmax", "bce"]
    assert stored["ndcg@10"].tolist() == [0.18, 0.16, 0.1]


def test_published_levels_say_what_was_ranked():
    table = traps.published_levels()
    assert {"all items", "100 uniform", "100 popular"} == set(table["ranking"])
    assert table["hr@10"].between(0, 1).all()
    assert table["source"].str.len().min() > 5
    sampled = table[table["ranking"] != "all items"]["hr@10"].min()
    assert sampled > table[table["ranking"] == "all items"]["hr@10"].max()


@pytest.mark.usefixtures("unchecked")
def test_losses_table_holds_the_runs(data):
    class Result:
        def __init__(self):
            self.metrics = {"test_ndcg@10": 0.1, "test_hr@10": 0.2, "collapsed": 0.0}
            self.accounting = type("A", (), {"training_flop_per_example": 6})
            self.examples_seen, self.wall_seconds, self.diverged = 10, 1.0, False

    row = traps.losses_table({("bce", 2): Result()}).iloc[0]
    assert (row["loss"], row["seed"], row["training GFLOP"], row["collapsed"]) == ("bce", 2, 6e-8, False)
