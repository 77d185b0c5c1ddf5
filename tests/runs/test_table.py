"""The run table: what it unpacks, its types, and that no setting hides another column."""

import json
from dataclasses import fields, replace
from typing import get_args, get_type_hints

import numpy as np
import pandas as pd
import pytest

from recscale.models import CTR_MODELS, MODEL_TITLES, SEQUENTIAL_MODELS, EmbeddingConfig, WukongConfig
from recscale.runs import COLUMNS, RunSpec, load_results
from recscale.runs.store import Record
from recscale.runs.table import (
    SETTINGS,
    Columns,
    by_configuration,
    curve_rows,
    healthy,
    records_table,
    run_table,
    settings_of,
    single_dataset,
    with_model_titles,
)
from recscale.training.ctr import CTRTraining
from recscale.training.health import HEALTH
from recscale.training.sequential import SequentialTraining

CTR = RunSpec("set", "random", WukongConfig(l=3), CTRTraining(embedding=EmbeddingConfig(units=(("user", 2),))), 0, 0.3)
SEQUENTIAL = RunSpec("set", "leave-one-out", SEQUENTIAL_MODELS["llama"](layers=4), SequentialTraining(), 1)


CLASSES = [*CTR_MODELS.values(), *SEQUENTIAL_MODELS.values(), CTRTraining, SequentialTraining]


def record(spec: RunSpec, **changes) -> dict:
    row = {"model": spec.model.model, "dataset": spec.dataset, "split": spec.split, "seed": spec.seed}
    sizes = {"dense_parameters": 10, "embedding_parameters": 5, "training_flop_per_example": 60}
    row |= {"config": json.dumps(spec.config, sort_keys=True), "diverged": False, **sizes, "test_logloss": 0.5}
    return row | changes


def table(*records: dict) -> pd.DataFrame:
    return run_table(records_table(records, "study"))


def test_every_setting_has_its_column_and_comes_back():
    runs = table(record(CTR), record(SEQUENTIAL))
    assert settings_of(WukongConfig, runs.iloc[0]) == CTR.model
    assert settings_of(EmbeddingConfig, runs.iloc[0], "embedding_") == CTR.training.embedding
    assert settings_of(CTRTraining, runs.iloc[0]) == replace(CTR.training, embedding=EmbeddingConfig())
    assert settings_of(SequentialTraining, runs.iloc[1]) == SEQUENTIAL.training
    assert settings_of(type(SEQUENTIAL.model), runs.iloc[1]) == SEQUENTIAL.model
    assert runs["fraction"].tolist() == [0.3, 1.0]
    assert runs["layers"].isna().tolist() == [True, False], "Wukong's layers are called l"


def test_columns_have_the_types_of_the_settings_and_empty_tables_all_columns():
    both, one = table(record(CTR), record(SEQUENTIAL)), table(record(CTR))
    assert str(one["l"].dtype) == "int64"
    assert str(both["l"].dtype) == "Int64", "a model without the setting makes no floats of the others' integers"
    assert one["head"].iloc[0] == (64,)
    assert one["parameters"].tolist() == [15]
    empty = run_table(pd.DataFrame(columns=list(COLUMNS)))
    assert set(SETTINGS) | {"parameters", "configuration", "healthy"} <= set(empty)


def test_a_run_table_of_a_run_table_is_the_same():
    runs = table(record(CTR), record(SEQUENTIAL))
    pd.testing.assert_frame_equal(run_table(runs)[runs.columns], runs)


def test_no_setting_hides_another_column():
    own = {field.name for kind in CLASSES for field in fields(kind)} - {"embedding"}
    of_embeddings = {f"embedding_{field.name}" for field in fields(EmbeddingConfig)}
    assert not own & {*COLUMNS, *HEALTH, "parameters", "configuration", "healthy", Columns.CURVE}
    assert not own & of_embeddings
    assert set(SETTINGS) == own | of_embeddings | {"fraction", "repeated"}


def test_one_name_has_one_type_in_every_class():
    for kind in CLASSES:
        for name, hint in get_type_hints(kind).items():
            if name in SETTINGS:
                assert SETTINGS[name] in (hint, *get_args(hint)), f"{kind.__name__}.{name}"


def test_a_record_older_than_a_setting_has_its_default():
    config = json.loads(record(SEQUENTIAL)["config"])
    del config["training"]["schedule"], config["model"]["rope_base"]
    (run,) = table(record(SEQUENTIAL, config=json.dumps(config))).to_dict("records")
    assert (run["schedule"], run["rope_base"]) == (SequentialTraining().schedule, SEQUENTIAL.model.rope_base)


def test_an_unknown_model_is_refused():
    with pytest.raises(ValueError, match="unknown model 'gone'; known are wukong, dlrm"):
        table(record(CTR, model="gone"))


def test_diverged_and_collapsed_runs_are_not_healthy():
    runs = table(
        record(SEQUENTIAL, collapsed=0.0),
        record(SEQUENTIAL, collapsed=1.0),
        record(SEQUENTIAL, collapsed=0.0, diverged=True),
        record(CTR),
    )
    assert runs["healthy"].tolist() == [True, False, False, True]
    assert len(healthy(runs)) == 2


def test_seeds_of_a_configuration_are_one_row_in_ascending_compute():
    large = replace(CTR, model=WukongConfig(l=8))
    losses = ((large, 0, 0.2, 600), (CTR, 0, 0.4, 60), (CTR, 1, 0.6, 60))
    runs = table(
        *(
            record(replace(spec, seed=seed), test_logloss=loss, training_flop_per_example=flop)
            for spec, seed, loss, flop in losses
        )
    )
    means = by_configuration(runs)
    assert means["test_logloss"].tolist() == pytest.approx([0.5, 0.2])
    assert means["seeds"].tolist() == [2, 1]
    assert means["std"].iloc[0] == pytest.approx(0.02**0.5)


def test_a_curve_is_a_row_per_point():
    runs = table(
        record(CTR, test_logloss_curve="[[10, 0.7], [20, 0.6]]"), record(CTR, test_logloss_curve="[[30, 0.5]]")
    )
    points = curve_rows(runs)
    assert points["examples_seen"].tolist() == [10, 20, 30]
    assert points["test_logloss"].tolist() == [0.7, 0.6, 0.5]


def test_runs_of_several_data_sets_are_not_compared():
    assert single_dataset(table(record(CTR))) == "set"
    with pytest.raises(ValueError, match="these are of 2: other, random; set, random"):
        single_dataset(table(record(CTR), record(replace(CTR, dataset="other"))))


def test_readers_see_titles():
    shown = with_model_titles(pd.DataFrame({"model": ["dcnv2"]}, index=["afn+"]))
    assert (shown.index[0], shown["model"].iloc[0]) == ("AFN+", "DCNv2")
    assert set(MODEL_TITLES) == {*CTR_MODELS, *SEQUENTIAL_MODELS}


def test_the_store_checks_every_column_of_the_table():
    assert set(Record.model_fields) == set(COLUMNS) - {"study"} | {Columns.CURVE}


@pytest.mark.parametrize("study", ["ctr-scaling", "ctr-averaging", "sequential-grid", "sequential-learning-rate"])
def test_committed_tables_unpack_whole(study, monkeypatch):
    monkeypatch.delenv("RECSCALE_RESULTS", raising=False)
    runs = run_table(load_results(study))
    assert len(runs) == len(load_results(study)) > 0
    assert runs["epochs"].notna().all()
    configs = [json.loads(config)["training"]["epochs"] for config in runs["config"]]
    np.testing.assert_array_equal(runs["epochs"], configs)
