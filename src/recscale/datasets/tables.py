"""The two kinds of data every model in the book eats, and how they are split.

Arrays only: whatever a file looked like, after an adapter it is a ``CTRData`` (one impression a row) or a
``SequenceData`` (one user's items in time order). Ids run from 0 without gaps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int, Integer, Shaped

PADDING = -1
"""Marks "no value" in the rows of a multi-hot field."""


@dataclass(frozen=True)
class Field:
    """A categorical input: ids 0 … vocabulary_size - 1, at most ``max_values`` of them a row."""

    name: str
    vocabulary_size: int
    max_values: int = 1


@dataclass(frozen=True, eq=False)
class CTRData:
    """Impressions with one or more binary labels.

    ``ids[field.name]`` is (rows,) for a one-hot field, (rows, max_values) padded with ``PADDING`` for a multi-hot one.
    ``dense`` is (rows, n_dense), possibly with no columns. ``labels`` is (rows, tasks), the main task first.
    ``timestamp`` orders the rows: whole seconds since 1970, or nanoseconds where any time has a fraction of a second.
    ``part`` is the data set's own split, where it has one: 0 train, 1 valid, 2 test.
    ``checksum``, which every run record carries, is the SHA-256 of the source files; of a reader's, of files and card.
    """

    name: str
    fields: tuple[Field, ...]
    ids: Mapping[str, Integer[np.ndarray, "rows ..."]]
    dense: Float[np.ndarray, "rows n_dense"]
    dense_names: tuple[str, ...]
    labels: Float[np.ndarray, "rows tasks"]
    tasks: tuple[str, ...]
    timestamp: Int[np.ndarray, " rows"] | None
    part: Int[np.ndarray, " rows"] | None
    checksum: str

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: slice | Shaped[np.ndarray, " selected"]) -> "CTRData":
        """The impressions at ``rows`` (indices, a mask or a slice), in that order."""
        return replace(
            self,
            ids={name: values[rows] for name, values in self.ids.items()},
            dense=self.dense[rows],
            labels=self.labels[rows],
            timestamp=None if self.timestamp is None else self.timestamp[rows],
            part=None if self.part is None else self.part[rows],
        )

    def split(self, name: str, seed: int = 0) -> "CTRSplit":
        """Train, valid and test parts.

        ``random``    80 / 10 / 10 % of the rows, drawn with ``seed``
        ``time``      the first 80 % of the rows by time, the next 10 %, the last 10 %
        ``official``  the data set's own parts
        """
        if name == "official":
            if self.part is None:
                raise ValueError(f"{self.name} has no official split; allowed are 'random' and 'time'")
            return CTRSplit(*(self.take(np.flatnonzero(self.part == part)) for part in (0, 1, 2)))
        if name == "time":
            if self.timestamp is None:
                raise ValueError(f"{self.name} has no timestamps; allowed are 'random' and 'official'")
            order = np.argsort(self.timestamp, kind="stable")
        elif name == "random":
            order = np.random.default_rng(seed).permutation(len(self))
        else:
            raise ValueError(f"unknown split {name!r}; allowed are 'random', 'time' and 'official'")
        first, second = int(0.8 * len(self)), int(0.9 * len(self))
        return CTRSplit(*(self.take(part) for part in np.split(order, [first, second])))


@dataclass(frozen=True, eq=False)
class CTRSplit:
    train: CTRData
    valid: CTRData
    test: CTRData


@dataclass(frozen=True, eq=False)
class SequenceData:
    """Users' item sequences in time order, laid end to end.

    User ``u`` owns ``items[offsets[u]:offsets[u + 1]]``, in order at the full resolution of the file's times;
    ``timestamps`` are whole seconds since 1970. ``repeats`` says whether a user can meet an item twice; where
    not, items of the history are left out of the ranking.
    """

    name: str
    items: Int[np.ndarray, " tokens"]
    offsets: Int[np.ndarray, " users_plus_1"]
    timestamps: Int[np.ndarray, " tokens"] | None
    n_items: int
    repeats: bool
    checksum: str

    @property
    def n_users(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Int[np.ndarray, " users"]:
        return np.diff(self.offsets)

    def __len__(self) -> int:
        """Interactions (tokens)."""
        return len(self.items)

    def user(self, index: int) -> Int[np.ndarray, " length"]:
        return self.items[self.offsets[index] : self.offsets[index + 1]]

    def repeated(self) -> int:
        """Interactions with an item that the user has met before."""
        user = np.repeat(np.arange(self.n_users), self.lengths)
        return len(self) - len(np.unique(user * self.n_items + self.items))

    def keep(self, mask: Bool[np.ndarray, " tokens"]) -> "SequenceData":
        """Only the marked interactions; users left without any stay, with an empty sequence."""
        kept = np.concatenate([[0], np.cumsum(mask)])
        return replace(
            self,
            items=self.items[mask],
            offsets=kept[self.offsets],
            timestamps=None if self.timestamps is None else self.timestamps[mask],
        )

    def positions_from_end(self) -> Int[np.ndarray, " tokens"]:
        """For every interaction how many of the same user follow it (0 for the last)."""
        return np.repeat(self.offsets[1:], self.lengths) - np.arange(len(self)) - 1

    def truncate(self, max_length: int) -> "SequenceData":
        """Each user's last ``max_length`` interactions."""
        return self.keep(self.positions_from_end() < max_length)

    def select_users(self, users: Int[np.ndarray, " selected"]) -> "SequenceData":
        """The sequences of ``users``, in that order, over the same items."""
        lengths = self.lengths[users]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        rows = np.repeat(self.offsets[users] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return replace(
            self,
            items=self.items[rows],
            offsets=offsets,
            timestamps=None if self.timestamps is None else self.timestamps[rows],
        )

    def without_last_two(self) -> "SequenceData":
        """The train part of leave-one-out. Users with under 3 items are train only."""
        enough = self.lengths >= 3
        if not enough.any():
            raise ValueError(f"{self.name}: no user has the three items that leave-one-out needs")
        return self.keep(~np.repeat(enough, self.lengths) | (self.positions_from_end() >= 2))
