"""The algebra of Wukong's blocks, as the paper states it."""

import numpy as np
import pytest
import torch
from torch import nn

from recscale.models.embeddings import InputShape
from recscale.models.wukong import (
    FactorizationMachine,
    FactorizationMachineBlock,
    LinearCompressionBlock,
    Wukong,
    WukongConfig,
    WukongLayer,
    mix,
)


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_the_optimised_fm_is_the_plain_one_compressed():
    x = torch.randn(3, 6, 4, dtype=torch.float64)
    fm = FactorizationMachine(WukongConfig(k=2), 6, 4).double()
    pairs = x @ x.mT
    assert torch.allclose(fm(x), pairs @ fm.y.mT)
    assert torch.allclose(FactorizationMachine(WukongConfig(fm="plain"), 6, 4)(x), pairs)


def test_attentive_y_depends_on_the_input_and_static_y_does_not():
    """FM(X) = XXᵀY: doubling X multiplies a static FM by exactly four."""
    x = torch.randn(3, 6, 4)
    static, attentive = (FactorizationMachine(WukongConfig(fm=fm, k=2), 6, 4) for fm in ("optimised", "attentive"))
    assert torch.allclose(static(2 * x), 4 * static(x), rtol=1e-4)
    assert not torch.allclose(attentive(2 * x), 4 * attentive(x), rtol=1e-1)


def test_mix_is_a_matrix_product_per_example():
    x, weight = torch.randn(3, 6, 4), torch.randn(5, 6)
    assert torch.allclose(mix(weight, x), weight @ x, atol=1e-6)


def polynomial_layer(n: int, d: int) -> WukongLayer:
    """MLP set to the identity and no LN: n·k = n_F·d lets the FM's output through unchanged."""
    layer = WukongLayer(WukongConfig(n_F=n, n_L=2, k=d, layer_norm=False), n, d)
    layer.fmb.norm = layer.fmb.mlp = nn.Identity()
    return layer.double()


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_layer_i_is_a_polynomial_of_degree_2_to_the_i(depth):
    """Along a random line x(t) the (2^i + 1)-th difference vanishes and the 2^i-th doesn't."""
    d, n = 2, 3
    layers = []
    for _ in range(depth):
        layers.append(polynomial_layer(n, d))
        n += 2
    degree = 2**depth
    start, direction = torch.randn(2, 1, 3, d, dtype=torch.float64) / 2
    points = torch.arange(degree + 2, dtype=torch.float64) / degree
    values = nn.Sequential(*layers)(start + points[:, None, None] * direction).detach().numpy()
    scale = np.abs(values).max()
    assert np.abs(np.diff(values, degree + 1, axis=0)).max() < 1e-11 * scale
    assert np.abs(np.diff(values, degree, axis=0)).max() > 1e-6 * scale


def test_without_fmb_a_layer_is_linear():
    layer = WukongLayer(WukongConfig(fmb=False, layer_norm=False, n_F=3, n_L=2), 4, 2)
    x, y = torch.randn(2, 1, 4, 2)
    assert torch.allclose(layer(x + y), layer(x) + layer(y), atol=1e-5)


def test_permuting_the_embeddings_permutes_plain_fm_and_can_be_undone_in_the_weights():
    """Plain FM is equivariant; LCB and the optimised FM are invariant once their columns are permuted with X."""
    x, order = torch.randn(3, 6, 4), torch.randperm(6)
    plain = FactorizationMachine(WukongConfig(fm="plain"), 6, 4)
    assert torch.allclose(plain(x[:, order]), plain(x)[:, order][:, :, order])
    lcb = LinearCompressionBlock(2, 6)
    before = lcb(x)
    assert not torch.allclose(lcb(x[:, order]), before)
    with torch.no_grad():
        lcb.weight.copy_(lcb.weight[:, order])
    assert torch.allclose(lcb(x[:, order]), before, atol=1e-6)


@pytest.mark.parametrize("n", [4, 32, 256, 1024])
def test_fmb_lcb_and_residual_start_at_like_scale_at_any_n(n):
    config = WukongConfig(n_F=8, n_L=8, k=16, mlp_layers=2, mlp_width=128)
    layer, x = WukongLayer(config, n, 16), torch.randn(64, n, 16)
    scales = [part.square().mean().sqrt().item() for part in (layer.fmb(x), layer.lcb(x), mix(layer.project, x))]
    assert max(scales) < 2 * min(scales)
    assert 0.5 < np.mean(scales) < 2


def test_switched_off_components_leave_zeros_in_their_place():
    x = torch.randn(3, 4, 2)
    options = {"layer_norm": False, "residual": False, "n_F": 3, "n_L": 2}
    out = WukongLayer(WukongConfig(fmb=False, **options), 4, 2)(x)
    assert not out[:, :3].any()
    assert out[:, 3:].all()
    out = WukongLayer(WukongConfig(lcb=False, **options), 4, 2)(x)
    assert out[:, :3].all()
    assert not out[:, 3:].any()


def test_the_residual_is_projected_only_where_the_number_of_embeddings_changes():
    config = WukongConfig(n_F=3, n_L=2)
    assert WukongLayer(config, 5, 2).project is None
    assert WukongLayer(config, 4, 2).project is not None


@pytest.mark.parametrize("fm", ["optimised", "attentive", "plain"])
def test_gradients_equal_finite_differences(fm):
    config = WukongConfig(l=2, n_F=2, n_L=2, k=2, mlp_width=5, head=(4,), fm=fm, compressed=2, attention_width=3)
    model = Wukong(config, InputShape(3, 2, 0, 2)).double()
    x = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)
    parameters = list(model.parameters())
    assert torch.autograd.gradcheck(lambda x, *_: model(x), (x, *parameters))


def test_fmb_maps_n_embeddings_to_n_f():
    block = FactorizationMachineBlock(WukongConfig(n_F=5, k=3), 4, 2)
    assert block(torch.randn(7, 4, 2)).shape == (7, 5, 2)


@pytest.mark.parametrize(("knob", "value"), [("fm", "factored"), ("l", 0), ("n_F", 0), ("k", -1)])
def test_bad_settings_are_named(knob, value):
    with pytest.raises(ValueError, match=knob):
        WukongConfig(**{knob: value})
