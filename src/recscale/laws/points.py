"""Points as a fit needs them: checked columns, configurations, and what is odd about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

Column = Float[np.ndarray, " n"]
DECADES = 1.5  # below this span an exponent rests on its assumed form
_LARGEST = 1e50  # size of x or y whose powers a float still holds
COLLINEAR = 1 - 1e-9  # correlation of two logarithms from which they are one variable


@dataclass(frozen=True)
class Points:
    """Checked observations: ``x``, one (n,) array a variable; ``configuration``, (n,) ids that its seeds share."""

    x: tuple[Column, ...]
    y: Column
    configuration: Int[np.ndarray, " n"]
    names: tuple[str, ...]
    seeds: Int[np.ndarray, " n"] | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def scale(self) -> Column:
        """The size of each point: the product of its variables (in logs), by which "largest" is meant."""
        return np.round(sum(np.log(column) for column in self.x), 9)

    @property
    def size(self) -> float:
        """The typical size of y: the median of what isn't 0."""
        some = self.y[self.y != 0]
        return float(np.median(np.abs(some))) if len(some) else 1.0

    @property
    def sizes(self) -> Int[np.ndarray, " n"]:
        """(n,) ids of the distinct values of ``x``: one size can hold several seeds."""
        return np.unique(np.stack(self.x, axis=1), axis=0, return_inverse=True)[1].reshape(-1)

    def take(self, rows: Bool[np.ndarray, " n"] | Int[np.ndarray, " m"]) -> "Points":
        """The points at ``rows`` (a mask or indices)."""
        seeds = None if self.seeds is None else self.seeds[rows]
        return Points(tuple(c[rows] for c in self.x), self.y[rows], self.configuration[rows], self.names, seeds)


def read_columns(x, names: tuple[str, ...] | None = None) -> tuple[tuple[np.ndarray, ...], tuple[str, ...]]:
    """``x`` as float columns with names. Takes a DataFrame, a Series, a mapping, an (n,) or (n, k) array.

    ValueError: no column, one name twice, what isn't a number, columns that aren't one-dimensional.
    """
    if isinstance(x, pd.Series):
        x = x.to_frame("x" if x.name is None else x.name)
    if isinstance(x, pd.DataFrame | Mapping):
        labels = tuple(str(name) for name in x)
        if twice := sorted({name for name in labels if labels.count(name) > 1}):
            raise ValueError(f"x names the column {twice[0]} twice; every variable needs a column of its own")
        columns = tuple(_column(x[key], str(key)) for key in x)
    else:
        array = _numbers(x, "x")
        if array.ndim > 2:
            raise ValueError(f"x must be one column or a table of columns; got an array of shape {array.shape}")
        array = array.reshape(-1, 1) if array.ndim < 2 else array
        columns = tuple(array.T)
        labels = names if names and len(names) == len(columns) else tuple(f"x{i + 1}" for i in range(len(columns)))
    if not columns:
        raise ValueError("x has no column")
    return columns, labels


def read_points(x, y, names: tuple[str, ...] | None = None, groups=None, seeds=None) -> Points:
    """Check the observations and number their configurations.

    ``groups`` names the configuration of each row (default: rows with equal x are one). ``seeds`` is each row's seed:
    one that occurs twice in a configuration is worth a warning. ValueError: unequal lengths, missing, infinite or
    non-positive values.
    """
    columns, labels = read_columns(x, names)
    y = _column(y, f"y ({y.name})" if isinstance(y, pd.Series) and y.name not in (None, "y") else "y")
    if not len(y):
        raise ValueError("there are no points to fit")
    for name, column in zip((*labels, "y"), (*columns, y), strict=True):
        if len(column) != len(y):
            raise ValueError(f"{name} has {len(column)} values but y has {len(y)}")
        if len(bad := np.flatnonzero(~np.isfinite(column))):
            raise ValueError(
                f"{name} has {len(bad)} missing or infinite value(s), the first at position {bad[0] + 1}; "
                "drop those rows first"
            )
    for name, column in zip(labels, columns, strict=True):
        if (column <= 0).any():
            raise ValueError(
                f"{name} has {int((column <= 0).sum())} value(s) that are not positive; scaling laws need x > 0"
            )
    for name, column in zip((*labels, "y"), (*columns, np.abs(y).max(keepdims=True)), strict=True):
        if len(extreme := column[(column > _LARGEST) | ((column != 0) & (column < 1 / _LARGEST))]):
            raise ValueError(
                f"{name} holds {extreme[0]:g}; a fit takes sizes from {1 / _LARGEST:g} to {_LARGEST:g}: choose another "
                "unit"
            )
    if groups is None:
        configuration = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)[1].reshape(-1)
    else:
        configuration = _labels(groups, "groups", len(y))
    return Points(columns, y, configuration, labels, None if seeds is None else _labels(seeds, "seeds", len(y)))


def _column(values, name: str) -> Column:
    column = np.atleast_1d(_numbers(values, name))
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.ndim != 1:
        raise ValueError(f"{name} must be one column of numbers; got an array of shape {column.shape}")
    return column


def _numbers(values, name: str) -> Float[np.ndarray, "..."]:
    """``values`` as floats; ValueError with the position (from 1) and the value of the first that isn't a number."""
    kind = getattr(getattr(values, "dtype", None), "kind", "f")
    if kind in "cmM":
        raise ValueError(f"{name} must hold numbers, got {'complex numbers' if kind == 'c' else 'times'}")
    try:
        if isinstance(values, pd.Series):
            return values.to_numpy(dtype=float, na_value=np.nan)
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        for position, value in enumerate(np.asarray(values, dtype=object).ravel(), start=1):
            try:
                float(value)
            except (TypeError, ValueError):
                raise ValueError(f"{name} must hold numbers; at position {position} it has {value!r}") from None
        raise ValueError(f"{name} must hold numbers in rows of one length") from None


def _labels(values, name: str, n: int) -> Int[np.ndarray, " n"]:
    try:
        codes = pd.factorize(pd.Series(values))[0]
    except TypeError:
        raise ValueError(f"{name} must hold one label a row, numbers or text") from None
    if len(codes) != n:
        raise ValueError(f"{name} has {len(codes)} values but y has {n}")
    if (codes < 0).any():
        raise ValueError(f"{name} has missing values")
    return codes


@dataclass(frozen=True)
class PointDiagnostics:
    """What a reader should know about the points before believing any fit of them.

    ``repeated_rows``: rows that equal another in x and y; ``repeated_seeds``: rows that repeat a seed of their own
    configuration; ``constant_y``; ``collinear``: pairs of variables whose logarithms correlate above ``COLLINEAR``;
    ``single_valued``: variable -> its only value; ``short_spans``: variable -> decades it spans, where fewer than
    ``DECADES``.
    """

    repeated_rows: int
    repeated_seeds: int
    constant_y: bool
    collinear: tuple[tuple[str, str], ...]
    single_valued: dict[str, float]
    short_spans: dict[str, float]


def diagnose(points: Points) -> PointDiagnostics:
    """Repeats, collinear variables and short spans of the points."""
    table = pd.DataFrame({**{f"x{i}": c for i, c in enumerate(points.x)}, "y": points.y})
    seeds = pd.DataFrame({"configuration": points.configuration, "seed": points.seeds})
    columns = list(zip(points.names, points.x, strict=True))
    collinear = tuple(
        (one, other)
        for (one, first), (other, second) in combinations(columns, 2)
        if np.ptp(first) and np.ptp(second) and abs(np.corrcoef(np.log(first), np.log(second))[0, 1]) > COLLINEAR
    )
    single = {name: float(column[0]) for name, column in columns if len(np.unique(column)) == 1}
    spans = {name: float(np.log10(c.max() / c.min())) for name, c in columns if name not in single}
    return PointDiagnostics(
        repeated_rows=int(table.duplicated().sum()),
        repeated_seeds=0 if points.seeds is None else int(seeds.duplicated().sum()),
        constant_y=len(points) > 1 and bool(np.ptp(points.y) <= 1e-12 * np.abs(points.y).max()),
        collinear=collinear,
        single_valued=single,
        short_spans={name: span for name, span in spans.items() if span < DECADES},
    )
