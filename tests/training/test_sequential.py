"""The training loop: what it counts, when it stops, what it returns, and that it returns it twice."""

import dataclasses

import numpy as np
import pytest
import torch

from recscale.datasets import synthetic
from recscale.models.attention import PackedSequences
from recscale.models.sasrec import SASRecConfig
from recscale.training.sequential import SequentialTraining, evaluate_model, train_sequential
from recscale.training.sequential_batches import TrainingBatches, split_sequences

TINY = SASRecConfig(width=16, layers=1, dropout=0.1)
SHORT = SequentialTraining(max_length=20, epochs=2, batch_tokens=512, negatives=32, warmup_steps=5, evaluate_every=1)


@pytest.fixture(scope="module")
def chains():
    return synthetic.markov_sequences(120, 25, 60, seed=0)[0]


@pytest.fixture(scope="module")
def trained(chains):
    return train_sequential(TINY, SHORT, chains, seed=3, device="cpu")


def test_result_is_complete(chains, trained):
    names = {f"{part}_{name}@{k}" for part in ("valid", "test") for name in ("hr", "ndcg") for k in (10, 50)}
    assert names | {"train_loss", "test_loss", "test_mrr", "collapsed"} <= set(trained.metrics)
    assert all(np.isfinite(value) for value in trained.metrics.values())
    assert trained.examples_seen == 2 * 120 * 20  # the last 20 of each user's 22 predictable training items
    assert list(trained.history.epoch) == [1, 2]
    assert not trained.diverged
    assert not trained.model.training


def test_same_seed_same_bits(chains, trained):
    again = train_sequential(TINY, SHORT, chains, seed=3, device="cpu")
    assert again.metrics == trained.metrics
    for one, other in zip(again.model.parameters(), trained.model.parameters(), strict=True):
        assert torch.equal(one, other)
    other = train_sequential(TINY, SHORT, chains, seed=4, device="cpu")
    assert other.metrics["test_loss"] != trained.metrics["test_loss"]


def test_the_global_random_state_is_left_alone(chains):
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    train_sequential(TINY, dataclasses.replace(SHORT, epochs=1), chains, seed=0, device="cpu")
    assert torch.equal(torch.rand(1), expected)


def test_a_linear_schedule_ends_at_zero_and_counts_real_steps(chains):
    training = dataclasses.replace(SHORT, schedule="linear", warmup_steps=4)
    assert [training.rate_factor(step, 5) for step in (0, 3, 4, 7, 10)] == [0.25, 1.0, 1.0, 0.5, 0.0]
    steps = len(TrainingBatches(split_sequences(chains, "leave-one-out").train, 20, 512, 0, torch.device("cpu")))
    assert training.rate_factor(2 * steps - 1, steps) == pytest.approx(1 / (2 * steps - 4))
    constant, linear = (train_sequential(TINY, how, chains, seed=0, device="cpu") for how in (SHORT, training))
    assert linear.metrics["valid_loss"] != constant.metrics["valid_loss"]
    with pytest.raises(ValueError, match="schedule is 'cosine'; it must be one of constant, linear"):
        dataclasses.replace(SHORT, schedule="cosine")


def test_best_weights_are_kept_and_patience_ends_training(chains):
    wild = dataclasses.replace(SHORT, epochs=30, learning_rate=0.3, patience=3)
    result = train_sequential(TINY, wild, chains, seed=0, device="cpu")
    scores = result.history["valid_ndcg@10"]
    assert len(scores) == int(scores.argmax()) + 1 + 3
    assert result.metrics["valid_ndcg@10"] == scores.max()


def test_a_run_that_diverges_is_flagged_and_keeps_finite_weights(chains):
    wild = dataclasses.replace(SHORT, learning_rate=1e38, warmup_steps=1, gradient_clip=1e30, loss="bce")
    result = train_sequential(TINY, wild, chains, seed=0, device="cpu")
    assert result.diverged
    assert np.isfinite(result.metrics["test_ndcg@10"])
    assert result.metrics["collapsed"] == 1


def test_untrained_model_counts_as_collapsed(chains):
    lazy = dataclasses.replace(SHORT, learning_rate=1e-12, epochs=1)
    assert train_sequential(TINY, lazy, chains, seed=0, device="cpu").metrics["collapsed"] == 1


@pytest.mark.parametrize("loss", ["softmax", "bce"])
def test_other_losses_learn(chains, loss):
    training = dataclasses.replace(SHORT, loss=loss, epochs=8, learning_rate=1e-2)
    result = train_sequential(TINY, training, chains, seed=0, device="cpu")
    assert result.history.objective.iloc[-1] < 0.97 * result.history.objective.iloc[0]
    assert result.metrics["test_ndcg@10"] > 2 * result.metrics["popularity_ndcg@10"]


def test_bfloat16_stays_near_fp32(chains, trained):
    half = train_sequential(TINY, dataclasses.replace(SHORT, precision="bf16"), chains, seed=3, device="cpu")
    assert half.metrics["test_loss"] == pytest.approx(trained.metrics["test_loss"], rel=0.02)
    assert half.metrics["test_loss"] != trained.metrics["test_loss"]


def test_evaluation_equals_one_user_at_a_time(chains, trained):
    """Ranks with a user's own history alone, histories excluded by hand."""
    data = dataclasses.replace(chains, repeats=False)
    cases = data.offsets[1:] - 1
    hits = []
    for case, start in zip(cases, data.offsets[:-1], strict=True):
        items = torch.tensor(data.items[max(start, case - 20) : case])
        with torch.inference_mode():
            hidden = trained.model(PackedSequences(items, ((1, len(items)),)))[-1]
            scores = trained.model.scores(hidden).clone()
            target = data.items[case]
            scores[[item for item in data.items[start:case] if item != target]] = -torch.inf
        hits.append(float((scores > scores[target]).sum() < 10))
    assert evaluate_model(trained.model, data, cases, 20)["hr@10"] == pytest.approx(np.mean(hits))


def test_global_time_split(chains):
    result = train_sequential(TINY, dataclasses.replace(SHORT, epochs=1), chains, split="global-time", seed=0)
    assert np.isfinite(result.metrics["test_ndcg@10"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": "hinge"}, "loss is 'hinge'; it must be one of softmax"),
        ({"precision": "fp8"}, "precision is 'fp8'; it must be one of fp32, bf16"),
        ({"max_length": 0}, "max_length is 0"),
        ({"learning_rate": -1.0}, "learning_rate is -1.0"),
        ({"loss": "gbce", "negative_power": 0.5}, "negative_power is 0.5; with the loss 'gbce' it must be 0"),
    ],
)
def test_wrong_settings_are_said(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SHORT, **change)


def test_wrong_split_is_said(chains):
    with pytest.raises(ValueError, match="unknown split 'random'"):
        train_sequential(TINY, SHORT, chains, split="random", seed=0)


def test_a_width_beyond_all_memory_is_said(chains):
    for config in (SASRecConfig(width=100_000_000), SASRecConfig(width=16, expansion=100_000_000_000 // 256)):
        with pytest.raises(ValueError, match=r"sasrec would have .* parameters .* choose a smaller width"):
            train_sequential(config, SHORT, chains, seed=0, device="cpu")


def test_several_processes_are_refused(chains, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="sasrec trains on one process: start it without torchrun"):
        train_sequential(TINY, SHORT, chains, seed=0, device="cpu")


def test_users_who_saw_everything_are_counted_and_left_out(chains):
    """Eight users who meet all 25 items but one and eight who meet half of them, none twice."""
    random = np.random.default_rng(0)
    histories = [random.permutation(25)[: 25 if user < 8 else 12] for user in range(16)]
    offsets = np.cumsum([0, *map(len, histories)])
    data = dataclasses.replace(
        chains, items=np.concatenate(histories), offsets=offsets, timestamps=None, n_items=25, repeats=False
    )
    training = dataclasses.replace(SHORT, epochs=1)
    metrics = train_sequential(TINY, training, data, seed=0, device="cpu").metrics
    assert metrics["test_left_out"] == 8
    assert "valid_left_out" not in metrics, "the last item is still to come"
    assert all(np.isfinite(value) for value in metrics.values())
    with pytest.raises(ValueError, match="every test user has met all of the 25 items"):
        train_sequential(TINY, training, data.select_users(np.arange(8)), seed=0, device="cpu")


def test_wrong_device_is_said(chains):
    with pytest.raises(ValueError, match=r"device is 'tpu'.*allowed are auto, cpu"):
        train_sequential(TINY, SHORT, chains, seed=0, device="tpu")


@pytest.mark.slow
def test_reaches_the_best_possible_ndcg_of_a_markov_chain():
    """Within 0.01 on users it never saw, at every position of theirs (so many that noise is about 0.002)."""
    data, _, best = synthetic.markov_sequences(3000, 32, 50, seed=1, successors=5)
    users = np.arange(data.n_users)
    training = SequentialTraining(
        max_length=30, epochs=6, batch_tokens=2048, negatives=50, learning_rate=3e-3, evaluate_every=1, patience=3
    )
    config = SASRecConfig(width=32, layers=1, dropout=0.0)
    result = train_sequential(config, training, data.select_users(users[:2000]), seed=0, device="cpu")
    assert result.metrics["collapsed"] == 0
    unseen = data.select_users(users[2000:])
    cases = np.flatnonzero(unseen.positions_from_end() < 31)
    assert evaluate_model(result.model, unseen, cases, 30)["ndcg@10"] == pytest.approx(best, abs=0.01)
