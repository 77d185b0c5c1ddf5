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
    with whole_file(path) as stream:
        np.savez(stream, **(pack_ctr(data) if isinstance(data, CTRData) else pack_sequences(data)))


def load_stored(path: Path) -> CTRData | SequenceData | None:
    """The arrays at ``path``; None where there are none or they are damaged (then they are deleted)."""
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            meta = json.loads(str(arrays["meta"]))
            return unpack_ctr(meta, arrays) if "fields" in meta else unpack_sequences(meta, arrays)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        path.unlink(missing_ok=True)
        return None


def pack_ctr(data: CTRData) -> dict[str, np.ndarray]:
    meta = {"name": data.name, "dense_names": data.dense_names, "tasks": data.tasks, "checksum": data.checksum}
    meta["fields"] = [asdict(field) for field in data.fields]
    arrays = {f"ids/{name}": compact(values) for name, values in data.ids.items()}
    arrays |= {"dense": data.dense, "labels": data.labels, "meta": np.array(json.dumps(meta))}
    return arrays | optional(timestamp=data.timestamp, part=data.part)


def unpack_ctr(meta: dict, arrays: np.lib.npyio.NpzFile) -> CTRData:
    fields = tuple(Field(**field) for field in meta["fields"])
    return CTRData(
        name=meta["name"],
        fields=fields,
        ids={field.name: arrays[f"ids/{field.name}"].astype(np.int64) for field in fields},
        dense=arrays["dense"],
        dense_names=tuple(meta["dense_names"]),
        labels=arrays["labels"],
        tasks=tuple(meta["tasks"]),
        timestamp=integers(arrays, "timestamp"),
        part=integers(arrays, "part"),
        checksum=meta["checksum"],
    )


def pack_sequences(data: SequenceData) -> dict[str, np.ndarray]:
    meta = {"name": data.name, "n_items": data.n_items, "repeats": data.repeats, "checksum": data.checksum}
    arrays = {"items": compact(data.items), "offsets": data.offsets, "meta": np.array(json.dumps(meta))}
    return arrays | optional(timestamps=data.timestamps)


def unpack_sequences(meta: dict, arrays: np.lib.npyio.NpzFile) -> SequenceData:
    return SequenceData(
        items=arrays["items"].astype(np.int64),
        offsets=arrays["offsets"],
        timestamps=integers(arrays, "timestamps"),
        **meta,
    )


def compact(values: np.ndarray) -> np.ndarray:
    """Ids (and ``PADDING``) in the smallest signed type that holds them."""
    return values.astype(np.min_scalar_type(-1 - int(values.max(initial=0))))


def optional(**arrays: np.ndarray | None) -> dict[str, np.ndarray]:
    return {name: values for name, values in arrays.items() if values is not None}


def integers(arrays: np.lib.npyio.NpzFile, name: str) -> np.ndarray | None:
    return arrays[name].astype(np.int64) if name in arrays else None
