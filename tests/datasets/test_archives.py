import gzip
import zipfile

import pytest

from recscale.datasets import archives
from recscale.datasets.archives import check_size, read_member, unpacked


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(archives, "SMALL", 10_000)
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1_000_000)


def test_size_and_ratio_are_limited():
    check_size(9_999, 1, "small.gz")
    check_size(900_000, 10_000, "real.gz")
    with pytest.raises(ValueError, match=r"bomb.gz unpacks from 10 to over .* allowed are 200 times its size"):
        check_size(10_001, 10, "bomb.gz")
    with pytest.raises(ValueError, match=r"huge.gz unpacks"):
        check_size(1_000_001, 900_000, "huge.gz")


def test_a_gzip_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(bytes(900_000)))
    with unpacked(path) as stream:
        with pytest.raises(ValueError, match=r"bomb.csv.gz unpacks"):
            list(iter(lambda: stream.read(5_000), b""))
        assert stream.raw.given < 400_000


def test_a_zip_bomb_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/ratings.dat", bytes(900_000))
        archive.writestr("../../u.data", "1\t2\n")
    with zipfile.ZipFile(path) as archive:
        assert read_member(archive, "u.data") == b"1\t2\n"  # read in place: its path leads nowhere
        monkeypatch.setattr(archive, "read", lambda *_: pytest.fail("unpacked"))
        with pytest.raises(ValueError, match=r"deep/ratings.dat in .*bomb.zip unpacks"):
            read_member(archive, "ratings.dat")


def test_a_table_is_one_file(tmp_path):
    path = tmp_path / "tables.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "a\n")
        archive.writestr("b.csv", "b\n")
    with pytest.raises(ValueError, match=r"tables.zip is a zip of 2 files"), unpacked(path):
        pass
