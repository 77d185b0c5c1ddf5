from pathlib import Path

import pytest

from recscale.datasets import dataset_names
from recscale.datasets.adapters import ADAPTERS
from recscale.datasets.cards import all_cards, find_card, read_card

CARD = """
title = "Our shop"
[ctr]
file = "impressions.csv"
labels = ["click"]
categorical = ["user"]
multi_hot = { tags = "|" }
separator = ";"
[sequences]
file = "events.parquet"
repeats = true
k_core = 2
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_books_cards_are_complete():
    cards = all_cards()
    assert {"movielens-100k", "movielens-1m", "frappe", "kuairand-pure", "food"} <= set(cards)
    for card in cards.values():
        assert card.title
        assert card.use
        assert card.licence != "not stated"
        assert card.citation != "not stated"
        assert card.kinds
        for source in card.sources:
            assert source.format in ADAPTERS
            assert set(source.kinds) & set(card.kinds)
            for file in source.files:
                assert file.pinned or not (file.url or file.pip), f"{file.name} would be downloaded unchecked"
        assert card.name.startswith("synthetic-") or all(card.sources_of(kind) for kind in card.kinds)


def test_kuairand_outcomes_are_never_inputs():
    columns = find_card("kuairand-pure").ctr
    inputs = {*columns.categorical, *columns.multi_hot, *columns.dense}
    outcomes = {"play_time_ms", "profile_stay_time", "comment_stay_time", "long_view", "time_ms", "is_rand"}
    outcomes |= {"is_click", "is_like", "is_follow", "is_comment", "is_forward", "is_hate", "is_profile_enter"}
    assert not inputs & outcomes
    assert columns.labels == ("is_click", "long_view")


def test_names_by_kind():
    assert "frappe" in dataset_names("ctr")
    assert "frappe" not in dataset_names("sequences")
    assert set(dataset_names("ctr")) | set(dataset_names("sequences")) == set(dataset_names())


def test_a_readers_card(tmp_path):
    card = read_card(written(tmp_path / "shop.toml", CARD))
    assert (card.name, card.title, card.kinds) == ("shop", "Our shop", ("ctr", "sequences"))
    (ctr,), (sequences,) = card.sources_of("ctr"), card.sources_of("sequences")
    assert (ctr.files[0].name, ctr.separator, ctr.format) == (str(tmp_path / "impressions.csv"), ";", "table")
    assert sequences.k_core == 2
    assert card.ctr.required == ("click", "user", "tags")


def test_a_folder_of_cards_is_known_by_name(tmp_path, monkeypatch):
    written(tmp_path / "shop.toml", CARD)
    monkeypatch.setenv("RECSCALE_DATASETS", str(tmp_path))
    assert dataset_names()[-1] == "shop"
    assert find_card("shop").ctr.labels == ("click",)
    written(tmp_path / "food.toml", CARD)
    with pytest.warns(UserWarning, match=r"food.toml is named 'food', as another data set is"):
        assert all_cards()["food"].title.startswith("Food")
    with pytest.raises(ValueError, match=r"food.toml is named 'food', as another data set is"):
        read_card(tmp_path / "food.toml")


def test_a_folder_of_cards_that_is_not_there_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_DATASETS", str(tmp_path / "cards"))
    with pytest.warns(UserWarning, match=r"RECSCALE_DATASETS names .*cards, which is no folder"):
        assert "food" in all_cards()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "can't read the data set card"),
        ('title = "x"', r"neither a table \[ctr\] nor a table \[sequences\]"),
        ('[ctr]\ncategorical = ["user"]', r"names no file in its table \[ctr\]"),
        (
            '[ctr]\nfile = "a.csv"\ncategorical = ["user"]\nlabel = "click"',
            "'ctr.label': unknown key; allowed are",
        ),
        ('[ctr]\nfile = "a.csv"\ncategorical = "user"', "wrong at 'ctr.categorical'"),
        ('[sequences]\nfile = "a.csv"', "wrong at 'sequences.repeats'"),
        (
            'licens = "mine"\n[sequences]\nfile = "a.csv"\nrepeats = true',
            "'licens': unknown key; allowed are name",
        ),
    ],
)
def test_a_wrong_card_gets_one_sentence(tmp_path, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_card(written(tmp_path / "card.toml", text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sources = 3\n[sequences]\nrepeats = true", r"wrong at 'sources': it must be tables \[\[sources\]\]"),
        ("[sequences]\nfile = 5\nrepeats = true", "wrong at 'sequences.file': it must be one path, not 5"),
        ('[ctr]\nfile = ["a.csv", "b.csv"]\ncategorical = ["a"]', "wrong at 'ctr.file': it must be one path"),
        ('[ctr]\nfile = "a\\u0000b.csv"\ncategorical = ["a"]', "wrong at 'ctr.file': it must be one path"),
        (
            '[ctr]\nfile = "a.csv"\ncategorical = ["a"]\nk_core = 5',
            "'ctr.k_core': unknown key; allowed are ",
        ),
        ('[sequences]\nfile = "a.csv"\nrepeats = true\nk_core = -1', "k_core must be 0 or more; it is -1"),
        (
            '[sequences]\nfile = "a.csv"\nrepeats = true\nseparator = "::"',
            "separator must be one character ",
        ),
        ('[sequences]\nfile = "a.csv"\nrepeats = true\ntimestamp_unit = "weeks"', "'sequences.timestamp_unit'"),
        ('[ctr]\nfile = "a.csv"\ncategorical = ["a"]\nsha256 = "abc"', "sha256 must be 64 digits"),
        ('name = "food"\n[ctr]\nfile = "a.csv"\ncategorical = ["a"]', "is named 'food', as another data set is"),
        ("x = " + "[" * 20_000, "nested too deeply"),
    ],
)
def test_a_card_that_cannot_be_meant_gets_one_sentence(tmp_path, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_card(written(tmp_path / "card.toml", text))
    assert "card.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_card_with_a_byte_order_mark_is_read(tmp_path):
    assert read_card(written(tmp_path / "shop.toml", "\ufeff" + CARD)).title == "Our shop"


def test_a_readers_file_may_have_another_format(tmp_path):
    card = written(tmp_path / "music.toml", '[sequences]\nfile = "p.txt"\nformat = "sequence-text"\nrepeats = false')
    assert read_card(card).sources[0].format == "sequence-text"


def test_unknown_names_list_the_allowed_ones(tmp_path):
    with pytest.raises(ValueError, match="unknown data set 'movielens'; allowed are movielens-100k, movielens-1m"):
        find_card("movielens")
    with pytest.raises(ValueError, match="there is no data set card"):
        find_card(tmp_path / "none.toml")
