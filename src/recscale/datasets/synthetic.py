"""Data sets whose law is known: what a perfect model would reach can be written down.

Both are instant, need no file, and are loadable by name ("synthetic-ctr", "synthetic-markov").
"""

import hashlib
from collections.abc import Callable

import numpy as np

from recscale.datasets.tables import CTRData, Field, SequenceData

_VERSION = 1
"""Raised by hand when the same arguments give other data."""


def planted_ctr(
    rows: int, order: int, seed: int, *, n_fields: int = 8, vocabulary: int = 20, strength: float = 2.0
) -> CTRData:
    """Impressions whose label depends on one interaction of exactly ``order`` fields.

    Every value of the first ``order`` fields has a hidden sign ``s = ±1``, half of each field's vocabulary each; values
    are uniform and independent, the other fields are noise. With ``q = σ(strength)``,

        P(label = 1 | x) = σ(strength · s_1(x_1) · … · s_order(x_order)),    which is q or 1 - q, half the time each.

    Leaving out any one of the signs leaves a fair coin, so no model of lower order can beat log loss ln 2 and AUC 1/2.
    The best possible (Bayes) values are

        log loss = -q ln q - (1 - q) ln(1 - q)  nats,        AUC = q·q + ½·2q(1 - q) = q,

    as the optimal score takes two values: a positive has the higher one with probability q, a negative with 1 - q.
    Rows are in random order and time-stamped 0, 1, 2, … so that every split works.
    """
    if not 1 <= order <= n_fields:
        raise ValueError(f"the order must be from 1 to the number of fields, {n_fields}; it is {order}")
    if vocabulary < 2 or vocabulary % 2:
        raise ValueError(f"the vocabulary must be even, so that signs balance; it is {vocabulary}")
    generator = np.random.default_rng(seed)
    signs = np.stack([generator.permuted(np.repeat([-1, 1], vocabulary // 2)) for _ in range(order)])
    values = generator.integers(vocabulary, size=(rows, n_fields))
    product = np.prod([signs[field][values[:, field]] for field in range(order)], axis=0)
    clicked = generator.random(rows) < 1 / (1 + np.exp(-strength * product))
    names = [f"field_{index}" for index in range(n_fields)]
    return CTRData(
        name="synthetic-ctr",
        fields=tuple(Field(name, vocabulary) for name in names),
        ids={name: values[:, index].copy() for index, name in enumerate(names)},
        dense=np.zeros((rows, 0), dtype=np.float32),
        dense_names=(),
        labels=clicked.astype(np.float32)[:, None],
        tasks=("label",),
        timestamp=np.arange(rows),
        part=None,
        checksum=synthetic_recipe("planted_ctr", rows, order, seed, n_fields, vocabulary, strength),
    )


def markov_sequences(
    n_users: int, length: int, n_items: int, seed: int, *, successors: int = 10, exponent: float = 1.5
) -> tuple[SequenceData, float, float]:
    """First-order chains, with their entropy rate and the NDCG@10 that no model can beat.

    Item ``i`` is followed by the r-th of its own ``successors`` random items with probability
    ``p_r = r^-exponent / Σ_s s^-exponent``. Every item has the same ``p`` over other items, so whatever the chain's
    stationary distribution

        entropy rate = -Σ p_r ln p_r  nats,        best NDCG@10 = Σ_{r ≤ 10} p_r / log2(r + 1),

    the latter by ranking successors in the order of ``p`` (no history left out: ``repeats`` is True).
    The chain forgets everything but its last item: a longer history is worth nothing.
    """
    if not 1 <= successors <= n_items:
        raise ValueError(f"the number of successors must be from 1 to the number of items, {n_items}; got {successors}")
    if length < 1 or n_users < 1:
        raise ValueError(f"need at least one user and one item a user; got {n_users} users of length {length}")
    generator = np.random.default_rng(seed)
    following = np.stack([generator.permutation(n_items)[:successors] for _ in range(n_items)])
    p = np.arange(1, successors + 1, dtype=np.float64) ** -exponent
    p /= p.sum()
    items = np.empty((n_users, length), dtype=np.int64)
    items[:, 0] = generator.integers(n_items, size=n_users)
    ranks = generator.choice(successors, p=p, size=(n_users, length))
    for step in range(1, length):
        items[:, step] = following[items[:, step - 1], ranks[:, step]]
    data = SequenceData(
        name="synthetic-markov",
        items=items.reshape(-1),
        offsets=np.arange(n_users + 1) * length,
        timestamps=np.tile(np.arange(length), n_users),
        n_items=n_items,
        repeats=True,
        checksum=synthetic_recipe("markov_sequences", n_users, length, n_items, seed, successors, exponent),
    )
    top = p[:10]
    return data, float(-(p * np.log(p)).sum()), float((top / np.log2(np.arange(2, len(top) + 2))).sum())


def synthetic_recipe(*arguments: object) -> str:
    """The data checksum of generated data: of what determines it."""
    return hashlib.sha256(repr((_VERSION, *arguments)).encode()).hexdigest()


SYNTHETIC_SETS: dict[str, Callable[[], CTRData | SequenceData]] = {
    "synthetic-ctr": lambda: planted_ctr(20_000, order=2, seed=0),
    "synthetic-markov": lambda: markov_sequences(300, 40, 100, seed=0)[0],
}
