"""The one reader of tables that aren't ours: CSV, TSV, both compressed or not, and Parquet.

A file is what its first bytes say, whatever its name: Parquet, or text that gzip, bzip2, xz or zip may have compressed.

Text is UTF-8 with or without a byte order mark, its lines end in LF, CRLF or CR, its first line names the columns;
blanks around a name are dropped. Every row has as many cells as the header, or is refused by its line. An empty cell is
a missing value, and nothing else is: "NA" and "null" are ids as good as any.

Quotes: between commas, semicolons or any other separator a cell may stand in double quotes (RFC 4180) and then hold
separators, line breaks and, doubled, quotes. **Between tabs a quote is a character like any other** (IANA's
text/tab-separated-values): a cell holds neither tabs nor line breaks, and a stray quote swallows nothing.
"""

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from jaxtyping import Float

from recscale.datasets.archives import DAMAGED, unpacked

_BLOCK = 2**24
"""Bytes of text parsed at a time; a cell that is longer makes the file be parsed in one piece."""

MISSING_NUMBERS = frozenset(["", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "none", "<NA>"])
"""What stands for a missing value in a column of numbers."""


def read_table(
    path: Path,
    columns: Sequence[str],
    *,
    text: Collection[str] = (),
    lists: Collection[str] = (),
    separator: str | None = None,
    header: Sequence[str] | None = None,
) -> pd.DataFrame:
    """The named ``columns`` of the table at ``path``, in that order; of a CSV those in ``text`` as they are written.

    Other columns of a CSV are numbers or truth values where every cell is one, else text. A Parquet keeps its types;
    integers stay integers beside missing values, and a cell of the columns in ``lists`` may be a list (an array).
    ``separator``: of a CSV; by default a tab where the name says ``.tsv`` or ``.tab``, else a comma. ``header``: its
    columns, where the file doesn't name them. ``ValueError`` naming file, and line or column, for everything that isn't
    such a table.
    """
    names = header or column_names(path, separator)
    if missing := [name for name in columns if name not in names]:
        raise ValueError(f"{path} has no column {', '.join(missing)}; it has {', '.join(names)}")
    wanted = list(dict.fromkeys(columns))
    if is_parquet(path):
        return _to_pandas(_parquet(path, wanted, lists))
    try:
        table = _csv(path, header, wanted, text, separator or default_separator(path))
    except DAMAGED as error:
        raise ValueError(f"can't read {path}: it is damaged or cut short ({_short(error)})") from None
    return _to_pandas(table)


def column_names(path: Path, separator: str | None = None) -> list[str]:
    """The columns of the table at ``path``; one that occurs twice is refused."""
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    try:
        if is_parquet(path):
            names = pyarrow.parquet.read_schema(path).names
        else:
            names, _ = _header(path, separator or default_separator(path))
    except pa.ArrowException as error:
        raise ValueError(f"can't read {path} as Parquet: {_short(error)}") from None
    except DAMAGED as error:
        raise ValueError(f"can't read {path}: it is damaged or cut short ({_short(error)})") from None
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise ValueError(f"{path} has more than one column {', '.join(twice)}; each needs a name of its own")
    return names


def is_parquet(path: Path) -> bool:
    with open(path, "rb") as stream:
        start = stream.read(4)
        return start == b"PAR1" or path.suffix.lower() in (".parquet", ".pq")


def default_separator(path: Path) -> str:
    return "\t" if {suffix.lower() for suffix in path.suffixes[-2:]} & {".tsv", ".tab"} else ","


def numbers(column: pd.Series, path: str | Path = "the table") -> Float[np.ndarray, " rows"]:
    """A column as finite numbers, NaN where it has ``MISSING_NUMBERS``; anything else is refused by its row."""
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        raise ValueError(f"{path}: the column {column.name!r} must hold numbers; it holds dates or durations")
    values = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    absent = column.isna()
    if not pd.api.types.is_numeric_dtype(column):
        absent |= column.isin(MISSING_NUMBERS)
    refuse(column, ~np.isfinite(values) & ~absent.to_numpy(bool), "must hold finite numbers", path)
    return values


def refuse(column: pd.Series, wrong: np.ndarray, rule: str, path: str | Path = "the table") -> None:
    """``ValueError`` with the first value of ``column`` that is ``wrong``; rows count from 1 after the header."""
    if wrong.any():
        row = int(wrong.argmax())
        count = f" ({int(wrong.sum()):,} such rows)" if wrong.sum() > 1 else ""
        value = _shown(column.iloc[row])
        raise ValueError(f"{path}: the column {column.name!r} {rule}; row {row + 1:,} has {value}{count}")


def _shown(value: object) -> str:
    if np.ndim(value) == 0 and pd.isna(value):
        return "an empty cell"
    return repr(value.item() if isinstance(value, np.generic) else value)


def _header(path: Path, separator: str) -> tuple[list[str], int]:
    """The names of the columns of a CSV, and how many of its first records they and blank lines take."""
    with unpacked(path) as stream:
        lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        try:
            for number, record in enumerate(_records(lines, separator), start=1):
                if record:
                    "".join(record).encode()
                    return [name.strip() for name in record], number
        except UnicodeEncodeError:
            raise ValueError(f"can't read {path} as CSV: its header isn't UTF-8 text; save it as UTF-8") from None
        except csv.Error as error:
            raise ValueError(f"can't read {path} as CSV: its header is no line of cells ({error})") from None
    raise ValueError(f"can't read {path} as CSV: it is empty")


def _records(lines: io.TextIOBase, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(2**31 - 1)
    quoting = csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL
    return csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)


def _csv(
    path: Path, header: Sequence[str] | None, columns: Sequence[str], text: Collection[str], separator: str
) -> pa.Table:
    names, skipped = (list(header), 0) if header else _header(path, separator)
    convert = pyarrow.csv.ConvertOptions(
        include_columns=columns,
        column_types={name: pa.large_string() for name in columns if name in text},
        null_values=[""],
        strings_can_be_null=True,
    )
    parse = pyarrow.csv.ParseOptions(
        delimiter=separator, quote_char='"' if separator != "\t" else False, newlines_in_values=separator != "\t"
    )
    for block in (_BLOCK, 2**31 - 1):
        read = pyarrow.csv.ReadOptions(column_names=names, skip_rows_after_names=skipped, block_size=block)
        try:
            with unpacked(path) as stream, _Counted(stream) as counted:
                table = pyarrow.csv.read_csv(counted, read, parse, convert)
        except pa.ArrowInvalid as error:
            _explain(path, separator, names)
            reason = error
            continue
        # Only where cells hold line breaks, or a quote has no partner, can a quote out of place have swallowed lines.
        if separator != "\t" and (counted.lines != len(table) + skipped or counted.quotes % 2):
            _explain(path, separator, names)
        return table
    raise ValueError(f"can't read {path} as CSV: {_short(reason)}")


class _Counted(io.RawIOBase):
    """A stream that counts the lines and the quotes that went through."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self.stream, self.lines, self.quotes, self.last = stream, 0, 0, b"\n"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:
        content = self.stream.read(len(buffer))
        self.quotes += content.count(b'"')
        self.lines += content.count(b"\n")
        if not content:  # the last line may have no end
            self.lines += self.last != b"\n"
        self.last = content[-1:] or b"\n"
        buffer[: len(content)] = content
        return len(content)


def _explain(path: Path, separator: str, names: Sequence[str]) -> None:
    """``ValueError`` with the first line of a CSV that isn't one; slow, for files that have failed already."""
    few = ", ".join([*names[:6], "…"] if len(names) > 6 else names)
    with unpacked(path) as stream:
        records = _records(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""), separator)
        try:
            for record in records:
                if record and len(record) != len(names):
                    raise ValueError(
                        f"{path} is not a table: line {records.line_num:,} has {len(record)} cells, its header "
                        f"{len(names)} ({few}), between {separator!r}"
                    )
        except UnicodeDecodeError:
            with unpacked(path) as lines:
                line = next(
                    number for number, line in enumerate(lines, 1) if line.decode(errors="ignore").encode() != line
                )
            raise ValueError(
                f"can't read {path} as CSV: line {line:,} isn't UTF-8 text; save the file as UTF-8"
            ) from None
        except csv.Error as error:
            raise ValueError(f"can't read {path} as CSV: line {records.line_num:,}: {error}") from None


def _parquet(path: Path, columns: Sequence[str], lists: Collection[str]) -> pa.Table:
    try:
        table = pyarrow.parquet.ParquetFile(path).read(columns=columns).select(columns)
    except (OSError, pa.ArrowException) as error:
        raise ValueError(f"can't read {path} as Parquet: {_short(error)}") from None
    for name, kind in zip(table.column_names, table.schema.types, strict=True):
        if is_list(kind) and name not in lists:
            raise ValueError(
                f"{path}: the column {name!r} holds lists ({kind}); a list may be multi_hot, or a user's items"
            )
        if pa.types.is_nested(kind.value_type if is_list(kind) else kind):
            raise ValueError(
                f"{path}: the column {name!r} is nested ({kind}); allowed are plain values and lists of them"
            )
    return table


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    """Columns as pandas has them, but dictionaries as their values, and integers beside missing values as integers."""
    frame = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            column = pc.cast(column, column.type.value_type)
        gaps = pa.types.is_integer(column.type) and column.null_count > 0
        frame[name] = column.to_pandas(types_mapper=pd.ArrowDtype if gaps else None, date_as_object=False)
    return pd.DataFrame(frame)


def is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
