"""Averages of weights against a plain mean of stored ones, on both back ends, and the curve along a pass."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from recscale.datasets.synthetic import planted_ctr
from recscale.models import EmbeddingConfig
from recscale.models.ctr import build_ctr_model
from recscale.models.ctr_presets import preset
from recscale.models.wukong import WukongConfig
from recscale.training.averaging import WeightAverages, Window, averaged_tensors, curve_steps
from recscale.training.ctr import CTRTraining, train_ctr

SMALL = WukongConfig(l=1, n_F=2, n_L=2, k=2, mlp_width=8, head=(8,))
EMBEDDING = EmbeddingConfig(width=4, initial_std=0.1)
TRAINING = CTRTraining(batch_size=100, schedule="constant", embedding=EMBEDDING)


@pytest.fixture(scope="module")
def split():
    return planted_ctr(2000, order=2, seed=0).split("random")


def model_of(split, backend, config=SMALL):
    data = split.train
    return build_ctr_model(config, data.fields, 0, 1, embedding=EMBEDDING, backend=backend)


@pytest.mark.parametrize("backend", ["torch", "auto"])
def test_a_window_holds_the_mean_of_its_steps_and_gives_the_weights_back(split, backend):
    model = model_of(split, backend)
    window, all_of_it = Window(0.3, 10), Window(0.9, 10)
    assert (window.start, all_of_it.start) == (7, 1)
    averages = WeightAverages(model, (window, all_of_it))
    stored = []
    for step in range(1, 11):
        with torch.no_grad():
            for tensor in averaged_tensors(model):
                tensor.add_(torch.randn_like(tensor))
        stored.append([tensor.clone() for tensor in averaged_tensors(model)])
        averages.update(step)
    for tested in (window, all_of_it):
        with averages.applied(tested):
            for tensor, *steps in zip(averaged_tensors(model), *stored[tested.start :], strict=True):
                torch.testing.assert_close(tensor, torch.stack(steps).mean(0))
        assert all(torch.equal(*pair) for pair in zip(averaged_tensors(model), stored[-1], strict=True))
    averages.update(11)
    assert not averages.has(window)


def test_all_that_makes_a_prediction_is_averaged(split):
    """Tables, weights, and the running statistics of batch norm."""
    model = model_of(split, "torch", replace(preset("dcnv2", "bars").config, deep=(8,)))
    tensors = averaged_tensors(model)
    tables = sum(len(weight) * weight.shape[1] for weight in model.embeddings.bags.table_weights().values())
    statistics = [buffer for name, buffer in model.named_buffers() if name.endswith(("running_mean", "running_var"))]
    assert statistics
    expected = tables + sum(part.numel() for part in (*model.dense_parameters(), *statistics))
    assert sum(tensor.numel() for tensor in tensors) == expected


def test_share_zero_is_the_last_step_to_the_bit_and_the_road_is_the_same(split):
    plain = train_ctr(SMALL, TRAINING, split)
    averaged = train_ctr(SMALL, replace(TRAINING, averaged=(0.5, 0.0), curve_points=4), split)
    for name, value in plain.metrics.items():
        assert averaged.metrics[f"{name}~0"] == value
        assert averaged.metrics[name] != value
    assert plain.history.equals(averaged.history)


def test_the_curve_ends_in_the_final_average(split):
    result = train_ctr(SMALL, replace(TRAINING, averaged=(0.3,), curve_points=5), split)
    assert result.curve["examples_seen"].tolist() == [100, 300, 700, 1600]
    assert result.curve["test_logloss"].iloc[-1] == pytest.approx(result.metrics["test_logloss"], abs=1e-7)


def test_the_curve_of_last_weights_is_what_shorter_passes_would_leave(split):
    """At a constant rate a point along the pass depends on nothing after it."""
    whole = train_ctr(SMALL, replace(TRAINING, curve_points=1), split)
    longer = train_ctr(SMALL, replace(TRAINING, curve_points=6, epochs=2), split)
    shared = longer.curve.set_index("examples_seen")["test_logloss"]
    at_the_end = whole.metrics["test_logloss"]
    assert shared.loc[1600] == at_the_end


def test_points_are_spread_evenly_in_the_logarithm():
    assert curve_steps(3200, 6) == (100, 200, 400, 800, 1600, 3200)
    assert curve_steps(3200, 1) == (3200,)
    assert curve_steps(3200, 0) == ()
    assert curve_steps(4, 11) == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"averaged": ()}, "averaged is empty"),
        ({"averaged": (1.0,)}, "each element a number, at least 0 and below 1"),
        ({"averaged": (float("nan"),)}, "each element a number, at least 0 and below 1"),
        ({"averaged": (0.2, 0.2)}, "names a share twice"),
        ({"curve_points": -1}, "curve_points is -1; it must be a whole number, at least 0"),
        ({"averaged": (0.2,), "patience": 1}, "need patience = 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(TRAINING, **changes)


def test_a_run_that_diverges_reports_its_last_weights_alone(split):
    exploding = replace(TRAINING, dense_learning_rate=1e18, gradient_clip=0, averaged=(0.2, 0.0, 0.5))
    result = train_ctr(SMALL, exploding, split)
    assert result.diverged
    assert "test_logloss~0.5" not in result.metrics
    assert not np.isfinite(result.metrics["test_logloss"])
