"""Files as their publishers ship them → canonical tables, the same columns whatever the source.

``ADAPTERS[format](paths, kind, card, source)`` returns the impressions table (``kind="ctr"``) or the user-item-time
table (``kind="sequences"``) that the card's columns describe; ``encode`` turns it into arrays.
"""

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from recscale.datasets import kuairand, movielens
from recscale.datasets.cards import Card, Source
from recscale.datasets.fetch import member

VERSION = 1
"""Raised by hand when an adapter or encoder gives other arrays from the same file: cached arrays are made anew."""

Adapter = Callable[[Sequence[Path], str, Card, Source], pd.DataFrame]


def table(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """One CSV or Parquet that already has the card's columns. Ids in a CSV stay text, so that "05201" keeps its 0."""
    (path,) = paths
    columns = getattr(card, kind)
    if path.suffix == ".parquet":
        return read_parquet(path).rename(columns=source.rename)
    text = (*columns.categorical, *columns.multi_hot) if kind == "ctr" else (columns.user, columns.item)
    text = (*text, *source.rename)
    try:
        return pd.read_csv(path, sep=source.separator, dtype=dict.fromkeys(text, str)).rename(columns=source.rename)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"can't read {path} as CSV: {error}") from None


def read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"can't read {path} as Parquet: {error}") from None


def sequence_lists(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """A Parquet with one user a row: ``user``, ``items`` in time order, sometimes ``timestamps``.

    A missing time (MovieLens-1M's movies with under five ratings, in the mirror) is that of the item before
    it, else of the one after it.
    """
    lists = read_parquet(paths[0])
    lengths = lists["items"].str.len().to_numpy()
    if (lengths == 0).any():
        raise ValueError(f"{card.name}: user {lists['user'][int((lengths == 0).argmax())]} has an empty sequence")
    flat = {"user": np.repeat(lists["user"].to_numpy(), lengths), "item": np.concatenate(lists["items"].to_list())}
    if card.sequences.timestamp:
        times = pd.Series(np.concatenate(lists["timestamps"].to_list()))
        flat[card.sequences.timestamp] = times.groupby(flat["user"]).ffill().groupby(flat["user"]).bfill()
    return pd.DataFrame(flat)


def sequence_text(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """S3-Rec's text form: one user a line, ``user item item …`` in time order."""
    users, items = [], []
    with open(paths[0], encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            user, *history = line.split() or [""]
            if user and not history:
                raise ValueError(f"{card.name}: user {user} has an empty sequence (line {number} of {paths[0]})")
            users += [user] * len(history)
            items += history
    frame = pd.DataFrame({"user": users, "item": items})
    numeric = all(frame[name].str.fullmatch(r"\d+").all() for name in frame)
    return frame.astype(np.int64) if numeric and len(frame) else frame


def amazon_ratings(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """``ratings_<Category>.csv`` of Amazon 2014: user, item, rating, timestamp; no header. Every rating counts."""
    names = ["user", "item", "rating", "timestamp"]
    frame = pd.read_csv(paths[0], names=names, header=None, dtype={"user": str, "item": str})
    if not pd.api.types.is_numeric_dtype(frame["timestamp"]):
        raise ValueError(f"{paths[0]} is not an Amazon ratings file: its columns must be {', '.join(names)}")
    return frame.drop_duplicates(["user", "item"], ignore_index=True)


def jodie_csv(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """JODIE's ``wikipedia.csv``: user, item, time, and then more columns than its header names; in time order."""
    return pd.read_csv(paths[0], skiprows=1, header=None, usecols=[0, 1, 2], names=["user", "item", "timestamp"])


def frappe_csv(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """Frappe_x1 as published by BARS: ``train.csv``, ``valid.csv``, ``test.csv``, or a zip that holds the three."""
    if len(paths) == 1:
        with zipfile.ZipFile(paths[0]) as archive:
            parts = [pd.read_csv(archive.open(member(archive, f"{part}.csv"))) for part in ("train", "valid", "test")]
    else:
        parts = [pd.read_csv(path) for path in paths]
    named = zip(parts, ("train", "valid", "test"), strict=True)
    return pd.concat([part.assign(split=name) for part, name in named], ignore_index=True)


ADAPTERS: dict[str, Adapter] = {
    "table": table,
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


def read(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """The canonical table of ``source``: its adapter, then its k-core where the source asks for one."""
    if source.format not in ADAPTERS:
        raise ValueError(f"{card.name}: unknown format {source.format!r}; allowed are {', '.join(ADAPTERS)}")
    frame = ADAPTERS[source.format](paths, kind, card, source)
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
