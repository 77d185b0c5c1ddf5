"""The training loop: determinism, golden losses, what a model can and can't learn, stopping, divergence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from recscale.datasets.synthetic import planted_ctr
from recscale.models import CTR_MODELS, EmbeddingConfig
from recscale.models.ctr_presets import wukong_ladder
from recscale.models.dlrm import DLRMConfig
from recscale.models.wukong import WukongConfig
from recscale.training import ctr
from recscale.training.ctr import CTRTraining, predict, train_ctr
from recscale.training.distributed import Processes
from recscale.training.metrics import auc

GOLDEN = Path(__file__).parent / "golden_losses.txt"
TRAINING = CTRTraining(batch_size=256, embedding=EmbeddingConfig(width=8, initial_std=0.1))
FM = WukongConfig(l=2, n_F=4, n_L=4, k=4, mlp_width=32, head=(32,))
FIRST_ORDER = DLRMConfig(top=(), interaction="cat")


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def small():
    return planted_ctr(6000, order=2, seed=0).split("random")


def test_the_same_seed_gives_the_same_bits(small):
    config = replace(FM, dropout=0.2)
    first, second, other = (train_ctr(config, TRAINING, small, seed=seed) for seed in (3, 3, 4))
    assert first.metrics == second.metrics
    assert first.history.equals(second.history)
    state, again = first.model.state_dict(), second.model.state_dict()
    assert all(torch.equal(state[name], again[name]) for name in state)
    assert first.metrics["test_logloss"] != other.metrics["test_logloss"]


def test_order_and_dropout_have_seeds_of_their_own(small):
    first, second = (ctr._Run(FM, TRAINING, small, seed, torch.device("cpu"), "torch", Processes()) for seed in (3, 4))
    assert len({first.order, first.dropout, second.order, second.dropout}) == 4
    still, dropping = (train_ctr(replace(FM, dropout=share), TRAINING, small, seed=3).history for share in (0.0, 0.2))
    assert still["examples_seen"].equals(dropping["examples_seen"])
    assert not still["train_logloss"].equals(dropping["train_logloss"])


@pytest.mark.parametrize("backend", ["torch", "auto"])
def test_golden_losses_of_the_first_twenty_steps(small, backend):
    """One line a step. A change here is a change of the numerics: raise VERSION with it."""
    training = replace(TRAINING, batch_size=240)  # 4,800 rows: 20 steps, each a row of the history
    history = train_ctr(FM, training, small, seed=0, backend=backend).history
    golden = np.loadtxt(GOLDEN)
    assert len(golden) == 20
    np.testing.assert_allclose(history["train_logloss"], golden, rtol=1e-4)


@pytest.mark.slow
def test_wukong_finds_a_planted_third_order_interaction():
    """The label is a coin but for three fields together. A first-order model stays at AUC 1/2; Wukong must come within
    0.05 of the best possible AUC, 0.88. Without FMB and norms, under a linear head, it is a first-order model too."""
    split = planted_ctr(40_000, order=3, seed=1, n_fields=4, vocabulary=6).split("random")
    training = replace(TRAINING, epochs=2, dense_learning_rate=5e-3)
    best = 1 / (1 + np.exp(-2.0))
    wukong = train_ctr(FM, training, split).metrics["test_auc"]
    first_order = train_ctr(FIRST_ORDER, training, split).metrics["test_auc"]
    linear = train_ctr(replace(FM, fmb=False, head=(), layer_norm=False), training, split).metrics["test_auc"]
    assert wukong > best - 0.05
    assert wukong > first_order + 0.3
    assert abs(first_order - 0.5) < 0.04
    assert abs(linear - 0.5) < 0.04


@pytest.mark.slow
def test_the_largest_wukong_stays_finite_at_ten_times_the_rate(small):
    training = CTRTraining(batch_size=512, dense_learning_rate=1e-2, sparse_learning_rate=1.0)
    result = train_ctr(wukong_ladder()[-1], training, small)
    assert not result.diverged
    assert np.isfinite(list(result.metrics.values())).all()
    assert np.isfinite(predict(result.model, small.test)).all()


def test_history_and_counts(small):
    result = train_ctr(FM, replace(TRAINING, evaluations=2), small)
    assert result.examples_seen == len(small.train) == result.history["examples_seen"].iloc[-1]
    assert result.history["valid_auc"].notna().sum() == 2
    assert result.metrics["valid_auc"] == result.history["valid_auc"].iloc[-1]
    logits = predict(result.model, small.test)
    assert result.metrics["test_auc"] == auc(small.test.labels[:, 0], logits[:, 0])
    assert result.accounting.dense_parameters == sum(p.numel() for p in result.model.dense_parameters())


def test_early_stopping_returns_to_the_best_epoch(small):
    training = replace(TRAINING, epochs=20, patience=2, plateau_factor=0.1, dense_learning_rate=1e-2)
    result = train_ctr(FM, training, small)
    watched = result.history["valid_auc"].dropna()
    assert len(watched) < 20
    assert watched.idxmax() == watched.index[-3]
    assert result.metrics["valid_auc"] == watched.max()


def test_a_run_whose_loss_is_not_finite_ends_there(small):
    data = replace(small.train, dense=np.full((len(small.train), 1), np.nan, np.float32), dense_names=("broken",))
    split = replace(small, train=data, valid=data, test=data)
    result = train_ctr(FM, TRAINING, split)
    assert result.diverged
    assert result.examples_seen < 300  # one batch


def test_two_tasks_get_their_own_metrics(small):
    def twice(data):
        return replace(data, labels=np.concatenate([data.labels, 1 - data.labels], axis=1), tasks=("click", "skip"))

    both = replace(small, train=twice(small.train), valid=twice(small.valid), test=twice(small.test))
    metrics = train_ctr(FM, replace(TRAINING, epochs=3, dense_learning_rate=1e-2), both).metrics
    assert metrics["test_auc@skip"] > 0.7
    assert metrics["test_auc"] > 0.7


@pytest.mark.parametrize("name", CTR_MODELS)
def test_every_model_trains_on_the_same_loop(name):
    split = planted_ctr(6000, order=1, seed=0).split("random")
    result = train_ctr(CTR_MODELS[name](), replace(TRAINING, epochs=2), split)
    assert not result.diverged
    assert result.metrics["test_auc"] > 0.8


def test_adam_on_tables_with_l2_as_bars(small):
    weak, strong = (
        train_ctr(FM, replace(TRAINING, table_optimiser="adam", sparse_learning_rate=1e-2, embedding_l2=penalty), small)
        for penalty in (0.0, 1.0)
    )
    norms = [
        sum(weight.square().sum().item() for weight in result.model.embeddings.bags.table_weights().values())
        for result in (weak, strong)
    ]
    assert norms[1] < 0.5 * norms[0]


def test_rates_warm_up_and_go_down():
    training = CTRTraining(warmup_fraction=0.1)
    factors = [training.rate_factor(step, 100) for step in range(100)]
    assert factors[:10] == pytest.approx([0.1 * step for step in range(1, 11)])
    assert factors[10] == 1
    assert factors[-1] == pytest.approx(1 / 90)
    assert replace(training, schedule="constant").rate_factor(99, 100) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schedule": "cosine"}, "schedule is 'cosine'; it must be one of constant, linear"),
        ({"table_optimiser": "sgd"}, "table_optimiser is 'sgd'; it must be one of row-wise adagrad, adam"),
        ({"epochs": 0}, "epochs is 0; it must be a whole number, at least 1"),
        ({"embedding_l2": 0.1}, "needs table_optimiser='adam'"),
        ({"sparse_learning_rate": -1.0}, "sparse_learning_rate is -1.0; it must be a number, above 0"),
        ({"dense_learning_rate": 0.0}, "dense_learning_rate is 0.0; it must be a number, above 0"),
    ],
)
def test_bad_settings_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        CTRTraining(**change)


@pytest.mark.parametrize(
    ("config", "training", "options", "message"),
    [
        (FM, TRAINING, {"device": "gpu"}, "device is 'gpu'; PyTorch sees .* allowed are auto, cpu"),
        (FM, TRAINING, {"device": "cuda:77"}, "device is 'cuda:77'"),
        (FM, TRAINING, {"seed": -1}, "seed is -1"),
        (FM, replace(TRAINING, embedding=EmbeddingConfig(width=100_000_000)), {}, "wukong would have .* parameters"),
        (replace(FM, mlp_width=1_000_000_000), TRAINING, {}, "GiB .* choose a smaller width"),
        (replace(FM, batch_norm=True), replace(TRAINING, batch_size=1), {}, "batch norm, which needs .* at least 2"),
    ],
    ids=["device", "GPU", "seed", "tables", "dense part", "batches of one row"],
)
def test_what_cannot_be_trained_is_said_before_it_is_tried(small, config, training, options, message):
    with pytest.raises(ValueError, match=message):
        train_ctr(config, training, small, **options)


def test_one_class_has_no_auc_to_watch(small):
    watching = replace(TRAINING, epochs=2, patience=1)
    split = replace(small, valid=small.valid.take(small.valid.labels[:, 0] > 0))
    with pytest.raises(ValueError, match=r"one class only.*monitor to 'logloss'"):
        train_ctr(FM, watching, split)
    assert np.isfinite(train_ctr(FM, replace(watching, monitor="logloss"), split).metrics["valid_logloss"])
