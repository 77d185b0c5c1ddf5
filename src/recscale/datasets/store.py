"""Encoded arrays on disk, so that a data set is parsed once and then loads in a fraction of a second.

One ``.npz`` a data set and kind, written to a temporary file and renamed. Its name carries a key of everything that
decides its content: the source's checksums, the card's columns, the adapters' version.
"""

import hashlib
import json
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from recscale.datasets.schema import Card, Source
from recscale.datasets.tables import CTRData, Field, SequenceData
from recscale.settings import cache_folder, whole_file


def arrays_path(card: Card, kind: str, source: Source, checksum: str, version: int) -> Path:
    """Where the arrays of ``card`` from ``source`` lie, whether or not they are there yet."""
    key = reading_key(card, kind, source, checksum, version)[:16]
    return cache_folder() / "datasets" / f"{card.name}-{kind}-{key}.npz"


def reading_key(card: Card, kind: str, source: Source, checksum: str, version: int) -> str:
    """SHA-256 of all that decides what is read: the files' checksum, the card on them, the adapters' version."""
    reading = asdict(source) | {"files": ()}
    content = [version, kind, card.name, reading, checksum, asdict(getattr(card, kind))]
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
            arrays = {name: whole(stored[name]) for name in stored if name != "meta"}
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


def whole(values: np.ndarray) -> np.ndarray:
    return values.astype(np.int64) if values.dtype.kind == "i" else values
