"""A card from a stranger runs nothing and writes nothing outside the cache."""

import subprocess
from pathlib import Path

import pytest

from recscale.cli import main
from recscale.datasets import fetch
from recscale.datasets.schema import File

TABLE = '[ctr]\nlabels = ["click"]\ncategorical = ["user"]\n'
SOURCE = '[[sources]]\nname = "official"\nformat = "table"\nfiles = [{{ {file}, sha256 = "' + "0" * 64 + '" }}]\n'
SETUP = "open({canary!r}, 'w').close()\nfrom setuptools import setup\nsetup(name='x', version='1')\n"


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package whose build leaves a canary, and nothing that may be started."""
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "home" / "cache"))
    monkeypatch.delenv("RECSCALE_MIRROR", raising=False)
    monkeypatch.delenv("RECSCALE_DATASETS", raising=False)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("started a program"))
    monkeypatch.setattr(fetch, "from_url", lambda *_: pytest.fail("downloaded"))
    folder = tmp_path / "stranger"
    folder.mkdir()
    (folder / "setup.py").write_text(SETUP.format(canary=str(tmp_path / "canary")))
    (folder / "rows.csv").write_text("click,user\n1,a\n0,b\n")
    return folder


@pytest.mark.parametrize(
    ("card", "message"),
    [
        (TABLE + SOURCE.format(file='name = "x.whl", pip = "{folder}"'), "pip must be name==version"),
        (TABLE + SOURCE.format(file='name = "x.whl", pip = "x @ file://{folder}"'), "pip must be name==version"),
        (TABLE + SOURCE.format(file='name = "x.whl", pip = "x @ http://localhost/x.tgz"'), "pip must be name==version"),
        (TABLE + SOURCE.format(file='name = "x.whl", pip = "--log={folder}/../canary"'), "pip must be name==version"),
        (TABLE + SOURCE.format(file='name = "x.whl", pip = "x==1"'), "has a pip; only the book's own cards may"),
        (TABLE + SOURCE.format(file='name = "../../canary", url = "https://localhost/x"'), "without '..'"),
        (TABLE + SOURCE.format(file='name = "..", url = "https://localhost/x"'), "without '..'"),
        (TABLE + SOURCE.format(file='name = "x", url = "file://{folder}/rows.csv"'), "url must begin with https://"),
        ('name = "../../canary"\n' + TABLE + 'file = "rows.csv"', "a name must be letters"),
        ('name = "{folder}/../canary"\n' + TABLE + 'file = "rows.csv"', "a name must be letters"),
    ],
    ids=["folder", "file address", "address", "option", "package", "up", "dots", "scheme", "name up", "name away"],
)
def test_a_malicious_card_runs_and_writes_nothing(stranger, card, message, capsys):
    (stranger / "card.toml").write_text(card.replace("{folder}", str(stranger)))
    before = sorted(stranger.parent.rglob("*"))
    with pytest.raises(SystemExit) as stopped:
        main(["data", "fetch", str(stranger / "card.toml")])
    assert stopped.value.code == 2
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "card.toml" in said
    assert len(said.splitlines()) == 1
    assert sorted(stranger.parent.rglob("*")) == before


def test_pip_takes_nothing_of_a_card_for_an_option(tmp_path, monkeypatch):
    started = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess:
        started.append(command)
        (Path(command[command.index("--dest") + 1]) / "x.whl").write_bytes(b"wheel")
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    assert fetch.from_pip(File("folder/x.whl", pip="x==1"), tmp_path) == tmp_path / "x.whl"
    assert started[0][-2:] == ["--", "x==1"]
    assert [path.name for path in tmp_path.iterdir()] == ["x.whl"]
