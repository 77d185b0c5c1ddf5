"""The run-record store keeps whole records, gives them back exactly and never half-writes."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recscale.runs import load_results
from recscale.runs import store as records
from recscale.runs.table import metric_columns, records_table

WORDS = ("model", "dataset", "split", "config", "torch_version", "code_version", "data_checksum", "finished_at")


def record(run_id="0123456789abcdef", **changes):
    base = {column: 0 for column in records.COLUMNS if column != "study"} | dict.fromkeys(WORDS, "words")
    return {**base, "run_id": run_id, "diverged": False, "wall_seconds": 1.5, "test_auc": 0.1 + 0.2, **changes}


def test_a_record_comes_back_bit_for_bit(tmp_path):
    store = records.RecordStore(tmp_path)
    store.put(record())
    assert store.get("0123456789abcdef") == record()
    assert store.get("ffffffffffffffff") is None


def test_a_curve_along_the_pass_comes_back_too(tmp_path):
    store, curved = records.RecordStore(tmp_path), record(test_logloss_curve="[[1000, 0.6], [2000, 0.5]]")
    store.put(curved)
    assert store.get("0123456789abcdef") == curved


@given(st.floats(), st.integers(0, 2**62), st.booleans())
def test_any_metric_comes_back_from_strict_json_with_nan_for_what_is_not_finite(
    tmp_path_factory, value, flop, diverged
):
    folder = tmp_path_factory.mktemp("runs")
    records.RecordStore(folder).put(record(test_auc=value, training_flop=flop, diverged=diverged))
    (text,) = (path.read_text() for path in folder.iterdir())
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    found = records.RecordStore(folder).get("0123456789abcdef")
    expected = value if np.isfinite(value) else np.nan
    np.testing.assert_equal((found["test_auc"], found["training_flop"], found["diverged"]), (expected, flop, diverged))


def without(name):
    return json.dumps({key: value for key, value in record().items() if key != name}).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (json.dumps(record()).encode()[:40], "Invalid JSON"),
        (b"", "Invalid JSON"),
        (b"\x89PNG\r\n\x00\xff", "Invalid JSON"),
        (b"[1, 2]", "object"),
        (b"3", "object"),
        (without("seed"), "seed"),
        (without("data_checksum"), "data_checksum"),
        (json.dumps(record(seed="0")).encode(), "seed"),
        (json.dumps(record(training_flop=1.5)).encode(), "training_flop"),
        (json.dumps(record(diverged="no")).encode(), "diverged"),
        (json.dumps(record(test_auc="high")).encode(), "test_auc"),
        (json.dumps(record("f" * 16)).encode(), "the record of run ffffffffffffffff"),
    ],
)
def test_a_file_that_is_no_record_of_its_run_is_named_and_left_alone(tmp_path, content, reason):
    path = tmp_path / "0123456789abcdef.json"
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"is no record of its run .*: delete the file and the run is done again"
    ) as told:
        records.RecordStore(tmp_path).get("0123456789abcdef")
    assert str(path) in str(told.value)
    assert reason in str(told.value)
    assert "\n" not in str(told.value)
    assert path.read_bytes() == content


def test_columns_keep_the_order_of_the_contract_with_the_metrics_in_the_middle():
    table = records_table([record(), record("1" * 16, valid_ndcg=0.5)], "some-study")
    assert metric_columns(table) == ["test_auc", "valid_ndcg"]
    assert table.columns[0] == "study"
    assert [column for column in table.columns if column in records.COLUMNS] == list(records.COLUMNS)


def test_an_exported_table_is_read_back_exactly(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    values = np.random.default_rng(0).random(50)
    table = records_table([record(f"{i:016x}", test_auc=value) for i, value in enumerate(values)], "some-study")
    records.save_results(table, "some-study")
    assert (load_results("some-study")["test_auc"].to_numpy() == values).all()


def test_a_table_that_was_never_exported_is_empty_but_has_its_columns(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    table = load_results("no-such-study")
    assert table.empty
    assert list(table.columns) == list(records.COLUMNS)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = records.RecordStore(tmp_path / "file" / "runs")
    with pytest.raises(ValueError, match="can't create the folder"):
        store.check_writable()


def test_adopting_a_committed_table_never_overwrites_a_live_record(tmp_path):
    store = records.RecordStore(tmp_path)
    store.put(record(test_auc=0.75))
    table = records_table([record(test_auc=0.5), record("1" * 16, test_auc=0.5, extra=None)], "some-study")
    store.import_results(table)
    assert store.get("0123456789abcdef")["test_auc"] == 0.75
    assert len(list(tmp_path.iterdir())) == 1, "what ships with the book needs no copy"
    adopted = store.get("1" * 16)
    assert adopted["test_auc"] == 0.5
    assert "extra" not in adopted
    assert isinstance(json.loads(json.dumps(adopted))["seed"], int)


def test_adopted_records_survive_a_second_export_unchanged(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    first = records_table([record(f"{i:016x}", test_auc=0.1 * i) for i in range(5)], "some-study")
    text = records.save_results(first, "some-study").read_text()
    store = records.RecordStore(tmp_path / "runs")
    store.import_results(load_results("some-study"))
    again = records_table([store.get(run_id) for run_id in first["run_id"]], "some-study")
    pd.testing.assert_frame_equal(again, first, check_dtype=False)
    assert records.save_results(again, "some-study").read_text() == text


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "No columns"), (b"run_id,model\n1,wukong,2\n1,2,3,4\n", "tokenizing"), (b"a\xff\n", "utf-8")],
)
def test_a_results_table_that_is_none_is_named(tmp_path, monkeypatch, content, reason):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    (tmp_path / "some-study.csv").write_bytes(content)
    with pytest.raises(ValueError, match=rf"some-study\.csv is no results table: .*{reason}"):
        load_results("some-study")


def test_a_results_table_without_a_column_is_not_gone_on_from(tmp_path):
    table = records_table([record()], "some-study")
    with pytest.raises(ValueError, match="needs a column 'seed'; it has study, run_id, "):
        records.RecordStore(tmp_path).import_results(table.drop(columns="seed"))
