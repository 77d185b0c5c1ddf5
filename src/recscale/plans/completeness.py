"""What the results tables hold beside what the plans ask for: nothing may be missing without a reason, or be there
without a plan.

``data/results/missing.toml`` gives, for every study whose table isn't whole, the reason in one sentence.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from recscale.plans import STUDIES, plan_study
from recscale.runs import NotYetPlanned, Study
from recscale.runs.store import load_results
from recscale.runs.study import rejudged
from recscale.runs.table import COLUMNS, metric_columns
from recscale.settings import results_folder
from recscale.training.health import HEALTH

OTHER_TABLES = ("data-quality", "data-quality-variants", "serving")
"""Tables in the results folder that hold something other than runs."""


@dataclass(frozen=True)
class Completeness:
    """One full study: run ids that its table lacks, and run ids that its plan doesn't know.

    ``planned`` is None, and ``waits`` says why, while the plan itself waits for another study. Everything is missing
    then, and any row that is there was trained by a plan that may still change.
    """

    study: str
    planned: int | None
    missing: tuple[str, ...]
    unplanned: tuple[str, ...]
    waits: str = ""

    @property
    def complete(self) -> bool:
        return not self.waits and not self.missing


def compare(study: Study, table: pd.DataFrame) -> Completeness:
    """The runs of ``study`` against the rows of ``table``."""
    planned, held = [run.run_id for run in study.runs], table["run_id"].tolist()
    missing = tuple(run_id for run_id in planned if run_id not in set(held))
    unplanned = tuple(run_id for run_id in held if run_id not in set(planned))
    return Completeness(study.name, len(planned), missing, unplanned)


def completeness(name: str) -> Completeness:
    """The full study ``name`` against its committed table. Needs its data sets: run ids hash their checksums."""
    table = load_results(name)
    try:
        return compare(plan_study(name, "full"), table)
    except NotYetPlanned as waiting:
        return Completeness(name, None, (), tuple(table["run_id"]), str(waiting))


def reasons() -> dict[str, str]:
    """Study -> why runs of it are missing, from ``missing.toml`` in the results folder; empty without that file."""
    path = results_folder() / "missing.toml"
    if not path.exists():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
    if unknown := sorted({*found} - {*STUDIES}):
        raise ValueError(f"{path} explains {unknown[0]!r}, which is no study; the studies are {', '.join(STUDIES)}")
    if wordless := [name for name, reason in found.items() if not isinstance(reason, str) or not reason.strip()]:
        raise ValueError(f"{path} names {wordless[0]} without a sentence that says why its runs are missing")
    return found


def faults(found: Completeness, explained: Mapping[str, str]) -> list[str]:
    """What is wrong with one study, a sentence each; ``explained``: ``reasons()``."""
    name, sentences = found.study, []
    if not found.complete and name not in explained:
        what = found.waits or f"{len(found.missing)} of its {found.planned} runs are missing"
        sentences.append(f"{name}: {what}, and missing.toml gives no reason")
    if found.complete and name in explained:
        sentences.append(f"{name}: missing.toml explains why runs are missing, and none is")
    if found.unplanned:
        sentences.append(f"{name}: its plan doesn't know {len(found.unplanned)} rows, first {found.unplanned[0]}")
    return sentences


def table_faults(name: str, table: pd.DataFrame) -> list[str]:
    """What can be wrong with the table in ``name``.csv whatever the plan says, a sentence each; needs no data set."""
    if name not in STUDIES:
        return [f"{name}.csv belongs to no study; the studies are {', '.join(STUDIES)}"]
    sentences, columns = [], list(table.columns)
    if absent := [column for column in COLUMNS if column not in columns]:
        return [f"{name}.csv has no column {absent[0]!r}"]
    if [column for column in columns if column in COLUMNS] != list(COLUMNS):
        sentences.append(f"{name}.csv has its columns in another order than {', '.join(COLUMNS)}")
    parts = ("train", "valid", "test")
    if odd := [c for c in metric_columns(table) if c not in HEALTH and c.partition("_")[0] not in parts]:
        sentences.append(f"{name}.csv has a column {odd[0]!r}, which is no metric on train, valid or test")
    if (repeated := table["run_id"].duplicated()).any():
        sentences.append(f"{name}.csv holds run {table.loc[repeated, 'run_id'].iloc[0]} twice")
    if "collapsed" in columns and not table["collapsed"].equals(rejudged(table)["collapsed"]):
        sentences.append(f"{name}.csv judges the health of its runs by another rule than this code; export it again")
    if not (table["study"] == name).all():
        sentences.append(f"{name}.csv holds rows of {table.loc[table['study'] != name, 'study'].iloc[0]}")
    return sentences
