"""From users' sequences to packed batches, for training (every position predicts its next item) and for ranking."""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real

import numpy as np
import torch
from jaxtyping import Bool, Int

from recscale.datasets import SequenceData
from recscale.models.attention import PackedSequences

EVALUATION_TOKENS = 16_384
"""Tokens of one forward pass in evaluation."""


@dataclass(frozen=True, eq=False)
class SequenceSplit:
    """``valid`` and ``test`` index the tokens of ``data`` to predict, each from all of its user's earlier tokens."""

    data: SequenceData
    train: SequenceData
    valid: Int[np.ndarray, " valid"]
    test: Int[np.ndarray, " test"]


def split_sequences(data: SequenceData, name: str) -> SequenceSplit:
    """``leave-one-out``: last item test, the one before valid. ``global-time``: train before the time at which 80 %
    of all interactions are past; valid a user's first interaction from then until 90 % are, test the first one after
    that, each where the user has a history before it. ``ValueError`` where a part has nothing to rank."""
    if name not in SPLITS:
        raise ValueError(f"unknown split {name!r}; allowed are {' and '.join(map(repr, SPLITS))}")
    parts = SPLITS[name](data)
    for part, cases in (("valid", parts.valid), ("test", parts.test)):
        if not len(cases):
            raise ValueError(
                f"{data.name}: the split {name!r} leaves {part} no case, a user's interaction with earlier ones"
            )
        if not has_rivals(data, cases).any():
            raise ValueError(
                f"{data.name}: every {part} user has met all of the {data.n_items} items but the next one, so there is "
                "nothing to rank it against"
            )
    return parts


def _leave_one_out(data: SequenceData) -> SequenceSplit:
    last = data.offsets[1:][data.lengths >= 3]
    return SequenceSplit(data, data.without_last_two(), last - 2, last - 1)


def _global_time(data: SequenceData) -> SequenceSplit:
    if data.timestamps is None:
        raise ValueError(
            f"{data.name} has no timestamps, which the split 'global-time' needs; allowed is 'leave-one-out'"
        )
    first, second = np.quantile(data.timestamps, [0.8, 0.9], method="lower")
    return SequenceSplit(
        data,
        data.keep(data.timestamps < first),
        _first_within(data, first, second),
        _first_within(data, second, np.inf),
    )


SPLITS = {"leave-one-out": _leave_one_out, "global-time": _global_time}


def has_rivals(data: SequenceData, cases: Int[np.ndarray, " cases"]) -> Bool[np.ndarray, " cases"]:
    """Which cases have another item than their own to rank, one that isn't excluded (``ranking``)."""
    if data.repeats:
        return np.full(len(cases), data.n_items > 1)
    first = data.offsets[np.searchsorted(data.offsets, cases, side="right") - 1]
    some = cases - first < data.n_items - 1
    for case in np.flatnonzero(~some):  # they count distinct items
        some[case] = len(np.unique(data.items[first[case] : cases[case] + 1])) < data.n_items
    return some


def _first_within(data: SequenceData, start: Real, end: Real) -> Int[np.ndarray, " cases"]:
    """Each user's first token with ``start`` ≤ time < ``end``, where it is not the user's first of all."""
    inside = np.flatnonzero((data.timestamps >= start) & (data.timestamps < end))
    user = np.searchsorted(data.offsets, inside, side="right") - 1
    _, first = np.unique(user, return_index=True)
    token = inside[first]
    return token[token > data.offsets[user[first]]]


class TrainingBatches:
    """Packed batches of about ``batch_tokens`` predicted positions; ``epoch()`` gives a fresh random order each time.

    A user's last ``max_length + 1`` training items give up to ``max_length`` positions. Users are shuffled, put with
    others of their length into bundles of at most an eighth of a batch, and the bundles shuffled into batches:
    nothing is padded, and a batch still mixes all lengths.
    """

    def __init__(
        self, train: SequenceData, max_length: int, batch_tokens: int, seed: int, device: torch.device
    ) -> None:
        usable = np.flatnonzero(train.lengths >= 2)
        if len(usable) == 0:
            raise ValueError(f"{train.name} has no user with at least two training items: nothing to learn from")
        self.length = np.minimum(train.lengths[usable] - 1, max_length)
        self.start = train.offsets[usable + 1] - self.length - 1
        self.train, self.batch_tokens, self.device = train, batch_tokens, device
        self.random = np.random.default_rng(seed)

    @property
    def positions(self) -> int:
        """Predicted positions of one epoch."""
        return int(self.length.sum())

    def __len__(self) -> int:
        return max(1, round(self.positions / self.batch_tokens))

    def epoch(self) -> Iterator[tuple[PackedSequences, Int[torch.Tensor, " tokens"]]]:
        """Batches and their true next items."""
        order = self.random.permutation(len(self.length))
        order = order[np.argsort(self.length[order], kind="stable")]
        bundles = list(_bundles(order, self.length, self.batch_tokens // 8))
        shuffled = [bundles[i] for i in self.random.permutation(len(bundles))]
        tokens = np.cumsum([len(users) * self.length[users[0]] for users in shuffled])
        # Equal shares of the epoch, so that no small rest makes a noisy last step.
        batch_of = np.ceil(tokens / tokens[-1] * len(self) - 1e-9).astype(int)
        for number in np.unique(batch_of):
            chosen = [shuffled[i] for i in np.flatnonzero(batch_of == number)]
            batch, tokens = _packed(self.train, self.start, self.length, chosen, self.device)
            yield batch, _tensor(self.train.items[tokens + 1], self.device)

    def state_dict(self) -> dict:
        """Where the order of the coming epochs stands."""
        return self.random.bit_generator.state

    def load_state_dict(self, state: dict) -> None:
        self.random.bit_generator.state = state


@dataclass(frozen=True, eq=False)
class RankingBatch:
    """Histories to rank after. ``cases`` are their places in the array asked for; ``excluded`` (row, item) pairs."""

    histories: PackedSequences
    targets: Int[torch.Tensor, " rows"]
    cases: Int[np.ndarray, " rows"]
    excluded: tuple[torch.Tensor, torch.Tensor] | None


def ranking_batches(
    data: SequenceData, cases: Int[np.ndarray, " cases"], max_length: int, device: torch.device
) -> Iterator[RankingBatch]:
    """The cases' last ``max_length`` earlier items, bundled by length; all earlier items excluded where users never
    repeat."""
    first = data.offsets[np.searchsorted(data.offsets, cases, side="right") - 1]
    length = np.minimum(cases - first, max_length)
    order = np.argsort(length, kind="stable")
    # At most as many rows as keep the scores at 4 million numbers.
    row_limit = max(1, (1 << 22) // data.n_items)
    for group in _batched(order, length, EVALUATION_TOKENS, row_limit):
        histories, _ = _packed(data, cases - length, length, list(_bundles(group, length, EVALUATION_TOKENS)), device)
        excluded = None
        if not data.repeats:
            seen = cases[group] - first[group]
            row = np.repeat(np.arange(len(group)), seen)
            token = np.arange(seen.sum()) - np.repeat(np.cumsum(seen) - seen, seen) + np.repeat(first[group], seen)
            excluded = (_tensor(row, device), _tensor(data.items[token], device))
        yield RankingBatch(histories, _tensor(data.items[cases[group]], device), group, excluded)


def _bundles(order: np.ndarray, length: np.ndarray, tokens: int) -> Iterator[np.ndarray]:
    """``order`` (sorted by length) cut into runs of one length and at most ``tokens`` tokens, but at least one
    member."""
    borders = np.flatnonzero(np.diff(length[order])) + 1
    for run in np.split(order, borders):
        size = max(1, tokens // int(length[run[0]]))
        yield from np.split(run, range(size, len(run), size))


def _batched(order: np.ndarray, length: np.ndarray, tokens: int, rows: int) -> Iterator[np.ndarray]:
    """``order`` cut where the next member would exceed ``tokens`` tokens or ``rows`` members."""
    start, held = 0, 0
    for stop, size in enumerate(length[order]):
        if stop > start and (held + size > tokens or stop - start >= rows):
            yield order[start:stop]
            start, held = stop, 0
        held += size
    yield order[start:]


def _packed(
    data: SequenceData, start: np.ndarray, length: np.ndarray, bundles: list[np.ndarray], device: torch.device
) -> tuple[PackedSequences, np.ndarray]:
    """``length`` tokens from ``start`` of the bundles' users, one after another; and where in ``data`` they are."""
    rows = [start[users][:, None] + np.arange(length[users[0]]) for users in bundles]
    tokens = np.concatenate([part.ravel() for part in rows])
    times = None if data.timestamps is None else _tensor(data.timestamps[tokens], device)
    return PackedSequences(_tensor(data.items[tokens], device), tuple(part.shape for part in rows), times), tokens


def _tensor(values: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.int64)).to(device)
