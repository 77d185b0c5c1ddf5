"""Bring your own data: who follows the page, file by file and command by command, gets what it promises."""

import os
import re
import shlex
from pathlib import Path

import pytest

from recscale.cli import main
from recscale.settings import BOOK

PAGE = (BOOK / "how-to-data.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```\{code-block\} \w+\n:caption: (\S+)\n\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader's folder with the files of the page."""
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "cache"))
    for name in ("RECSCALE_MIRROR", "RECSCALE_DATASETS"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "reader"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def follow(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(command)
    while "=" in words[0]:
        monkeypatch.setenv(*words.pop(0).split("=", 1))
    assert words.pop(0) == "recscale"
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code in (0, None), command


def test_the_page_shows_two_cards_and_their_files():
    assert set(FILES) == {"impressions.csv", "shop.toml", "playlists.txt", "music.toml"}
    assert len(COMMANDS) == 6


def test_its_commands_on_data(reader, monkeypatch, capsys):
    said = {}
    for command in [line for line in COMMANDS if " data " in line]:
        follow(command, monkeypatch)
        said[command] = " ".join(capsys.readouterr().out.split())
    shop = said["recscale data describe shop.toml"]
    assert "ctr 10 impressions" in shop
    assert "fields user (3), item (4), tags (5, up to 2 per row); dense price" in shop
    assert "sequences 10 interactions, 3 users, 4 items" in shop
    assert "users never repeat an item; the history is left out of rankings" in shop
    assert "sequences: 10 interactions, 3 users, 4 items" in said["recscale data fetch shop.toml"]
    assert "shop Our shop, May" in said["RECSCALE_DATASETS=. recscale data list"]
    assert "sequences 10 interactions, 3 users, 4 items" in said["recscale data describe music.toml"]


@pytest.mark.slow
@pytest.mark.parametrize("command", [line for line in COMMANDS if " data " not in line])
def test_its_model_and_its_chapter(reader, monkeypatch, command):
    follow(command, monkeypatch)
    if " chapter " in command:
        assert os.listdir(reader)
