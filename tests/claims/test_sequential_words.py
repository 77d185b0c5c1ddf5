"""The measured chapter's words and tables, with whole, partial, single-seed and absent studies."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from recscale.analysis import shape_contrasts as cellwise
from recscale.analysis.data_transfer import study
from recscale.analysis.shape_contrasts import Cells
from recscale.analysis.shape_law import Panel
from recscale.claims import evidence
from recscale.claims import performance_law_grid as sequential
from recscale.claims import sequential_words as words
from recscale.figures import sequential_law as figures
from recscale.figures import show
from recscale.runs.store import COLUMNS, load_results

NOTHING = pd.DataFrame(columns=list(COLUMNS))


@pytest.fixture(scope="module")
def table(sequential_runs):
    return sequential_runs.grid(noise=0.004)


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    return tmp_path


def test_an_absent_study_is_said_to_be_absent(results):
    found = words.tables([0, 1, 2])
    assert words.inventory_words(found).startswith("None of the four studies")
    assert words.inventory(found)["runs"].tolist() == [0] * 4
    panel = Panel.of(NOTHING, "ndcg@10")
    assert "No cell has a second seed" in words.noise_words(panel)
    assert "can't be said" in words.margin_words(panel)
    assert words.seeds_needed(panel)["least difference"].isna().all()
    assert words.forms_table(panel).empty
    assert words.held_table(panel).empty
    assert list(words.surfaces(panel)[0]) == [words.AUTHORS]
    assert words.level_table(None).empty
    assert words.term_table(None).empty
    assert words.predicted(NOTHING).empty
    assert cellwise.beside(Cells.of(NOTHING, "test_ndcg@10"), None).empty
    assert words.answer([], found, NOTHING).startswith("None of the paper's statements can be tested yet.")


def test_what_is_decided_is_named(results, table):
    rows = sequential.grid_claims(table, 60, 0)
    said = words.answer(rows, words.tables([0, 1, 2, 3]), NOTHING)
    assert "Holds: HR and NDCG follow the Performance Law;" in said
    assert "there is a best depth;" in said
    assert "measured:" not in said


def test_checks_of_ours_are_no_statements_of_the_paper(results, table):
    rows = sequential.grid_claims(table, 60, 0)
    checks = [replace(row, check=True) for row in rows]
    assert evidence.tally(checks) == "none of the paper's statements can be tested yet"
    said = evidence.tally([*rows, *checks])
    assert said.startswith(f"of {len(rows)} statements tested here")
    assert said.endswith(f"({len(rows)} checks of ours not among them)")
    assert words.decided([*rows, *checks]) == words.decided(rows)


def test_only_the_brackets_at_its_end_shorten_a_claim():
    assert words._short("measured: D′ (by ApEn) tells more: how many") == "D′ (by ApEn) tells more"
    assert words._short("measured: there is a best depth (inside 1 to 8)") == "there is a best depth"


def test_runs_are_counted_and_seeds_chosen(results, table):
    table.loc[0, "collapsed"] = 1.0
    table.to_csv(results / "sequential-grid.csv", index=False)
    found = words.tables([0, 1, 2, 3])
    assert len(found["sequential-grid"]) == 42
    assert set(words.tables([1])["sequential-grid"]["seed"]) == {1}
    row = words.inventory(found).loc["sequential-grid"]
    assert (row["runs"], row["left out"], row["models"], row["seeds"]) == (42, 1, 3, 4)
    assert words.inventory_words(found).startswith(
        "1 of the 4 studies has runs here, 42 different ones in all, of which 1 is left out"
    )
    table.loc[0, "collapsed"] = 0.0


def test_a_whole_grid_fills_every_table(table):
    panel = Panel.of(table, "ndcg@10")
    forms = words.forms_table(panel)
    assert len(forms) == 5
    assert forms["Δ AICc"].min() == 0
    assert forms["p, seeds"].between(0, 1).all()
    held = words.held_table(panel)
    assert list(held.columns) == ["layers = 8", "width = 96"]
    assert held.loc["Performance Law, largest"].ge(held.loc["Performance Law, least over its constant"]).all()
    assert (held > 0).all(axis=None)
    assert list(words.surfaces(panel)[0]) == ["measured here", words.AUTHORS]
    least = words.seeds_needed(panel, (1, 4))["least difference"]
    assert least[1] == pytest.approx(2 * least[4])
    assert "takes" in words.margin_words(panel)
    assert "degrees of freedom" in words.noise_words(panel)
    shown = cellwise.potential_table(cellwise.potentials(Cells.of(table, "test_ndcg@10")), 8)
    assert list(shown.index) == ["hstu", "llama"]


def test_one_seed_tells_no_noise(sequential_runs):
    panel = Panel.of(sequential_runs.grid(seeds=(0,)), "ndcg@10")
    assert "unknown" in words.noise_words(panel)
    assert words.forms_table(panel).empty


def test_figures_draw_every_point(table, sequential_runs):
    beside = cellwise.beside(*(Cells.of(table, f"test_{name}") for name in ("hr@10", "loss")))
    assert len(beside) == 14
    show(figures.loss_and_metric(beside, "hr@10"), points=2 * len(beside))
    names = ("movielens-1m", "food", "wikipedia", "amazon-books", "amazon-beauty", "kuairand-pure")
    variants = [(name, 1.0, 0.0) for name in names]
    variants += [("movielens-1m", 0.3, 0.0), ("movielens-1m", 1.0, 0.5)]
    random = np.random.default_rng(0)
    columns = [*words.TERMS, "zlib"]
    values = random.uniform(1e4, 1e6, (len(variants), len(columns)))
    terms = pd.DataFrame(values, index=pd.MultiIndex.from_tuples(variants), columns=columns)
    made = study(sequential_runs.data(sequential_runs.law), table, "ndcg@10", terms)
    levels, named = words.level_table(made), list(words.TERMS.values())
    assert "movielens-1m, 30% of users" in set(levels["setting"])
    assert "movielens-1m, 50% repeated" in set(levels["setting"])
    show(figures.levels(levels, named, "ndcg@10"), points=len(named) * len(levels))
    assert len(words.term_table(made)) == len(columns)


RECORD = {"model": "sasrec", "split": "leave-one-out", "diverged": False}
RECORD |= {"dense_parameters": 1, "embedding_parameters": 1}


def searched(rows):
    """A table of (schedule or None, width, rate, dropout, positions, NDCG); None: older than the knob."""
    return pd.DataFrame(
        {
            "config": json.dumps(
                {
                    "model": {"width": width, "dropout": dropout},
                    "training": {"learning_rate": rate} | ({"schedule": schedule} if schedule else {}),
                }
            ),
            "examples_seen": positions,
            "valid_ndcg@10": value,
            **RECORD,
            "dataset": "movielens-1m",
        }
        for schedule, width, rate, dropout, positions, value in rows
    )


def test_the_search_compares_schedules_where_both_were_tried():
    table = words.search_table(
        searched(
            [
                (None, 32, 1e-3, 0.1, 9_000_000, 0.16),
                ("constant", 32, 3e-3, 0.1, 8_000_000, 0.17),
                ("linear", 16, 3e-3, 0.1, 6_600_000, 0.14),
                ("linear", 32, 3e-3, 0.0, 6_600_000, 0.15),
                ("linear", 32, 3e-3, 0.1, 6_600_000, 0.168),
            ]
        )
    )
    assert table.index.tolist() == [("linear", 16), *[("linear", 32)] * 2, *[("constant", 32)] * 2]
    assert table.loc["linear"].loc[32, "dropout"].tolist() == [0.1, 0.0]
    assert words.search_words(table) == (
        "The best falling rate reached a validation NDCG@10 of 0.1680 after 6.6 million positions at width 32 "
        "(constant: 0.1700 after 8.0)."
    )


def test_the_search_at_a_good_size_stands_best_first():
    table = words.quality_search_table(
        sized([("food", 2, 0.3, 0.05), ("wikipedia", 4, 0.2, 0.1), ("food", 4, 0.1, 0.06)])
    )
    assert table.index.tolist() == ["wikipedia", "food", "food"]
    assert table.loc["food", "dropout"].tolist() == [0.1, 0.3]
    assert words.quality_search_table(NOTHING).empty


def sized(rows):
    """Records of runs at a good size: (data set, layers, dropout, valid NDCG@10)."""
    training = {"batch_tokens": 1024, "epochs": 25, "learning_rate": 1e-3}
    return pd.DataFrame(
        {
            "dataset": dataset,
            "config": json.dumps({"model": {"layers": layers, "width": 64, "dropout": dropout}, "training": training}),
            "valid_ndcg@10": value,
            **RECORD,
        }
        for dataset, layers, dropout, value in rows
    )


def test_levels_at_a_good_size_have_intervals_over_seeds(sequential_runs):
    runs = sequential_runs.quality({"sasrec": 0.19})
    found = words.quality_table(runs)
    row = found.loc[("movielens-1m", "sasrec", "softmax")]
    values = runs.loc[(runs["dataset"] == "movielens-1m") & (runs["test_ndcg@10"] > 0.1), "test_ndcg@10"]
    assert row["NDCG@10"] == pytest.approx(values.mean())
    assert row["±"] == pytest.approx(stats.t.ppf(0.975, len(values) - 1) * values.std() / len(values) ** 0.5)
    assert found["seeds"].tolist() == [3, 1, 3], "a row a data set and loss, best of a set first"
    assert np.isnan(found.loc[("movielens-1m", "sasrec", "bce"), "±"])
    assert words.quality_table(NOTHING).empty


def test_a_data_set_without_a_healthy_run_is_named(sequential_runs):
    runs = sequential_runs.data(sequential_runs.law)
    assert words.collapsed_words(runs) == words.collapsed_words(NOTHING) == ""
    runs.loc[runs["dataset"] == "food", "collapsed"] = 1.0
    runs.loc[runs.index[0], "collapsed"] = 1.0
    assert words.collapsed_words(runs).startswith("Every run on food collapsed")


def test_a_step_of_depth_is_told_with_its_interval(table):
    losses = Cells.of(table, "train_loss")
    said = words.step_words(losses, 16, 4, 8)
    assert said.startswith(f"{100 * (losses.value((8, 16)) / losses.value((4, 16)) - 1):+.2f} % [")
    assert words.step_words(losses, 17, 4, 8) == words.step_words(None, 16, 4, 8) == "not measured yet"


def test_an_absent_search_is_said_to_be_absent(results):
    table = words.search_table(load_results("sequential-learning-rate"))
    assert words.search_words(table).startswith("The search is not in this copy")
