"""The sequential chapters' figures draw every row they are given, and the probes behind them are right."""

import numpy as np
import pandas as pd
import pytest
import torch

from recscale.analysis import sequential_probes as probes
from recscale.datasets import synthetic
from recscale.figures import sequential, show
from recscale.models.sasrec import SASRecConfig
from recscale.models.sequential import build_sequential_model
from recscale.training.sequential import evaluate_model
from recscale.training.sequential_batches import split_sequences

LENGTH = 8


@pytest.fixture(scope="module")
def data():
    return synthetic.markov_sequences(60, 12, 30, seed=0)[0]


@pytest.fixture(scope="module")
def model(data):
    return build_sequential_model(SASRecConfig(width=8, layers=2, dropout=0.0), data.n_items, LENGTH, seed=0).eval()


@pytest.fixture(scope="module")
def ranks(data, model):
    return {name: probes.ranks(score, data, LENGTH) for name, score in probes.scorers(data, model).items()}


def test_influence_never_reaches_back_and_shares_sum_to_one(data, model):
    table = probes.influence(model, data.user(0)[:LENGTH])
    assert (table["changed"] <= table["read"]).all()
    assert len(table) == LENGTH * (LENGTH + 1) // 2
    np.testing.assert_allclose(table.groupby("read")["share"].sum(), 1, rtol=1e-5)
    show(sequential.influence_map({"once": table, "again": table}), points=2 * len(table))


def test_full_ranking_by_ranks_is_the_evaluation_of_the_training_loop(data, model, ranks):
    cases = split_sequences(data, "leave-one-out").test
    measured = evaluate_model(model, data, cases, LENGTH)
    found = probes.exact_metrics(ranks["sasrec"], None)
    assert found["NDCG@10"] == pytest.approx(measured["ndcg@10"], abs=1e-9)
    assert found["HR@10"] == pytest.approx(measured["hr@10"], abs=1e-9)


def test_counting_beats_guessing_on_a_chain(ranks):
    full = {name: probes.exact_metrics(table, None)["NDCG@10"] for name, table in ranks.items()}
    assert full["last item"] > 2 * full["popularity"]


def test_expected_sampled_metric_is_the_mean_over_samples():
    ranks = pd.DataFrame({"candidates": [40, 40, 25], "better": [0, 12, 24], "tied": 0})
    random, draws, found = np.random.default_rng(1), 20_000, []
    for candidates, better, _ in ranks.to_numpy():
        beaten = random.permuted(np.tile(np.arange(candidates - 1), (draws, 1)), axis=1)[:, :15] < better
        place = beaten.sum(1)
        found.append(np.where(place < 5, 1 / np.log2(place + 2), 0).mean())
    assert probes.exact_metrics(ranks, 15, k=5)["NDCG@5"] == pytest.approx(np.mean(found), abs=0.005)


def test_steps_of_a_longer_view_are_taken_user_by_user(data, model):
    score = probes.scorers(data, model)["sasrec"]
    table = probes.reading(score, data, (1, 3, LENGTH), k=5)
    for length in table.index:
        whole = probes.exact_metrics(probes.ranks(score, data, length), None, 5)
        assert table.loc[length, "NDCG@5"] == pytest.approx(whole["NDCG@5"])
    assert np.diff(table["NDCG@5"]) == pytest.approx(table["step"].to_numpy()[1:])
    assert np.isnan(table["step"].iloc[0])
    same = probes.reading(score, data, (LENGTH, LENGTH), k=5)
    assert same[["step", "±"]].iloc[1].tolist() == [0, 0], "what doesn't change has no noise, whoever the users are"


def test_metric_traps_end_in_full_ranking(ranks):
    curves = probes.metric_curves(ranks, negatives=(5, 20, 500))
    assert sorted(set(curves["negatives"])) == [5, 20, 29]
    assert curves.loc[curves["full"], "negatives"].eq(29).all()
    falling = curves.groupby("model")["NDCG@10"].agg(lambda column: (np.diff(column) < 0).all())
    assert falling.all(), "more rivals can only lower the true item's place"
    show(sequential.metric_traps(curves), points=len(curves))


def test_sampled_losses_meet_the_exact_one_at_all_items(data, model):
    table, exact = probes.loss_estimates(model, data, LENGTH, [5, 30, 1000], draws=5)
    everything = table.query("negatives == 30").set_index("sampling")
    assert everything.loc["uniform", "mean"] == pytest.approx(exact, rel=1e-5)
    assert table.query("negatives == 5 and sampling == 'uniform, uncorrected'")["mean"].item() < exact - 0.5
    assert set(table["negatives"]) == {5, 30}
    show(sequential.sampled_losses(table, exact), points=len(table))


def test_learning_curve_draws_epochs_and_evaluations():
    history = pd.DataFrame({"epoch": [1, 2, 3, 4], "objective": [4.0, 3.0, 2.5, 2.4]})
    history["valid_ndcg@10"] = [np.nan, 0.1, np.nan, 0.2]
    fig = sequential.learning_curve({0: history, 1: history})
    show(fig, points=2 * (4 + 2))
    rings = [trace for trace in fig.data if trace.name == "epoch used"]
    assert [ring.x[0] for ring in rings] == [4, 4]


def test_probes_leave_the_model_as_it_was(data, model):
    before = torch.cat([weight.flatten() for weight in model.parameters()])
    probes.loss_estimates(model, data, LENGTH, [5], draws=2)
    probes.influence(model, data.user(0)[:4])
    assert torch.equal(before, torch.cat([weight.flatten() for weight in model.parameters()]))
