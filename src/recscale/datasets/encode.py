"""Canonical tables → arrays: ids from 0 without gaps, dense columns standardised, sequences in time order.

Vocabularies span the whole data set, not its train part: a value first met in test has an id and an embedding that no
example trained, which is what an unknown value gets in a system that hashes ids. Times become whole nanoseconds since
1970 UTC, so that events keep their order at any resolution.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int

from recscale.datasets.reading import numbers, refuse
from recscale.datasets.schema import Card
from recscale.datasets.tables import PADDING, CTRData, Field, SequenceData

PARTS = ("train", "valid", "test")

UNITS = {"days": 86_400 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
"""Nanoseconds in what a card's ``timestamp_unit`` can be."""

LIMIT = 9.2e18
"""Nanoseconds that 64 bits hold: 291 years before and after 1970."""


def encode_ctr(table: pd.DataFrame, card: Card, checksum: str) -> CTRData:
    """Impressions, a row each, as the card's ``[ctr]`` columns describe them."""
    columns = card.ctr
    require(table, columns.required, card.name)
    ids, fields = {}, []
    for name in columns.categorical:
        ids[name], vocabulary = encode_ids(table[name])
        fields.append(Field(name, vocabulary))
    for name, separator in columns.multi_hot.items():
        ids[name], vocabulary = encode_lists(table[name], separator)
        fields.append(Field(name, vocabulary, ids[name].shape[1]))
    timestamp = None
    if columns.timestamp:
        time = nanoseconds(table[columns.timestamp], columns.timestamp_unit, card.name)
        seconds, rest = np.divmod(time, UNITS["s"])
        timestamp = time if rest.any() else seconds
    part = encode_parts(table[columns.split]) if columns.split else None
    return CTRData(
        name=card.name,
        fields=tuple(fields),
        ids=ids,
        dense=encode_dense(table[list(columns.dense)], train_rows(len(table), part, timestamp), card.name),
        dense_names=columns.dense,
        labels=np.stack([encode_label(table[name]) for name in columns.labels], axis=1),
        tasks=columns.labels,
        timestamp=timestamp,
        part=part,
        checksum=checksum,
    )


def encode_sequences(table: pd.DataFrame, card: Card, checksum: str) -> SequenceData:
    """User-item-time rows as sequences: stable sort by (user, time), so that ties keep the order of the file.

    Users and items get ids in the order of their own ids.
    """
    columns = card.sequences
    require(table, columns.required, card.name)
    for name in (columns.user, columns.item):
        refuse(table[name], table[name].isna().to_numpy(bool), "must hold an id in every row", card.name)
    user, n_users = encode_ids(table[columns.user])
    item, n_items = encode_ids(table[columns.item])
    if not columns.repeats:
        refuse_repeats(table, user, item, card)
    if columns.timestamp:
        time = nanoseconds(table[columns.timestamp], columns.timestamp_unit, card.name)
        order = np.lexsort((time, user))  # a stable sort: the last key leads
    else:
        time, order = None, np.argsort(user, kind="stable")
    return SequenceData(
        name=card.name,
        items=item[order],
        offsets=np.concatenate([[0], np.cumsum(np.bincount(user, minlength=n_users))]),
        timestamps=None if time is None else time[order] // UNITS["s"],
        n_items=n_items,
        repeats=columns.repeats,
        checksum=checksum,
    )


def refuse_repeats(table: pd.DataFrame, user: np.ndarray, item: np.ndarray, card: Card) -> None:
    """One sentence where a user meets an item twice though the card says ``repeats = false``.

    Rankings leave the history out then, and an item met for the second time could never be found.
    """
    pairs, first, count = np.unique(user * (item.max() + 1) + item, return_index=True, return_counts=True)
    if len(pairs) == len(table):
        return
    row = first[count.argmax()]
    columns = card.sequences
    raise ValueError(
        f"{card.name}: repeats = false, but {len(table) - len(pairs):,} of {len(table):,} rows repeat a user's item: "
        f"{columns.user} {table[columns.user].iloc[row]} has {columns.item} {table[columns.item].iloc[row]} "
        f"{count.max()} times; say repeats = true, or leave the repeats out of the file"
    )


def require(table: pd.DataFrame, names: Sequence[str], dataset: str) -> None:
    """One sentence where columns or all rows are missing."""
    if missing := [name for name in names if name not in table.columns]:
        raise ValueError(f"{dataset}: no column {', '.join(missing)}; the columns are {', '.join(map(str, table))}")
    if table.empty:
        raise ValueError(f"{dataset}: the table has columns but no rows")


def encode_ids(column: pd.Series) -> tuple[Int[np.ndarray, " rows"], int]:
    """Ids in the sorted order of the values; a missing value is a value of its own, the last."""
    codes, values = pd.factorize(column, sort=True, use_na_sentinel=False)
    return codes.astype(np.int64), len(values)


def encode_lists(column: pd.Series, separator: str) -> tuple[Int[np.ndarray, "rows max_values"], int]:
    """Ids of cells that hold several values, padded with ``PADDING``; an empty cell has none.

    A cell is text with a ``separator`` between its values, or a list (an array), whose values stay as they are.
    """
    if column.dtype == object and column.map(type).isin([np.ndarray, list]).any():
        rows = [[] if np.ndim(cell) == 0 else [value for value in cell if not pd.isna(value)] for cell in column]
        codes, split = np.arange(len(rows)), [list(dict.fromkeys(values)) for values in rows]
    else:
        codes, cells = pd.factorize(column.fillna("").astype(str))
        split = [
            list(dict.fromkeys(value.strip() for value in cell.split(separator) if value.strip())) for cell in cells
        ]
    vocabulary = {value: index for index, value in enumerate(sorted({value for values in split for value in values}))}
    padded = np.full((len(split), max([1, *map(len, split)])), PADDING, dtype=np.int64)
    for row, values in enumerate(split):
        padded[row, : len(values)] = [vocabulary[value] for value in values]
    return padded[codes], max(1, len(vocabulary))


def encode_label(column: pd.Series) -> Float[np.ndarray, " rows"]:
    values = pd.unique(column)
    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    if not numbers.isin([0, 1]).all():
        shown = ", ".join(str(value) for value in sorted(values, key=str)[:6])
        raise ValueError(f"the label {column.name!r} must be 0 or 1 everywhere; its values are {shown}")
    return pd.to_numeric(column).to_numpy(np.float32)


def encode_parts(column: pd.Series) -> Int[np.ndarray, " rows"]:
    """0 train, 1 valid, 2 test."""
    unknown = sorted(set(map(str, pd.unique(column))) - set(PARTS))
    if unknown:
        raise ValueError(f"the split column {column.name!r} must hold train, valid or test; it also holds {unknown}")
    if absent := [name for name in PARTS if not (column == name).any()]:
        raise ValueError(f"the split column {column.name!r} has no rows of the part {absent[0]!r}")
    return column.map({name: index for index, name in enumerate(PARTS)}).to_numpy(np.int64)


def train_rows(
    rows: int, part: Int[np.ndarray, " rows"] | None, timestamp: Int[np.ndarray, " rows"] | None
) -> Bool[np.ndarray, " rows"]:
    """The rows that statistics of inputs may see: the official train part, else the first 80 % by time, else all.

    "All" is the case of a random split only, where the parts have the same distribution.
    """
    if part is not None:
        return part == 0
    chosen = np.ones(rows, dtype=bool)
    if timestamp is not None:
        chosen[np.argsort(timestamp, kind="stable")[int(0.8 * rows) :]] = False
    return chosen


def encode_dense(
    table: pd.DataFrame, train: Bool[np.ndarray, " rows"], dataset: str = "the table"
) -> Float[np.ndarray, "rows n_dense"]:
    """``x' = (g - mean) / std`` with ``g = sign(x) log(1 + |x|)``; mean and std over the ``train`` rows.

    Counts, durations and prices are heavy-tailed, so the logarithm comes first. A missing number becomes 0, the train
    mean; a column without spread in train becomes 0 everywhere.
    """
    if table.shape[1] == 0:
        return np.zeros((len(table), 0), dtype=np.float32)
    values = np.stack([numbers(table[name], dataset) for name in table], axis=1)
    values = np.where(np.isfinite(values), np.sign(values) * np.log1p(np.abs(values)), np.nan)
    known = np.isfinite(values) & train[:, None]
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (values - mean) ** 2, 0.0).sum(axis=0) / count)
    scaled = (values - mean) / np.where(spread > 0, spread, np.inf)
    return np.nan_to_num(scaled).astype(np.float32)


def nanoseconds(column: pd.Series, unit: str = "s", path: str | Path = "the table") -> Int[np.ndarray, " rows"]:
    """Nanoseconds since 1970 UTC, from numbers in ``unit``, ISO dates, or a Parquet's own dates and times.

    Dates are in UTC unless they name a zone, and have no ``unit``. Text is read exactly: its decimals count, to the
    nanosecond. ``ValueError`` with the row of an empty cell, of what is neither number nor date (in a column of numbers
    a date is wrong, and the other way round), and of a time outside the years 1679 to 2260.
    """
    refuse(column, column.isna().to_numpy(bool), "must hold a time in every row", path)
    if pd.api.types.is_datetime64_any_dtype(column):
        return _from_dates(column, column, path)
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        raise ValueError(f"{path}: the time column {column.name!r} must hold numbers or ISO dates, not {column.dtype}")
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy()
        _check_range(column, values.astype(np.float64), unit, path)
        if values.dtype.kind in "iu":
            return values.astype(np.int64) * UNITS[unit]
        return _still_distinct(column, values, _from_floats(values, unit), path)
    text = column.astype("str").str.strip()
    values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
    if np.isnan(values).any():
        dates = pd.to_datetime(text, utc=True, format="ISO8601", errors="coerce")
        if (dates.notna() & np.isnan(values)).sum() > (~np.isnan(values)).sum():
            return _from_dates(column, dates, path)
    refuse(column, np.isnan(values), f"must hold times, as {unit} since 1970 or as ISO dates throughout", path)
    _check_range(column, values, unit, path)
    return _still_distinct(column, values, _from_text(text, values, unit), path)


def _from_dates(column: pd.Series, dates: pd.Series, path: str | Path) -> Int[np.ndarray, " rows"]:
    refuse(column, dates.isna().to_numpy(), "must hold ISO dates, as most of its rows do", path)
    years = dates.dt.year
    refuse(column, ((years < 1679) | (years > 2260)).to_numpy(), "must hold times of the years 1679 to 2260", path)
    if dates.dt.tz is not None:
        dates = dates.dt.tz_convert(None)
    return dates.to_numpy("datetime64[ns]").astype(np.int64)


def _check_range(column: pd.Series, values: Float[np.ndarray, " rows"], unit: str, path: str | Path) -> None:
    with np.errstate(over="ignore"):
        wrong = ~(np.abs(values) * UNITS[unit] < LIMIT)
    rule = (
        f"must hold times of the years 1679 to 2260, in {unit} since 1970; the card's timestamp_unit may be "
        f"{', '.join(UNITS)}"
    )
    refuse(column, wrong, rule, path)


def _from_floats(values: Float[np.ndarray, " rows"], unit: str) -> Int[np.ndarray, " rows"]:
    """Whole units and the rest apart: a product of the two together would round to 256 ns."""
    whole = np.floor(values)
    return whole.astype(np.int64) * UNITS[unit] + np.floor((values - whole) * UNITS[unit]).astype(np.int64)


def _from_text(text: pd.Series, values: Float[np.ndarray, " rows"], unit: str) -> Int[np.ndarray, " rows"]:
    written = pa.array(text, pa.string())
    with contextlib.suppress(pa.ArrowException):
        return pc.cast(written, pa.int64()).to_numpy() * UNITS[unit]
    with contextlib.suppress(pa.ArrowException):  # over 30 decimals, which say no more than a float
        product = pc.multiply(pc.cast(written, pa.decimal256(52, 30)), pa.scalar(UNITS[unit], pa.decimal256(20, 0)))
        return pc.cast(pc.floor(product), pa.int64()).to_numpy()
    return _from_floats(values, unit)


def _still_distinct(
    column: pd.Series, values: Float[np.ndarray, " rows"], time: Int[np.ndarray, " rows"], path: str | Path
) -> Int[np.ndarray, " rows"]:
    """``time``, unless rounding to nanoseconds has made two of the ``values`` one."""
    order = np.argsort(values, kind="stable")
    merged = np.zeros(len(column), dtype=bool)
    merged[order[1:]] = (np.diff(values[order]) > 0) & (np.diff(time[order]) == 0)
    refuse(column, merged, "must hold times a nanosecond apart or equal; choose a larger timestamp_unit", path)
    return time
