"""Data set cards: what a data set is, where its files come from, and what its columns mean.

The book's cards are ``data/datasets.toml``. Yours is one TOML file, no code:

.. code-block:: toml

    title = "Our shop, May"           # name: the file's own, here shop.toml -> "shop"
    licence = "internal"              # optional, as are citation, bibtex, url, use, note

    [ctr]                             # impressions, one a row
    file = "impressions.csv"          # CSV, TSV (both may be compressed) or Parquet; relative to the card
    labels = ["click"]                # one or more columns of 0 and 1, the main task first
    categorical = ["user", "item"]    # any values; each distinct one becomes an id
    multi_hot = { tags = "|" }        # optional: several values in one cell, and what separates them; or lists
    dense = ["price"]                 # optional: numbers
    timestamp = "time"                # optional: numbers since 1970, or ISO dates; allows the split "time"
    timestamp_unit = "s"              # optional: of the numbers: "days", "s", "ms", "us" or "ns"
    split = "part"                    # optional: train, valid or test; allows the split "official"
    separator = ","                   # optional: of a CSV; a tab where the file is called .tsv
    sha256 = "…"                      # optional: the file is refused when it is another one

    [sequences]                       # user-item-time rows, or without a time in time order; items may be lists
    file = "events.parquet"
    user = "user"
    item = "item"
    timestamp = "time"                # optional, as timestamp_unit; ties keep the order of the file
    repeats = true                    # can a user meet an item twice? if not, the history is left out of rankings
    k_core = 5                        # optional: drop users and items with fewer interactions, until none is left
    format = "table"                  # optional: another of recscale.datasets.adapters, say "sequence-text"

Either table may be left out. ``load_ctr("path/to/shop.toml")`` reads it where it is; in a folder named by the
environment variable ``RECSCALE_DATASETS`` it is known as ``load_ctr("shop")``, and ``recscale data list`` shows it.
How tables are read is said in ``recscale.datasets.reading``.
"""

import tomllib
import warnings
from dataclasses import fields
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from recscale.datasets.schema import DATA_KINDS, Card, CTRColumns, File, SequenceColumns, Source
from recscale.settings import DATA, named_path

OWN_KEYS = {"ctr": ("separator", "format"), "sequences": ("separator", "format", "k_core")}
"""What a table of a reader's card says of its file, beside the file's name and checksum."""


def find_card(name: str | Path) -> Card:
    """The card called ``name``, or the one in the file ``name`` where that ends in ``.toml``."""
    if str(name).endswith(".toml"):
        return read_card(Path(name).expanduser())
    known = book_cards()
    if name not in known:
        known, broken = own_cards()
        if error := broken.get(str(name)):
            raise error
        known = book_cards() | known
    if name not in known:
        raise ValueError(
            f"unknown data set {str(name)!r}; allowed are {', '.join(known)}, or the path of a card ending in .toml"
        )
    return known[str(name)]


def all_cards() -> dict[str, Card]:
    """The book's cards, then those in the reader's ``RECSCALE_DATASETS`` folder; a warning for each that is wrong."""
    cards, broken = own_cards()
    for error in broken.values():
        warnings.warn(f"left out: {error}", stacklevel=2)
    return book_cards() | cards


def book_cards() -> dict[str, Card]:
    """The cards of ``data/datasets.toml``."""
    path = DATA / "datasets.toml"
    return {name: build_card({"name": name, **entry}, path) for name, entry in read_toml(path).items()}


def own_cards() -> tuple[dict[str, Card], dict[str, ValueError]]:
    """The cards of the reader's folder by name, and what is wrong with the others, by the names of their files."""
    cards, broken = {}, {}
    folder = named_path("RECSCALE_DATASETS")
    if folder and not folder.is_dir():
        broken[str(folder)] = ValueError(f"RECSCALE_DATASETS names {folder}, which is no folder")
    for path in sorted(folder.glob("*.toml")) if folder else ():
        try:
            card = read_card(path)
            if card.name in cards:
                raise ValueError(f"the card {path} is named {card.name!r}, as another data set is; rename it")
            cards[card.name] = card
        except ValueError as error:
            broken[path.stem] = error
    return cards, broken


def read_card(path: Path) -> Card:
    """A reader's own card (see the module's docstring for its form)."""
    entry = read_toml(path)
    entry = {"name": path.stem, "title": path.stem, **entry}
    sources = entry.get("sources", [])
    if not isinstance(sources, list):
        raise ValueError(f"the data set card {path} is wrong at 'sources': it must be tables [[sources]]")
    for kind in DATA_KINDS:
        table = entry.get(kind)
        if not isinstance(table, dict) or "file" not in table:
            continue
        table = dict(table)
        if not isinstance(name := table.pop("file"), str) or "\0" in name:
            raise ValueError(f"the data set card {path} is wrong at '{kind}.file': it must be one path, not {name!r}")
        file = {"name": str((path.parent / name).resolve()), "sha256": table.pop("sha256", None)}
        source = {"name": "your file", "format": "table", "kinds": [kind], "files": [file]}
        sources = [*sources, source | {key: table.pop(key) for key in OWN_KEYS[kind] if key in table}]
        entry[kind] = table
    card = build_card(entry | {"sources": sources}, path)
    if card.name in book_cards():
        raise ValueError(f"the card {path} is named {card.name!r}, as another data set is; rename it")
    if any(file.pip for source in card.sources for file in source.files):
        raise ValueError(
            f"the data set card {path} ({card.name}) has a pip; only the book's own cards may, yours a url"
        )
    if missing := [kind for kind in card.kinds if not card.sources_of(kind)]:
        raise ValueError(f"the data set card {path} names no file in its table [{missing[0]}]")
    if not card.kinds:
        raise ValueError(f"the data set card {path} has neither a table [ctr] nor a table [sequences]")
    return card


def read_toml(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ValueError(f"there is no data set card {path}") from None
    except RecursionError:
        raise ValueError(f"can't read the data set card {path}: it is nested too deeply") from None
    except (OSError, ValueError) as error:
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
        what = str(first["ctx"]["error"]) if first["type"] == "value_error" else first["msg"]
        if first["type"] == "unexpected_keyword_argument":
            what = f"unknown key; allowed are {', '.join(allowed_keys(first['loc']))}"
        at = f" at {where!r}" if where else ""
        raise ValueError(f"the data set card {path} ({entry.get('name')}) is wrong{at}: {what}") from None


def allowed_keys(place: tuple[str | int, ...]) -> list[str]:
    """The keys of the table of a card in which the key at ``place`` stands."""
    if place[0] in DATA_KINDS and len(place) > 1:
        own = ["file", "sha256", *OWN_KEYS[place[0]]]
        return [item.name for item in fields(CTRColumns if place[0] == "ctr" else SequenceColumns)] + own
    owner = Card
    if place[0] == "sources" and len(place) > 2:
        owner = File if "files" in place else Source
    return [item.name for item in fields(owner)]
