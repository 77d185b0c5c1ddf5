"""MovieLens: ratings, users and movies of the official zips, the wheel and the mirror → one table.

Impressions: label = rating ≥ 4; inputs user, item, gender, age, occupation, zip (first three characters), year of the
movie, hour and weekday of the rating (UTC, as the timestamps are), genres. Rows in time order, ties as in the file.
Sequences: every rating, whatever its value.
"""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from recscale.datasets.archives import DAMAGED
from recscale.datasets.archives import read_member as unzipped
from recscale.datasets.schema import Card, Source

LIKED = 4
RATING = ["user", "item", "rating", "timestamp"]


def ml_1m(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """``ml-1m.zip``: ``ratings.dat``, ``users.dat``, ``movies.dat``, fields between ``::``, Latin-1."""
    ratings = _read_member(paths[0], "ratings.dat", "::", RATING)
    if kind == "sequences":
        return ratings
    users = _read_member(paths[0], "users.dat", "::", ["user", "gender", "age", "occupation", "zip"], text=("zip",))
    movies = _read_member(paths[0], "movies.dat", "::", ["item", "title", "genres"])
    return _impressions(ratings, users, movies.assign(year=movies["title"].map(year_of_title)))


def ml_100k(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """``ml-100k.zip``: ``u.data`` between tabs, ``u.user``, ``u.item`` and ``u.genre`` between ``|``, Latin-1."""
    ratings = _read_member(paths[0], "u.data", "\t", RATING)
    if kind == "sequences":
        return ratings
    users = _read_member(paths[0], "u.user", "|", ["user", "age", "gender", "occupation", "zip"], text=("zip",))
    names = _read_member(paths[0], "u.genre", "|", ["genre", "number"])["genre"].to_numpy()
    movies = _read_member(paths[0], "u.item", "|", ["item", "title", "released", "video_released", "url", *names])
    genres = ["|".join(names[row]) for row in movies[names].to_numpy(bool)]
    return _impressions(ratings, users, movies.assign(genres=genres, year=movies["title"].map(year_of_title)))


def ml_100k_wheel(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """MovieLens-100K as the RecBole wheel carries it: tab-separated with typed headers, genres between blanks.

    RecBole cut the year out of the titles. Where that went wrong it is still in the title ("… (1995)", year "V").
    """
    ratings = _read_member(paths[0], "ml-100k.inter", "\t", RATING, skip=1)
    if kind == "sequences":
        return ratings
    columns = ["user", "age", "gender", "occupation", "zip"]
    users = _read_member(paths[0], "ml-100k.user", "\t", columns, skip=1, text=("zip",))
    movies = _read_member(paths[0], "ml-100k.item", "\t", ["item", "title", "year", "genres"], skip=1, text=("year",))
    year = pd.to_numeric(movies["year"], errors="coerce").fillna(movies["title"].map(year_of_title))
    return _impressions(ratings, users, movies.assign(year=year, genres=movies["genres"].str.replace(" ", "|")))


def canonical(paths: Sequence[Path], kind: str, card: Card, source: Source) -> pd.DataFrame:
    """The mirror's table: already joined, labelled and in time order."""
    return with_clock(pd.read_parquet(paths[0]))


def _impressions(ratings: pd.DataFrame, users: pd.DataFrame, movies: pd.DataFrame) -> pd.DataFrame:
    joined = ratings.merge(users, on="user", how="left").merge(movies, on="item", how="left")
    ordered = joined.sort_values("timestamp", kind="stable", ignore_index=True)
    return with_clock(ordered.assign(label=(ordered["rating"] >= LIKED).astype(np.int8)))


def with_clock(table: pd.DataFrame) -> pd.DataFrame:
    """Add ``hour`` and ``weekday`` (0 = Monday) of the timestamp, and cut ``zip`` to its region."""
    time = pd.to_datetime(table["timestamp"], unit="s")
    return table.assign(hour=time.dt.hour, weekday=time.dt.day_of_week, zip=table["zip"].astype(str).str[:3])


def year_of_title(title: str) -> float:
    """1995.0 for "Seven (Se7en) (1995)"; NaN, which becomes a category of its own, where a title has no year."""
    years = re.findall(r"\((\d{4})\)", str(title))
    return float(years[-1]) if years else float("nan")


def _read_member(
    path: Path, name: str, separator: str, columns: Sequence[str], skip: int = 0, text: Sequence[str] = ()
) -> pd.DataFrame:
    """A delimited member of a zip (or wheel) as strings turned to numbers where all are, ``text`` columns excepted."""
    encoding = "utf-8" if skip else "latin-1"
    try:
        with zipfile.ZipFile(path) as archive:
            lines = unzipped(archive, name).decode(encoding).splitlines()[skip:]
    except (*DAMAGED, UnicodeDecodeError) as error:
        raise ValueError(f"can't read {name} in {path}: {error}") from None
    rows = [line.split(separator) for line in lines if line]
    if wrong := next((number for number, row in enumerate(rows, start=1 + skip) if len(row) != len(columns)), None):
        raise ValueError(f"line {wrong} of {name} in {path} does not have {len(columns)} fields")
    frame = pd.DataFrame(rows, columns=list(columns))
    for column in columns:
        if column not in text and frame[column].str.fullmatch(r"-?\d+(\.\d+)?").all():
            frame[column] = pd.to_numeric(frame[column])
    return frame
