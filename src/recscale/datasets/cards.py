"""Data set cards: what a data set is, where its files come from, and what its columns mean.

The book's cards are ``data/datasets.toml``. Yours is one TOML file, no code:

.. code-block:: toml

    title = "Our shop, May"           # name: the file's own, here shop.toml -> "shop"
    licence = "internal"              # optional, as are citation, bibtex, url, note

    [ctr]                             # impressions, one a row
    file = "impressions.csv"          # or .parquet; relative to the card
    labels = ["click"]                # one or more columns of 0 and 1, the main task first
    categorical = ["user", "item"]    # any values; each distinct one becomes an id
    multi_hot = { tags = "|" }        # optional: several values in one cell, and what separates them
    dense = ["price"]                 # optional: numbers
    timestamp = "time"                # optional: seconds since 1970, or ISO dates; allows the split "time"
    split = "part"                    # optional: train, valid or test; allows the split "official"
    separator = ","                   # optional: of a CSV
    sha256 = "…"                      # optional: the file is refused when it is another one

    [sequences]                       # user-item-time rows, or without a time in time order
    file = "events.parquet"
    user = "user"
    item = "item"
    timestamp = "time"                # optional; ties keep the order of the file
    repeats = true                    # can a user meet an item twice? if not, the history is left out of rankings
    k_core = 5                        # optional: drop users and items with fewer interactions, until none is left

Either table may be left out. ``load_ctr("path/to/shop.toml")`` reads it where it is; in a folder named by the
environment variable ``RECSCALE_DATASETS`` it is known as ``load_ctr("shop")``, and ``recscale data list`` shows it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from recscale.settings import DATA, datasets_folder

FORBID = ConfigDict(extra="forbid")
KINDS = ("ctr", "sequences")


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
    kinds: tuple[str, ...] = KINDS
    separator: str = ","
    k_core: int = 0
    rename: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CTRColumns:
    """Columns of the canonical impressions table."""

    __pydantic_config__ = FORBID

    categorical: tuple[str, ...]
    labels: tuple[str, ...] = ("label",)
    multi_hot: Mapping[str, str] = field(default_factory=dict)
    dense: tuple[str, ...] = ()
    timestamp: str | None = None
    split: str | None = None
    rows: int | None = None

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
    users: int | None = None
    items: int | None = None
    interactions: int | None = None

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
    note: str = ""
    ctr: CTRColumns | None = None
    sequences: SequenceColumns | None = None
    sources: tuple[Source, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)

    def sources_of(self, kind: str) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if kind in source.kinds)


def find_card(name: str | Path) -> Card:
    """The card called ``name``, or the one in the file ``name`` where that ends in ``.toml``."""
    if str(name).endswith(".toml"):
        return read_card(Path(name).expanduser())
    known = all_cards()
    if name not in known:
        raise ValueError(
            f"unknown data set {str(name)!r}; allowed are {', '.join(known)}, or the path of a card ending in .toml"
        )
    return known[str(name)]


def all_cards() -> dict[str, Card]:
    """The book's cards, then those in the reader's ``RECSCALE_DATASETS`` folder."""
    path = DATA / "datasets.toml"
    cards = {name: build_card({"name": name, **entry}, path) for name, entry in read_toml(path).items()}
    if folder := datasets_folder():
        for path in sorted(folder.glob("*.toml")):
            card = read_card(path)
            if card.name in cards:
                raise ValueError(f"the card {path} is named {card.name!r}, as another data set is; rename it")
            cards[card.name] = card
    return cards


def read_card(path: Path) -> Card:
    """A reader's own card (see the module's docstring for its form)."""
    entry = read_toml(path)
    entry = {"name": path.stem, "title": path.stem, **entry}
    sources = list(entry.get("sources", ()))
    for kind in KINDS:
        table = entry.get(kind)
        if not isinstance(table, dict) or "file" not in table:
            continue
        table = dict(table)
        file = {"name": str((path.parent / table.pop("file")).resolve()), "sha256": table.pop("sha256", None)}
        source = {"name": "your file", "format": "table", "kinds": [kind], "files": [file]}
        sources.append(source | {key: table.pop(key) for key in ("separator", "k_core") if key in table})
        entry[kind] = table
    card = build_card(entry | {"sources": sources}, path)
    if missing := [kind for kind in card.kinds if not card.sources_of(kind)]:
        raise ValueError(f"the card {path} names no file in its table [{missing[0]}]")
    if not card.kinds:
        raise ValueError(f"the card {path} has neither a table [ctr] nor a table [sequences]")
    return card


def read_toml(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"there is no data set card {path}") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"can't read the data set card {path}: {error}") from error


@cache
def validator() -> TypeAdapter:
    return TypeAdapter(Card)


def build_card(entry: dict, path: Path) -> Card:
    try:
        return validator().validate_python(entry)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"]
        if first["type"] == "unexpected_keyword_argument":
            owner = {"ctr": CTRColumns, "sequences": SequenceColumns}.get(str(first["loc"][0]), Card)
            allowed = [item.name for item in fields(owner)]
            what = f"unknown key; allowed are {', '.join(allowed)}"
        raise ValueError(f"the data set card {path} ({entry.get('name')}) is wrong at {where!r}: {what}") from None
