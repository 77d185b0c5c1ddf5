"""Name in, arrays out: ``load_ctr("movielens-1m")``, ``load_sequences("food")``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recscale.datasets import planted_world, store, synthetic
from recscale.datasets.adapters import VERSION, read_sources
from recscale.datasets.cards import all_cards, book_cards, find_card
from recscale.datasets.encode import encode_ctr, encode_sequences
from recscale.datasets.fetch import combined_checksum, downloads_folder, locate
from recscale.datasets.schema import Card, Source
from recscale.datasets.tables import CTRData, SequenceData

GENERATED = {**synthetic.SYNTHETIC_SETS, **planted_world.PLANTED_SETS}
"""Data sets without files -> what makes them."""


@dataclass(frozen=True)
class Loaded:
    """A data set, and which of its card's sources it came from (None: generated)."""

    data: CTRData | SequenceData
    source: Source | None


def dataset_names(kind: str | None = None) -> tuple[str, ...]:
    """Every data set that has a card, the reader's own included; with ``kind`` only those for "ctr" or "sequences"."""
    return tuple(name for name, card in all_cards().items() if kind is None or kind in card.kinds)


def load_ctr(name: str | Path) -> CTRData:
    """The impressions called ``name``, or described by the card at the path ``name`` (``….toml``).

    Sources are tried in the card's order, first among what is on this machine already (arrays of an earlier load,
    downloads, the mirror folder), then over the network. ``ValueError`` in one sentence where none can be had.
    """
    return load_dataset(name, "ctr").data


def load_sequences(name: str | Path) -> SequenceData:
    """The sequences called ``name``, as ``load_ctr``."""
    return load_dataset(name, "sequences").data


def load_dataset(name: str | Path, kind: str, source: str | None = None) -> Loaded:
    """As ``load_ctr`` and ``load_sequences``, from the named ``source`` only where one is given."""
    card = find_card(name)
    if kind not in card.kinds:
        allowed = ", ".join(dataset_names(kind))
        kinds = " and ".join(card.kinds)
        raise ValueError(f"{card.name} has no {kind} data; it has {kinds}. Allowed for {kind} are {allowed}")
    if generate := GENERATED.get(card.name):
        return Loaded(generate(), None)
    sources = [item for item in card.sources_of(kind) if source in (None, item.name)]
    if not sources:
        names = ", ".join(repr(item.name) for item in card.sources_of(kind))
        raise ValueError(f"{card.name} has no source {source!r} for {kind} data; allowed are {names}")
    tried: list[str] = []
    for network in (False, True):
        if found := first_of(card, kind, sources, tried, network=network):
            return found
    raise ValueError(unreachable(card, kind, sources, tried))


def present(card: Card, kind: str) -> Loaded | None:
    """What ``load_dataset`` would return without the network; None where the data aren't on this machine yet."""
    if generate := GENERATED.get(card.name):
        return Loaded(generate(), None)
    return first_of(card, kind, card.sources_of(kind), [], network=False, keep=False)


def first_of(
    card: Card, kind: str, sources: Sequence[Source], tried: list[str], *, network: bool, keep: bool = True
) -> Loaded | None:
    for source in sources:
        if (data := load_from(card, kind, source, tried, network=network, keep=keep)) is not None:
            return Loaded(data, source)
    return None


def load_from(
    card: Card, kind: str, source: Source, tried: list[str], *, network: bool, keep: bool = True
) -> CTRData | SequenceData | None:
    """From the arrays of an earlier load, else from verified files; None where the files can't be had.

    With ``keep`` the arrays are kept in the cache.
    """
    published = "".join(file.checksum for file in source.files)
    known = store.arrays_path(card, kind, source, published, VERSION)
    pinned = all(file.pinned and not Path(file.name).is_absolute() for file in source.files)
    if pinned and not network and (data := store.load_stored(known)) is not None:
        return data
    paths = locate(source, tried, network=network)
    if paths is None:
        return None
    checksum = combined_checksum(paths)
    path = known if pinned else store.arrays_path(card, kind, source, checksum, VERSION)
    if not pinned and (data := store.load_stored(path)) is not None:
        return data
    table = read_sources(paths, kind, card, source)
    # A run is known by its data's checksum. The book's cards are part of the code; a reader's may change between runs.
    known_by = checksum if card.name in book_cards() else store.reading_key(card, kind, source, checksum, VERSION)
    try:
        data = (encode_ctr if kind == "ctr" else encode_sequences)(table, card, known_by)
    except ValueError as error:
        raise ValueError(f"{error} (in {' and '.join(map(str, paths))})") from error
    if keep:
        store.save(path, data)
    return data


def unreachable(card: Card, kind: str, sources: Sequence[Source], tried: list[str]) -> str:
    """What was tried, and how a reader supplies the file."""
    wanted = " or ".join(" and ".join(f"{file.name} ({file.checksum})" for file in source.files) for source in sources)
    return (
        f"can't get the {kind} data of {card.name}: {'; '.join(dict.fromkeys(tried))}; nothing of it is in "
        f"{downloads_folder()} either; put {wanted} into a folder and set RECSCALE_MIRROR to that folder"
        + (f"; the files are described at {card.url}" if card.url else "")
    )
