"""The sequential chapters' figures draw every row they are given, and the probes behind them are right."""

import numpy as np
import pandas as pd
import pytest
import torch

from recscale.analysis import sequential_probes as probes
from recscale.analysis import shape_fits as shape_laws
from recscale.datasets import synthetic
from recscale.figures import performance_law, sequential, show
from recscale.models.sasrec import SASRecConfig
from recscale.models.sequential import build_sequential_model
from recscale.training.sequential import evaluate
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


@pytest.fixture(scope="module")
def grid():
    """A noiseless quadratic with its peak at H = 2, d = 16."""
    pairs = [(h, d) for h in (1, 2, 4) for d in (4, 16, 64)]
    table = pd.DataFrame(pairs, columns=["layers", "width"])
    noise = np.random.default_rng(0).normal(0, 1e-4, len(table))
    bend = 0.02 * np.log(table["layers"] / 2) ** 2 + 0.01 * np.log(table["width"] / 16) ** 2
    return table.assign(**{"ndcg@10": 0.2 - bend + noise})


def test_influence_never_reaches_back_and_shares_sum_to_one(data, model):
    table = probes.influence(model, data.user(0)[:LENGTH])
    assert (table["changed"] <= table["read"]).all()
    assert len(table) == LENGTH * (LENGTH + 1) // 2
    np.testing.assert_allclose(table.groupby("read")["share"].sum(), 1, rtol=1e-5)
    show(sequential.influence_map({"once": table, "again": table}), points=2 * len(table))


def test_full_ranking_by_ranks_is_the_evaluation_of_the_training_loop(data, model, ranks):
    cases = split_sequences(data, "leave-one-out").test
    measured = evaluate(model, data, cases, LENGTH)
    found = probes.expected_metrics(ranks["sasrec"], None)
    assert found["NDCG@10"] == pytest.approx(measured["ndcg@10"], abs=1e-9)
    assert found["HR@10"] == pytest.approx(measured["hr@10"], abs=1e-9)


def test_counting_beats_guessing_on_a_chain(ranks):
    full = {name: probes.expected_metrics(table, None)["NDCG@10"] for name, table in ranks.items()}
    assert full["last item"] > 2 * full["popularity"]


def test_expected_sampled_metric_is_the_mean_over_samples():
    ranks = pd.DataFrame({"candidates": [40, 40, 25], "better": [0, 12, 24], "tied": 0})
    random, draws, found = np.random.default_rng(1), 20_000, []
    for candidates, better, _ in ranks.to_numpy():
        beaten = random.permuted(np.tile(np.arange(candidates - 1), (draws, 1)), axis=1)[:, :15] < better
        place = beaten.sum(1)
        found.append(np.where(place < 5, 1 / np.log2(place + 2), 0).mean())
    assert probes.expected_metrics(ranks, 15, k=5)["NDCG@5"] == pytest.approx(np.mean(found), abs=0.005)


def test_steps_of_a_longer_view_are_taken_user_by_user(data, model):
    score = probes.scorers(data, model)["sasrec"]
    table = probes.reading(score, data, (1, 3, LENGTH), k=5)
    for length in table.index:
        whole = probes.expected_metrics(probes.ranks(score, data, length), None, 5)
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
    rings = [trace for trace in fig.data if trace.name == "kept epoch"]
    assert [ring.x[0] for ring in rings] == [4, 4]


def test_surfaces_show_the_points_and_one_surface_at_a_time(grid):
    fits = shape_laws.fit_forms(grid, "ndcg@10")
    fig = performance_law.surfaces({"a": grid, "b": grid}, {"a": fits, "b": fits}, "ndcg@10")
    show(fig, points=2 * len(grid))
    for button in fig.layout.updatemenus[0].buttons:
        shown = [trace for trace, visible in zip(fig.data, button.args[0]["visible"], strict=True) if visible]
        assert sorted(trace.type for trace in shown) == ["scatter3d", "surface"]
    assert len(fig.layout.updatemenus[0].buttons) == 2 * len(fits)


def test_held_out_shapes_are_predicted_not_fitted(grid):
    held = shape_laws.largest(grid, 1)
    assert grid[held][["layers", "width"]].to_numpy().tolist() == [[4, 64]]
    fits = shape_laws.fit_forms(grid, "ndcg@10", hold_out_largest=1)
    assert {fit.n_points for fit in fits.values()} == {8}
    table = shape_laws.comparison(fits)
    assert table["held-out RMSE"].idxmin() in ("log-quadratic", "performance-law", "performance-law-outside")
    said = shape_laws.predictions(fits, grid[held], "ndcg@10")
    show(performance_law.held_out(said, "ndcg@10"), points=len(fits))
    show(performance_law.slices(grid, fits, "ndcg@10", held), points=len(grid))


def test_optimum_is_named_only_where_the_grid_holds_it(grid):
    depth, width = shape_laws.optimum(grid, "ndcg@10", "log-quadratic")
    assert (depth["axis"], depth["verdict"], width["verdict"]) == ("layers", "identified", "identified")
    rising = grid.assign(**{"ndcg@10": 0.1 + 0.01 * np.log(grid["layers"] * grid["width"])})
    assert {row["verdict"] for row in shape_laws.optimum(rising, "ndcg@10", "log-quadratic")} == {
        "not identifiable here"
    }


def test_q1_hardly_changes_the_fit_of_the_authors_grid():
    table = shape_laws.over_q1(shape_laws.published("ml-1m", 100), "hr@10", values=(1, 4, 32))
    assert table["H*"].isna().tolist() == [True, False, False]
    assert table.loc[2, "r2"] == pytest.approx(0.898712, abs=1e-5), "printed in the paper's figure"
    assert table["w1"].abs()[1] > 4 * table["w1"].abs()[2]
    show(performance_law.profile_of_q1(table), points=3 + 2 + 2)


def test_the_data_term_leaves_only_its_sum():
    table = shape_laws.data_term(0.25, [(1e4, 0.3), (1e7, -0.2)])
    assert table["sum"].tolist() == pytest.approx([0.25, 0.25])
    assert table["b"].nunique() == 2


def test_more_seeds_find_the_best_cell_more_often(grid):
    noisy = grid.assign(**{"ndcg@10": grid["ndcg@10"] + np.random.default_rng(3).normal(0, 0.02, len(grid))})
    fit = shape_laws.fit_forms(noisy, "ndcg@10", forms=("log-quadratic",))["log-quadratic"]
    table = shape_laws.winners(fit, noisy, counts=(1, 4, 400))
    assert table["best cell wins"].is_monotonic_increasing
    assert table["best cell wins"].iloc[0] < 0.8
    assert table["noise of a cell"].tolist() == pytest.approx([table["noise of a cell"][0] / k for k in (1, 2, 20)])


def test_unhealthy_runs_stay_out_of_fits():
    config = '{"model": {"layers": 2, "width": 8}, "training": {"max_length": 50, "precision": "fp32"}}'
    runs = pd.DataFrame({"config": [config] * 3, "diverged": [False, True, False], "collapsed": [0.0, 0.0, 1.0]})
    known = {"model": "sasrec", "dataset": "movielens-1m", "split": "leave-one-out"}
    runs = runs.assign(**known, dense_parameters=1, embedding_parameters=1)
    table = shape_laws.shapes(runs, model="sasrec", max_length=50)
    assert len(table) == 1
    assert table.loc[0, ["layers", "width"]].tolist() == [2, 8]


def test_probes_leave_the_model_as_it_was(data, model):
    before = torch.cat([weight.flatten() for weight in model.parameters()])
    probes.loss_estimates(model, data, LENGTH, [5], draws=2)
    probes.influence(model, data.user(0)[:4])
    assert torch.equal(before, torch.cat([weight.flatten() for weight in model.parameters()]))
