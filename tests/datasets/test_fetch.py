import hashlib
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from recscale.datasets import fetch
from recscale.datasets.fetch import WrongChecksum, combined_checksum, downloads_folder, locate, verify
from recscale.datasets.schema import File, Source

CONTENT = b"right"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = File("folder/data.bin", url="https://example.org/data.bin", sha256=SHA256)
SOURCE = Source("official", "table", (FILE,))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror folder with nothing in it yet."""
    monkeypatch.setenv("RECSCALE_MIRROR", str(tmp_path / "mirror"))
    (tmp_path / "mirror" / "folder").mkdir(parents=True)
    return tmp_path / "mirror"


def cached(content: bytes) -> Path:
    downloads_folder().mkdir(parents=True)
    path = downloads_folder() / "data.bin"
    path.write_bytes(content)
    return path


def serve(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[str]:
    """Let ``from_url`` write ``content``; returns the addresses asked for."""
    asked = []

    def from_url(file: File, folder: Path) -> Path:
        asked.append(file.url)
        path = folder / Path(file.name).name
        path.write_bytes(content)
        return path

    monkeypatch.setattr(fetch, "from_url", from_url)
    return asked


def test_cache_then_mirror_then_network(shelf, monkeypatch):
    asked = serve(monkeypatch, CONTENT)
    assert locate(SOURCE, [], network=False) is None
    (shelf / "folder" / "data.bin").write_bytes(CONTENT)
    assert locate(SOURCE, [], network=True) == (shelf / "folder" / "data.bin",)
    path = cached(CONTENT)
    assert locate(SOURCE, [], network=False) == (path,)
    assert asked == []
    path.unlink()
    (shelf / "folder" / "data.bin").unlink()
    assert locate(SOURCE, [], network=True) == (path,)
    assert asked == [FILE.url]


def test_a_wrong_cached_file_is_deleted_and_reported():
    path, tried = cached(b"wrong"), []
    with pytest.warns(UserWarning, match="deleted a cached file: .* is damaged or another version: its sha256"):
        assert locate(SOURCE, tried, network=False) is None
    assert not path.exists()
    assert SHA256 in tried[0]


def test_a_wrong_mirror_file_is_refused_and_left_alone(shelf):
    path = shelf / "folder" / "data.bin"
    path.write_bytes(b"wrong")
    with pytest.warns(UserWarning, match="refused a file of the mirror"):
        assert locate(SOURCE, [], network=False) is None
    assert path.read_bytes() == b"wrong"


def test_a_wrong_download_is_deleted_and_reported(monkeypatch):
    serve(monkeypatch, b"wrong")
    tried: list[str] = []
    with pytest.warns(UserWarning, match=r"deleted a download from https://example.org/data.bin"):
        assert locate(SOURCE, tried, network=True) is None
    assert not (downloads_folder() / "data.bin").exists()
    assert "(deleted)" in tried[-1]


@pytest.fixture
def server(network) -> Iterator[str]:
    """The address of a web server on this machine that promises and sends ``CONTENT``, or at /cut half of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[:2] if self.path == "/cut" else CONTENT)

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def test_a_download_over_http(server):
    source = Source("official", "table", (File("data.bin", url=f"{server}/data", sha256=SHA256),))
    (path,) = locate(source, [], network=True)
    assert path.read_bytes() == CONTENT
    assert locate(source, [], network=False) == (path,)


def test_half_a_download_leaves_nothing(server):
    tried: list[str] = []
    source = Source("official", "table", (File("data.bin", url=f"{server}/cut", sha256=SHA256),))
    assert locate(source, tried, network=True) is None
    assert f"{server}/cut" in tried[-1]
    assert list(downloads_folder().iterdir()) == []


def test_what_cannot_be_checked_is_never_downloaded(shelf, monkeypatch):
    asked = serve(monkeypatch, CONTENT)
    unpinned = Source("own", "table", (File("ratings.csv", url="https://example.org/ratings.csv"),))
    assert locate(unpinned, [], network=True) is None
    assert asked == []
    (shelf / "ratings.csv").write_bytes(CONTENT)
    assert locate(unpinned, [], network=False) == (shelf / "ratings.csv",)


def test_an_unreachable_address_says_why():
    tried: list[str] = []
    assert locate(SOURCE, tried, network=True) is None
    assert tried == ["https://example.org/data.bin (OSError: no network in tests)"]
    assert locate(SOURCE, tried, network=False) is None
    assert tried[1:] == ["RECSCALE_MIRROR is not set"]


def test_members_of_an_archive_are_checked(tmp_path):
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("deep/train.csv", "a\n1\n")
    md5 = hashlib.md5(b"a\n1\n", usedforsecurity=False).hexdigest()
    verify(File("data.zip", members={"train.csv": md5}), path)
    with pytest.raises(WrongChecksum, match=r"train.csv in .* is another version"):
        verify(File("data.zip", members={"train.csv": "0" * 32}), path)
    with pytest.raises(WrongChecksum, match=r"no valid.csv inside"):
        verify(File("data.zip", members={"valid.csv": md5}), path)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(WrongChecksum, match="damaged"):
        verify(File("data.zip", members={"train.csv": md5}), path)


def test_the_data_checksum_of_several_files_depends_on_each(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"1")
    second.write_bytes(b"2")
    assert combined_checksum((first,)) == hashlib.sha256(b"1").hexdigest()
    assert len({combined_checksum(paths) for paths in ((first,), (second,), (first, second), (second, first))}) == 4
