from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from recscale.cli.data import data_app
from recscale.datasets import dataset_names

CARD = """
title = "Our shop"
licence = "internal"
citation = "none needed"
[ctr]
file = "impressions.csv"
labels = ["click"]
categorical = ["user"]
multi_hot = { tags = "|" }
dense = ["price"]
"""


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Own cache, no mirror, no network."""
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RECSCALE_MIRROR", raising=False)
    monkeypatch.delenv("RECSCALE_DATASETS", raising=False)

    def unreachable(file, folder):
        raise OSError("no network in tests")

    monkeypatch.setattr("recscale.datasets.fetch.from_url", unreachable)
    monkeypatch.setattr("recscale.datasets.fetch.from_pip", unreachable)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "impressions.csv").write_text("click,user,tags,price\n1,a,x|y,2\n0,b,,3\n1,a,x,4\n")
    path = tmp_path / "shop.toml"
    path.write_text(CARD)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(data_app, [str(argument) for argument in arguments], catch_exceptions=True)


def test_list_shows_every_data_set_with_size_and_licence(shop, monkeypatch):
    monkeypatch.setenv("RECSCALE_DATASETS", str(shop.parent))
    output = run("list").output
    assert all(f"{name} " in output for name in dataset_names())
    assert "ctr: 1,000,209 impressions; sequences: 1,000,209 interactions, 6,040 users, 3,706 items" in output
    assert "CC BY-SA 4.0" in output
    assert "Our shop" in output


def test_describe_what_is_here(shop):
    words = " ".join(run("describe", shop).output.split())
    for part in (
        "shop: Our shop",
        "licence internal",
        "citation none needed",
        "3 impressions; source: your file; sha256 of file and card ",
        "labels click (66.7 % positive); fields user (2), tags (2, up to 2 per row); dense price",
    ):
        assert part in words


def test_describe_downloads_nothing_and_says_how_to_fetch(monkeypatch):
    monkeypatch.setattr("recscale.datasets.fetch.download", lambda *_: pytest.fail("downloaded"))
    words = " ".join(run("describe", "frappe").output.split())
    assert "288,609 impressions; not on this machine yet: recscale data fetch frappe" in words
    assert "redrawn" in words
    assert "official zip; official CSVs; mirror impressions" in words


def test_describe_generated_sequences():
    words = " ".join(run("describe", "synthetic-markov").output.split())
    assert "12,000 interactions, 300 users, 100 items; source: generated; sha256 " in words
    assert (
        "users repeat an item in 20.9 % of interactions; the history stays in rankings; sequence lengths 40 to 40"
        in words
    )


def test_describe_measures_repeats_names_a_kind_once_and_writes_nothing(tmp_path):
    (tmp_path / "events.csv").write_text("user,item\na,x\na,y\nb,x\nb,x\n")
    (tmp_path / "visits.toml").write_text('[sequences]\nfile = "events.csv"\nrepeats = true\n')
    words = " ".join(run("describe", tmp_path / "visits.toml").output.split())
    assert "sequences 4 interactions, 2 users, 2 items" in words
    assert "users repeat an item in 25.0 % of interactions; the history stays in rankings" in words
    (tmp_path / "events.csv").write_text("user,item\na,x\na,y\n")
    assert "users never repeat an item;" in run("describe", tmp_path / "visits.toml").output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.csv", "visits.toml"]


@pytest.mark.filterwarnings("default:left out")
def test_a_broken_card_blocks_no_other(shop, monkeypatch):
    (shop.parent / "broken.toml").write_text("title = ")
    monkeypatch.setenv("RECSCALE_DATASETS", str(shop.parent))
    with pytest.warns(UserWarning, match=r"left out: can't read the data set card .*broken.toml"):
        assert "Our shop" in run("list").output
    assert run("describe", "shop").output.startswith("shop: Our shop")
    assert run("describe", "frappe").output.startswith("frappe: ")
    assert "broken.toml" in str(run("describe", "broken").exception)


def test_fetch_reports_source_and_checksum(shop):
    assert run("fetch", shop).output.startswith("shop: ctr: 3 impressions; source: your file; sha256 of file and card ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fetch", "movies"), "unknown data set 'movies'; allowed are"),
        (("describe", "movies"), "unknown data set 'movies'; allowed are"),
        (("fetch", "movielens-1m"), "can't get the ctr data of movielens-1m: RECSCALE_MIRROR is not set"),
        (("fetch", "movielens-1m", "--source", "ftp"), "no source 'ftp' for ctr data; allowed are 'official zip'"),
    ],
)
def test_what_a_reader_gets_wrong_is_one_sentence(arguments, message):
    result = run(*arguments)
    assert result.exit_code != 0
    assert isinstance(result.exception, ValueError)  # which the console script turns into one line and status 2
    assert message in str(result.exception)
    assert "\n" not in str(result.exception)
