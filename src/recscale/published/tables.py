"""The tables of ``data/published``."""

from functools import cache

import pandas as pd

from recscale.settings import DATA


@cache
def _read(name: str) -> pd.DataFrame:
    path = DATA / "published" / f"{name}.csv"
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return pd.read_csv(path)


def load(name: str) -> pd.DataFrame:
    """A table of ``data/published`` by its file name without ``.csv``."""
    return _read(name).copy()
