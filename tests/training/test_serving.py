"""Serving: the request is one user with many items, and the timing gives the machine back as it was."""

import dataclasses

import numpy as np
import pytest
import torch

from recscale.datasets.tables import CTRData, Field
from recscale.models.ctr_presets import wukong_ladder
from recscale.training import serving
from recscale.training.serving import Request, candidate_rows


def impressions(rows: int = 400, items: int = 30) -> CTRData:
    """User, item, the item's brand (multi-hot) and price, the user's age, and an hour of neither."""
    generator = np.random.default_rng(0)
    user, item = generator.integers(0, 20, rows), generator.integers(0, items, rows)
    brands = np.stack([np.arange(items) % 5, np.where(np.arange(items) % 2, -1, 3)], axis=1)
    ids = {"user": user, "item": item, "age": user % 4, "brand": brands[item], "hour": generator.integers(0, 24, rows)}
    fields = (Field("user", 20), Field("item", items), Field("age", 4), Field("brand", 5, 2), Field("hour", 24))
    dense = np.stack([item / items, user / 20], axis=1).astype(np.float32)
    labels = generator.integers(0, 2, (rows, 1)).astype(np.float32)
    return CTRData("made", fields, ids, dense, ("price", "wealth"), labels, ("click",), None, None, "")


def test_candidates_differ_in_their_items_and_in_what_items_determine():
    rows = candidate_rows(impressions(), 25)
    assert len(rows) == len(np.unique(rows.ids["item"])) == 25
    for name in ("user", "age", "hour"):
        assert len(np.unique(rows.ids[name])) == 1
    assert (rows.ids["brand"][:, 0] == rows.ids["item"] % 5).all()
    assert rows.dense[:, 0] == pytest.approx(rows.ids["item"] / 30)
    assert np.ptp(rows.dense[:, 1]) == 0


def test_more_candidates_than_items_repeat_them():
    assert len(candidate_rows(impressions(), 100)) == 100


def test_data_without_dense_inputs_and_with_one_field():
    data = impressions()
    bare = dataclasses.replace(data, dense=data.dense[:, :0], dense_names=())
    assert candidate_rows(bare, 5).dense.shape == (5, 0)
    with pytest.raises(ValueError, match="made has 1 fields; a request needs a user and an item"):
        candidate_rows(dataclasses.replace(data, fields=data.fields[:1]), 5)


def test_percentiles_and_throughput_are_those_of_the_times_taken(monkeypatch):
    rows, ticks = candidate_rows(impressions(), 50), iter(np.cumsum([0, 9] * 2 + [0, 0.001] * 98 + [0, 0.1] * 2))
    # The clock stands still between requests; two to warm up, 98 take a millisecond, two a hundred.
    monkeypatch.setattr(serving.time, "perf_counter", lambda: next(ticks))
    found = serving.serve(wukong_ladder()[0], rows, Request(50, repeats=100, warm_up=2, threads=1))
    assert found.p50_ms == pytest.approx(1)
    assert found.p99_ms == pytest.approx(100)
    assert found.candidates_per_second == pytest.approx(50 * 100 / 0.298)


def test_threads_are_given_back(monkeypatch):
    before, seen = torch.get_num_threads(), []
    monkeypatch.setattr(serving.time, "perf_counter", lambda: seen.append(torch.get_num_threads()) or len(seen))
    serving.serve(wukong_ladder()[0], candidate_rows(impressions(), 5), Request(5, 2, 1, threads=before + 1))
    assert seen == [before + 1] * 6
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("change", [{"candidates": 0}, {"repeats": 0}, {"threads": 0}, {"warm_up": -1}])
def test_an_impossible_request_is_one_sentence(change):
    with pytest.raises(ValueError, match=r"is (0|-1); it must be a whole number, at least"):
        Request(**change)
