"""The run-record store: one JSON file a finished run, written whole or not at all."""

import json
import os
import tempfile
from pathlib import Path

import pandas as pd

from recscale.settings import cache_folder, results_folder, writable

IDENTITY = ("study", "run_id", "model", "dataset", "split", "seed", "config")
SIZE = (
    "dense_parameters",
    "embedding_parameters",
    "training_flop_per_example",
    "examples_seen",
    "training_flop",
)
PROVENANCE = (
    "diverged",
    "wall_seconds",
    "threads",
    "torch_version",
    "code_version",
    "data_checksum",
    "finished_at",
)
COLUMNS = IDENTITY + SIZE + PROVENANCE
"""What every results table has; its metric columns stand between SIZE and PROVENANCE."""


def metric_columns(table: pd.DataFrame) -> list[str]:
    """The columns of ``table`` that hold measured metrics."""
    return [column for column in table.columns if column not in COLUMNS]


def as_table(records: list[dict], study: str) -> pd.DataFrame:
    """Records as one table with the columns in their fixed order."""
    table = pd.DataFrame([{"study": study, **record} for record in records])
    metrics = metric_columns(table)
    return table.reindex(columns=[*IDENTITY, *SIZE, *metrics, *PROVENANCE])


def write_atomically(path: Path, text: str) -> None:
    """Write ``text`` to a temporary file beside ``path``, then rename: a reader sees the old file or the new one."""
    writable(path.parent)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class RecordStore:
    """Finished runs by ``run_id``: the reader's own in ``folder``, and those committed with the book."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else cache_folder() / "runs"

    def check_writable(self) -> None:
        """Find out before the first run, not after it, that its record could not be kept."""
        writable(self.folder)

    def get(self, run_id: str) -> dict | None:
        """The record, or None where the run has not finished."""
        path = self.folder / f"{run_id}.json"
        if path.exists():
            return json.loads(path.read_text(encoding="utf-8"))
        return None

    def put(self, record: dict) -> None:
        write_atomically(self.folder / f"{record['run_id']}.json", json.dumps(record, indent=1))

    def adopt(self, table: pd.DataFrame) -> None:
        """Take over the rows of a committed results table, so that a fresh machine goes on where it ended."""
        for row in table.drop(columns="study").to_dict("records"):
            if self.get(row["run_id"]) is None:
                self.put({column: value for column, value in row.items() if not pd.isna(value)})


def committed(study: str) -> pd.DataFrame:
    """The results table that ships with the book; empty, with the fixed columns, where there is none yet."""
    path = results_folder() / f"{study}.csv"
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.read_csv(path, dtype={"run_id": str})


def export(table: pd.DataFrame, study: str) -> Path:
    """Write ``table`` as the results table of ``study``; the file is replaced as a whole."""
    path = results_folder() / f"{study}.csv"
    write_atomically(path, table.to_csv(index=False))
    return path
