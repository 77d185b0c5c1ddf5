"""The tables of ``data/published``."""

from functools import lru_cache
from pathlib import Path

import pandas as pd

from recscale.settings import DATA


@lru_cache(maxsize=32)
def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return pd.read_csv(path)


def load(name: str, folder: Path | None = None) -> pd.DataFrame:
    """A table of ``data/published`` by its file name without ``.csv``."""
    return _read(Path(folder or DATA / "published") / f"{name}.csv").copy()
