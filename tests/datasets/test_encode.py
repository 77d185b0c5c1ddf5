import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recscale.datasets.encode import encode_ctr, encode_dense, encode_sequences, train_rows
from recscale.datasets.schema import Card, CTRColumns, SequenceColumns


def ctr(**columns) -> Card:
    return Card("tiny", "Tiny", ctr=CTRColumns(**columns))


def ordered(timestamp: str | None = "time") -> Card:
    return Card("tiny", "Tiny", sequences=SequenceColumns(repeats=True, timestamp=timestamp))


IMPRESSIONS = pd.DataFrame(
    {
        "click": [1, 0, 1, 0],
        "buy": [0, 0, 1, 0],
        "user": ["b", "a", None, "b"],
        "tags": ["x|y", "", None, "z|x|z"],
        "price": [1.0, np.e - 1, np.nan, 100.0],
        "part": ["train", "train", "valid", "test"],
        "time": ["2024-01-01", "2024-01-02", "2024-01-02 00:00:01", "2024-01-03"],
    }
)
CARD = ctr(
    labels=("click", "buy"),
    categorical=("user",),
    multi_hot={"tags": "|"},
    dense=("price",),
    split="part",
    timestamp="time",
)


def test_every_kind_of_column_of_impressions():
    data = encode_ctr(IMPRESSIONS, CARD, "abc")
    assert [(field.name, field.vocabulary_size, field.max_values) for field in data.fields] == [
        ("user", 3, 1),
        ("tags", 3, 2),
    ]
    assert data.ids["user"].tolist() == [1, 0, 2, 1]  # sorted values, the missing one last
    assert data.ids["tags"].tolist() == [[0, 1], [-1, -1], [-1, -1], [2, 0]]
    assert data.labels.tolist() == [[1, 0], [0, 0], [1, 1], [0, 0]]
    assert data.part.tolist() == [0, 0, 1, 2]
    assert np.diff(data.timestamp).tolist() == [86400, 1, 86399]
    assert (data.tasks, data.dense_names, data.checksum) == (("click", "buy"), ("price",), "abc")


def test_dense_columns_are_standardised_by_train_rows_alone():
    data = encode_ctr(IMPRESSIONS, CARD, "abc")
    logs = np.log1p([1.0, np.e - 1])
    expected = (np.log1p(100.0) - logs.mean()) / logs.std()
    np.testing.assert_allclose(data.dense[:, 0], [-1, 1, 0, expected], rtol=1e-6)
    changed = IMPRESSIONS.assign(price=[1.0, np.e - 1, 5.0, 1e9])
    assert (encode_ctr(changed, CARD, "abc").dense[:2] == data.dense[:2]).all()


def test_a_dense_column_without_spread_is_zero():
    table = pd.DataFrame({"price": [3.0, 3.0, 9.0]})
    assert encode_dense(table, np.array([True, True, False])).tolist() == [[0], [0], [0]]


def test_train_rows_come_from_the_part_else_from_time():
    time = np.arange(10)[::-1]
    assert train_rows(3, np.array([0, 1, 0]), None).tolist() == [True, False, True]
    assert train_rows(10, None, time).tolist() == [False] * 2 + [True] * 8
    assert train_rows(3, None, None).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"click": [1, 2, 3, 0]}, "label 'click' must be 0 or 1 everywhere; its values are 0, 1, 2, 3"),
        ({"click": ["yes", "no", "yes", "no"]}, "its values are no, yes"),
        ({"click": [1, 0, None, 0]}, "must be 0 or 1"),
        ({"price": ["1", "2", "cheap", "4"]}, "the column 'price' must hold finite numbers; row 3 has 'cheap'"),
        ({"part": ["train", "train", "dev", "test"]}, r"train, valid or test; it also holds \['dev'\]"),
        ({"part": ["train", "train", "valid", "valid"]}, "no rows of the part 'test'"),
        (
            {"time": ["2024-01-01", "soon", "2024-01-02", "2024-01-03"]},
            "must hold ISO dates, as most of its rows do; row 2 has 'soon'",
        ),
        ({"time": [1, 2, None, 4]}, "the column 'time' must hold a time in every row; row 3 has an empty cell"),
    ],
)
def test_bad_cells_get_a_sentence(changes, message):
    with pytest.raises(ValueError, match=message):
        encode_ctr(IMPRESSIONS.assign(**changes), CARD, "abc")


def test_a_missing_column_lists_those_there_are():
    with pytest.raises(ValueError, match="tiny: no column buy; the columns are click, user, tags"):
        encode_ctr(IMPRESSIONS.drop(columns="buy"), CARD, "abc")
    with pytest.raises(ValueError, match="columns but no rows"):
        encode_ctr(IMPRESSIONS.head(0), CARD, "abc")


def test_ties_keep_the_order_of_the_file():
    table = pd.DataFrame({"user": [2, 1, 2, 1, 2, 2], "item": [50, 40, 30, 20, 10, 60], "time": [5, 5, 5, 5, 4, 5]})
    data = encode_sequences(table, ordered(), "abc")
    assert [data.user(0).tolist(), data.user(1).tolist()] == [[3, 1], [0, 4, 2, 5]]
    assert data.timestamps.tolist() == [5, 5, 4, 5, 5, 5]
    assert (data.n_items, data.n_users, len(data)) == (6, 2, 6)


def test_without_times_the_file_is_in_time_order():
    table = pd.DataFrame({"user": ["b", "a", "b"], "item": ["x", "y", "w"]})
    data = encode_sequences(table, ordered(timestamp=None), "abc")
    assert data.timestamps is None
    assert [data.user(0).tolist(), data.user(1).tolist()] == [[2], [1, 0]]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 3)), min_size=1))
def test_sequences_equal_a_naive_loop(rows):
    table = pd.DataFrame(rows, columns=["user", "item", "time"])
    data = encode_sequences(table, ordered(), "abc")
    item_ids = {item: index for index, item in enumerate(sorted({item for _, item, _ in rows}))}
    for index, user in enumerate(sorted({user for user, _, _ in rows})):
        mine = sorted((row for row in rows if row[0] == user), key=lambda row: row[2])  # Python's sort is stable
        assert data.user(index).tolist() == [item_ids[item] for _, item, _ in mine]


def test_a_user_without_an_item_is_an_empty_sequence():
    with pytest.raises(ValueError, match="the column 'item' must hold an id in every row; row 2 has an empty cell"):
        encode_sequences(pd.DataFrame({"user": [1, 2], "item": [3, None], "time": [1, 2]}), ordered(), "abc")


def test_lists_are_several_values_of_their_own_kind():
    lists = [np.array(["b", "a"]), np.array([]), None, np.array(["c", "b", "c"])]
    data = encode_ctr(IMPRESSIONS.assign(tags=lists), CARD, "abc")
    assert data.ids["tags"].tolist() == [[1, 0], [-1, -1], [-1, -1], [2, 1]]
    assert data.fields[1].vocabulary_size == 3
    data = encode_ctr(IMPRESSIONS.assign(tags=[np.array(row) for row in ([10, 9], [9], [10], [2])]), CARD, "abc")
    assert data.ids["tags"].tolist() == [[2, 1], [1, -1], [2, -1], [0, -1]]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "days"])
def test_events_closer_than_a_second_keep_their_order(unit):
    times = [0.75, 0.25, 0.5, 1.25]
    table = pd.DataFrame({"user": "u", "item": ["c", "a", "b", "d"], "time": times})
    card = Card("tiny", "Tiny", sequences=SequenceColumns(repeats=False, timestamp="time", timestamp_unit=unit))
    data = encode_sequences(table, card, "abc")
    assert data.items.tolist() == [0, 1, 2, 3]
    expected = {"days": [21_600, 43_200, 64_800, 108_000], "s": [0, 0, 0, 1]}
    assert data.timestamps.tolist() == expected.get(unit, [0, 0, 0, 0])


def test_a_split_by_time_sees_fractions_of_a_second():
    rows = 20
    table = pd.DataFrame({"label": [0, 1] * 10, "user": np.arange(rows), "time": 1.7e9 + np.arange(rows)[::-1] / 32})
    split = encode_ctr(table, ctr(categorical=("user",), timestamp="time"), "abc").split("time")
    assert split.train.ids["user"].tolist() == list(range(19, 3, -1))
    assert split.test.ids["user"].tolist() == [1, 0]
    whole = encode_ctr(table.assign(time=1.7e9 + np.arange(rows)), ctr(categorical=("user",), timestamp="time"), "abc")
    assert whole.timestamp.tolist() == [1_700_000_000 + row for row in range(rows)]  # whole seconds stay seconds


def test_users_who_repeat_are_refused_where_the_card_says_they_do_not():
    table = pd.DataFrame({"user": ["a", "b", "b", "b", "a"], "item": ["x", "x", "y", "x", "y"]})
    card = Card("tiny", "Tiny", sequences=SequenceColumns(repeats=False))
    with pytest.raises(ValueError, match=r"repeats = false, but 1 of 5 rows repeat .*: user b has item x 2 times"):
        encode_sequences(table, card, "abc")
    assert len(encode_sequences(table.head(3), card, "abc")) == 3
    assert encode_sequences(table, ordered(timestamp=None), "abc").repeated() == 1


@pytest.mark.parametrize("price", [[1.0, 2.0, np.inf, 4.0], pd.to_datetime(["2024-01-01", None, None, "2024-01-02"])])
def test_dense_columns_hold_finite_numbers(price):
    with pytest.raises(ValueError, match="the column 'price' must hold"):
        encode_ctr(IMPRESSIONS.assign(price=price), CARD, "abc")


def test_ids_of_64_bits_stay_apart():
    big = pd.Series([2**53 + 1, 2**53, None, 2**53 + 1], dtype="int64[pyarrow]")
    data = encode_ctr(IMPRESSIONS.assign(user=big), CARD, "abc")
    assert data.ids["user"].tolist() == [1, 0, 2, 1]
