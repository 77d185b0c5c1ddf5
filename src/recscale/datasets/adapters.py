"""Files as their publishers ship them → canonical tables, the same columns whatever the source.

``ADAPTERS[format](paths, kind, card, source)`` returns the impressions table (``kind="ctr"``) or the user-item-time
table (``kind="sequences"``) that the card's columns describe; ``encode`` turns it into arrays.
"""

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.errors import EmptyDataError, ParserError

from recscale.datasets import kuairand, movielens
from recscale.datasets.archives import DAMAGED, read_member
from recscale.datasets.reading import read_table, refuse
from recscale.datasets.schema import Card, Source

VERSION = 2
"""Raised by hand when an adapter or encoder gives other arrays from the same file: cached arrays are made anew."""

NOT_OF_THE_FORMAT = (
    *(*DAMAGED, KeyError, IndexError, TypeError, UnicodeDecodeError),
    *(pa.ArrowException, ParserError, EmptyDataError),
)
"""What an adapter meets in a file of another format."""

Adapter = Callable[[Sequence[Path], str, Card, Source], pd.DataFrame]


def _table(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """One table that already has the card's columns (see ``reading``). Ids stay text, so that "05201" keeps its 0.

    Of sequences an item may be a list: then a row is a user's items in time order, and their times a list, too.
    """
    path, columns = _only(paths, source), getattr(card, kind)
    published = {ours: theirs for theirs, ours in source.rename.items()}
    names = {name: published.get(name, name) for name in columns.required}
    if kind == "ctr":
        text, lists = (*columns.categorical, *columns.multi_hot, columns.split), tuple(columns.multi_hot)
    else:
        text, lists = (columns.user, columns.item), (columns.item, columns.timestamp)
    text, lists = ({names[name] for name in part if name} for part in ((*text, columns.timestamp), lists))
    frame = read_table(path, list(names.values()), text=text, lists=lists, separator=source.separator)
    frame.columns = list(names)
    return frame if kind == "ctr" else one_a_row(frame, card, path)


def one_a_row(frame: pd.DataFrame, card: Card, path: Path) -> pd.DataFrame:
    """Rows that hold a user's whole list of items, as one row for each of them."""
    columns = card.sequences
    listed = [name for name in frame if frame[name].dtype == object and frame[name].map(np.ndim).eq(1).any()]
    if not listed:
        return frame
    lengths = frame[listed].apply(lambda column: column.map(np.size))
    if columns.item not in listed or lengths.ne(lengths[columns.item], axis=0).any(axis=None):
        raise ValueError(f"{path}: {columns.item} and {columns.timestamp} must be lists of equal lengths in every row")
    refuse(frame[columns.item], (lengths[columns.item] == 0).to_numpy(), "must hold an item in every list", path)
    return frame.explode(listed, ignore_index=True).infer_objects()


def _only(paths: Sequence[Path], source: Source) -> Path:
    if len(paths) != 1:
        raise ValueError(f"the format {source.format!r} is one file; {source.name!r} has {len(paths)}")
    return paths[0]


def sequence_lists(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """A Parquet with one user a row: ``user``, ``items`` in time order, sometimes ``timestamps``.

    A missing time (MovieLens-1M's movies with under five ratings, in the mirror) is that of the item before
    it, else of the one after it.
    """
    path, timed = _only(paths, source), bool(card.sequences.timestamp)
    listed = ["items", "timestamps"] if timed else ["items"]
    lists = read_table(path, ["user", *listed], lists=listed)
    lengths = lists["items"].map(np.size).to_numpy()
    if (lists["items"].map(np.ndim) != 1).any() or (timed and (lists["timestamps"].map(np.size) != lengths).any()):
        raise ValueError(f"{path}: 'items' and 'timestamps' must be lists of equal lengths in every row")
    if (lengths == 0).any():
        raise ValueError(f"{card.name}: user {lists['user'][int((lengths == 0).argmax())]} has an empty sequence")
    flat = {"user": np.repeat(lists["user"].to_numpy(), lengths), "item": np.concatenate(lists["items"].to_list())}
    if timed:
        times = pd.Series(np.concatenate(lists["timestamps"].to_list()))
        flat[card.sequences.timestamp] = times.groupby(flat["user"]).ffill().groupby(flat["user"]).bfill()
    return pd.DataFrame(flat)


def sequence_text(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """S3-Rec's text form: one user a line, ``user item item …`` in time order. Ids are numbers where all are."""
    users, items = [], []
    with open(_only(paths, source), encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            user, *history = line.split() or [""]
            if user and not history:
                raise ValueError(f"{card.name}: user {user} has an empty sequence (line {number} of {paths[0]})")
            users += [user] * len(history)
            items += history
    frame = pd.DataFrame({"user": users, "item": items})
    # As written: "007" and "7" are two users.
    numeric = all(frame[name].str.fullmatch(r"0|[1-9]\d{0,17}").all() for name in frame)
    return frame.astype(np.int64) if numeric and len(frame) else frame


def amazon_ratings(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """``ratings_<Category>.csv`` of Amazon 2014: user, item, rating, timestamp; no header. Every rating counts."""
    path, names = _only(paths, source), ["user", "item", "rating", "timestamp"]
    frame = read_table(path, names, header=names, text=("user", "item"))
    if not pd.api.types.is_numeric_dtype(frame["timestamp"]):
        raise ValueError(f"{path} is not an Amazon ratings file: its columns must be {', '.join(names)}")
    return frame.drop_duplicates(["user", "item"], ignore_index=True)


def jodie_csv(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """JODIE's ``wikipedia.csv``: user, item, time, and then more columns than its header names; in time order."""
    names = ["user", "item", "timestamp"]
    return pd.read_csv(_only(paths, source), skiprows=1, header=None, usecols=[0, 1, 2], names=names, index_col=False)


def frappe_csv(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """Frappe_x1 as published by BARS: ``train.csv``, ``valid.csv``, ``test.csv``, or a zip that holds the three."""
    names = ("train", "valid", "test")
    if len(paths) == 1:
        with zipfile.ZipFile(paths[0]) as archive:
            files = [io.BytesIO(read_member(archive, f"{name}.csv")) for name in names]
    elif len(paths) == len(names):
        files = paths
    else:
        raise ValueError(
            f"the format {source.format!r} is one zip or three CSVs; {source.name!r} has {len(paths)} files"
        )
    parts = [pd.read_csv(file, index_col=False).assign(split=name) for file, name in zip(files, names, strict=True)]
    return pd.concat(parts, ignore_index=True)


ADAPTERS: dict[str, Adapter] = {
    "table": _table,
    "sequence-lists": sequence_lists,
    "sequence-text": sequence_text,
    "amazon-ratings": amazon_ratings,
    "jodie-csv": jodie_csv,
    "frappe-csv": frappe_csv,
    "movielens-table": movielens.canonical,
    "movielens-1m-zip": movielens.ml_1m,
    "movielens-100k-zip": movielens.ml_100k,
    "movielens-100k-wheel": movielens.ml_100k_wheel,
    "kuairand-tables": kuairand.tables,
    "kuairand-archive": kuairand.archive,
}


def read_sources(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """The canonical table of ``source``: its adapter, then its k-core where the source asks for one."""
    if source.format not in ADAPTERS:
        raise ValueError(f"{card.name}: unknown format {source.format!r}; allowed are {', '.join(ADAPTERS)}")
    try:
        frame = ADAPTERS[source.format](paths, kind, card, source)
    except NOT_OF_THE_FORMAT as error:
        names = " and ".join(map(str, paths))
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ValueError(f"{card.name}: {names} is not of the format {source.format!r} ({what})") from None
    if source.k_core < 2 or kind == "ctr":
        return frame
    return k_core(frame, card.sequences.user, card.sequences.item, source.k_core, card.name)


def k_core(frame: pd.DataFrame, user: str, item: str, k: int, dataset: str) -> pd.DataFrame:
    """The largest part in which every user and every item has ``k`` interactions: dropped in turns until stable."""
    while True:
        few = (frame.groupby(user)[item].transform("size") < k) | (frame.groupby(item)[user].transform("size") < k)
        if not few.any():
            return frame
        frame = frame[~few]
        if frame.empty:
            raise ValueError(f"{dataset}: no users and items are left with {k} interactions each; lower k_core")
