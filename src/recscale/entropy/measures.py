"""How regular item sequences are: every entropy the Performance Law's data term has been given.

All entropies are in nats a symbol. Functions named ``…_per_user`` take all users' sequences end to end (user ``u`` owns
``items[offsets[u]:offsets[u + 1]]``) and treat all users in the same array operations; the others take one sequence.
Items are identities, not magnitudes: the default tolerance r = 0 counts equal items only.

Sources: Performance Law (arXiv 2412.00430) for D′ = tokens × ApEn′; its successor P-Law (NeurIPS 2025) for D′ with the
real entropy; Pincus 1991 (ApEn); Richman and Moorman 2000 (sample entropy); Kontoyiannis et al. 1998 and Song et al.
2010 (real entropy).
"""

import zlib
from numbers import Real

import numpy as np
import pandas as pd
from jaxtyping import Int, Shaped
from numpy.typing import ArrayLike

from recscale.entropy import windows
from recscale.entropy.suffix_array import longest_matches
from recscale.entropy.windows import Items, Offsets, PerUser, as_users

_ROUNDING = 1e-12
"""Differences of Φ below this are rounding, and 0 is meant: a reciprocal would turn them into 10¹² and more."""


def approximate_entropy(sequence: ArrayLike, m: Real = 2, r: Real = 0.0, *, signed: bool = False) -> float:
    """Approximate entropy of one sequence x of n items, in nats; see ``approximate_entropy_per_user``."""
    m, r = _settings(m, r)
    items, offsets = _one(sequence, at_least=m + 1, what="approximate entropy")
    return float(approximate_entropy_per_user(items, offsets, m, r, signed=signed)[0])


def approximate_entropy_per_user(
    items: Items, offsets: Offsets, m: Real = 2, r: Real = 0.0, *, signed: bool = False
) -> PerUser:
    """``ApEn(m, r) = |Φ^m - Φ^{m+1}|`` of every user's sequence; NaN under m + 1 items (arXiv 2412.00430).

    ``Φ^m = 1/(n-m+1) Σ_i ln C_i^m``, ``C_i^m = #{j : d(X_i, X_j) <= r} / (n-m+1)``, windows ``X_i = x_i … x_{i+m-1}``,
    ``d`` the largest difference of items in the same place; the window itself counts.

    The definition has no absolute value; the authors' script takes one. It matters: without repeats the difference is
    negative, ``-ln((n-m+1) / (n-m))``. ``signed=True`` gives the definition.

    O(n log n) where r holds nothing but equality (r = 0, or r < 1 on integers), else O(Σ n_u²).
    """
    items, offsets = as_users(items, offsets)
    m, r = _settings(m, r)
    shorter = _phi(items, offsets, m, r)
    difference = shorter - _phi(items, offsets, m + 1, r)
    difference[np.abs(difference) < _ROUNDING * (1 + np.abs(shorter))] = 0.0
    return difference if signed else np.abs(difference)


def _phi(items, offsets, length: int, r: Real) -> PerUser:
    counts = windows.window_counts(offsets, length)
    with np.errstate(divide="ignore", invalid="ignore"):  # without a window: 0/0
        return windows.log_matches(items, offsets, length, r) / counts - np.log(counts)


def sample_entropy(sequence: ArrayLike, m: Real = 2, r: Real = 0.0) -> float:
    """Sample entropy of one sequence, in nats; see ``sample_entropy_per_user``."""
    m, r = _settings(m, r)
    return float(sample_entropy_per_user(*_one(sequence, at_least=m + 1, what="sample entropy"), m, r)[0])


def sample_entropy_per_user(items: Items, offsets: Offsets, m: Real = 2, r: Real = 0.0) -> PerUser:
    """``SampEn(m, r) = -ln(A / B)`` of every user's sequence (Richman and Moorman 2000).

    ``B`` counts pairs i < j of the first n - m windows of m items within r, ``A`` those still within r at m + 1 items:
    no window is compared with itself, so short sequences are not biased towards regularity. Infinite where A = 0 < B,
    NaN where B = 0 (nothing ever recurs: the sequence says nothing about what follows a recurrence).
    """
    items, offsets = as_users(items, offsets)
    m, r = _settings(m, r)
    longer, shorter = _pairs(items, offsets, m + 1, r, 0), _pairs(items, offsets, m, r, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(shorter / longer)


def _pairs(items, offsets, length: int, r: Real, drop_last: int) -> PerUser:
    """Pairs of different windows within r, for every user."""
    if windows.matches_only_itself(items, r):
        sizes, users = windows.equal_windows(items, offsets, length, drop_last)
        return np.bincount(users, weights=sizes * (sizes - 1) / 2, minlength=len(offsets) - 1).astype(float)
    pairs = np.zeros(len(offsets) - 1)
    for users, sequences in windows.same_length(items, offsets, at_least=length + drop_last):
        pairs[users] = (windows.near_windows(sequences, length, r, drop_last) - 1).sum(1) / 2
    return pairs


def real_entropy(sequence: ArrayLike) -> float:
    """Real entropy of one sequence, in nats; see ``real_entropy_per_user``."""
    return float(real_entropy_per_user(*_one(sequence, at_least=1, what="real entropy"))[0])


def real_entropy_per_user(items: Items, offsets: Offsets) -> PerUser:
    """``S_real = ln n / (1/n Σ_i Λ_i)`` of every user's sequence: the Lempel–Ziv entropy estimate of P-Law (2025).

    ``Λ_i`` is the length of the shortest substring from i on that does not occur wholly before i; where everything up
    to the end has occurred, the rest's length plus one. NaN for users without items; 0 for one item (ln 1).
    Repetition lengthens ``Λ`` and *lowers* ``S_real``; a sequence without repeats has ``Λ = 1`` and ``S_real = ln n``.
    O(n log n) by a suffix array over all users at once.
    """
    items, offsets = as_users(items, offsets)
    lengths = np.diff(offsets)
    users, codes = np.repeat(np.arange(len(lengths)), lengths), np.unique(items, return_inverse=True)[1]
    # An item of one user is another symbol than the same item of the next: then no match can leave its user.
    novel = 1 + longest_matches(users * (codes.max(initial=0) + 1) + codes)
    total = np.bincount(users, weights=novel, minlength=len(lengths))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(lengths) * lengths / total


def shannon_entropy(sequence: ArrayLike) -> float:
    """Shannon entropy of one sequence's item frequencies, in nats a symbol: ``-Σ_a p_a ln p_a``."""
    return float(shannon_entropy_per_user(*_one(sequence, at_least=1, what="Shannon entropy"))[0])


def shannon_entropy_per_user(items: Items, offsets: Offsets) -> PerUser:
    """``-Σ_a p_a ln p_a`` over every user's item frequencies; NaN for users without items. Order does not count."""
    items, offsets = as_users(items, offsets)
    return 0.0 - _phi(items, offsets, 1, 0.0)


def markov_entropy_rate(items: ArrayLike, offsets: Offsets | None = None) -> float:
    """Plug-in entropy rate of the first-order chain through all sequences, in nats: ``1/n Σ_ab n_ab ln(n_a / n_ab)``.

    ``n_ab`` counts the n steps from item a to item b within users (within the whole sequence without ``offsets``),
    ``n_a = Σ_b n_ab``. Biased low while most pairs are seen once: an item seen once seems to have a certain successor.
    """
    items = np.asarray(items)
    items, offsets = as_users(items, np.array([0, len(items)]) if offsets is None else offsets)
    leads_on = np.ones(len(items), bool)
    leads_on[offsets[1:][np.diff(offsets) > 0] - 1] = False
    source = np.flatnonzero(leads_on)
    if len(source) == 0:
        raise ValueError("a Markov entropy rate needs a sequence of at least 2 items; none was given")
    codes = np.unique(items, return_inverse=True)[1]
    from_item = np.bincount(codes[source])
    pairs = np.unique(codes[source] * (codes.max() + 1) + codes[source + 1], return_counts=True)[1]
    return float((_c_log_c(from_item) - _c_log_c(pairs)) / len(source))


def _c_log_c(counts: Int[np.ndarray, " classes"]) -> float:
    counts = counts[counts > 0]
    return float(counts @ np.log(counts))


def compression_ratio(items: ArrayLike, chunk: Real | None = None) -> float:
    """Compressed over raw size (zlib, items as 4-byte big-endian integers): about 1 for noise, near 0 for repetition.

    ``chunk``: compress runs of that many items apart and average their ratios (the authors' script: 10,000). zlib looks
    back 32 KB, 8,192 items, and the high bytes of small ids cost nothing: ratios depend on how items are numbered.
    """
    items, _ = _one(items, at_least=1, what="a compression ratio")
    if items.dtype.kind == "f" or items.min() < 0 or items.max() >= 2**32:
        raise ValueError("a compression ratio needs item ids between 0 and 2³² - 1")
    raw = items.astype(">u4").tobytes()
    size = 4 * (len(items) if chunk is None else _whole(chunk, "chunk"))
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    return float(np.mean([len(zlib.compress(piece)) / len(piece) for piece in pieces]))


def data_quality(items: Items, offsets: Offsets, *, m: Real = 2, max_length: Real | None = None) -> pd.DataFrame:
    """Every published reading of the Performance Law's data term D′ (and the rivals of its ablation), side by side.

    Columns: ``name``, ``formula``, ``value`` (tokens, or tokens per nat where entropy divides, tokens × nats where it
    multiplies), ``users_with_zero``, ``note``. ApEn is taken at r = 0. ``max_length`` cuts users to their last items
    first, as both papers do; tokens are counted after that.

    1/0 is not a number: users whose entropy is 0, or who are too short to have one, are left out of every sum or mean
    of reciprocals and counted in ``users_with_zero``. In the mean of ApEn itself they count as 0, as in the authors'
    script.
    """
    items, offsets = as_users(items, offsets)
    if len(items) == 0:
        raise ValueError("a data term needs at least one interaction; the data set is empty")
    if max_length is not None:
        items, offsets = _last(items, offsets, max_length)
    lengths, tokens = np.diff(offsets), len(items)
    whole = np.array([0, tokens])
    rows = [("tokens", "Σ_u |S_u|", float(tokens), 0, "the plain token count D")]
    per_user = approximate_entropy_per_user(items, offsets, m)
    concatenated = approximate_entropy_per_user(items, whole, m)[0]
    rows += _readings("apen", "ApEn", "arXiv 2412.00430", lengths, per_user, concatenated)
    concatenated = real_entropy_per_user(items, whole)[0]
    rows += _readings("real", "S_real", "NeurIPS 2025", lengths, real_entropy_per_user(items, offsets), concatenated)
    for name, symbol, value, note in (
        ("shannon", "H_Shannon", shannon_entropy_per_user(items, whole)[0], "item frequencies of all users"),
        ("zlib", "zlib ratio", compression_ratio(np.unique(items, return_inverse=True)[1]), "ids re-ranked from 0"),
        ("markov", "h_Markov", markov_entropy_rate(items, offsets) if (lengths > 1).any() else np.nan, "bigram chain"),
    ):
        rows += _over_and_times(name, symbol, tokens, value, f"{note}; direction not published")
    return pd.DataFrame(rows, columns=["name", "formula", "value", "users_with_zero", "note"])


def _readings(
    name: str, symbol: str, source: str, lengths: Int[np.ndarray, " users"], per_user: PerUser, concatenated: float
) -> list[tuple]:
    """The readings of D′ for one entropy, known for each user and for the users' concatenation."""
    tokens = int(lengths.sum())
    known = np.nan_to_num(per_user)
    positive = known > 0
    zeros = int((~positive).sum())
    left_out = f"; {zeros} users without a positive {symbol} left out (literally infinite)" if zeros else ""
    as_zero = f"; {zeros} users enter with 0" if zeros else ""
    inverse = 1 / known[positive]
    literal = float(lengths[positive] @ inverse) if positive.any() else np.nan
    over_mean = tokens / known.mean() if positive.any() else np.nan
    times_mean_inverse = tokens * inverse.mean() if positive.any() else np.nan
    times = float(lengths @ known)
    rows = [
        ("literal", f"Σ_u |S_u| / {symbol}(S_u)", literal, f"{source}: the lemma as reported{left_out}"),
        ("mean", f"tokens / mean_u {symbol}(S_u)", over_mean, f"users averaged first{as_zero}"),
        ("mean-inverse", f"tokens × mean_u 1/{symbol}(S_u)", times_mean_inverse, f"mean of the reciprocals{left_out}"),
        ("literal-times", f"Σ_u |S_u| · {symbol}(S_u)", times, f"the opposite direction{as_zero}"),
    ]
    return [
        *((f"{name}-{reading}", formula, value, zeros, note) for reading, formula, value, note in rows),
        *_over_and_times(f"{name}-concatenated", f"{symbol}(S_1 S_2 …)", tokens, concatenated, "all users end to end"),
    ]


def _over_and_times(name: str, symbol: str, tokens: int, value: float, note: str) -> list[tuple]:
    over = tokens / value if value > 0 else np.nan
    explanation = note if value > 0 else f"{note}; {symbol} is {value}: no reciprocal"
    return [
        (name, f"tokens / {symbol}", over, 0, explanation),
        (f"{name}-times", f"tokens × {symbol}", tokens * value, 0, "the opposite direction"),
    ]


def _last(items, offsets, max_length: Real):
    """Each user's last ``max_length`` items."""
    max_length, lengths = _whole(max_length, "max_length"), np.diff(offsets)
    to_end = np.repeat(offsets[1:], lengths) - np.arange(len(items))
    return items[to_end <= max_length], np.concatenate([[0], np.cumsum(np.minimum(lengths, max_length))])


def _one(sequence: ArrayLike, at_least: int, what: str) -> tuple[Shaped[np.ndarray, " n"], Int[np.ndarray, " two"]]:
    """One sequence as a data set of one user."""
    items = np.asarray(sequence)
    if items.ndim == 1 and len(items) < at_least:
        raise ValueError(f"{what} needs a sequence of at least {at_least} items; got {len(items)}")
    return as_users(items, np.array([0, items.size]))


def _settings(m: Real, r: Real) -> tuple[int, Real]:
    m = _whole(m, "the window length m")
    if not (isinstance(r, Real) and r >= 0):
        raise ValueError(f"the tolerance r must be 0 or more (below 0 a window does not match itself); got {r!r}")
    return m, r


def _whole(value: Real, name: str) -> int:
    """``value`` as an integer from 1 on; 2.0 is one."""
    if isinstance(value, bool) or not isinstance(value, Real) or value < 1 or not float(value).is_integer():
        raise ValueError(f"{name} must be a whole number from 1 on; got {value!r}")
    return int(value)
