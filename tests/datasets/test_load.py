"""From a name or a card to arrays: your own files, the arrays on disk, the mirror, and no source at all."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recscale.datasets import dataset_names, load, load_ctr, load_sequences
from recscale.datasets.cards import find_card
from recscale.datasets.load import load_dataset, present
from recscale.settings import cache_folder

CARD = """
[ctr]
file = "impressions.{suffix}"
labels = ["click"]
categorical = ["user", "zip"]
multi_hot = {{ tags = "|" }}
dense = ["price"]
timestamp = "when"

[sequences]
file = "impressions.{suffix}"
item = "zip"
timestamp = "when"
repeats = true
"""
ROWS = pd.DataFrame(
    {
        "click": [1, 0, 1],
        "user": ["u2", "u1", "u2"],
        "zip": ["05201", "10001", "10001"],
        "tags": ["a|b", None, "b"],
        "price": [1.5, 2.5, 3.5],
        "when": ["2024-05-02", "2024-05-01", "2024-05-01"],
    }
)


@pytest.fixture(params=["csv", "parquet"])
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A reader's card beside their file."""
    if request.param == "csv":
        ROWS.to_csv(tmp_path / "impressions.csv", index=False)
    else:
        ROWS.to_parquet(tmp_path / "impressions.parquet")
    path = tmp_path / "shop.toml"
    path.write_text(CARD.format(suffix=request.param))
    return path


def assert_same(first: dict, second: dict) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        if isinstance(value, dict):
            assert_same(value, second[name])
        elif isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, second[name], strict=True)  # strict: of the same type, too
        else:
            assert value == second[name]


def test_bring_your_own(shop, monkeypatch):
    data = load_ctr(shop)
    assert (data.name, data.tasks, data.dense_names) == ("shop", ("click",), ("price",))
    assert {name: values.tolist() for name, values in data.ids.items()} == {
        "user": [1, 0, 1],
        "zip": [0, 1, 1],
        "tags": [[0, 1], [-1, -1], [1, -1]],
    }
    sequences = load_sequences(str(shop))
    assert [sequences.user(0).tolist(), sequences.user(1).tolist()] == [[1], [1, 0]]
    monkeypatch.setenv("RECSCALE_DATASETS", str(shop.parent))
    assert "shop" in dataset_names()
    assert load_ctr("shop").checksum == data.checksum


def test_a_second_load_is_the_same_and_reads_no_source(shop, monkeypatch):
    first = [vars(load_ctr(shop)), vars(load_sequences(shop))]
    monkeypatch.setattr("recscale.datasets.load.read_sources", lambda *_: pytest.fail("parsed again"))
    for before, after in zip(first, [vars(load_ctr(shop)), vars(load_sequences(shop))], strict=True):
        assert_same(before, after)


def test_a_fault_of_the_table_names_the_file(shop):
    ROWS.assign(click=[0, 1, 7]).to_csv(shop.parent / "impressions.csv", index=False)
    ROWS.assign(click=[0, 1, 7]).to_parquet(shop.parent / "impressions.parquet")
    with pytest.raises(ValueError, match=r"label 'click' must be 0 or 1 .* \(in .*impressions\.(csv|parquet)\)"):
        load_ctr(shop)


def test_looking_keeps_nothing(shop):
    assert len(present(find_card(shop), "ctr").data) == 3
    assert not cache_folder().exists()


def test_a_changed_file_or_card_is_read_anew(shop):
    first = load_ctr(shop)
    shop.write_text(shop.read_text().replace('dense = ["price"]\n', ""))
    assert load_ctr(shop).dense.shape == (3, 0)
    assert load_ctr(shop).checksum != first.checksum  # or a run on the old columns would count for the new ones
    file = next(path for path in shop.parent.iterdir() if path.stem == "impressions")
    changed = ROWS.assign(click=[0, 0, 0])
    changed.to_csv(file, index=False) if file.suffix == ".csv" else changed.to_parquet(file)
    second = load_ctr(shop)
    assert second.labels.sum() == 0
    assert second.checksum != first.checksum


def test_damaged_arrays_are_made_anew(shop):
    first = load_ctr(shop)
    (path,) = (cache_folder() / "datasets").glob("shop-ctr-*.npz")
    for damage in (path.read_bytes()[:-200], b"", b"PK\x03\x04 nonsense"):
        path.write_bytes(damage)
        assert load_ctr(shop).labels.tolist() == first.labels.tolist()
    assert [item.suffix for item in path.parent.iterdir()] == [".npz"]


def test_saving_interrupted_leaves_nothing(tmp_path, monkeypatch):
    data = load_ctr("synthetic-ctr")

    def interrupted(stream, **arrays):
        stream.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load.save(tmp_path / "arrays" / "x.npz", data)
    assert list((tmp_path / "arrays").iterdir()) == []


def test_a_wrong_checksum_of_your_own_file_stops_and_deletes_nothing(shop):
    file = next(path for path in shop.parent.iterdir() if path.stem == "impressions")
    right = hashlib.sha256(file.read_bytes()).hexdigest()
    text = shop.read_text()
    shop.write_text(text.replace("[ctr]\n", f'[ctr]\nsha256 = "{right}"\n'))
    assert len(load_ctr(shop)) == 3
    shop.write_text(text.replace("[ctr]\n", f'[ctr]\nsha256 = "{"0" * 64}"\n'))
    with pytest.raises(ValueError, match=f"is damaged or another version: its sha256 is {right}, not 000"):
        load_ctr(shop)
    assert file.is_file()


def test_what_a_reader_can_get_wrong(shop, tmp_path):
    with pytest.raises(ValueError, match="unknown data set 'ml'; allowed are movielens-100k"):
        load_ctr("ml")
    with pytest.raises(ValueError, match=r"food has no ctr data; it has sequences. Allowed for ctr are movielens-100k"):
        load_ctr("food")
    with pytest.raises(ValueError, match="has no source 'ftp' for ctr data; allowed are 'official zip', 'wheel of Rec"):
        load_dataset("movielens-100k", "ctr", source="ftp")
    shop.write_text(shop.read_text().replace('"price"', '"cost"'))
    with pytest.raises(
        ValueError, match=r"impressions.* has no column cost; it has click, user, zip, tags, price, when"
    ):
        load_ctr(shop)
    shop.write_text(shop.read_text().replace("impressions.", "other."))
    with pytest.raises(ValueError, match=r"there is no file .*other"):
        load_ctr(shop)


def test_no_source_reachable_says_what_was_tried_and_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("RECSCALE_MIRROR", str(tmp_path))
    assert present(find_card("movielens-100k"), "ctr") is None
    with pytest.raises(ValueError, match="can't get the ctr data of movielens-100k") as caught:
        load_ctr("movielens-100k")
    message = str(caught.value)
    for part in (
        f"no ml-100k.zip in the mirror {tmp_path}",
        "https://files.grouplens.org/datasets/movielens/ml-100k.zip (OSError: no network in tests)",
        "pip download recbole==1.2.1 (OSError: no network in tests)",
        "put ml-100k.zip (md5 0e33842e24a9c977be4e0107933c0723) or recbole-1.2.1",
        "set RECSCALE_MIRROR",
    ):
        assert part in message
    assert "\n" not in message


def test_what_is_here_is_used_before_anything_is_downloaded(tmp_path, monkeypatch):
    ROWS.to_parquet(tmp_path / "rows.parquet")
    digest = hashlib.sha256((tmp_path / "rows.parquet").read_bytes()).hexdigest()
    (tmp_path / "shop.toml").write_text(f"""
        [ctr]
        labels = ["click"]
        categorical = ["user"]
        [[sources]]
        name = "official"
        format = "table"
        files = [{{ name = "all.csv", url = "https://example.org/all.csv", md5 = "{"0" * 32}" }}]
        [[sources]]
        name = "mirror"
        format = "table"
        files = [{{ name = "rows.parquet", sha256 = "{digest}" }}]
    """)
    monkeypatch.setenv("RECSCALE_MIRROR", str(tmp_path))
    monkeypatch.setattr("recscale.datasets.fetch.from_url", lambda *_: pytest.fail("downloaded"))
    loaded = load_dataset(tmp_path / "shop.toml", "ctr")
    assert loaded.source.name == "mirror"
    (tmp_path / "rows.parquet").unlink()
    assert load_dataset(tmp_path / "shop.toml", "ctr").data.checksum == loaded.data.checksum


def test_the_wheel_gives_all_of_movielens_100k(network):
    """The one test that downloads: what every machine that can install the book can do."""
    try:
        loaded = load_dataset("movielens-100k", "ctr", source="wheel of RecBole 1.2.1")
    except ValueError as error:
        pytest.skip(f"no package index in reach: {error}")
    data, sequences = loaded.data, load_dataset("movielens-100k", "sequences", source="wheel of RecBole 1.2.1").data
    assert (len(data), len(sequences), sequences.n_users, sequences.n_items) == (100_000, 100_000, 943, 1682)
    sizes = {field.name: field.vocabulary_size for field in data.fields}
    assert [sizes[name] for name in ("user", "item", "gender", "occupation", "genres")] == [943, 1682, 2, 21, 19]
    assert data.labels.mean() == pytest.approx(0.55375)
    assert len(np.unique(sequences.items + 1682 * np.repeat(np.arange(943), sequences.lengths))) == 100_000
    assert sequences.lengths.min() == 20


@pytest.mark.parametrize("name", ["movielens-1m", "frappe", "kuairand-pure"])
def test_the_mirrors_impressions(name, mirror):
    expected = {"movielens-1m": (999_553, 0.5753), "frappe": (288_609, 1 / 3), "kuairand-pure": (228_329, 0.4419)}
    data = load_ctr(name)
    assert (len(data), data.labels[:, 0].mean()) == (expected[name][0], pytest.approx(expected[name][1], abs=1e-4))
    for field in data.fields:
        ids = data.ids[field.name]
        assert set(np.unique(ids)) - {-1} == set(range(field.vocabulary_size))
    assert np.isfinite(data.dense).all()
    if name == "frappe":
        assert np.bincount(data.part).tolist() == [202_027, 57_722, 28_860]
    if name == "kuairand-pure":
        assert data.labels[:, 1].mean() == pytest.approx(0.3108, abs=1e-4)
        assert np.abs(data.dense[data.part == 0].mean(axis=0)).max() < 1e-3


@pytest.mark.parametrize("name", [name for name in dataset_names("sequences") if find_card(name).sources])
def test_the_mirrors_sequences(name, mirror):
    if name == "movielens-100k":
        pytest.skip("the mirror has no MovieLens-100K: it comes from the wheel")
    data, card = load_sequences(name), find_card(name)
    columns = card.sequences
    assert (data.n_users, data.n_items, len(data)) == (columns.users, columns.items, columns.interactions)
    assert len(np.unique(data.items)) == data.n_items
    user = np.repeat(np.arange(data.n_users), data.lengths)
    pairs = len(np.unique(user * data.n_items + data.items))
    assert (pairs < len(data)) == data.repeats
    if data.timestamps is not None:
        assert (np.diff(data.timestamps)[np.diff(user) == 0] >= 0).all()
