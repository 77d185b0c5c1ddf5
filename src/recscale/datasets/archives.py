"""Compressed files, read without letting a small one fill the machine: gzip, bzip2, xz and zip.

Nothing is unpacked to disk. A member is read by its file name, wherever in the archive it lies, so that no path inside
an archive ever becomes a path outside it.
"""

import bz2
import contextlib
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

MAX_UNPACKED = 16 * 2**30
"""Bytes one file may unpack to."""

MAX_RATIO = 200
"""How many times its own size a file may unpack to, once that is over ``SMALL``. Real tables stay below 50."""

SMALL = 64 * 2**20

DAMAGED = (EOFError, OSError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
"""What Python's readers raise for a truncated, damaged or encrypted archive."""


def check_size(unpacked: int, packed: int, path: str | Path) -> None:
    """Refuse a file of ``packed`` bytes that holds ``unpacked`` ones, where that is more than any table needs."""
    if unpacked > MAX_UNPACKED or unpacked > max(SMALL, MAX_RATIO * packed):
        raise ValueError(
            f"{path} unpacks from {packed:,} to over {unpacked - 1:,} bytes; allowed are {MAX_RATIO} times its size "
            f"and {MAX_UNPACKED:,} bytes"
        )


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """The content of the member whose file name is ``name``, in any folder, of a size that ``check_size`` allows."""
    members = {info.filename.rsplit("/", 1)[-1]: info for info in reversed(archive.infolist())}
    if (info := members.get(name.rsplit("/", 1)[-1])) is None:
        raise FileNotFoundError(f"no {name} inside")
    check_size(info.file_size, info.compress_size, f"{info.filename} in {archive.filename}")
    return archive.read(info)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[io.BufferedReader]:
    """The bytes of ``path``, decompressed where its first bytes say that it is compressed.

    ``ValueError`` for a zip that doesn't hold one single file; ``DAMAGED`` while reading, where it is damaged.
    """
    packed = path.stat().st_size
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(open(path, "rb"))
        start = plain.read(10)
        plain.seek(0)
        if start.startswith(b"\x1f\x8b"):
            stream = stack.enter_context(gzip.GzipFile(fileobj=plain))
        elif start.startswith(b"BZh") and start[4:].startswith(b"1AY&SY"):
            stream = stack.enter_context(bz2.BZ2File(plain))
        elif start.startswith(b"\xfd7zXZ\x00"):
            stream = stack.enter_context(lzma.LZMAFile(plain))
        elif start.startswith(b"PK\x03\x04"):
            archive = stack.enter_context(zipfile.ZipFile(plain))
            if len(names := [name for name in archive.namelist() if not name.endswith("/")]) != 1:
                raise ValueError(f"{path} is a zip of {len(names)} files; a table is one file")
            stream = archive.open(names[0])
        else:
            yield plain
            return
        yield stack.enter_context(io.BufferedReader(Bounded(stream, packed, path)))


class Bounded(io.RawIOBase):
    """``stream``, until it has given more than ``check_size`` allows for the ``packed`` bytes of ``path``."""

    def __init__(self, stream: io.BufferedIOBase, packed: int, path: Path) -> None:
        self.stream, self.packed, self.path, self.given = stream, packed, path, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:
        content = self.stream.read(len(buffer))
        self.given += len(content)
        check_size(self.given, self.packed, self.path)
        buffer[: len(content)] = content
        return len(content)
