"""Check committed tables against the plans: no run is missing without a reason, and none is there without a plan.

``data/results/missing.toml`` gives the reason, in one sentence, for every study whose table is incomplete.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from recscale.plans import STUDIES, plan_study
from recscale.runs import NotYetPlanned, Study
from recscale.runs.table import COLUMNS, Columns, load_results, metric_columns, with_current_health
from recscale.settings import results_folder
from recscale.training.health import HEALTH

OTHER_TABLES = ("data-quality", "data-quality-variants", "serving")
"""Tables in the results folder that are not of runs."""


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


def reasons() -> dict[str, str]:
    """Study -> why runs of it are missing, from ``missing.toml`` in the results folder; empty without that file.

    Raises ``ValueError`` where the file is no TOML, names no study, or gives no reason.
    """
    path = results_folder() / "missing.toml"
    if not path.exists():
        return {}
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
    if unknown := sorted({*given} - {*STUDIES}):
        raise ValueError(f"{path} explains {unknown[0]!r}, which is no study; the studies are {', '.join(STUDIES)}")
    if empty := [name for name, reason in given.items() if not isinstance(reason, str) or not reason.strip()]:
        raise ValueError(f"{path} names {empty[0]} without a sentence that says why its runs are missing")
    return given


def study_faults(state: Completeness, explained: Mapping[str, str]) -> list[str]:
    """One message per fault of a study; ``explained``: ``reasons()``."""
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
