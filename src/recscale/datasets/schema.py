"""The form of a data set card, and what its settings may be: frozen, checked where they are made.

A card decides what is read, so it may not decide what is run or where something is written: names are plain, paths
stay in their folders, downloads have checksums, and a package is a name and a version.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import ConfigDict

FORBID = ConfigDict(extra="forbid")
DATA_KINDS = ("ctr", "sequences")
PLAIN_NAME = re.compile(r"\w[\w.-]{0,99}")
REQUIREMENT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?==[A-Za-z0-9.+!]+")
"""A package and its exact version, as in PEP 508: no address, no path, no option."""

Unit = Literal["days", "s", "ms", "us", "ns"]


def _check(holds: object, sentence: str) -> None:
    """``ValueError`` with ``sentence`` unless it ``holds``."""
    if not holds:
        raise ValueError(sentence)


@dataclass(frozen=True)
class File:
    """One file of a source. ``members`` are MD5s inside an archive whose own checksum nobody published."""

    __pydantic_config__ = FORBID

    name: str
    url: str | None = None
    pip: str | None = None
    sha256: str | None = None
    md5: str | None = None
    members: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = PurePosixPath(self.name).parts
        plain = Path(self.name).is_absolute() or (parts and ".." not in parts and "\\" not in self.name)
        plain = plain and "\0" not in self.name
        _check(plain, f"a file's name must be a path without '..', backslashes or NUL; it is {self.name!r}")
        if self.url is not None:
            _check(
                re.match(r"https?://[^/]", self.url), f"a url must begin with https:// or http://; it is {self.url!r}"
            )
        if self.pip is not None:
            _check(REQUIREMENT.fullmatch(self.pip), f"pip must be name==version and nothing else; it is {self.pip!r}")
        for algorithm, length in (("sha256", 64), ("md5", 32)):
            value = getattr(self, algorithm)
            valid = value is None or re.fullmatch(f"[0-9a-f]{{{length}}}", value)
            _check(valid, f"{algorithm} must be {length} digits 0-9, a-f; it is {value!r}")

    @property
    def checksums(self) -> Mapping[str, str]:
        """Published checksums of the file itself, by algorithm."""
        return {name: value for name in ("sha256", "md5") if (value := getattr(self, name))}

    @property
    def pinned(self) -> bool:
        """Can a download be checked? What can't is never downloaded, only taken from the reader's own folder."""
        return bool(self.checksums or self.members)

    @property
    def checksum(self) -> str:
        """The published checksum in one word, for messages."""
        words = [f"{name} {value}" for name, value in self.checksums.items()]
        words += [f"{name} md5 {value}" for name, value in self.members.items()]
        return ", ".join(words) or "no published checksum"


@dataclass(frozen=True)
class Source:
    """Files that together hold the data set, and the adapter (``recscale.datasets.adapters``) that reads them.

    Options: the ``separator`` of a CSV, the ``k_core`` to reduce interactions to, and ``rename`` for columns of a
    table whose publisher calls them otherwise than the card.
    """

    __pydantic_config__ = FORBID

    name: str
    format: str
    files: tuple[File, ...]
    kinds: tuple[Literal["ctr", "sequences"], ...] = DATA_KINDS
    separator: str | None = None
    k_core: int = 0
    rename: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self.files, f"the source {self.name!r} names no file")
        single = self.separator is None or (len(self.separator) == 1 and self.separator not in '"\r\n\0')
        single = single and (self.separator or ",").isascii()
        _check(single, f"separator must be one character such as ',', ';' or a tab; it is {self.separator!r}")
        _check(self.k_core >= 0, f"k_core must be 0 or more; it is {self.k_core}")


def check_once(names: Iterable[str], roles: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    _check(not twice, f"a column may stand once {roles}; {', '.join(twice)} stands more often")


@dataclass(frozen=True)
class CTRColumns:
    """Columns of the canonical impressions table."""

    __pydantic_config__ = FORBID

    categorical: tuple[str, ...]
    labels: tuple[str, ...] = ("label",)
    multi_hot: Mapping[str, str] = field(default_factory=dict)
    dense: tuple[str, ...] = ()
    timestamp: str | None = None
    timestamp_unit: Unit = "s"
    split: str | None = None
    rows: int | None = None

    def __post_init__(self) -> None:
        inputs = [*self.categorical, *self.multi_hot, *self.dense]
        _check(self.labels, "labels must name at least one column")
        _check(inputs, "categorical, multi_hot and dense together must name at least one column")
        check_once([*self.labels, *inputs, *filter(None, [self.split])], "as a label, an input or the split")
        empty = [name for name, separator in self.multi_hot.items() if not separator]
        _check(not empty, f"multi_hot must say what separates the values of {', '.join(empty)}, as '|'")
        _check(self.rows is None or self.rows > 0, f"rows must be above 0; it is {self.rows}")

    @property
    def required(self) -> tuple[str, ...]:
        optional = tuple(name for name in (self.timestamp, self.split) if name)
        return (*self.labels, *self.categorical, *self.multi_hot, *self.dense, *optional)


@dataclass(frozen=True)
class SequenceColumns:
    """Columns of the canonical user-item-time table."""

    __pydantic_config__ = FORBID

    repeats: bool
    user: str = "user"
    item: str = "item"
    timestamp: str | None = None
    timestamp_unit: Unit = "s"
    users: int | None = None
    items: int | None = None
    interactions: int | None = None

    def __post_init__(self) -> None:
        check_once(self.required, "as user, item or timestamp")
        for name in ("users", "items", "interactions"):
            count = getattr(self, name)
            _check(count is None or count > 0, f"{name} must be above 0; it is {count}")

    @property
    def required(self) -> tuple[str, ...]:
        return (self.user, self.item, *((self.timestamp,) if self.timestamp else ()))


@dataclass(frozen=True)
class Card:
    """One data set."""

    __pydantic_config__ = FORBID

    name: str
    title: str
    licence: str = "not stated"
    citation: str = "not stated"
    bibtex: str | None = None
    url: str | None = None
    use: str = ""
    """What it is good for, in one sentence."""
    note: str = ""
    ctr: CTRColumns | None = None
    sequences: SequenceColumns | None = None
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        _check(
            PLAIN_NAME.fullmatch(self.name),
            f"a name must be letters, digits, '.', '-' and '_', and begin with a letter or digit; it is {self.name!r}",
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(kind for kind in DATA_KINDS if getattr(self, kind) is not None)

    def sources_of(self, kind: str) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if kind in source.kinds)
