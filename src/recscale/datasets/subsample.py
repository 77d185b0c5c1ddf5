"""Less data, or more repetitive data: the knobs that the data-scaling studies turn.

Subsets drawn with one seed are nested: the 10 % lie within the 30 %, so that a curve over fractions adds data and never
swaps it.
"""

import math
from dataclasses import replace

import numpy as np
from jaxtyping import Int

from recscale.datasets.tables import CTRData, SequenceData


def subsample_rows(data: CTRData, fraction: float, seed: int) -> CTRData:
    """``⌈fraction · rows⌉`` of the impressions, in their order. Fields and vocabularies stay, so do ids."""
    return data.take(nested(len(data), fraction, seed))


def subsample_users(data: SequenceData, fraction: float, seed: int) -> SequenceData:
    """``⌈fraction · users⌉`` of the users, in their order, over the same items (``n_items`` stays)."""
    return data.select_users(nested(data.n_users, fraction, seed))


def repeat_within_user(data: SequenceData, fraction: float, seed: int) -> SequenceData:
    """A copy in which every user meets a part of their history a second time.

    Of a history of n interactions the last two stay apart: they are the valid and test items of leave-one-out, which
    must remain what they were, and unseen. Of the m = n - 2 others ``round(fraction · m)`` are drawn without
    replacement, and each drawn one is met again once, at a uniformly random moment between itself and the held-out
    items (a copy takes the time of the original interaction before it). A larger ``fraction`` with the same seed
    repeats the same interactions at the same moments, and more.

    ``repeats`` stays as it was: it says how the *held-out* items are ranked, and those are as new to the user as
    before.
    """
    _check(fraction)
    generator = np.random.default_rng(seed)
    draw, moment = generator.random((2, len(data)))
    within = np.arange(len(data)) - np.repeat(data.offsets[:-1], data.lengths)
    open_to = np.repeat(data.lengths - 2, data.lengths)
    user = np.repeat(np.arange(data.n_users), data.lengths)
    eligible = np.flatnonzero(within < open_to)
    by_draw = eligible[np.lexsort((draw[eligible], user[eligible]))]
    first = np.concatenate([[0], np.cumsum(np.maximum(data.lengths - 2, 0))])[:-1]
    rank = np.arange(len(by_draw)) - first[user[by_draw]]
    chosen = np.sort(by_draw[rank < np.round(fraction * open_to[by_draw])])

    place = within[chosen] + moment[chosen] * (open_to[chosen] - within[chosen])
    source = np.concatenate([np.arange(len(data)), chosen])
    place = np.concatenate([within, np.minimum(place, open_to[chosen] - 0.5)])
    # A moment of exactly 0 ties with the original; the stable sort then puts the copy right behind it.
    order = np.lexsort((place, user[source]))
    timestamps = None
    if data.timestamps is not None:
        before = np.concatenate(
            [np.arange(len(data)), data.offsets[user[chosen]] + np.floor(place[len(data) :]).astype(int)]
        )
        timestamps = data.timestamps[before[order]]
    counts = np.bincount(user[source], minlength=data.n_users)
    return replace(
        data,
        items=data.items[source[order]],
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        timestamps=timestamps,
    )


def nested(total: int, fraction: float, seed: int) -> Int[np.ndarray, " selected"]:
    """The first ``⌈fraction · total⌉`` places of one seeded shuffle, in ascending order."""
    _check(fraction)
    shuffled = np.random.default_rng(seed).permutation(total)
    return np.sort(shuffled[: math.ceil(round(fraction * total, 6))])


def _check(fraction: float) -> None:
    if not 0 < fraction <= 1:
        raise ValueError(f"a fraction must be above 0 and at most 1; it is {fraction}")
