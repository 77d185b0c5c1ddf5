"""The committed table of data terms is what the code measures."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import data_quality
from recscale.settings import DATA, named_path


def test_the_committed_rows_of_a_data_set_without_files_are_measured_again():
    stored = pd.read_csv(DATA / "results" / "data-quality.csv")
    assert list(stored.columns) == list(data_quality.TERM_COLUMNS)
    rows = stored[stored["dataset"] == "synthetic-markov"].reset_index(drop=True)
    measured = data_quality.measure_terms("synthetic-markov")
    assert len(rows) == len(measured) == 3 * 19
    assert measured["data_checksum"].equals(rows["data_checksum"])
    np.testing.assert_allclose(rows["value"].to_numpy(), measured["value"].to_numpy(), rtol=1e-8)


def test_no_data_set_twice_and_every_reading_of_each():
    stored = pd.read_csv(DATA / "results" / "data-quality.csv")
    assert not stored.duplicated(["dataset", "m", "max_length", "name"]).any()
    assert (stored.groupby(["dataset", "m", "max_length"])["name"].nunique() == 19).all()
    assert stored["dataset"].nunique() == 9


def test_every_changed_copy_that_is_trained_on_has_every_reading():
    stored = pd.read_csv(DATA / "results" / "data-quality-variants.csv")
    assert list(stored.columns) == [*data_quality.TERM_COLUMNS, "fraction", "repeated"]
    copies = stored.groupby(["fraction", "repeated"])["name"]
    assert set(copies.groups) == set(data_quality.VARIANTS)
    assert (copies.nunique() == 19).all()
    assert set(stored["dataset"]) == {data_quality.VARIED}


def test_the_committed_copies_are_those_that_training_makes(monkeypatch):
    if named_path("RECSCALE_MIRROR") is None:
        pytest.skip("copies are made of the data: set RECSCALE_MIRROR to the folder with the data files")
    stored = pd.read_csv(DATA / "results" / "data-quality-variants.csv")
    one = (0.1, 0.0)
    monkeypatch.setattr(data_quality, "VARIANTS", (one,))
    measured = data_quality.measure_variants(data_quality.VARIED)
    rows = stored[(stored["fraction"] == one[0]) & (stored["repeated"] == one[1])]
    np.testing.assert_allclose(rows["value"].to_numpy(), measured["value"].to_numpy(), rtol=1e-8)
