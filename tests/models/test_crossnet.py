"""CrossNet is DCNv2 without its MLP; a Wukong with a cross net on its logit is the sum of the two."""

from dataclasses import replace

import pytest
import torch

from recscale.datasets.tables import Field
from recscale.models import EmbeddingConfig, build_ctr_model
from recscale.models.crossnet import CrossNetConfig, WukongCross, WukongCrossConfig
from recscale.models.dcnv2 import DCNv2, DCNv2Config
from recscale.models.embeddings import InputShape
from recscale.models.wukong import Wukong, WukongConfig

SHAPE = InputShape(n=4, d=3, n_dense=0, n_tasks=2)
KNOBS = {"l": 2, "n_F": 3, "n_L": 2, "k": 2, "mlp_width": 8, "head": (5,)}
FIELDS = tuple(Field(name, 9) for name in "abcd")


def built(config, shape: InputShape = SHAPE):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return config.tower(shape)


@pytest.mark.parametrize("rank", [None, 2])
def test_crossnet_is_dcnv2s_cross_with_a_linear_output(rank):
    x = torch.randn(6, 4, 3)
    tower = built(CrossNetConfig(3, rank))
    assert isinstance(tower, DCNv2)
    assert torch.equal(tower(x), built(DCNv2Config(3, rank, structure="crossnet"))(x))
    x0 = crossed = x.flatten(1)
    for layer in tower.cross:
        crossed = x0 * layer.weight(crossed) + crossed
    assert torch.allclose(tower(x), tower.output(crossed), atol=1e-6)


def test_layers_of_crossnet_hold_orders_up_to_one_more():
    """In t · x, one layer without biases is a polynomial of degree 2, two are of degree 3: the next difference is 0."""
    x = torch.randn(5, 4, 3, dtype=torch.float64)
    for layers in (1, 2):
        tower = built(CrossNetConfig(layers)).double()
        values = torch.stack([tower(t * x) for t in range(layers + 3)])
        assert torch.diff(values, n=layers + 2, dim=0).abs().max() < 1e-9
        assert torch.diff(values, n=layers + 1, dim=0).abs().max() > 1e-6


def test_settings_no_cross_net_can_have_are_refused():
    with pytest.raises(ValueError, match="cross_layers is 0; it must be a whole number, at least 1"):
        CrossNetConfig(0)
    with pytest.raises(ValueError, match="rank is 0; it must be none or a whole number, at least 1"):
        WukongCrossConfig(rank=0)
    with pytest.raises(ValueError, match="k is 0; it must be a whole number, at least 1"):
        WukongCrossConfig(k=0)


def test_the_variants_logit_is_the_sum_of_a_wukongs_and_a_cross_nets():
    x = torch.randn(6, 4, 3)
    config = WukongCrossConfig(**KNOBS, rank=2)
    both, wukong = built(config), built(WukongConfig(**KNOBS))
    assert isinstance(both, WukongCross)
    assert isinstance(both.stack, Wukong)
    assert torch.equal(both(x), wukong(x) + both.cross(x)), "the stack is drawn as a Wukong's"
    assert torch.equal(built(replace(config, detached=True))(x), both(x)), "detaching changes no prediction"


@pytest.mark.parametrize("layer_norm", [True, False])
def test_layer_norm_is_the_wukong_stacks(layer_norm):
    tower = built(WukongCrossConfig(**KNOBS, layer_norm=layer_norm))
    assert [isinstance(layer.norm, torch.nn.LayerNorm) for layer in tower.stack.layers] == [layer_norm] * 2


def gradient(model, weights: list, ids: torch.Tensor) -> list[torch.Tensor]:
    return torch.autograd.grad(model(ids, torch.empty(len(ids), 0)).sum(), weights)


@pytest.mark.parametrize("detached", [True, False])
def test_a_detached_stack_sends_no_gradient_to_the_tables(detached):
    config = WukongCrossConfig(**KNOBS, rank=2, detached=detached)
    options = {"embedding": EmbeddingConfig(width=3, initial_std=1.0), "backend": "torch", "fused": False}
    model, alone = (build_ctr_model(each, FIELDS, 0, 1, **options) for each in (config, config.cross))
    alone.tower.load_state_dict(model.tower.cross.state_dict())
    ids = torch.randint(9, (20, 4), generator=torch.Generator().manual_seed(0))
    found, expected = (gradient(each, each.table_parameters(), ids) for each in (model, alone))
    assert all(torch.allclose(a, b) for a, b in zip(found, expected, strict=True)) == detached
    stack = gradient(model, list(model.tower.stack.parameters()), ids)
    assert all(part.abs().max() > 0 for part in stack), "the stack itself is trained"
