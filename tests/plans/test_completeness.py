"""Nothing missing without a reason, nothing explained that is there, no row that no plan knows."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from recscale.cli import study as cli
from recscale.plans import STUDIES, completeness, plan_study
from recscale.plans.profiles import Profiles
from recscale.runs import NotYetPlanned, Study, load_results, save_results
from recscale.runs.table import COLUMNS, records_table
from recscale.settings import DATA, mirror_folder

TABLES = sorted(path.stem for path in (DATA / "results").glob("*.csv"))


@pytest.fixture
def hand_made(tmp_path, monkeypatch) -> Study:
    """A study of four runs on generated data, and an empty results folder."""
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "cache"))
    whole = plan_study("ctr-scaling", "smoke", dataset="synthetic-ctr")
    return Study("ctr-scaling", whole.runs[:4])


def rows(study: Study) -> pd.DataFrame:
    """A table that holds every run of ``study``."""
    base = {column: 0 for column in COLUMNS if column != "study"}
    return records_table([{**base, "run_id": run.run_id, "test_auc": 0.5} for run in study.runs], study.name)


def test_a_missing_and_an_unplanned_row_are_found(hand_made):
    table = rows(hand_made)
    whole = completeness.compare_to_plan(hand_made, table)
    assert whole.complete
    assert whole.planned == 4
    missing = completeness.compare_to_plan(hand_made, table.drop(index=1))
    assert missing.missing == (hand_made.runs[1].run_id,)
    assert not missing.complete
    table.loc[2, "run_id"] = "f" * 16
    both = completeness.compare_to_plan(hand_made, table)
    assert both.missing == (hand_made.runs[2].run_id,)
    assert both.unplanned == ("f" * 16,)


def test_each_fault_of_a_study_is_a_sentence(hand_made):
    table = rows(hand_made)
    whole, lacking = (completeness.compare_to_plan(hand_made, part) for part in (table, table.iloc[:3]))
    assert completeness.study_faults(whole, {}) == []
    assert completeness.study_faults(lacking, {"ctr-scaling": "later"}) == []
    (unexplained,) = completeness.study_faults(lacking, {"ctr-data": "later"})
    assert "1 of its 4 runs are missing, and missing.toml gives no reason" in unexplained
    (needless,) = completeness.study_faults(whole, {"ctr-scaling": "later"})
    assert needless == "ctr-scaling: missing.toml explains why runs are missing, and none is"
    stray = completeness.compare_to_plan(hand_made, pd.concat([table, table.iloc[:1].assign(run_id="f" * 16)]))
    assert "doesn't know 1 rows, first ffffffffffffffff" in completeness.study_faults(stray, {})[0]


def test_a_study_that_waits_is_missing_whole_and_its_rows_are_nobodys(hand_made, monkeypatch):
    def waits(*_):
        raise NotYetPlanned("waits for another")

    monkeypatch.setitem(STUDIES, "ctr-scaling", Profiles(waits, waits, waits))
    found = completeness.completeness("ctr-scaling")
    assert (found.planned, found.waits, found.complete) == (None, "waits for another", False)
    assert completeness.study_faults(found, {}) == ["ctr-scaling: waits for another, and missing.toml gives no reason"]
    assert completeness.study_faults(found, {"ctr-scaling": "later"}) == []
    save_results(rows(hand_made), "ctr-scaling")
    assert len(completeness.completeness("ctr-scaling").unplanned) == 4


def test_reasons_are_read_and_a_wrong_file_is_one_sentence(hand_made, tmp_path):
    assert completeness.reasons() == {}
    path = tmp_path / "missing.toml"
    path.write_text('ctr-scaling = "later"\n')
    assert completeness.reasons() == {"ctr-scaling": "later"}
    path.write_text('ctr-scalling = "later"\n')
    with pytest.raises(ValueError, match="explains 'ctr-scalling', which is no study; the studies are ctr-learning"):
        completeness.reasons()
    path.write_text('ctr-scaling = " "\n')
    with pytest.raises(ValueError, match="names ctr-scaling without a sentence"):
        completeness.reasons()


def test_faults_of_a_table_need_no_data(hand_made):
    table = rows(hand_made)
    assert completeness.table_faults("ctr-scaling", table) == []
    assert "belongs to no study" in completeness.table_faults("ctr-scalling", table)[0]
    assert completeness.table_faults("ctr-scaling", table.drop(columns="seed")) == [
        "ctr-scaling.csv has no column 'seed'"
    ]
    assert "another order" in completeness.table_faults("ctr-scaling", table[sorted(table.columns)])[0]
    assert "holds rows of ctr-scaling" in completeness.table_faults("ctr-data", table)[0]
    assert "no metric" in completeness.table_faults("ctr-scaling", table.assign(notes=""))[0]
    healthy = completeness.table_faults("ctr-scaling", table.assign(collapsed=0.0))
    assert not any("no metric" in fault for fault in healthy), "a training-health column belongs there"
    known = {"valid_ndcg@10": 0.2, "popularity_ndcg@10": 0.1, "unigram_loss": 5.0, "personal_share": 0.5}
    stale = [
        bool([one for one in completeness.table_faults("ctr-scaling", table) if "by another rule" in one])
        for table in (table.assign(**known, collapsed=flag) for flag in (0.0, 1.0))
    ]
    assert stale == [False, True]
    twice = pd.concat([table, table.iloc[:1]])
    assert completeness.table_faults("ctr-scaling", twice) == [f"ctr-scaling.csv holds run {table.run_id[0]} twice"]


def test_the_list_of_studies_says_why_runs_are_missing(hand_made, tmp_path, monkeypatch):
    monkeypatch.setattr("recscale.plans.STUDIES", {"ctr-scaling": ...})
    monkeypatch.setattr("recscale.plans.registry.STUDIES", {"ctr-scaling": Profiles(*[lambda *_: hand_made.runs] * 3)})
    (tmp_path / "missing.toml").write_text('ctr-scaling = "measured later"\n')
    save_results(rows(hand_made).iloc[:3], "ctr-scaling")
    printed = CliRunner().invoke(cli.app, ["list"]).output.splitlines()
    assert printed[0].split() == ["ctr-scaling", "4", "planned", "3", "finished"]
    assert printed[1].split("data/results: ")[1] == "measured later"
    assert len(CliRunner().invoke(cli.app, ["list", "--profile", "smoke"]).output.splitlines()) == 1


@pytest.mark.parametrize("name", [name for name in TABLES if name not in completeness.OTHER_TABLES])
def test_every_results_table_belongs_to_a_study_and_is_whole(name, monkeypatch):
    monkeypatch.delenv("RECSCALE_RESULTS", raising=False)
    assert completeness.table_faults(name, load_results(name)) == []


def test_every_reason_is_given_for_a_study(monkeypatch):
    monkeypatch.delenv("RECSCALE_RESULTS", raising=False)
    assert set(completeness.reasons()) <= set(STUDIES)


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_nothing_is_missing_without_a_reason_and_nothing_is_there_without_a_plan(name, monkeypatch):
    if mirror_folder() is None:
        pytest.skip("run ids hash the data: set RECSCALE_MIRROR to the folder with the data files")
    monkeypatch.delenv("RECSCALE_RESULTS", raising=False)
    assert completeness.study_faults(completeness.completeness(name), completeness.reasons()) == []
