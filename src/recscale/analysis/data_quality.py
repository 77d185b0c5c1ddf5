"""The table behind the data quality chapter: every reading of D′ on every data set with sequences.

``python -m recscale.analysis.data_quality`` writes ``data-quality.csv`` into the results folder, and
``data-quality-variants.csv`` for the changed copies of MovieLens-1M that ``sequential-data`` trains on, from whatever
sources of the data can be reached; one that can't be is named and left out. It trains nothing and takes about a minute.
"""

import sys

import pandas as pd

from recscale.datasets import dataset_names, load_sequences
from recscale.entropy.experiments import readings
from recscale.plans.sequential import FRACTIONS, REPEATED_SHARES
from recscale.runs.spec import variant
from recscale.settings import results_folder, write_atomically

WINDOWS = (1, 2)
"""m of whole histories: both window lengths the literature uses."""

LENGTHS = {"movielens-1m": (50, 100, 150, 200), "kuairand-pure": (25, 50), "amazon-books": (25, 50)}
"""Maximum lengths (at m = 2) of the data sets that the paper measures too; others are cut at 50, as in its script."""

VARIANTS = (
    *((fraction, 0.0) for fraction in FRACTIONS if fraction < 1),
    *((1.0, repeated) for repeated in REPEATED_SHARES),
)
"""(fraction of the users, share of every history repeated) of the changed copies."""
VARIED = "movielens-1m"
WINDOW, LENGTH = 2, 50
"""m and maximum length at which data terms are compared across data sets."""

TABLE, VARIANTS_TABLE = "data-quality.csv", "data-quality-variants.csv"
TERM_COLUMNS = (
    *("dataset", "data_checksum", "users", "tokens", "m", "max_length"),
    *("name", "value", "users_with_zero", "factor"),
)
"""Of both tables, with one row per data set, m, maximum length (0: whole histories) and reading of D′: its ``name`` and
``value``, ``users_with_zero`` (left out of reciprocals), ``factor`` = value / tokens."""


def load_measured() -> pd.DataFrame:
    """The committed table of all data sets (``TERM_COLUMNS``)."""
    return pd.read_csv(results_folder() / TABLE)


def measure_terms(dataset: str) -> pd.DataFrame:
    """All readings of one data set: whole histories at every m, then cut at each of its maximum lengths."""
    data = load_sequences(dataset)
    asked = [(m, None) for m in WINDOWS] + [(2, length) for length in LENGTHS.get(dataset, (50,))]
    tables = [readings(dataset, data.items, data.offsets, m, max_length) for m, max_length in asked]
    table = pd.concat(tables, ignore_index=True).assign(data_checksum=data.checksum, users=data.n_users)
    return table[list(TERM_COLUMNS)]


def measure_variants(dataset: str) -> pd.DataFrame:
    """All readings of the changed copies of one data set at ``WINDOW`` and ``LENGTH``, with ``fraction`` and
    ``repeated``."""
    data, tables = load_sequences(dataset), []
    for fraction, repeated in VARIANTS:
        changed = variant(data, fraction, repeated)
        table = readings(dataset, changed.items, changed.offsets, WINDOW, LENGTH)
        tables.append(table.assign(users=changed.n_users, fraction=fraction, repeated=repeated))
    table = pd.concat(tables, ignore_index=True).assign(data_checksum=data.checksum)
    return table[[*TERM_COLUMNS, "fraction", "repeated"]]


def _main() -> None:
    tables = []
    for name in dataset_names("sequences"):
        try:
            tables.append(measure_terms(name))
        except ValueError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    _write(TABLE, pd.concat(tables))
    try:
        _write(VARIANTS_TABLE, measure_variants(VARIED))
    except ValueError as error:
        print(f"variants are left out: {error}", file=sys.stderr)


def _write(name: str, table: pd.DataFrame) -> None:
    path = results_folder() / name
    write_atomically(path, table.to_csv(index=False, float_format="%.10g"))
    print(f"{path}: {table['dataset'].nunique()} data sets, {len(table)} rows")


if __name__ == "__main__":
    _main()
