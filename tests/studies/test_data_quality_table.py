"""The committed table of data terms is what the code measures."""

import numpy as np
import pandas as pd

from recscale.settings import DATA
from recscale.studies import data_quality


def test_the_committed_rows_of_a_data_set_without_files_are_measured_again():
    stored = pd.read_csv(DATA / "results" / "data-quality.csv")
    assert list(stored.columns) == list(data_quality.COLUMNS)
    rows = stored[stored["dataset"] == "synthetic-markov"].reset_index(drop=True)
    measured = data_quality.measure("synthetic-markov")
    assert len(rows) == len(measured) == 3 * 19
    assert measured["data_checksum"].equals(rows["data_checksum"])
    np.testing.assert_allclose(rows["value"].to_numpy(), measured["value"].to_numpy(), rtol=1e-8)


def test_no_data_set_twice_and_every_reading_of_each():
    stored = pd.read_csv(DATA / "results" / "data-quality.csv")
    assert not stored.duplicated(["dataset", "m", "max_length", "name"]).any()
    assert (stored.groupby(["dataset", "m", "max_length"])["name"].nunique() == 19).all()
    assert stored["dataset"].nunique() == 9
