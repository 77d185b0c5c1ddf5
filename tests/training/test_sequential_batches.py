"""What the batches contain: every position once, every history whole, nothing from the future."""

import dataclasses

import numpy as np
import pytest
import torch

from recscale.datasets import SequenceData
from recscale.training.sequential_batches import TrainingBatches, ranking_batches, split_sequences

CPU = torch.device("cpu")
LENGTHS = [1, 2, 3, 3, 5, 5, 5, 9, 14, 20, 20]


@pytest.fixture
def data():
    """Every token is its own item, so that an item tells the user and the place."""
    tokens = sum(LENGTHS)
    return SequenceData(
        name="tokens",
        items=np.arange(tokens),
        offsets=np.concatenate([[0], np.cumsum(LENGTHS)]),
        timestamps=np.random.default_rng(0).permutation(tokens),
        n_items=tokens,
        repeats=False,
        checksum="",
    )


def sorted_times(data):
    user = np.repeat(np.arange(data.n_users), data.lengths)
    return dataclasses.replace(data, timestamps=data.timestamps[np.lexsort((data.timestamps, user))])


@pytest.mark.parametrize("max_length", [1, 4, 50])
def test_an_epoch_predicts_every_position_once(data, max_length):
    batches = TrainingBatches(data, max_length, batch_tokens=16, seed=0, device=CPU)
    for _ in range(2):
        targets = []
        for batch, following in batches.epoch():
            assert torch.equal(following, batch.items + 1)  # the next token of the same user ...
            assert not np.isin(following, data.offsets).any()  # ... and never another user's first
            assert torch.equal(batch.timestamps, torch.from_numpy(data.timestamps)[batch.items])
            targets += following.tolist()
        expected = [data.offsets[u + 1] - 1 - i for u, n in enumerate(LENGTHS) for i in range(min(n - 1, max_length))]
        assert sorted(targets) == sorted(expected)
        assert len(targets) == batches.positions


def test_bundles_hold_whole_windows(data):
    for batch, _ in TrainingBatches(data, 4, batch_tokens=40, seed=0, device=CPU).epoch():
        first = 0
        for count, length in batch.bundles:
            window = batch.items[first : first + count * length].view(count, length)
            assert (window.diff(dim=1) == 1).all()
            first += count * length


def test_batches_are_of_even_size_and_new_order_each_epoch():
    lengths = np.random.default_rng(0).integers(2, 60, 800)
    data = SequenceData(
        "many", np.zeros(lengths.sum(), int), np.concatenate([[0], np.cumsum(lengths)]), None, 1, True, ""
    )
    batches = TrainingBatches(data, 50, batch_tokens=2000, seed=0, device=CPU)
    first, second = ([len(targets) for _, targets in batches.epoch()] for _ in range(2))
    assert len(first) == len(batches)
    assert min(first) > 1500
    assert max(first) < 2500
    assert first != second


def test_the_seed_decides_the_order(data):
    def order(seed):
        return torch.cat([targets for _, targets in TrainingBatches(data, 9, 16, seed, CPU).epoch()]).tolist()

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_leave_one_out(data):
    split = split_sequences(data, "leave-one-out")
    assert split.test.tolist() == [data.offsets[u + 1] - 1 for u, n in enumerate(LENGTHS) if n >= 3]
    assert split.valid.tolist() == [case - 1 for case in split.test]
    assert not np.isin(split.train.items, [*split.test, *split.valid]).any()
    assert len(split.train) == len(data) - 2 * len(split.test)


def test_global_time_never_trains_on_the_future(data):
    data = sorted_times(data)
    split = split_sequences(data, "global-time")
    latest = split.train.timestamps.max()
    valid, test = data.timestamps[split.valid], data.timestamps[split.test]
    assert latest < valid.min()
    assert valid.max() < test.min()
    assert len(split.train) == pytest.approx(0.8 * len(data), abs=2)
    for cases in (split.valid, split.test):
        users = np.searchsorted(data.offsets, cases, side="right") - 1
        assert len(set(users)) == len(users)
        assert (cases > data.offsets[users]).all()


def test_global_time_needs_times(data):
    with pytest.raises(ValueError, match="has no timestamps"):
        split_sequences(dataclasses.replace(data, timestamps=None), "global-time")


@pytest.mark.parametrize("repeats", [False, True])
def test_ranking_batches_hold_each_case_with_its_history(data, repeats):
    data = dataclasses.replace(data, repeats=repeats)
    cases = split_sequences(data, "leave-one-out").test
    seen = []
    for batch in ranking_batches(data, cases, 4, CPU):
        seen += batch.cases.tolist()
        assert torch.equal(batch.targets, torch.from_numpy(cases[batch.cases]))
        ends = batch.histories.last(batch.histories.items[:, None])[:, 0]
        assert torch.equal(ends, batch.targets - 1)
        lengths = [length for count, length in batch.histories.bundles for _ in range(count)]
        starts = data.offsets[np.searchsorted(data.offsets, cases[batch.cases], side="right") - 1]
        assert lengths == np.minimum(cases[batch.cases] - starts, 4).tolist()
        if repeats:
            assert batch.excluded is None
            continue
        rows, items = (part.numpy() for part in batch.excluded)
        for row, case in enumerate(cases[batch.cases]):
            start = data.offsets[np.searchsorted(data.offsets, case, side="right") - 1]
            assert items[rows == row].tolist() == list(range(start, case))
    assert sorted(seen) == list(range(len(cases)))


def test_nothing_to_learn_from_is_said(data):
    with pytest.raises(ValueError, match="nothing to learn from"):
        TrainingBatches(data.select_users(np.array([0])), 5, 16, 0, CPU)


def test_a_split_that_leaves_nothing_to_rank_is_said(data):
    """All interactions at one time: none is later than another."""
    with pytest.raises(ValueError, match="tokens: the split 'global-time' leaves valid no case"):
        split_sequences(dataclasses.replace(data, timestamps=np.zeros(len(data), int)), "global-time")
    one = dataclasses.replace(data, items=np.zeros(len(data), int), n_items=1, repeats=True)
    with pytest.raises(ValueError, match="every valid user has met all of the 1 items"):
        split_sequences(one, "leave-one-out")
