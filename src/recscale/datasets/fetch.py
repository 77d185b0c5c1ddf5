"""From a card to verified files: local cache → mirror folder → official URL → PyPI wheel.

Every file is checked before anybody reads it. A wrong one of ours is deleted; a wrong one of the reader's is left
alone and refused; either way a warning says so and the next place is tried.
"""

import hashlib
import os
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

from recscale.datasets.archives import DAMAGED, read_member
from recscale.datasets.schema import File, Source
from recscale.settings import cache_folder, named_path, temporary_folder, writable

with warnings.catch_warnings():  # tqdm, which pooch brings, complains on every page of a notebook without widgets
    warnings.simplefilter("ignore")
    import pooch

CONNECT_SECONDS = 5
READ_SECONDS = 30


class WrongChecksum(ValueError):
    """A file is not the one its card names."""


def downloads_folder() -> Path:
    return cache_folder() / "downloads"


def verify(file: File, path: Path) -> None:
    """Raise ``WrongChecksum`` unless ``path`` has every checksum the card gives."""
    for algorithm, expected in file.checksums.items():
        if (found := pooch.file_hash(path, algorithm)) != expected:
            raise WrongChecksum(f"{path} is damaged or another version: its {algorithm} is {found}, not {expected}")
    if not file.members:
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for name, expected in file.members.items():
                found = hashlib.md5(read_member(archive, name), usedforsecurity=False).hexdigest()
                if found != expected:
                    raise WrongChecksum(f"{name} in {path} is another version: its md5 is {found}, not {expected}")
    except DAMAGED as error:
        raise WrongChecksum(f"{path} is damaged: {error}") from error


def verified(file: File, path: Path, tried: list[str], what: str, *, ours: bool = True) -> Path | None:
    """``path`` if it is ``file``; else None, with the reason in ``tried`` and in a warning, and deleted if ``ours``."""
    try:
        verify(file, path)
        return path
    except WrongChecksum as error:
        done = "deleted" if ours else "refused"
        if ours:
            path.unlink()
        warnings.warn(f"{done} {what}: {error}", stacklevel=3)
        tried.append(f"{error} ({done})")
        return None


def local(file: File, tried: list[str]) -> Path | None:
    """``file`` from the cache or the mirror, verified; None, with the reasons in ``tried``, where neither has it."""
    if Path(file.name).is_absolute():
        if not Path(file.name).is_file():
            raise ValueError(f"there is no file {file.name}")
        verify(file, Path(file.name))
        return Path(file.name)
    cached = downloads_folder() / Path(file.name).name
    if file.pinned and cached.is_file() and verified(file, cached, tried, "a cached file"):
        return cached
    if (mirror := named_path("RECSCALE_MIRROR")) is None:
        tried.append("RECSCALE_MIRROR is not set")
        return None
    path = mirror / file.name
    if not path.is_file():
        tried.append(f"no {file.name} in the mirror {mirror}")
        return None
    return verified(file, path, tried, "a file of the mirror", ours=False)


def download(file: File, tried: list[str]) -> Path | None:
    """``file`` from its official address or its wheel into the cache, verified; None where it can't be had."""
    if not file.pinned or not (file.url or file.pip):
        return None
    folder = writable(downloads_folder())
    fetch, address = (from_url, file.url) if file.url else (from_pip, f"pip download {file.pip}")
    try:
        path = fetch(file, folder)
    except (OSError, ValueError) as error:
        kind, text = type(error).__name__, str(error).partition("\n")[0]
        # requests nests whole stacks into one message.
        tried.append(f"{address} ({kind if len(text) > 120 else f'{kind}: {text}'})")
        return None
    return verified(file, path, tried, f"a download from {address}")


def from_url(file: File, folder: Path) -> Path:
    """Through pooch into a folder of its own; a file has its name in ``folder`` only when it is complete."""
    pooch.get_logger().setLevel("WARNING")
    downloader = pooch.HTTPDownloader(progressbar=True, timeout=(CONNECT_SECONDS, READ_SECONDS))
    path = folder / Path(file.name).name
    with temporary_folder(folder) as temporary:
        os.replace(pooch.retrieve(file.url, None, fname=path.name, path=temporary, downloader=downloader), path)
    return path


def from_pip(file: File, folder: Path) -> Path:
    """``pip download``: works wherever the project could be installed. Nothing is installed or built by it."""
    with temporary_folder(folder) as temporary:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
        command += ["--disable-pip-version-check", "--retries=1", f"--timeout={CONNECT_SECONDS}"]
        # After "--" nothing is an option, whatever it looks like.
        command += ["--dest", str(temporary), "--", file.pip]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise OSError((result.stderr.strip() or result.stdout.strip() or "pip failed").splitlines()[-1])
        path = folder / Path(file.name).name
        os.replace(temporary / path.name, path)
    return path


def locate(source: Source, tried: list[str], *, network: bool) -> tuple[Path, ...] | None:
    """All files of ``source``, or None. Without ``network`` only what is already on this machine."""
    paths = []
    for file in source.files:
        path = local(file, tried if not network else [])
        if path is None and network:
            path = download(file, tried)
        if path is None:
            return None
        paths.append(path)
    return tuple(paths)


def combined_checksum(paths: tuple[Path, ...]) -> str:
    """SHA-256 of the file, or of the files' SHA-256s one after another: the data checksum of a run record."""
    digests = [pooch.file_hash(path) for path in paths]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
