"""The guard on the real book: one committed number changes, a verdict flips, and the build names the paragraph."""

import shutil

import pandas as pd
import pytest

from recscale.book.build import stale_commentary
from recscale.book.execute import Layout
from recscale.claims import registry
from recscale.runs.table import Columns
from recscale.settings import results_folder


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A copy of the committed tables; only the claims on Wukong's scaling are computed."""
    folder = shutil.copytree(results_folder(), tmp_path / "results")
    monkeypatch.setenv("RECSCALE_RESULTS", str(folder))
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(registry, "SOURCES", {"wukong-scaling": registry.SOURCES["wukong-scaling"]})
    return folder


def faults_of(claim: str) -> list[str]:
    """What the build says of text that relies on this claim."""
    return [fault for fault in stale_commentary(Layout()) if f" {claim}: " in fault]


def test_one_changed_number_names_the_paragraphs_that_relied_on_it(results):
    assert faults_of("wukong-loss-falls") == []
    path = results / "ctr-scaling.csv"
    table = pd.read_csv(path, dtype={"run_id": str})
    own = table[(table["model"] == "wukong") & (table["dataset"] == "movielens-1m") & (table["split"] == "random")]
    table.loc[own[Columns.FLOP].idxmax(), "test_logloss"] *= 1.2
    table.to_csv(path, index=False)
    faults = faults_of("wukong-loss-falls")
    assert any(fault.startswith("wukong-law-measured: “") for fault in faults)
    assert all("'holds', " in fault and "'open'" in fault for fault in faults)
