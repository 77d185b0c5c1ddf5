"""A run killed in the middle and started again ends exactly as an uninterrupted one."""

import dataclasses

import numpy as np
import pytest
import torch

from recscale.datasets import subsample_users, synthetic
from recscale.models.sasrec import SASRecConfig
from recscale.training import sequential_checkpoint
from recscale.training.sequential import SequentialTraining, TrainingStep, train_sequential
from recscale.training.sequential_checkpoint import Checkpoint, remove_checkpoint

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
    assert killed_after_three.exists(), "whoever asked for it removes it, once the result is safe"
    (killed_after_three.parent / f"{killed_after_three.name}.99.part").touch()
    remove_checkpoint(killed_after_three)
    assert not list(killed_after_three.parent.iterdir())


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


def test_a_flipped_bit_is_noticed(chains, killed_after_three):
    """``torch.load`` takes such weights as they are."""
    content = bytearray(killed_after_three.read_bytes())
    content[content.index(torch.load(killed_after_three)["parts"]["model"]["items.weight"].numpy().tobytes()) + 3] ^= 64
    killed_after_three.write_bytes(content)
    fresh = train_sequential(TINY, TRAINING, chains, seed=0, device="cpu")
    with pytest.warns(UserWarning, match=r"can't read the checkpoint .* is damaged.*starts anew"):
        found = train_sequential(TINY, TRAINING, chains, seed=0, device="cpu", checkpoint=killed_after_three)
    assert found.metrics == fresh.metrics


@pytest.mark.parametrize("kept", [0, 1, 200, 5000, -1], ids="{} bytes".format)
def test_an_unreadable_checkpoint_is_set_aside_and_the_run_starts_anew(chains, killed_after_three, kept):
    content = killed_after_three.read_bytes()[:kept]
    killed_after_three.write_bytes(content)
    fresh = train_sequential(TINY, TRAINING, chains, seed=0, device="cpu")
    with pytest.warns(UserWarning, match=r"can't read the checkpoint .*run\.pt .*run\.pt\.unreadable.*starts anew"):
        found = train_sequential(TINY, TRAINING, chains, seed=0, device="cpu", checkpoint=killed_after_three)
    assert found.metrics == fresh.metrics
    assert killed_after_three.with_name("run.pt.unreadable").read_bytes() == content


@pytest.mark.parametrize("wrong", [[], {"recipe": 1}, "other parts"], ids=["a list", "no parts", "parts of other code"])
def test_a_checkpoint_of_another_form_leaves_nothing_behind(chains, killed_after_three, wrong):
    """Also where the model's weights were taken up before the missing part was noticed."""
    content = torch.load(killed_after_three, weights_only=True)
    if wrong == "other parts":
        del content["parts"]["fit"]["best"]
    elif wrong:
        del content["parts"]
    torch.save(content if wrong else wrong, killed_after_three)
    fresh = train_sequential(TINY, TRAINING, chains, seed=0, device="cpu")
    with pytest.warns(UserWarning, match="can't read the checkpoint"):
        found = train_sequential(TINY, TRAINING, chains, seed=0, device="cpu", checkpoint=killed_after_three)
    assert found.metrics == fresh.metrics


def test_a_full_disk_costs_one_warning(chains, tmp_path, monkeypatch):
    monkeypatch.setattr(sequential_checkpoint, "INTERVAL", 0.0)

    def full(content, path):
        path.write_bytes(b"half of it")
        raise RuntimeError("PytorchStreamWriter failed writing file\nin a long trace")

    monkeypatch.setattr(torch, "save", full)
    with pytest.warns(UserWarning, match="can't write the checkpoint") as said:
        found = train_sequential(TINY, TRAINING, chains, seed=0, device="cpu", checkpoint=tmp_path / "run.pt")
    assert len(said) == 1
    assert "trace" not in str(said[0].message)
    assert not list(tmp_path.iterdir())
    assert found.metrics == train_sequential(TINY, TRAINING, chains, seed=0, device="cpu").metrics


def test_a_folder_that_can_t_be_made_costs_one_warning(chains, tmp_path, monkeypatch):
    monkeypatch.setattr(sequential_checkpoint, "INTERVAL", 0.0)
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="can't write the checkpoint") as said:
        train_sequential(TINY, TRAINING, chains, seed=0, device="cpu", checkpoint=tmp_path / "file" / "run.pt")
    assert len(said) == 1
