"""A table as tensors, and the order in which it is read."""

import numpy as np
import pytest
import torch

from recscale.datasets.tables import CTRData, Field
from recscale.training.batches import CTRTensors, shuffled

FIELDS = (Field("user", 4), Field("genres", 3, 2))


def impressions(user, genres) -> CTRData:
    rows = len(user)
    ids = {"user": np.array(user), "genres": np.array(genres)}
    dense, labels = np.zeros((rows, 1), np.float32), np.arange(rows, dtype=np.float32)[:, None]
    return CTRData("toy", FIELDS, ids, dense, ("x",), labels, ("click",), None, None, "")


def test_a_batch_holds_the_rows_asked_for():
    tensors = CTRTensors.of(impressions([3, 0, 2], [[0, 1], [2, -1], [-1, -1]]), torch.device("cpu"))
    ids, dense, labels = tensors.rows(torch.tensor([2, 0]))
    assert ids.tolist() == [[2, -1, -1], [3, 0, 1]]
    assert dense.shape == (2, 1)
    assert labels.tolist() == [[2.0], [0.0]]


@pytest.mark.parametrize(
    ("user", "genres", "message"),
    [
        ([0, 4], [[0, 1], [0, 1]], r"field 'user' must be in 0 … 3; got 4"),
        ([0, -1], [[0, 1], [0, 1]], r"field 'user' must be in 0 … 3; got -1"),
        ([0, 1], [[0, 3], [0, 1]], r"field 'genres' must be in 0 … 2, or -1 for no value; got 3"),
        ([0, 1], [[0, -2], [0, 1]], r"field 'genres' must be in 0 … 2, or -1 for no value; got -2"),
    ],
)
def test_an_id_without_a_row_is_named(user, genres, message):
    with pytest.raises(ValueError, match=message):
        CTRTensors.of(impressions(user, genres), torch.device("cpu"))


def test_every_row_comes_once_in_batches_of_nearly_equal_size():
    batches = list(shuffled(10, 4, np.random.default_rng(0)))
    assert [len(batch) for batch in batches] == [4, 3, 3]
    assert sorted(torch.cat(batches).tolist()) == list(range(10))
