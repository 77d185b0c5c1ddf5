"""Each official format, hand-written and tiny, against the canonical table it must give."""

import io
import tarfile
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from recscale.datasets.adapters import read_sources
from recscale.datasets.cards import find_card
from recscale.datasets.encode import encode_ctr, encode_sequences
from recscale.datasets.schema import Card, File, SequenceColumns, Source

GENRE_FLAGS = {"Action": 1, "Children's": 4, "Drama": 8}
GENRES = {place: genre for genre, place in GENRE_FLAGS.items()}


def zipped(path: Path, members: dict[str, str], encoding: str = "latin-1") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text.encode(encoding))
    return path


def flags(*genres: str) -> str:
    return "|".join(str(int(place in [GENRE_FLAGS[genre] for genre in genres])) for place in range(19))


RATINGS_100K = "2\t7\t4\t881250949\n1\t9\t3\t881250949\n2\t9\t5\t881250000\n"


@pytest.fixture
def ml_100k(tmp_path: Path) -> Path:
    released = "01-Jan-1995||http://us.imdb.com/M/title-exact?x"
    members = {
        "ml-100k/u.data": RATINGS_100K,
        "ml-100k/u.user": "1|24|M|technician|05201\n2|53|F|other|T8H1N\n",
        "ml-100k/u.genre": "".join(f"{GENRES.get(place, f'genre {place}')}|{place}\n" for place in range(19)) + "\n",
        "ml-100k/u.item": f"7|Seven (Se7en) (1995)|{released}|{flags('Action', 'Drama')}\n"
        + f"9|Caché (V)|{released}|{flags(chr(67) + 'hildren' + chr(39) + 's')}\n",
    }
    return zipped(tmp_path / "ml-100k.zip", members)


@pytest.fixture
def ml_100k_wheel(tmp_path: Path) -> Path:
    folder = "recbole/dataset_example/ml-100k/ml-100k"
    members = {
        f"{folder}.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + RATINGS_100K,
        f"{folder}.user": "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
        "1\t24\tM\ttechnician\t05201\n2\t53\tF\tother\tT8H1N\n",
        f"{folder}.item": "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "7\tSeven (Se7en) (1995)\tV\tAction Drama\n9\tCaché\tunkonwn\tChildren's\n",
    }
    return zipped(tmp_path / "recbole-1.2.1-py3-none-any.whl", members, encoding="utf-8")


@pytest.fixture
def ml_1m(tmp_path: Path) -> Path:
    members = {
        "ml-1m/ratings.dat": "6::2::5::956703932\n5::3::1::956703932\n6::3::3::956703000\n",
        "ml-1m/users.dat": "5::F::1::10::48067\n6::M::56::16::02460-1234\n",
        "ml-1m/movies.dat": "2::Misérables, Les (1995)::Drama|Musical\n3::Toy Story (1995)::Animation\n",
    }
    return zipped(tmp_path / "ml-1m.zip", members)


def source_of(name: str, form: str) -> tuple[Card, Source]:
    card = find_card(name)
    return card, next(source for source in card.sources if source.format == form)


def impressions(name: str, form: str, *paths: Path) -> pd.DataFrame:
    card, source = source_of(name, form)
    return read_sources(paths, "ctr", card, source)


@pytest.mark.parametrize("form", ["movielens-100k-zip", "movielens-100k-wheel"])
def test_movielens_100k_gives_the_same_from_zip_and_wheel(form, ml_100k, ml_100k_wheel):
    path = ml_100k if form.endswith("zip") else ml_100k_wheel
    table = impressions("movielens-100k", form, path)
    rows = table[["label", "user", "item", "gender", "age", "occupation", "zip", "genres", "hour", "weekday"]]
    assert rows.values.tolist() == [
        [1, 2, 9, "F", 53, "other", "T8H", "Children's", 15, 3],  # in time order: 4 Dec 1997, a Thursday, 15:40 UTC
        [1, 2, 7, "F", 53, "other", "T8H", "Action|Drama", 15, 3],
        [0, 1, 9, "M", 24, "technician", "052", "Children's", 15, 3],
    ]
    assert table["year"].isna().tolist() == [True, False, True]
    assert table["year"][1] == 1995
    card, source = source_of("movielens-100k", form)
    data = encode_ctr(table, card, "abc")
    assert [field.vocabulary_size for field in data.fields] == [2, 2, 2, 2, 2, 2, 2, 1, 1, 3]
    sequences = encode_sequences(read_sources([path], "sequences", card, source), card, "abc")
    assert [sequences.user(0).tolist(), sequences.user(1).tolist()] == [[1], [1, 0]]


def test_movielens_1m(ml_1m):
    table = impressions("movielens-1m", "movielens-1m-zip", ml_1m)
    columns = ["label", "timestamp", "user", "gender", "age", "occupation", "zip", "item", "year", "genres"]
    assert table[columns].values.tolist() == [
        [0, 956703000, 6, "M", 56, 16, "024", 3, 1995, "Animation"],
        [1, 956703932, 6, "M", 56, 16, "024", 2, 1995, "Drama|Musical"],  # a tie: the order of ratings.dat
        [0, 956703932, 5, "F", 1, 10, "480", 3, 1995, "Animation"],
    ]
    card, source = source_of("movielens-1m", "movielens-1m-zip")
    sequences = encode_sequences(read_sources([ml_1m], "sequences", card, source), card, "abc")
    assert [sequences.user(0).tolist(), sequences.user(1).tolist()] == [[1], [1, 0]]


def test_the_mirrors_movielens_table_gets_the_same_columns(ml_1m, tmp_path):
    official = impressions("movielens-1m", "movielens-1m-zip", ml_1m)
    stored = official.drop(columns=["hour", "weekday", "rating", "title"]).assign(zip=["02460-1234"] * 2 + ["48067"])
    stored.to_parquet(tmp_path / "movielens-1m.parquet")
    mirror = impressions("movielens-1m", "movielens-table", tmp_path / "movielens-1m.parquet")
    pd.testing.assert_frame_equal(mirror[sorted(mirror)], official[sorted(mirror)], check_dtype=False)


@pytest.mark.parametrize("broken", ["1\t2\t3\n", "1\t2\t3\t4\t5\n"])
def test_a_damaged_ratings_line_is_named(tmp_path, broken):
    path = zipped(tmp_path / "ml-100k.zip", {"ml-100k/u.data": "2\t7\t4\t881250949\n" + broken})
    with pytest.raises(ValueError, match=r"line 2 of u.data in .* does not have 4 fields"):
        impressions("movielens-100k", "movielens-100k-zip", path)


FRAPPE = "label,user,item,daytime,weekday,isweekend,homework,cost,weather,country,city\n"
FRAPPE_PARTS = {name: f"{FRAPPE}{row},1,2,3,4,5,6,7,8,9,10\n" for row, name in enumerate(["train", "valid"])}
FRAPPE_PARTS["test"] = f"{FRAPPE}0,11,2,3,4,5,6,7,8,9,10\n"


def test_frappe_from_zip_and_from_csvs(tmp_path):
    archive = zipped(tmp_path / "Frappe_x1.zip", {f"Frappe_x1/{part}.csv": text for part, text in FRAPPE_PARTS.items()})
    paths = [tmp_path / f"{part}.csv" for part in FRAPPE_PARTS]
    for path, text in zip(paths, FRAPPE_PARTS.values(), strict=True):
        path.write_text(text)
    from_zip, from_csv = impressions("frappe", "frappe-csv", archive), impressions("frappe", "frappe-csv", *paths)
    pd.testing.assert_frame_equal(from_zip, from_csv)
    data = encode_ctr(from_zip, find_card("frappe"), "abc")
    assert data.part.tolist() == [0, 1, 2]
    assert data.ids["user"].tolist() == [0, 0, 1]
    assert data.labels[:, 0].tolist() == [0, 1, 0]


LOG = pd.DataFrame(
    {
        "user_id": [3, 3, 8, 3, 8],
        "video_id": [20, 21, 20, 21, 22],
        "date": [20220424, 20220425, 20220506, 20220507, 20220508],
        "hourmin": [0, 900, 2300, 1000, 1100],
        "time_ms": [1650812741436, 1650850000000, 1651800000000, 1651900000000, 1652000000000],
        **{f"is_{name}": [0, 1, 1, 0, 1] for name in ("click", "like", "follow", "comment", "forward", "hate")},
        "long_view": [0, 1, 0, 0, 1],
        "play_time_ms": [1, 2, 3, 4, 5],
        "duration_ms": [9000, 8000, 9000, 8000, 7000],
        **{name: [0] * 5 for name in ("profile_stay_time", "comment_stay_time", "is_profile_enter", "is_rand")},
        "tab": [1, 1, 0, 1, 4],
    }
)
USERS = pd.DataFrame(
    {
        "user_id": [3, 8],
        "user_active_degree": ["full_active", "UNKNOWN"],
        **{name: [0, 1] for name in ("is_lowactive_period", "is_live_streamer", "is_video_author")},
        **{f"{name}_user_num": [514, 8] for name in ("follow", "fans", "friend")},
        **{f"{name}_user_num_range": ["500+", "(0,10]"] for name in ("follow", "fans", "friend")},
        "register_days": [799, 231],
        "register_days_range": ["730+", "181-365"],
        **{f"onehot_feat{index}": [index, None if index in (4, *range(12, 18)) else 0] for index in range(18)},
    }
)
VIDEOS = pd.DataFrame(
    {
        "video_id": [20, 21],  # 22 has no features, as some in the log
        "author_id": [7, 8],
        "video_type": ["NORMAL", "AD"],
        "upload_dt": ["2022-04-10", "2022-04-09"],
        "upload_type": ["Web", "Kmovie"],
        "visible_status": [0.0, 0.0],
        "video_duration": [9000.0, None],
        "server_width": [720.0, 1080.0],
        "server_height": [1280.0, 720.0],
        "music_id": [5, 6],
        "music_type": [9.0, None],
        "tag": ["39,5", "5"],
    }
)


@pytest.fixture
def kuairand(tmp_path: Path) -> Path:
    early = LOG.head(2).assign(date=[20220408, 20220409], time_ms=[5, 4])
    files = {
        "user_features_pure.csv": USERS,
        "log_standard_4_22_to_5_08_pure.csv": LOG,
        "log_random_4_22_to_5_08_pure.csv": LOG,
        "video_features_basic_pure.csv": VIDEOS,
        "log_standard_4_08_to_4_21_pure.csv": early,
    }
    with tarfile.open(tmp_path / "KuaiRand-Pure.tar.gz", "w:gz") as archive:
        for name, frame in files.items():
            text = frame.to_csv(index=False).encode()
            entry = tarfile.TarInfo(f"KuaiRand-Pure/data/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    return tmp_path / "KuaiRand-Pure.tar.gz"


def test_kuairand_from_the_archive_equals_the_mirrors_tables(kuairand, tmp_path):
    paths = [tmp_path / f"{name}.parquet" for name in ("log", "users", "videos")]
    for path, frame in zip(paths, (LOG.iloc[1:], USERS, VIDEOS), strict=True):
        frame.to_parquet(path)
    card = find_card("kuairand-pure")
    official, mirror = (
        encode_ctr(impressions("kuairand-pure", form, *files), card, "abc")
        for form, files in (("kuairand-archive", [kuairand]), ("kuairand-tables", paths))
    )
    assert official.fields == mirror.fields
    assert all((official.ids[name] == mirror.ids[name]).all() for name in official.ids)
    assert (official.dense == mirror.dense).all()
    assert official.labels.tolist() == [[1, 1], [1, 0], [0, 0], [1, 1]]
    assert official.part.tolist() == [0, 1, 2, 2]
    assert official.ids["weekday"].tolist() == [0, 1, 2, 3]  # Monday, Friday, Saturday, Sunday
    assert official.ids["tag"].tolist() == [[1, -1], [0, 1], [1, -1], [-1, -1]]
    assert official.ids["author_id"].tolist() == [1, 0, 1, 2]


def test_kuairand_histories_end_before_the_impressions(kuairand):
    card, source = source_of("kuairand-pure", "kuairand-archive")
    table = read_sources([kuairand], "sequences", card, source)
    assert table.values.tolist() == [[3, 21], [3, 20], [3, 20]]  # two of the early log by time, one of 24 April


def tiny(**columns) -> Card:
    return Card("tiny", "Tiny", sequences=SequenceColumns(**({"repeats": True} | columns)))


def plain(form: str, path: Path, **options) -> Source:
    return Source("own", form, (File(str(path)),), **options)


def test_sequence_text(tmp_path):
    path = tmp_path / "Beauty.txt"
    path.write_text("10 5 3 7\n2 7\n")
    table = read_sources([path], "sequences", tiny(), plain("sequence-text", path))
    data = encode_sequences(table, tiny(), "abc")
    assert [data.user(0).tolist(), data.user(1).tolist()] == [[2], [1, 0, 2]]  # user 2 before user 10
    path.write_text("10 5 3\n2\n")
    with pytest.raises(ValueError, match=r"user 2 has an empty sequence \(line 2"):
        read_sources([path], "sequences", tiny(), plain("sequence-text", path))


def test_amazon_ratings_with_k_core(tmp_path):
    path = tmp_path / "ratings_Beauty.csv"
    pairs = [("A1", "x"), ("A1", "y"), ("A2", "x"), ("A2", "y"), ("A2", "z"), ("A3", "z")]
    path.write_text("".join(f"{user},{item},5.0,{100 - row}\n" for row, (user, item) in enumerate(pairs)))
    card = tiny(timestamp="timestamp")
    full = encode_sequences(read_sources([path], "sequences", card, plain("amazon-ratings", path)), card, "abc")
    assert (len(full), full.user(0).tolist()) == (6, [1, 0])
    core = read_sources([path], "sequences", card, plain("amazon-ratings", path, k_core=2))
    # A3 goes, then z is left with one user and goes too.
    assert core[["user", "item"]].values.tolist() == [list(pair) for pair in pairs[:4]]
    with pytest.raises(ValueError, match="no users and items are left with 9 interactions"):
        read_sources([path], "sequences", card, plain("amazon-ratings", path, k_core=9))
    path.write_text("user,item,rating,timestamp\nA1,x,5,100\n")
    with pytest.raises(ValueError, match="is not an Amazon ratings file"):
        read_sources([path], "sequences", card, plain("amazon-ratings", path))


def test_jodie_rows_have_more_columns_than_their_header(tmp_path):
    path = tmp_path / "wikipedia.csv"
    path.write_text("user_id,item_id,timestamp,state_label,comma_separated_list_of_features\n0,3,0.0,0,1.5,2.5,0.1\n")
    assert read_sources([path], "sequences", tiny(), plain("jodie-csv", path)).values.tolist() == [[0, 3, 0]]


def test_sequence_lists_fill_missing_times_from_their_neighbours(tmp_path):
    path = tmp_path / "movielens-1m.parquet"
    lists = {"user": [7, 8], "items": [[4, 5, 6], [4, 5]], "timestamps": [[None, 10.0, None], [20.0, None]]}
    pd.DataFrame(lists).to_parquet(path)
    card = tiny(timestamp="timestamp")
    data = encode_sequences(read_sources([path], "sequences", card, plain("sequence-lists", path)), card, "abc")
    assert data.timestamps.tolist() == [10, 10, 10, 20, 20]
    assert [data.user(0).tolist(), data.user(1).tolist()] == [[0, 1, 2], [0, 1]]
    pd.DataFrame({"user": [7, 8], "items": [[4, 5], []]}).to_parquet(path)
    with pytest.raises(ValueError, match="user 8 has an empty sequence"):
        read_sources([path], "sequences", tiny(), plain("sequence-lists", path))


def test_unknown_formats_and_unreadable_files(tmp_path):
    path = tmp_path / "data.parquet"
    path.write_bytes(b"not a parquet")
    with pytest.raises(ValueError, match="unknown format 'excel'; allowed are table, sequence-lists"):
        read_sources([path], "sequences", tiny(), plain("excel", path))
    with pytest.raises(ValueError, match=r"can't read .*data.parquet as Parquet"):
        read_sources([path], "sequences", tiny(), plain("table", path))
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ValueError, match=r"can't read .*empty.csv as CSV"):
        read_sources([tmp_path / "empty.csv"], "sequences", tiny(), plain("table", path))


def test_sequence_text_keeps_leading_zeros_and_long_ids(tmp_path):
    path = tmp_path / "own.txt"
    for text, items in (("007 1 2\n7 1\n", ["1", "2", "1"]), (f"1 {10**30} 5\n", [str(10**30), "5"])):
        path.write_text(text)
        table = read_sources([path], "sequences", tiny(), plain("sequence-text", path))
        assert table["user"].nunique() == len(text.splitlines())
        assert table["item"].tolist() == items


def test_a_tables_lists_of_items_are_sequences(tmp_path):
    path = tmp_path / "lists.parquet"
    columns = {"user": ["b", "a"], "item": [[3, 1], [2]], "at": [[5, 4], [9]]}
    pd.DataFrame(columns).to_parquet(path)
    card = tiny(timestamp="at")
    data = encode_sequences(read_sources([path], "sequences", card, plain("table", path)), card, "abc")
    assert [data.user(0).tolist(), data.user(1).tolist()] == [[1], [0, 2]]
    for broken, message in (
        ({"at": [[5], [9]]}, "item and at must be lists of equal lengths"),
        ({"item": [[], [2]], "at": [[], [9]]}, "must hold an item in every list; row 1"),
        ({"item": [3, 2]}, "item and at must be lists of equal lengths"),
    ):
        pd.DataFrame(columns | broken).to_parquet(path)
        with pytest.raises(ValueError, match=rf"lists.parquet: .*{message}"):
            read_sources([path], "sequences", card, plain("table", path))


def test_renamed_columns_are_read_by_their_published_names(tmp_path):
    path = tmp_path / "RAW.csv"
    path.write_text("user_id,recipe_id,note\n007,NA,x\n7,2,y\n")
    source = plain("table", path, rename={"user_id": "user", "recipe_id": "item"})
    assert read_sources([path], "sequences", tiny(), source).values.tolist() == [["007", "NA"], ["7", "2"]]
    with pytest.raises(ValueError, match=r"RAW.csv has no column uid"):
        read_sources([path], "sequences", tiny(), plain("table", path, rename={"uid": "user", "recipe_id": "item"}))


@pytest.mark.parametrize("form", ["sequence-lists", "jodie-csv", "frappe-csv", "movielens-1m-zip", "movielens-table"])
@pytest.mark.parametrize("content", [b"a line of text\nand one more\n", b"\n\xff\xfe\x00\n"])
def test_a_file_of_another_format_is_one_sentence(tmp_path, form, content):
    path = tmp_path / "own.dat"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"own.dat") as caught:
        read_sources([path], "sequences", tiny(), plain(form, path))
    assert "\n" not in str(caught.value)


def test_formats_of_one_file_take_one(tmp_path):
    for form in ("table", "sequence-lists", "sequence-text", "amazon-ratings", "jodie-csv"):
        with pytest.raises(ValueError, match=f"the format '{form}' is one file; 'own' has 2"):
            read_sources([tmp_path / "a", tmp_path / "b"], "sequences", tiny(), plain(form, tmp_path / "a"))
    with pytest.raises(ValueError, match="'frappe-csv' is one zip or three CSVs"):
        read_sources([tmp_path / "a", tmp_path / "b"], "ctr", tiny(), plain("frappe-csv", tmp_path / "a"))
