"""Experiments that say what the entropies of short item sequences measure: arrays in, one tidy table out.

Every table has one row a measured point, so that a figure can count them. Entropies in nats unless a column says bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recscale.entropy import measures
from recscale.entropy.markov import Chain, coding_bound, duplicate
from recscale.entropy.windows import Items, Offsets


@dataclass(frozen=True)
class Simulation:
    """How much to simulate: users a point, sequence lengths, values on each axis, renamings of the items."""

    users: int
    lengths: tuple[int, ...]
    points: int
    renamings: int


def simulation(profile: str) -> Simulation:
    """The simulation sizes of a profile: "smoke" (a second), "quick" (seconds) or "full" (a minute or two)."""
    sizes = {
        "smoke": Simulation(users=20, lengths=(25, 50), points=5, renamings=3),
        "quick": Simulation(users=300, lengths=(25, 50, 100, 200, 1000), points=17, renamings=12),
        "full": Simulation(users=3000, lengths=(25, 50, 100, 200, 1000, 5000), points=33, renamings=50),
    }
    if profile not in sizes:
        raise ValueError(f"unknown profile {profile!r}; allowed are {', '.join(sizes)}")
    return sizes[profile]


def finite_size_bias(m: int, size: Simulation, seed: int) -> pd.DataFrame:
    """Mean per-user entropies of uniform random items against the number of items to choose from.

    Columns ``length``, ``alphabet``, ``truth`` (ln alphabet), ``ApEn``, ``S_real``. A perfect estimator would follow
    ``truth`` for every length.
    """
    generator = np.random.default_rng(seed)
    alphabets = np.unique(np.round(np.geomspace(1, 10_000, size.points)).astype(int))
    rows = []
    for length in size.lengths:
        users = max(size.users * 50 // length, 4)
        offsets = np.arange(users + 1) * length
        for alphabet in alphabets:
            items = generator.integers(0, alphabet, users * length)
            apen = measures.approximate_entropy_per_user(items, offsets, m).mean()
            real = measures.real_entropy_per_user(items, offsets).mean()
            rows.append((length, alphabet, np.log(alphabet), apen, real))
    return pd.DataFrame(rows, columns=["length", "alphabet", "truth", "ApEn", "S_real"])


def per_user(items: Items, offsets: Offsets, m: int) -> pd.DataFrame:
    """One row a user long enough for ApEn: ``user``, ``length``, ``repeats`` (items met before), ``ApEn``, ``S_real``,
    and ``by_length`` = ln((n-m+1) / (n-m)), what ApEn is without repeats."""
    lengths = np.diff(offsets)
    users = np.repeat(np.arange(len(lengths)), lengths)
    codes = np.unique(items, return_inverse=True)[1]
    distinct = np.bincount(np.unique(users * (codes.max() + 1) + codes) // (codes.max() + 1), minlength=len(lengths))
    keep = lengths > m
    table = pd.DataFrame(
        {
            "user": np.arange(len(lengths)),
            "length": lengths,
            "repeats": lengths - distinct,
            "ApEn": measures.approximate_entropy_per_user(items, offsets, m),
            "S_real": measures.real_entropy_per_user(items, offsets),
        }
    )[keep].reset_index(drop=True)
    return table.assign(by_length=np.log1p(1 / (table["length"] - m)))


def renaming(
    items: Items, offsets: Offsets, m: int, tolerances: Sequence[float], renamings: int, seed: int | Sequence[int]
) -> pd.DataFrame:
    """Mean per-user ApEn at each tolerance under random renamings of the items.

    Ids are names, so a measure of order must not see it. Columns ``r``, ``renaming`` (0: as given), ``ApEn``.
    """
    generator = np.random.default_rng(seed)
    codes = np.unique(items, return_inverse=True)[1]
    names = [np.arange(codes.max() + 1), *(generator.permutation(codes.max() + 1) for _ in range(renamings))]
    rows = [
        (tolerance, index, float(np.nanmean(measures.approximate_entropy_per_user(name[codes], offsets, m, tolerance))))
        for tolerance in tolerances
        for index, name in enumerate(names)
    ]
    return pd.DataFrame(rows, columns=["r", "renaming", "ApEn"])


def coding_table(n_items: int, n_users: int, length: int, points: int, seed: int) -> pd.DataFrame:
    """``coding_bound`` along noisy cycles from nearly deterministic to uniform: column ``noise``, then bits a token."""
    rows = []
    for noise in np.geomspace(0.01, 1, points):
        rows.append({"noise": noise} | coding_bound(Chain.noisy_cycle(n_items, noise), n_users, length, seed))
    return pd.DataFrame(rows)


def duplication(items: Items, offsets: Offsets, m: int, shares: Sequence[float], seed: int) -> pd.DataFrame:
    """Every entropy as a growing share of the items is replaced by the item just before.

    Lengths and tokens stay, so all that changes is repetition. Columns ``share``, ``entropy``, ``value``.
    """
    whole = np.array([0, len(items)])
    rows = []
    for share in shares:
        copy = duplicate(items, offsets, share, seed)
        values = {
            "ApEn, mean of users": np.nanmean(measures.approximate_entropy_per_user(copy, offsets, m)),
            "ApEn, concatenated": measures.approximate_entropy_per_user(copy, whole, m)[0],
            "S_real, mean of users": np.nanmean(measures.real_entropy_per_user(copy, offsets)),
            "S_real, concatenated": measures.real_entropy_per_user(copy, whole)[0],
            "Shannon, mean of users": np.nanmean(measures.shannon_entropy_per_user(copy, offsets)),
            "Markov entropy rate": measures.markov_entropy_rate(copy, offsets),
            "zlib ratio": measures.compression_ratio(np.unique(copy, return_inverse=True)[1]),
        }
        rows += [(share, entropy, float(value)) for entropy, value in values.items()]
    return pd.DataFrame(rows, columns=["share", "entropy", "value"])


def readings(name: str, items: Items, offsets: Offsets, m: int, max_length: int | None) -> pd.DataFrame:
    """``data_quality`` of one data set and what was asked: ``dataset``, ``tokens``, ``m``, ``max_length`` (0: none).

    ``factor`` = value / tokens is the quality a token is credited with.
    """
    table = measures.data_quality(items, offsets, m=m, max_length=max_length)
    tokens = int(table.loc[table["name"] == "tokens", "value"].iloc[0])
    table.insert(0, "dataset", name)
    return table.assign(tokens=tokens, m=m, max_length=max_length or 0, factor=table["value"] / tokens)


def exchanged(published: pd.DataFrame, first: str, second: str) -> pd.Series:
    """``tokens`` of the paper's data table with those of two data sets exchanged, in order of their maximum lengths."""
    tokens = published["tokens"].copy()
    places = [published.loc[published["dataset"] == name, "max_length"].sort_values().index for name in (first, second)]
    if len(places[0]) != len(places[1]):
        raise ValueError(f"{first} and {second} must have equally many rows; got {[len(place) for place in places]}")
    tokens[places[0]], tokens[places[1]] = tokens[places[1]].to_numpy(), tokens[places[0]].to_numpy()
    return tokens


def ablation(published: pd.DataFrame, tokens: pd.Series) -> pd.DataFrame:
    """R² of a straight line between the paper's fitted 1/D and one over a data term: its ablation of D against D′.

    ``published``: its data table (``inverse_real_entropy``, ``fitted_inverse_D_<metric>_1e-7``); ``tokens`` replace its
    token counts. One row a metric, columns ``1/tokens`` and ``1/(tokens · S′)``.
    """
    terms = {"1/tokens": 1 / tokens, "1/(tokens · S′)": 1 / (tokens * published["inverse_real_entropy"])}
    fitted = published.filter(regex="^fitted_inverse_D_")
    fitted.columns = [column.removeprefix("fitted_inverse_D_").removesuffix("_1e-7") for column in fitted.columns]
    return pd.DataFrame({name: fitted.corrwith(term) ** 2 for name, term in terms.items()})
