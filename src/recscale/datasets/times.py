"""Times of foreign tables → whole nanoseconds since 1970 UTC, so that events keep their order at any resolution."""

import contextlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from recscale.datasets.reading import refuse

UNITS = {"days": 86_400 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
"""Nanoseconds in what a card's ``timestamp_unit`` can be."""

LIMIT = 9.2e18
"""Nanoseconds that 64 bits hold: 291 years before and after 1970."""


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
