"""The sequential studies plan what the book says they measure, in an order that is useful when it is cut short."""

import json
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from recscale.plans import plan_study, sequential_quality
from recscale.plans import sequential as plans
from recscale.plans.registry import missing_reasons
from recscale.runs import COLUMNS, NotYetPlanned, RecordStore, load_results, run_study, run_table, spec
from recscale.settings import REPOSITORY
from recscale.training.sequential import SequentialTraining

ITEMS = {"movielens-1m": 3706, "wikipedia": 1000, "kuairand-pure": 7462, "amazon-beauty": 12_101}


STUDIES = ("learning-rate", "quality-search", "quality", "grid", "data")
STUDIES = (*(f"sequential-{name}" for name in STUDIES), "performance-law-predictions")


@pytest.fixture
def no_files(monkeypatch):
    """Plans need a data set's checksum and number of items, not its rows: give them without any file."""

    def data(name, *_):
        return SimpleNamespace(name=name, n_items=ITEMS.get(name, 40_000), n_users=6000, checksum=f"checksum of {name}")

    monkeypatch.setattr(plans, "load_sequences", data)
    monkeypatch.setattr(spec, "load_data", data)


def shapes(runs):
    return [(spec.model.layers, spec.model.width) for spec in runs]


@pytest.mark.parametrize("name", STUDIES)
def test_small_profiles_carry_their_name_and_take_dataset_and_seeds(name):
    study = plan_study(name, "smoke", dataset="synthetic-markov", seeds=[7])
    assert study.name == f"{name}-smoke"
    assert {spec.dataset for spec in study.runs} == {"synthetic-markov"}
    assert {spec.seed for spec in study.runs} == {7}


def test_full_grid_begins_with_the_skeleton_and_covers_every_cell_once(no_files):
    runs = plan_study("sequential-grid", "full").runs
    assert shapes(runs[:4]) == [(1, 16), (1, 64), (4, 16), (4, 64)]
    first = runs[: len(plans.CELLS)]
    assert sorted(shapes(first)) == sorted(plans.CELLS)
    assert {(spec.model.model, spec.training.max_length, spec.dataset) for spec in first} == {
        ("sasrec", 50, "movielens-1m")
    }
    again = [spec for spec in runs if spec.seed in (1, 2)]
    assert len(again) == 2 * len(plans.DIAGONAL)
    assert set(shapes(again)) == set(plans.DIAGONAL)
    assert [spec.training.max_length for spec in runs if spec.training.max_length > 50] == [100] * 5 + [200] * 2


def test_the_grid_holds_no_run_by_which_the_search_chose(no_files):
    searched = {spec.run_id for spec in plan_study("sequential-learning-rate", "full").runs}
    assert not searched & {spec.run_id for spec in plan_study("sequential-grid", "full").runs}


def test_the_chapter_counts_every_seed_that_is_planned(no_files):
    chapter = json.loads((REPOSITORY / "book" / "performance-law-measured.ipynb").read_text())
    cell = next(c for c in chapter["cells"] if "parameters" in c["metadata"].get("tags", ()))
    given = {}
    exec("".join(cell["source"]), given)
    planned = {
        spec.seed for name in ("sequential-grid", "sequential-quality") for spec in plan_study(name, "full").runs
    }
    assert planned == set(given["seeds"])


def test_the_checkerboard_is_half_of_the_grid_without_neighbours():
    chosen = plans._checkerboard(plans.CELLS)
    assert len(chosen) == 7
    depths, widths = (1, 2, 4, 8), (16, 32, 64, 96)
    places = {(depths.index(h), widths.index(d)) for h, d in chosen}
    assert not any((i + 1, j) in places or (i, j + 1) in places for i, j in places)


def test_more_data_begins_with_runs_the_grid_has_done(no_files):
    grid = {spec.run_id for spec in plan_study("sequential-grid", "full").runs}
    data = plan_study("sequential-data", "full").runs
    assert [spec.run_id in grid for spec in data] == [True] * 4 + [False] * (len(data) - 4)
    assert [spec.fraction for spec in data[:12:4]] == [1.0, 0.3, 0.1]
    assert [spec.repeated for spec in data[12:24:4]] == [1.0, 0.5, 0.25]
    assert {spec.dataset for spec in data[24:]} == set(plans.OTHER_DATASETS)


def test_the_softmax_is_exact_up_to_ten_thousand_items(no_files):
    losses = {spec.dataset: spec.training.loss for spec in plan_study("sequential-data", "full").runs}
    assert losses["kuairand-pure"] == "softmax"
    assert losses["amazon-beauty"] == "sampled-softmax"


def test_quality_has_three_seeds_and_every_loss_on_long_histories(no_files):
    runs = [spec for spec in plan_study("sequential-quality", "full").runs if spec.dataset == "movielens-1m"]
    assert {spec.training.max_length for spec in runs} == {200}
    assert {spec.training.loss for spec in runs} == {"softmax", "sampled-softmax", "gbce", "bce"}
    assert {spec.seed for spec in runs if spec.model.model == "sasrec" and spec.training.loss == "softmax"} == {1, 2, 3}


def test_quality_repeats_no_run_by_which_its_search_chose(no_files):
    searched = {spec.run_id for spec in plan_study("sequential-quality-search", "full").runs}
    assert len(searched) == sum(map(len, sequential_quality.QUALITY_SEARCH.values()))
    assert not searched & {spec.run_id for spec in plan_study("sequential-quality", "full").runs}


@pytest.mark.parametrize("name", ["sequential-quality-search", "sequential-quality"])
@pytest.mark.parametrize("dataset", sequential_quality.QUALITY_SEARCH)
def test_quality_on_one_data_set_is_a_part_of_the_whole(name, dataset, no_files):
    whole = {spec.run_id for spec in plan_study(name, "full").runs if spec.dataset == dataset}
    asked = {spec.run_id for spec in plan_study(name, "full", dataset=dataset).runs}
    assert whole
    assert whole <= asked


@pytest.mark.parametrize("name", sequential_quality.QUALITY_SEARCH)
def test_quality_is_trained_as_its_search_found_best(name):
    found = load_results("sequential-quality-search")
    found = found[found["dataset"] == name]
    if len(found) < len(sequential_quality.QUALITY_SEARCH[name]):
        assert "sequential-quality-search" in missing_reasons(), "this search isn't whole, and nothing says why"
        return
    best = run_table(found).loc[found["valid_ndcg@10"].idxmax()].to_dict()
    best["shape"] = best["layers"], best["width"]
    tuned = sequential_quality.QUALITY_TUNED[name]
    assert {knob: best[knob] for knob in tuned} == tuned


def test_the_search_varies_only_what_it_searches(no_files):
    runs = plan_study("sequential-learning-rate", "full").runs
    for schedule, settings in (("linear", plans.SEARCH), ("constant", plans.AT_CONSTANT_RATE)):
        part = [spec for spec in runs if spec.training.schedule == schedule]
        searched = {(spec.model.width, spec.training.learning_rate, spec.model.dropout) for spec in part}
        assert len(searched) == len(part) == sum(map(len, settings.values()))


@pytest.mark.parametrize("width", plans.SEARCH)
def test_the_tuned_setting_is_the_best_of_the_whole_search(width):
    found = run_table(load_results("sequential-learning-rate"))
    found["setting"] = list(zip(found["learning_rate"], found["dropout"], strict=True))
    found = found[(found["width"] == width) & (found["schedule"] == "linear")]
    if set(found["setting"]) != set(plans.SEARCH[width]):
        assert "sequential-learning-rate" in missing_reasons(), (
            "the search of this width isn't whole, and nothing says why"
        )
        return
    assert plans.TUNED[width] == found.loc[found["valid_ndcg@10"].idxmax(), "setting"]
    rates, dropouts = zip(*plans.SEARCH[width], strict=True)
    assert min(rates) < plans.TUNED[width][0] < max(rates)
    assert plans.TUNED[width][1] < max(dropouts)


def test_predictions_wait_for_what_they_are_made_from(no_files, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    with pytest.raises(NotYetPlanned, match="sequential-grid"):
        plan_study("performance-law-predictions", "full")
    (tmp_path / "sequential-grid.csv").write_text(f"{','.join(COLUMNS)}\n{',' * (len(COLUMNS) - 1)}\n")
    monkeypatch.setattr(plans, "PREDICTIONS", tmp_path / "predictions.csv")
    with pytest.raises(NotYetPlanned, match="predictions"):
        plan_study("performance-law-predictions", "full")
    plans.PREDICTIONS.write_text("question,role,layers,width\nbudget,predicted,2,32\nbudget,neighbour,1,64\n")
    runs = plan_study("performance-law-predictions", "full").runs
    assert [(*shape, spec.seed) for shape, spec in zip(shapes(runs), runs, strict=True)] == [
        (2, 32, 0),
        (2, 32, 1),
        (1, 64, 0),
        (1, 64, 1),
    ]


def test_smoke_takes_a_few_users_of_a_large_data_set(no_files):
    (first, *_) = plan_study("sequential-grid", "smoke", dataset="movielens-1m").runs
    assert first.fraction == pytest.approx(300 / 6000)
    assert plan_study("sequential-grid", "quick", dataset="movielens-1m").runs[0].fraction == 1


@pytest.mark.parametrize("name", STUDIES[:-1])
def test_committed_results_are_runs_of_the_plan(name, no_files):
    """Holds the committed table to the plan by recipe and seed; the data's checksum is in its own column."""
    table = load_results(name)
    planned = {
        (spec.dataset, spec.seed, json.dumps(spec.config, sort_keys=True)) for spec in plan_study(name, "full").runs
    }
    measured = set(zip(table["dataset"], table["seed"], table["config"].map(with_later_knobs), strict=True))
    assert measured <= planned


def with_later_knobs(config):
    """A run is older than a knob that was added since, and stands for the knob's default."""
    given = json.loads(config)
    given["training"] = asdict(SequentialTraining()) | given["training"]
    return json.dumps(given, sort_keys=True)


@pytest.mark.slow
def test_the_smoke_grid_trains_models_that_learn(tmp_path):
    table = run_study(plan_study("sequential-grid", "smoke"), store=RecordStore(tmp_path), progress=False)
    assert len(table) == 9
    assert not table["collapsed"].any()
    assert table["test_ndcg@10"].between(0.2, 0.75).all(), "0.73 is the best a chain of this kind allows"
