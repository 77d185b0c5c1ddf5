"""Name in, arrays out: ``load_ctr("movielens-1m")``, ``load_sequences("food")``.

Encoded arrays are kept on disk, so that a data set is parsed once and then loads in a fraction of a second: one
``.npz`` a data set and kind. Its name carries a key of everything that decides its content: the source's checksums,
the card's columns, the adapters' version.
"""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from recscale.datasets import planted_world, synthetic
from recscale.datasets.adapters import VERSION, read_sources
from recscale.datasets.cards import all_cards, book_cards, find_card
from recscale.datasets.encode import encode_ctr, encode_sequences
from recscale.datasets.fetch import combined_checksum, downloads_folder, locate
from recscale.datasets.schema import Card, Source
from recscale.datasets.tables import CTRData, Field, SequenceData
from recscale.settings import cache_folder, whole_file

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
    sources = [item for item in card.sources_of(kind) if source in (None, item.name)]
    if not sources and card.name not in GENERATED:
        names = ", ".join(repr(item.name) for item in card.sources_of(kind))
        raise ValueError(f"{card.name} has no source {source!r} for {kind} data; allowed are {names}")
    tried: list[str] = []
    for network in (False, True):
        if found := first_of(card, kind, sources, tried, network=network):
            return found
    raise ValueError(unreachable(card, kind, sources, tried))


def present(card: Card, kind: str) -> Loaded | None:
    """What ``load_dataset`` would return without the network; None where the data aren't on this machine yet."""
    return first_of(card, kind, card.sources_of(kind), [], network=False, keep=False)


def first_of(
    card: Card, kind: str, sources: Sequence[Source], tried: list[str], *, network: bool, keep: bool = True
) -> Loaded | None:
    if generate := GENERATED.get(card.name):
        return Loaded(generate(), None)
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
    known = arrays_path(card, kind, source, published)
    pinned = all(file.pinned and not Path(file.name).is_absolute() for file in source.files)
    if pinned and not network and (data := load_stored(known)) is not None:
        return data
    paths = locate(source, tried, network=network)
    if paths is None:
        return None
    checksum = combined_checksum(paths)
    path = known if pinned else arrays_path(card, kind, source, checksum)
    if not pinned and (data := load_stored(path)) is not None:
        return data
    table = read_sources(paths, kind, card, source)
    # A run is known by its data's checksum. The book's cards are part of the code; a reader's may change between runs.
    known_by = checksum if card.name in book_cards() else reading_key(card, kind, source, checksum)
    try:
        data = (encode_ctr if kind == "ctr" else encode_sequences)(table, card, known_by)
    except ValueError as error:
        raise ValueError(f"{error} (in {' and '.join(map(str, paths))})") from error
    if keep:
        save(path, data)
    return data


def unreachable(card: Card, kind: str, sources: Sequence[Source], tried: list[str]) -> str:
    """What was tried, and how a reader supplies the file."""
    wanted = " or ".join(" and ".join(f"{file.name} ({file.checksum})" for file in source.files) for source in sources)
    return (
        f"can't get the {kind} data of {card.name}: {'; '.join(dict.fromkeys(tried))}; nothing of it is in "
        f"{downloads_folder()} either; put {wanted} into a folder and set RECSCALE_MIRROR to that folder"
        + (f"; the files are described at {card.url}" if card.url else "")
    )


def arrays_path(card: Card, kind: str, source: Source, checksum: str) -> Path:
    """Where the arrays of ``card`` from ``source`` lie, whether or not they are there yet."""
    key = reading_key(card, kind, source, checksum)[:16]
    return cache_folder() / "datasets" / f"{card.name}-{kind}-{key}.npz"


def reading_key(card: Card, kind: str, source: Source, checksum: str) -> str:
    """SHA-256 of all that decides what is read: the files' checksum, the card on them, the adapters' version."""
    reading = asdict(source) | {"files": ()}
    content = [VERSION, kind, card.name, reading, checksum, asdict(getattr(card, kind))]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def save(path: Path, data: CTRData | SequenceData) -> None:
    """Write ``data`` so that at no moment a part of it lies under ``path``."""
    contents = {name: value for name, value in vars(data).items() if value is not None}
    ids = {f"ids/{name}": values for name, values in contents.pop("ids", {}).items()}
    if "items" in contents:
        ids["items"] = contents.pop("items")
    arrays = {name: contents.pop(name) for name in list(contents) if isinstance(contents[name], np.ndarray)}
    with whole_file(path) as stream:
        meta = np.array(json.dumps(contents, default=asdict))
        np.savez(stream, meta=meta, **arrays, **{name: compact(values) for name, values in ids.items()})


def load_stored(path: Path) -> CTRData | SequenceData | None:
    """The arrays at ``path``; None where there are none or they are damaged (then they are deleted)."""
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as stored:
            meta = json.loads(str(stored["meta"]))
            arrays = {name: stored[name] for name in stored if name != "meta"}
            arrays |= {name: ids.astype(np.int64) for name, ids in arrays.items() if ids.dtype.kind == "i"}
            if "fields" not in meta:
                return SequenceData(**{"timestamps": None} | meta | arrays)
            fields = tuple(Field(**field) for field in meta["fields"])
            meta |= {"fields": fields, "ids": {field.name: arrays.pop(f"ids/{field.name}") for field in fields}}
            meta |= {name: tuple(meta[name]) for name in ("dense_names", "tasks")}
            return CTRData(**{"timestamp": None, "part": None} | meta | arrays)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        path.unlink(missing_ok=True)
        return None


def compact(values: np.ndarray) -> np.ndarray:
    """Ids (and ``PADDING``) in the smallest signed type that holds them."""
    return values.astype(np.min_scalar_type(-1 - int(values.max(initial=0))))
