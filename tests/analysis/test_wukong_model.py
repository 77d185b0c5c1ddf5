"""What the chapter on the model shows is true of the model."""

import pytest
import torch

from recscale.analysis import wukong_model
from recscale.datasets import load_ctr
from recscale.figures import show, wukong
from recscale.models import EmbeddingConfig, WukongConfig, account_ctr, build_ctr_model
from recscale.training.batches import CTRTensors


@pytest.fixture(scope="module")
def data():
    return load_ctr("synthetic-ctr")


def shape(*sizes: int) -> str:
    """A shape as the table shows it, with spaces that don't break."""
    return "\u00a0×\u00a0".join(map(str, sizes))


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_layer_i_holds_orders_one_to_two_to_the_i_and_no_other(layers):
    table = wukong_model.interaction_orders(layers)
    for layer, rows in table.groupby("layer"):
        sizes = rows.set_index("order")["size"]
        assert (sizes.loc[: 2**layer] > 1e-6).all()
        assert (sizes.loc[2**layer + 1 :] < 1e-8).all()
    show(wukong.orders_figure(table), points=len(table))


def test_traced_shapes_follow_the_formula(data):
    config, embedding = WukongConfig(l=2, n_F=3, n_L=5, k=4), EmbeddingConfig(width=6)
    model = build_ctr_model(config, data.fields, 0, 1, embedding=embedding, seed=0)
    batch = CTRTensors.of(data.take(slice(0, 7)), torch.device("cpu"))
    table = wukong_model.trace_shapes(model, batch.ids, batch.dense)
    assert table.loc["layer 1: FM", "in"] == shape(7, 8, 6)
    assert table.loc["layer 1: FM", "out"] == shape(7, 8, 4)
    assert table.loc["layer 1: FMB's MLP", "out"] == shape(7, 18)
    assert table.loc["layer 1: LCB", "out"] == shape(7, 5, 6)
    assert table.loc["layer 2: outer LN", "out"] == shape(7, 8, 6)
    assert table.loc["head", "out"] == shape(7, 1)
    account = account_ctr(config, data.fields, 0, 1, embedding)
    assert table["parameters"].sum() == account.dense_parameters + account.embedding_parameters
    assert not any(module._forward_hooks for module in model.modules())


def test_the_trace_holds_the_residuals_matrix_where_there_is_one(data):
    config, embedding = WukongConfig(l=2, n_F=3, n_L=6, k=4), EmbeddingConfig(width=6)
    model = build_ctr_model(config, data.fields, 0, 1, embedding=embedding, seed=0)
    batch = CTRTensors.of(data.take(slice(0, 7)), torch.device("cpu"))
    table = wukong_model.trace_shapes(model, batch.ids, batch.dense)
    assert tuple(table.loc["layer 1: residual"]) == (shape(7, 8, 6), shape(7, 9, 6), 72)
    assert list(table.index).index("layer 1: residual") == list(table.index).index("layer 1: outer LN") - 1
    assert "layer 2: residual" not in table.index
    account = account_ctr(config, data.fields, 0, 1, embedding)
    assert table["parameters"].sum() == account.dense_parameters + account.embedding_parameters
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_costs_add_up_to_the_account(data):
    config, embedding = WukongConfig(l=2), EmbeddingConfig()
    table = wukong_model.knob_costs(config, data.fields, 0, 1, embedding)
    account = account_ctr(config, data.fields, 0, 1, embedding)
    own = table[table["variant"] == "as configured"]
    assert own["flop"].sum() == account.training_flop_per_example
    assert own["parameters"].sum() == account.dense_parameters
    for column in ("flop", "parameters"):
        sums = table.groupby("variant")[column].sum()
        assert (sums.drop("as configured") > sums["as configured"]).all()
    show(wukong.cost_figure(table), points=len(table))


def test_the_three_summands_start_alike_and_the_wrong_fan_in_does_not():
    table = wukong_model.initial_scales(WukongConfig(), (10, 100, 720)).pivot(index="n", columns="part", values="rms")
    assert table[["FMB", "LCB", "residual"]].to_numpy() == pytest.approx(1, abs=0.25)
    assert table.loc[720, "LCB, fan-in n<sub>L</sub>"] > 10
    long = wukong_model.initial_scales(WukongConfig(), (10, 100))
    show(wukong.scales_figure(long), points=len(long))
