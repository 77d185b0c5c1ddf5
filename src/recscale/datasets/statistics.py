"""What a data set's page shows of its rows, counted once: ``recscale data statistics`` writes ``data/statistics.json``.

Pages are built where the data aren't, so the counts are committed. A data set of a planted world has none: its page
shows the derived law.
"""

import json
from typing import Any

import numpy as np
from jaxtyping import Int

from recscale.datasets.cards import book_cards
from recscale.datasets.load import load_dataset
from recscale.datasets.planted_world import PARTS, PLANTED
from recscale.datasets.tables import PADDING, CTRData, SequenceData
from recscale.settings import DATA, write_atomically

FILE = DATA / "statistics.json"

_POINTS = 40
"""Ranks of a curve, spread evenly in their logarithm."""

_REAL = 10**8

CURVES = 3
"""Categorical fields with a curve: those with the most values."""


def rank_curve(counts: Int[np.ndarray, " values"]) -> dict[str, list[int]]:
    """``rank`` 1, 2, … and the ``count`` of the value there, most frequent first; values that never occur are left out.

    At most ``_POINTS`` ranks, the first and the last among them.
    """
    sizes = np.sort(counts[counts > 0])[::-1]
    ranks = np.unique(np.geomspace(1, len(sizes), _POINTS).round().astype(int))
    return {"rank": ranks.tolist(), "count": sizes[ranks - 1].tolist()}


def ctr_statistics(data: CTRData) -> dict[str, Any]:
    """Of impressions: rows, parts of the official split, days, share of positives, fields with their curves.

    ``values``: distinct ones that occur; ``most``: that one row may hold.
    """
    fields, curves = {}, {}
    for field in data.fields:
        ids = np.asarray(data.ids[field.name]).ravel()
        counts = np.bincount(ids[ids != PADDING], minlength=field.vocabulary_size)
        fields[field.name] = {"values": int((counts > 0).sum()), "most": field.max_values}
        curves[field.name] = counts
    largest = sorted(fields, key=lambda name: -fields[name]["values"])[:CURVES]
    parts = data.part
    return {
        "rows": len(data),
        "parts": None if parts is None else {name: int((parts == k).sum()) for k, name in enumerate(PARTS)},
        "days": _days(data.timestamp),
        "positive": dict(zip(data.tasks, np.round(data.labels.mean(axis=0, dtype=float), 4).tolist(), strict=True)),
        "dense": list(data.dense_names),
        "fields": fields,
        "curves": {name: rank_curve(curves[name]) for name in largest},
    }


def sequence_statistics(data: SequenceData) -> dict[str, Any]:
    """Of sequences: interactions, users, items, repeats, lengths, days, users that leave-one-out tests, both curves."""
    lengths = data.lengths
    return {
        "interactions": len(data),
        "users": int(data.n_users),
        "items": int(data.n_items),
        "repeated": round(data.repeated() / len(data), 4),
        "lengths": dict(zip(("least", "median", "most"), np.percentile(lengths, (0, 50, 100)).tolist(), strict=True)),
        "days": _days(data.timestamps),
        "tested": int((lengths >= 3).sum()),
        "curves": {"items": rank_curve(np.bincount(data.items)), "users": rank_curve(lengths)},
    }


def _days(timestamps: Int[np.ndarray, " rows"] | None) -> list[str] | None:
    """First and last day of times in seconds since 1970; None for the small numbers of generated data."""
    if timestamps is None or timestamps.max() < _REAL:
        return None
    ends = np.array([timestamps.min(), timestamps.max()]).astype("datetime64[s]").astype("datetime64[D]")
    return [str(day) for day in ends]


def write_statistics() -> None:
    """Write the file anew: data set -> kind -> its statistics, of every book card but the planted worlds'."""
    count = {"ctr": ctr_statistics, "sequences": sequence_statistics}
    cards = {name: card for name, card in book_cards().items() if name not in PLANTED}
    found = {
        name: {kind: count[kind](load_dataset(name, kind).data) for kind in card.kinds} for name, card in cards.items()
    }
    write_atomically(FILE, json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def read_statistics() -> dict[str, dict[str, Any]]:
    """The committed counts."""
    return json.loads(FILE.read_text(encoding="utf-8"))
