"""Longest previous factors of a sequence by a suffix array, in whole-array NumPy: O(n log n).

Sources: prefix doubling (Manber and Myers 1993); sparse tables for range minima. The search for the longest match that
lies wholly in the past, `longest_matches`, is one binary descent for each position, done for all positions at once.
"""

import numpy as np
from jaxtyping import Int, Integer

Symbols, Places = Integer[np.ndarray, " n"], Int[np.ndarray, " n"]


def substring_ranks(symbols: Symbols) -> list[Places]:
    """``ranks[k][i]``: the place of ``symbols[i : i + 2**k]`` among all substrings of that length; equal ones share it.

    A substring cut short by the end is smaller than its continuations and equals no other. The last array has no
    equal ranks: it is the order of the suffixes.
    """
    n = len(symbols)
    ranks = [np.unique(symbols, return_inverse=True)[1]]
    while ranks[-1].max(initial=-1) + 1 < n:
        half = 1 << (len(ranks) - 1)
        following = np.zeros(n, np.int64)
        following[: n - half] = ranks[-1][half:] + 1
        ranks.append(np.unique(ranks[-1] * (n + 1) + following, return_inverse=True)[1])
    return ranks


def suffix_array(symbols: Symbols) -> tuple[Places, Places]:
    """Starts of the suffixes in sorted order, and the length each shares with the one before it (0 for the first)."""
    ranks = substring_ranks(symbols)
    n = len(symbols)
    order = np.empty(n, np.int64)
    order[ranks[-1]] = np.arange(n)
    above, below = order[:-1].copy(), order[1:].copy()
    for k in range(len(ranks) - 2, -1, -1):  # the shared length's binary digits, highest first
        rank = np.append(ranks[k], -1)
        step = (rank[above] == rank[below]).astype(np.int64) << k
        above += step
        below += step
    shared = np.zeros(n, np.int64)
    shared[1:] = below - order[1:]
    return order, shared


def longest_matches(symbols: Symbols) -> Places:
    """For every i the length of the longest prefix of ``symbols[i:]`` that occurs wholly inside ``symbols[:i]``.

    That is ``max over j < i of min(lcp(i, j), i - j)``: j + length must not pass i. Among the suffixes sorted before
    (then: after) suffix i, moving away from it makes the shared length fall and the best ``i - j`` so far rise, so the
    maximum lies where the two cross.
    """
    order, shared = suffix_array(symbols)
    length = np.zeros(len(symbols), np.int64)
    length[order] = np.maximum(
        _match_above(order, shared),
        _match_above(order[::-1], np.concatenate([shared[:1], shared[1:][::-1]]))[::-1],
    )
    return length


def _match_above(order: Places, shared: Places) -> Places:
    """The best match of each suffix among those above it in ``order``; ``shared[p]`` belongs to places p - 1 and p."""
    active = np.flatnonzero(shared > 0)
    longest = np.zeros(len(order), np.int64)
    if len(active) == 0:
        return longest
    start = order[active].astype(np.int32)
    place = active.astype(np.int32)  # the highest place taken in so far
    common = np.full(len(active), len(order), np.int32)  # length shared with everything taken in
    gap = np.zeros(len(active), np.int32)  # the largest i - j > 0 taken in
    for k, (first_start, least_shared) in reversed(list(enumerate(_range_minima(order, shared)))):
        higher = place - (1 << k)
        inside = higher >= 0
        at = np.where(inside, higher, 0)
        new_common = np.minimum(common, least_shared[at + 1])
        new_gap = np.maximum(gap, start - first_start[at])
        take = inside & (new_common >= new_gap)
        place = np.where(take, higher, place)
        common = np.where(take, new_common, common)
        gap = np.where(take, new_gap, gap)
    # Up to `place` the gap limits the match; one place further, the shared length does (shared[0] = 0 ends the array).
    longest[active] = np.maximum(gap, np.minimum(common, shared[place]))
    return longest


def _range_minima(order: Places, shared: Places):
    """Minima of ``order`` and of ``shared`` over 2**k places from each place on, for as many k as a match can need.

    Suffixes with a common first symbol stand together, so no descent goes further than the largest such group.
    """
    group_starts = np.append(np.flatnonzero(shared == 0), len(shared))
    levels = int(np.diff(group_starts).max()).bit_length()
    # One place of padding: `shared` is read one place further than `order`.
    tables = [(order.astype(np.int32), np.append(shared, 0).astype(np.int32))]
    for k in range(1, levels):
        half = 1 << (k - 1)
        tables.append(tuple(_minimum_with_shift(table, half) for table in tables[-1]))
    return tables


def _minimum_with_shift(table: Places, shift: int) -> Places:
    """``min(table[p], table[p + shift])``; beyond the end, ``table[p]`` (never read by a descent that stays inside)."""
    result = table.copy()
    np.minimum(table[:-shift], table[shift:], out=result[:-shift])
    return result
