"""Counting equal, or nearly equal, windows of item sequences: what every approximate entropy is made of.

Sequences of many users lie end to end; user ``u`` owns ``items[offsets[u]:offsets[u + 1]]``. A window never crosses
from one user to the next.
"""

from numbers import Real

import numpy as np
from jaxtyping import Float, Int, Integer, Shaped
from numpy.typing import ArrayLike

Items = Shaped[np.ndarray, " tokens"]
Offsets = Integer[np.ndarray, " users_plus_1"]
PerUser = Float[np.ndarray, " users"]

_BLOCK = 1 << 24
"""Pairs of positions compared at a time by the general definition (16 MB of booleans)."""


def as_users(items: ArrayLike, offsets: ArrayLike) -> tuple[Items, Offsets]:
    """Check that ``offsets`` cut ``items`` into users, and that every item can be compared."""
    items, offsets = np.asarray(items), np.asarray(offsets)
    if items.ndim != 1:
        raise ValueError(f"items must be one sequence, users end to end; got an array of shape {items.shape}")
    if items.dtype.kind not in "iuf":
        raise ValueError(f"items must be numbers; got {items.dtype}")
    if items.dtype.kind == "f" and not np.isfinite(items).all():
        raise ValueError("items must be finite numbers; got NaN or infinity")
    if offsets.dtype.kind not in "iu":
        raise ValueError(f"offsets must be whole numbers; got {offsets.dtype}")
    offsets = offsets.astype(np.int64)
    cuts = offsets.ndim == 1 and len(offsets) >= 2 and offsets[0] == 0 and offsets[-1] == len(items)
    if not cuts or (np.diff(offsets) < 0).any():
        raise ValueError(f"offsets must rise from 0 to the {len(items)} items; got {offsets[:3]} … {offsets[-1:]}")
    return items, offsets


def window_counts(offsets: Offsets, length: int) -> Int[np.ndarray, " users"]:
    """How many windows of ``length`` items each user has."""
    return np.maximum(np.diff(offsets) - length + 1, 0)


def equal_windows(
    items: Items, offsets: Offsets, length: int, drop_last: int = 0
) -> tuple[Int[np.ndarray, " classes"], Int[np.ndarray, " classes"]]:
    """Sizes of the classes of equal windows, and the user (index) each class belongs to.

    Every window of ``length`` items becomes one integer, the user in its highest bits, so that sorting brings equal
    windows together and keeps users in order: O(n log n), whatever the number of users.
    ``drop_last``: leave out that many windows at each user's end (sample entropy does).
    """
    lengths, windows = np.diff(offsets), window_counts(offsets, length + drop_last)
    if not windows.any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    codes, item_bits = _codes(items)
    keys = np.repeat(np.arange(len(lengths)), lengths)
    bits = max(len(lengths) - 1, 0).bit_length()
    for step in range(length):
        if bits + item_bits > 63:
            keys = np.unique(keys, return_inverse=True)[1]
            bits = len(keys).bit_length()
        size = max(len(codes) - step, 0)
        keys = (keys[:size] << item_bits) | codes[step : step + size]
        bits += item_bits
    if len(lengths) == 1:  # one long sequence: no window crosses anything, a slice is enough
        keys = keys[: windows[0]]
    else:
        to_end = np.repeat(offsets[1:], lengths) - np.arange(len(items))
        keys = keys[to_end[: len(keys)] >= length + drop_last]
    keys.sort()
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, np.int64)
    sizes = np.diff(np.append(starts, len(keys)))
    return sizes, np.searchsorted(np.cumsum(windows), starts, side="right")


def _codes(items: Items) -> tuple[Int[np.ndarray, " tokens"], int]:
    """Non-negative integers, equal exactly where items are equal, and the bits they need (at most 31)."""
    if len(items) == 0:
        return np.zeros(0, np.int64), 1
    if items.dtype.kind in "iu":
        bits = max((int(items.max()) - int(items.min())).bit_length(), 1)
        if bits <= 31:
            wide = items.astype(np.uint64 if items.dtype.kind == "u" else np.int64)
            return (wide - wide.min()).astype(np.int64), bits
    codes = np.unique(items, return_inverse=True)[1]
    return codes, max(len(codes).bit_length(), 1)


def log_matches(items: Items, offsets: Offsets, length: int, r: Real) -> PerUser:
    """For every user the sum over windows i of ``ln #{j : d(X_i, X_j) <= r}``, the window itself included."""
    if matches_only_itself(items, r):
        sizes, users = equal_windows(items, offsets, length)
        return np.bincount(users, weights=sizes * np.log(sizes), minlength=len(offsets) - 1).astype(float)
    total = np.zeros(len(offsets) - 1)
    for users, sequences in same_length(items, offsets, at_least=length):
        total[users] = np.log(near_windows(sequences, length, r)).sum(1)
    return total


def matches_only_itself(items: Items, r: Real) -> bool:
    """Whether a value is within ``r`` of no other value: always at r = 0, and at any r < 1 between integers."""
    return r == 0 or (items.dtype.kind in "iu" and r < 1)


def same_length(items: Items, offsets: Offsets, at_least: int):
    """Users grouped by sequence length: yields (indices of the users, their sequences as one array (users, length))."""
    lengths = np.diff(offsets)
    for length in np.unique(lengths[lengths >= at_least]):
        users = np.flatnonzero(lengths == length)
        for some in np.array_split(users, -(-len(users) * int(length) ** 2 // _BLOCK)):
            yield some, items[offsets[some][:, None] + np.arange(length)]


def near_windows(
    sequences: Shaped[np.ndarray, "users n"], length: int, r: Real, drop_last: int = 0
) -> Int[np.ndarray, "users windows"]:
    """For every window how many windows of the same user lie within ``r``, itself included: the O(n²) definition.

    The distance of two windows is the largest difference of items in the same place. Rows are taken in blocks, so
    that memory stays bounded.
    """
    n_users, n = sequences.shape
    windows = n - length + 1 - drop_last
    values, limit = _comparable(sequences), r
    if values.dtype.kind == "u":
        limit = np.uint64(min(int(min(r, 2.0**64)), 2**64 - 1))
    counts = np.empty((n_users, windows), np.int64)
    rows = max(_BLOCK // max(n_users * n, 1), 1)
    for first in range(0, windows, rows):
        last = min(first + rows, windows)
        block = values[:, first : last + length - 1, None]
        other = values[:, None, : windows + length - 1]
        with np.errstate(over="ignore"):
            near = np.maximum(block, other) - np.minimum(block, other) <= limit  # unsigned differences don't wrap
        match = near[:, : last - first, :windows].copy()
        for k in range(1, length):
            match &= near[:, k : k + last - first, k : k + windows]
        counts[:, first:last] = match.sum(2)
    return counts


def _comparable(items: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    """Items whose differences are exact: integers as unsigned ones in the same order, others as doubles."""
    if items.dtype.kind == "f":
        return items.astype(np.float64)
    if items.dtype.kind == "u":
        return items.astype(np.uint64)
    return items.astype(np.int64).view(np.uint64) ^ np.uint64(1 << 63)
