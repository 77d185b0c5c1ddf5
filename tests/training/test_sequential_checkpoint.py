"""A run killed in the middle and started again ends exactly as an uninterrupted one."""

import dataclasses

import numpy as np
import pytest
import torch

from recscale.datasets import subsample_users, synthetic
from recscale.models.sasrec import SASRecConfig
from recscale.training import sequential_checkpoint
from recscale.training.sequential import SequentialTraining, TrainingStep, train_sequential
from recscale.training.sequential_checkpoint import Checkpoint

TINY = SASRecConfig(width=8, layers=1, dropout=0.2)
TRAINING = SequentialTraining(max_length=10, epochs=6, batch_tokens=256, negatives=16, warmup_steps=8, evaluate_every=2)


@pytest.fixture(scope="module")
def chains():
    return synthetic.markov_sequences(60, 15, 40, seed=0)[0]


@pytest.fixture
def killed_after_three(chains, tmp_path, monkeypatch):
    """A checkpoint after every epoch, and a kill in the fourth."""
    monkeypatch.setattr(sequential_checkpoint, "INTERVAL", 0.0)
    epoch, path = TrainingStep.epoch, tmp_path / "folder" / "run.pt"
    started = []

    def killed(self, batches):
        started.append(1)
        if len(started) == 4:
            raise KeyboardInterrupt
        return epoch(self, batches)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingStep, "epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            train_sequential(TINY, TRAINING, chains, seed=0, device="cpu", checkpoint=path)
    return path


def test_goes_on_to_the_same_bits(chains, killed_after_three, monkeypatch):
    whole = train_sequential(TINY, TRAINING, chains, seed=0, device="cpu")
    epochs = []
    epoch = TrainingStep.epoch
    monkeypatch.setattr(TrainingStep, "epoch", lambda *a: epochs.append(1) or epoch(*a))
    resumed = train_sequential(TINY, TRAINING, chains, seed=0, device="cpu", checkpoint=killed_after_three)
    assert len(epochs) == 3
    assert resumed.metrics == whole.metrics
    np.testing.assert_array_equal(resumed.history.drop(columns="seconds"), whole.history.drop(columns="seconds"))
    for one, other in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not killed_after_three.exists()


def test_another_recipe_starts_anew(chains, killed_after_three):
    other = dataclasses.replace(TRAINING, learning_rate=3e-3)
    fresh = train_sequential(TINY, other, chains, seed=0, device="cpu")
    found = train_sequential(TINY, other, chains, seed=0, device="cpu", checkpoint=killed_after_three)
    assert found.metrics == fresh.metrics


def test_a_part_of_the_data_starts_anew(chains, killed_after_three):
    """A part carries the checksum of the whole, and must not go on from its weights."""
    part = subsample_users(chains, 0.5, seed=0)
    fresh = train_sequential(TINY, TRAINING, part, seed=0, device="cpu")
    found = train_sequential(TINY, TRAINING, part, seed=0, device="cpu", checkpoint=killed_after_three)
    assert found.metrics == fresh.metrics


def test_a_short_run_writes_nothing(chains, tmp_path):
    train_sequential(TINY, TRAINING, chains, seed=0, device="cpu", checkpoint=tmp_path / "folder" / "run.pt")
    assert not (tmp_path / "folder").exists()


def test_no_file_no_state():
    checkpoint = Checkpoint(None, "recipe", {})
    assert checkpoint.load() == 0
    checkpoint.save(1)
    checkpoint.remove()
