"""The run-record store keeps whole records, gives them back exactly and never half-writes."""

import json

import numpy as np
import pandas as pd
import pytest

from recscale.studies import records


def record(run_id="0123456789abcdef", **changes):
    base = {column: 0 for column in records.COLUMNS if column != "study"}
    return {**base, "run_id": run_id, "model": "wukong", "config": "{}", "test_auc": 0.1 + 0.2, **changes}


def test_a_record_comes_back_bit_for_bit(tmp_path):
    store = records.RecordStore(tmp_path)
    store.put(record())
    assert store.get("0123456789abcdef") == record()
    assert store.get("ffffffffffffffff") is None


def test_columns_keep_the_order_of_the_contract_with_the_metrics_in_the_middle():
    table = records.as_table([record(), record("1" * 16, valid_ndcg=0.5)], "some-study")
    assert records.metric_columns(table) == ["test_auc", "valid_ndcg"]
    assert table.columns[0] == "study"
    assert [column for column in table.columns if column in records.COLUMNS] == list(records.COLUMNS)


def test_an_exported_table_is_read_back_exactly(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    values = np.random.default_rng(0).random(50)
    table = records.as_table([record(f"{i:016x}", test_auc=value) for i, value in enumerate(values)], "some-study")
    records.export(table, "some-study")
    assert (records.committed("some-study")["test_auc"].to_numpy() == values).all()


def test_a_table_that_was_never_exported_is_empty_but_has_its_columns(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    table = records.committed("no-such-study")
    assert table.empty
    assert list(table.columns) == list(records.COLUMNS)


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    records.write_atomically(path, "old")
    monkeypatch.setattr(records.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        records.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = records.RecordStore(tmp_path / "file" / "runs")
    with pytest.raises(ValueError, match="can't create the folder"):
        store.check_writable()


def test_adopting_a_committed_table_never_overwrites_a_live_record(tmp_path):
    store = records.RecordStore(tmp_path)
    store.put(record(test_auc=0.75))
    table = records.as_table([record(test_auc=0.5), record("1" * 16, test_auc=0.5, extra=None)], "some-study")
    store.adopt(table)
    assert store.get("0123456789abcdef")["test_auc"] == 0.75
    adopted = store.get("1" * 16)
    assert adopted["test_auc"] == 0.5
    assert "extra" not in adopted
    assert isinstance(json.loads(json.dumps(adopted))["seed"], int)


def test_adopted_records_survive_a_second_export_unchanged(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    first = records.as_table([record(f"{i:016x}", test_auc=0.1 * i) for i in range(5)], "some-study")
    text = records.export(first, "some-study").read_text()
    store = records.RecordStore(tmp_path / "runs")
    store.adopt(records.committed("some-study"))
    again = records.as_table([store.get(run_id) for run_id in first["run_id"]], "some-study")
    pd.testing.assert_frame_equal(again, first, check_dtype=False)
    assert records.export(again, "some-study").read_text() == text
