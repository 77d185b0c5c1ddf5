import numpy as np
import pytest

from recscale.datasets import CTRData, Field, SequenceData
from recscale.training.sequential_batches import split_sequences


def impressions(rows: int, **changes) -> CTRData:
    parts = {
        "name": "tiny",
        "fields": (Field("user", rows), Field("tags", 3, 2)),
        "ids": {"user": np.arange(rows), "tags": np.tile([[0, 1], [2, -1]], (rows // 2, 1))},
        "dense": np.zeros((rows, 0), dtype=np.float32),
        "dense_names": (),
        "labels": np.zeros((rows, 1), dtype=np.float32),
        "tasks": ("label",),
        "timestamp": np.arange(rows)[::-1],
        "part": np.arange(rows) % 3,
        "checksum": "0",
    }
    return CTRData(**(parts | changes))


def sequences(*histories: list[int], repeats: bool = False) -> SequenceData:
    items = np.array([item for history in histories for item in history], dtype=np.int64)
    return SequenceData(
        name="tiny",
        items=items,
        offsets=np.concatenate([[0], np.cumsum([len(history) for history in histories])]).astype(np.int64),
        timestamps=np.arange(len(items)),
        n_items=int(items.max()) + 1,
        repeats=repeats,
        checksum="0",
    )


def histories(data: SequenceData) -> list[list[int]]:
    return [data.user(index).tolist() for index in range(data.n_users)]


def test_time_split_is_the_first_eighty_percent_by_time():
    split = impressions(20).split("time")
    assert split.train.ids["user"].tolist() == list(range(19, 3, -1))
    assert split.valid.ids["user"].tolist() == [3, 2]
    assert split.test.ids["user"].tolist() == [1, 0]


def test_random_split_is_a_partition_that_follows_the_seed():
    data = impressions(100)
    first, again, other = data.split("random"), data.split("random"), data.split("random", seed=1)
    users = [part.ids["user"] for part in (first.train, first.valid, first.test)]
    assert [len(part) for part in users] == [80, 10, 10]
    assert sorted(np.concatenate(users)) == list(range(100))
    assert (first.train.ids["user"] == again.train.ids["user"]).all()
    assert (first.train.ids["user"] != other.train.ids["user"]).any()


def test_official_split_follows_the_part_column():
    split = impressions(6).split("official")
    assert [part.ids["user"].tolist() for part in (split.train, split.valid, split.test)] == [[0, 3], [1, 4], [2, 5]]


def test_splits_a_data_set_lacks_are_refused():
    with pytest.raises(ValueError, match="allowed are 'random' and 'time'"):
        impressions(4, part=None).split("official")
    with pytest.raises(ValueError, match="no timestamps"):
        impressions(4, timestamp=None).split("time")
    with pytest.raises(ValueError, match="unknown split 'user'"):
        impressions(4).split("user")


def test_leave_one_out_takes_the_last_two():
    data = sequences([0, 1, 2, 3], [4, 5], [6, 7, 8])
    assert histories(data.without_last_two()) == [[0, 1], [4, 5], [6]]
    parts = split_sequences(data, "leave-one-out")
    assert data.items[parts.valid].tolist() == [2, 7]
    assert data.items[parts.test].tolist() == [3, 8]


def test_leave_one_out_needs_a_user_with_three_items():
    with pytest.raises(ValueError, match="three items"):
        sequences([0, 1], [2]).without_last_two()


def test_truncate_and_select_users_keep_order_and_times():
    data = sequences([0, 1, 2], [3], [4, 5])
    assert histories(data.truncate(2)) == [[1, 2], [3], [4, 5]]
    chosen = data.select_users(np.array([2, 0]))
    assert histories(chosen) == [[4, 5], [0, 1, 2]]
    assert chosen.timestamps.tolist() == [4, 5, 0, 1, 2]
    assert chosen.n_items == data.n_items
