"""Nothing missing without a reason, nothing explained that is there, no row that no plan knows."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pytest
from typer.testing import CliRunner

from recscale.cli import study as cli
from recscale.plans import STUDIES, plan_study
from recscale.plans.profiles import Profiles
from recscale.plans.registry import missing_reasons
from recscale.runs import NotYetPlanned, Study, load_results, save_results
from recscale.runs.table import COLUMNS, Columns, metric_columns, records_table, with_current_health
from recscale.settings import DATA, named_path
from recscale.training.health import HEALTH

OTHER_TABLES = ("data-quality", "data-quality-variants", "serving")
"""Tables in the results folder that are not of runs."""
TABLES = sorted(path.stem for path in (DATA / "results").glob("*.csv"))


@dataclass(frozen=True)
class Completeness:
    """One full study against its committed table.

    planned    number of planned runs; None while the plan waits for another study's results
    missing    ids of planned runs that the table lacks
    unplanned  ids of runs in the table that the plan doesn't know; while the plan waits: all of them
    waits      which study the plan waits for; empty where it doesn't
    """

    study: str
    planned: int | None
    missing: tuple[str, ...]
    unplanned: tuple[str, ...]
    waits: str = ""

    @property
    def complete(self) -> bool:
        return not self.waits and not self.missing


def compare_to_plan(study: Study, table: pd.DataFrame) -> Completeness:
    """The runs of ``study`` against the rows of ``table``."""
    planned, finished = [run.run_id for run in study.runs], table[Columns.RUN_ID].tolist()
    missing = tuple(run_id for run_id in planned if run_id not in set(finished))
    unplanned = tuple(run_id for run_id in finished if run_id not in set(planned))
    return Completeness(study.name, len(planned), missing, unplanned)


def completeness(name: str) -> Completeness:
    """The full study ``name`` against its committed table. Needs its data sets, as run ids hash their checksums."""
    table = load_results(name)
    try:
        return compare_to_plan(plan_study(name, "full"), table)
    except NotYetPlanned as waiting:
        return Completeness(name, None, (), tuple(table[Columns.RUN_ID]), str(waiting))


def study_faults(state: Completeness, explained: Mapping[str, str]) -> list[str]:
    """One message per fault of a study; ``explained``: ``missing_reasons()``."""
    name, messages = state.study, []
    if not state.complete and name not in explained:
        what = state.waits or f"{len(state.missing)} of its {state.planned} runs are missing"
        messages.append(f"{name}: {what}, and missing.toml gives no reason")
    if state.complete and name in explained:
        messages.append(f"{name}: missing.toml explains why runs are missing, and none is")
    if state.unplanned:
        messages.append(f"{name}: its plan doesn't know {len(state.unplanned)} rows, first {state.unplanned[0]}")
    return messages


def table_faults(name: str, table: pd.DataFrame) -> list[str]:
    """One message per fault of the table in ``name``.csv that shows without its plan; needs no data set."""
    if name not in STUDIES:
        return [f"{name}.csv belongs to no study; the studies are {', '.join(STUDIES)}"]
    messages, columns = [], list(table.columns)
    if absent := [column for column in COLUMNS if column not in columns]:
        return [f"{name}.csv has no column {absent[0]!r}"]
    if [column for column in columns if column in COLUMNS] != list(COLUMNS):
        messages.append(f"{name}.csv has its columns in another order than {', '.join(COLUMNS)}")
    parts = ("train", "valid", "test")
    if odd := [c for c in metric_columns(table) if c not in HEALTH and c.partition("_")[0] not in parts]:
        messages.append(f"{name}.csv has a column {odd[0]!r}, which is no metric on train, valid or test")
    if (repeated := table[Columns.RUN_ID].duplicated()).any():
        messages.append(f"{name}.csv holds run {table.loc[repeated, Columns.RUN_ID].iloc[0]} twice")
    if Columns.COLLAPSED in columns and not table[Columns.COLLAPSED].equals(
        with_current_health(table)[Columns.COLLAPSED]
    ):
        messages.append(f"{name}.csv judges the health of its runs by another rule than this code; export it again")
    if not (table[Columns.STUDY] == name).all():
        messages.append(f"{name}.csv holds rows of {table.loc[table[Columns.STUDY] != name, Columns.STUDY].iloc[0]}")
    return messages


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
    whole = compare_to_plan(hand_made, table)
    assert whole.complete
    assert whole.planned == 4
    missing = compare_to_plan(hand_made, table.drop(index=1))
    assert missing.missing == (hand_made.runs[1].run_id,)
    assert not missing.complete
    table.loc[2, "run_id"] = "f" * 16
    both = compare_to_plan(hand_made, table)
    assert both.missing == (hand_made.runs[2].run_id,)
    assert both.unplanned == ("f" * 16,)


def test_each_fault_of_a_study_is_a_sentence(hand_made):
    table = rows(hand_made)
    whole, lacking = (compare_to_plan(hand_made, part) for part in (table, table.iloc[:3]))
    assert study_faults(whole, {}) == []
    assert study_faults(lacking, {"ctr-scaling": "later"}) == []
    (unexplained,) = study_faults(lacking, {"ctr-data": "later"})
    assert "1 of its 4 runs are missing, and missing.toml gives no reason" in unexplained
    (needless,) = study_faults(whole, {"ctr-scaling": "later"})
    assert needless == "ctr-scaling: missing.toml explains why runs are missing, and none is"
    stray = compare_to_plan(hand_made, pd.concat([table, table.iloc[:1].assign(run_id="f" * 16)]))
    assert "doesn't know 1 rows, first ffffffffffffffff" in study_faults(stray, {})[0]


def test_a_study_that_waits_is_missing_whole_and_its_rows_are_nobodys(hand_made, monkeypatch):
    def waits(*_):
        raise NotYetPlanned("waits for another")

    monkeypatch.setitem(STUDIES, "ctr-scaling", Profiles(waits, waits, waits))
    found = completeness("ctr-scaling")
    assert (found.planned, found.waits, found.complete) == (None, "waits for another", False)
    assert study_faults(found, {}) == ["ctr-scaling: waits for another, and missing.toml gives no reason"]
    assert study_faults(found, {"ctr-scaling": "later"}) == []
    save_results(rows(hand_made), "ctr-scaling")
    assert len(completeness("ctr-scaling").unplanned) == 4


def test_reasons_are_read_and_a_wrong_file_is_one_sentence(hand_made, tmp_path):
    assert missing_reasons() == {}
    path = tmp_path / "missing.toml"
    path.write_text('ctr-scaling = "later"\n')
    assert missing_reasons() == {"ctr-scaling": "later"}
    path.write_text('ctr-scalling = "later"\n')
    with pytest.raises(ValueError, match="explains 'ctr-scalling', which is no study; the studies are ctr-learning"):
        missing_reasons()
    path.write_text('ctr-scaling = " "\n')
    with pytest.raises(ValueError, match="names ctr-scaling without a sentence"):
        missing_reasons()


def test_faults_of_a_table_need_no_data(hand_made):
    table = rows(hand_made)
    assert table_faults("ctr-scaling", table) == []
    assert "belongs to no study" in table_faults("ctr-scalling", table)[0]
    assert table_faults("ctr-scaling", table.drop(columns="seed")) == ["ctr-scaling.csv has no column 'seed'"]
    assert "another order" in table_faults("ctr-scaling", table[sorted(table.columns)])[0]
    assert "holds rows of ctr-scaling" in table_faults("ctr-data", table)[0]
    assert "no metric" in table_faults("ctr-scaling", table.assign(notes=""))[0]
    healthy = table_faults("ctr-scaling", table.assign(collapsed=0.0))
    assert not any("no metric" in fault for fault in healthy), "a training-health column belongs there"
    known = {"valid_ndcg@10": 0.2, "popularity_ndcg@10": 0.1, "unigram_loss": 5.0, "personal_share": 0.5}
    stale = [
        bool([one for one in table_faults("ctr-scaling", table) if "by another rule" in one])
        for table in (table.assign(**known, collapsed=flag) for flag in (0.0, 1.0))
    ]
    assert stale == [False, True]
    twice = pd.concat([table, table.iloc[:1]])
    assert table_faults("ctr-scaling", twice) == [f"ctr-scaling.csv holds run {table.run_id[0]} twice"]


def test_the_list_of_studies_says_why_runs_are_missing(hand_made, tmp_path, monkeypatch):
    monkeypatch.setattr("recscale.plans.STUDIES", {"ctr-scaling": ...})
    monkeypatch.setattr("recscale.plans.registry.STUDIES", {"ctr-scaling": Profiles(*[lambda *_: hand_made.runs] * 3)})
    (tmp_path / "missing.toml").write_text('ctr-scaling = "measured later"\n')
    save_results(rows(hand_made).iloc[:3], "ctr-scaling")
    printed = CliRunner().invoke(cli.study_app, ["list"]).output.splitlines()
    assert printed[0].split() == ["ctr-scaling", "4", "planned", "3", "finished"]
    assert printed[1].split("data/results: ")[1] == "measured later"
    assert len(CliRunner().invoke(cli.study_app, ["list", "--profile", "smoke"]).output.splitlines()) == 1


@pytest.mark.parametrize("name", [name for name in TABLES if name not in OTHER_TABLES])
def test_every_results_table_belongs_to_a_study_and_is_whole(name, monkeypatch):
    monkeypatch.delenv("RECSCALE_RESULTS", raising=False)
    assert table_faults(name, load_results(name)) == []


def test_every_reason_is_given_for_a_study(monkeypatch):
    monkeypatch.delenv("RECSCALE_RESULTS", raising=False)
    assert set(missing_reasons()) <= set(STUDIES)


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_nothing_is_missing_without_a_reason_and_nothing_is_there_without_a_plan(name, monkeypatch):
    if named_path("RECSCALE_MIRROR") is None:
        pytest.skip("run ids hash the data: set RECSCALE_MIRROR to the folder with the data files")
    monkeypatch.delenv("RECSCALE_RESULTS", raising=False)
    assert study_faults(completeness(name), missing_reasons()) == []
