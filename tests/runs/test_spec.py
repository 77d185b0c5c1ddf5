"""What identifies a run, and what must not."""

import dataclasses
import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import recscale
from recscale.models import CTR_MODELS, SEQUENTIAL_MODELS
from recscale.models.embeddings import EmbeddingConfig
from recscale.models.wukong import WukongConfig
from recscale.runs import COLUMNS, execute
from recscale.runs.execute import make_record, train
from recscale.runs.spec import RunSpec, load_data, non_defaults
from recscale.training.ctr import CTRTraining
from recscale.training.sequential import SequentialTraining

DEFAULTS = Path(__file__).with_name("defaults.json")


def spec(**changes):
    base = RunSpec("synthetic-ctr", "random", WukongConfig(l=1, mlp_width=8), CTRTraining(batch_size=512), seed=0)
    return dataclasses.replace(base, **changes)


def test_anything_that_decides_the_numbers_changes_the_run_id():
    training = spec().training
    variants = [
        spec(),
        spec(seed=1),
        spec(split="time"),
        spec(fraction=0.5),
        spec(model=WukongConfig(l=2, mlp_width=8)),
        spec(training=dataclasses.replace(training, batch_size=256)),
        spec(training=dataclasses.replace(training, embedding=EmbeddingConfig(width=8))),
    ]
    assert len({variant.run_id for variant in variants}) == len(variants)


def test_a_raised_version_of_model_or_loop_changes_the_run_id(monkeypatch):
    before = spec().run_id
    monkeypatch.setattr(WukongConfig, "VERSION", 1000)
    model_raised = spec().run_id
    monkeypatch.setattr(CTRTraining, "VERSION", 1000)
    assert len({before, model_raised, spec().run_id}) == 3


def test_a_new_knob_with_the_old_behaviour_as_its_default_keeps_the_run_id():
    @dataclasses.dataclass(frozen=True)
    class Wider(WukongConfig):
        new_knob: bool = False

    assert spec(model=Wider(l=1, mlp_width=8)).run_id == spec().run_id
    assert spec(model=Wider(l=1, mlp_width=8, new_knob=True)).run_id != spec().run_id


def test_only_departures_from_the_defaults_are_chosen():
    config = CTRTraining(batch_size=7, embedding=EmbeddingConfig(width=4))
    assert non_defaults(config) == {"batch_size": 7, "embedding": {"width": 4}}


def test_no_default_changes_without_its_version():
    """``run_id`` hashes departures from the defaults, so a changed default is changed numerics: raise ``VERSION``.

    After raising it (or adding a knob) write the file anew: ``python tests/runs/test_spec.py``.
    """
    pinned = json.loads(DEFAULTS.read_text())
    for name, (version, defaults) in current_defaults().items():
        pinned_version, pinned_defaults = pinned[name]
        assert defaults.keys() == pinned_defaults.keys(), f"{name} has new or lost knobs: write {DEFAULTS.name} anew"
        if version == pinned_version:
            assert defaults == pinned_defaults, f"a default of {name} changed, but not its VERSION"


def test_an_unknown_split_is_refused_with_the_allowed_ones():
    with pytest.raises(ValueError, match="unknown split 'tuesday' for wukong; allowed are random, time, official"):
        spec(split="tuesday")


CARD = """
[ctr]
file = "shop.csv"
labels = ["bought"]
categorical = ["visitor", "article"]
"""


def test_own_data_are_known_by_what_is_read_of_them_wherever_they_lie(tmp_path, monkeypatch):
    def run_id(place, card=CARD):
        folder = tmp_path / place
        folder.mkdir(exist_ok=True)
        (folder / "shop.csv").write_text("visitor,article,bought,liked\n" + "a,x,1,0\nb,y,0,1\na,y,1,1\nb,x,0,0\n" * 5)
        (folder / "shop.toml").write_text(card)
        load_data.cache_clear()
        return spec(dataset=str(folder / "shop.toml")).run_id

    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "cache"))
    first = run_id("here")
    assert run_id("there") == first
    assert run_id("here", CARD.replace("bought", "liked")) != first
    assert run_id("here", CARD.replace('"visitor", ', "")) != first


@pytest.mark.usefixtures("unchecked")
def test_threads_of_one_process_train_one_after_the_other(monkeypatch):
    busy, most = [], []

    def trains(spec):
        busy.append(spec)
        time.sleep(0.02)
        most.append(len(busy))
        busy.pop()

    monkeypatch.setattr(execute, "_train", trains)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(execute.train, [spec(seed=seed) for seed in range(3)]))
    assert most == [1, 1, 1]


def test_a_run_gives_a_complete_record_and_the_same_bits_twice():
    first, second = (make_record(spec(), train(spec())) for _ in range(2))
    assert set(COLUMNS) - {"study"} <= set(first)
    assert json.loads(first["config"])["model"]["l"] == 1
    assert first["training_flop"] == first["training_flop_per_example"] * first["examples_seen"]
    assert 0.5 < first["test_auc"] <= 1
    for column in set(first) - {"wall_seconds", "finished_at"}:
        np.testing.assert_equal(first[column], second[column], err_msg=column)


def current_defaults() -> dict:
    configs = {**CTR_MODELS, **SEQUENTIAL_MODELS, "ctr": CTRTraining, "sequential": SequentialTraining}
    plain = {name: (config.VERSION, dataclasses.asdict(config())) for name, config in configs.items()}
    return json.loads(json.dumps(plain))


if __name__ == "__main__":
    DEFAULTS.write_text(json.dumps(current_defaults(), indent=1, sort_keys=True) + "\n")


def test_the_version_of_the_code_says_when_its_source_differs_from_the_commit(tmp_path, monkeypatch):
    def git(*arguments):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True, capture_output=True)

    def version():
        execute.code_version.cache_clear()
        return execute.code_version()

    monkeypatch.setattr(execute, "REPOSITORY", tmp_path)
    assert version() == recscale.__version__, "no checkout"
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "code.py").write_text("a = 1\n")
    git("init")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "first")
    clean = version()
    assert clean.startswith(f"{recscale.__version__}+")
    (tmp_path / "notes.md").write_text("not code")
    assert version() == clean
    (tmp_path / "src" / "code.py").write_text("a = 2\n")
    assert version() == f"{clean}-dirty"
    execute.code_version.cache_clear()
