"""The store of run records: one JSON file per finished run, written whole or not at all.

A file that isn't a valid record of its run is never used and never overwritten, as it may hold a night's work. Reading
it raises a ``ValueError`` that names the file and says what to do.
"""

import json
import math
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from recscale.runs.table import COLUMNS, Columns, Record
from recscale.settings import cache_folder, results_folder, writable, write_atomically


class RecordStore:
    """Finished runs by ``run_id``: the reader's own in ``folder``, and those committed with the book."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else cache_folder() / "runs"
        self._imported: dict[str, dict] = {}

    def check_writable(self) -> None:
        """``ValueError`` where records can't be written; called before the first run is trained."""
        writable(self.folder)

    def get(self, run_id: str) -> dict | None:
        """The record of a run, or None where it hasn't finished; a record in the folder comes before an imported one.

        Raises ``ValueError`` where the file is truncated, isn't a record, or is another run's.
        """
        path = self.folder / f"{run_id}.json"
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return self._imported.get(run_id)
        return _read_record(content, path)

    def put(self, record: dict) -> None:
        """Write ``record``. JSON has no NaN and no infinity: both become null in the file, and NaN when read."""
        lost = {name for name, value in record.items() if isinstance(value, float) and not math.isfinite(value)}
        plain = record | dict.fromkeys(lost)
        write_atomically(self.folder / f"{record[Columns.RUN_ID]}.json", json.dumps(plain, indent=1, allow_nan=False))

    def import_results(self, table: pd.DataFrame) -> None:
        """Add the rows of a committed results table, so that a fresh machine continues where it ended.

        Raises ``ValueError`` where a column is missing.
        """
        if absent := [column for column in COLUMNS if column not in table]:
            raise ValueError(f"a results table to go on from needs a column {absent[0]!r}; it has {', '.join(table)}")
        for row in table.drop(columns=Columns.STUDY).to_dict("records"):
            self._imported[row[Columns.RUN_ID]] = {column: value for column, value in row.items() if not pd.isna(value)}


def _read_record(content: bytes, path: Path) -> dict:
    """The record in the file ``path``, with NaN for null."""
    try:
        record = Record.model_validate_json(content).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        reason = f"{where}: {first['msg']}" if where else first["msg"]
    else:
        if record[Columns.RUN_ID] == path.stem:
            return {name: math.nan if value is None else value for name, value in record.items()}
        reason = f"it is the record of run {record[Columns.RUN_ID]}"
    raise ValueError(f"{path} is no record of its run ({reason}): delete the file and the run is done again")


def save_results(table: pd.DataFrame, study: str) -> Path:
    """Write ``table`` as the committed results table of ``study``; the path of the file."""
    path = results_folder() / f"{study}.csv"
    write_atomically(path, table.to_csv(index=False))
    return path
