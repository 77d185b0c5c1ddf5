"""The Wukong model, taken apart: its shapes, its orders of interaction, where its compute goes, how it starts.

Everything here builds untrained models and returns tables; nothing trains.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import torch
from numpy.polynomial import chebyshev
from torch import nn

from recscale.datasets.tables import Field
from recscale.models import EmbeddingConfig, account_ctr
from recscale.models.wukong import WukongConfig, WukongLayer, mixing_weight

_PARTS = ("FM", "FMB's MLP", "LCB", "residual", "head", "inputs")
"""What the blocks of an account are summed up to, in the order of a layer."""

_KNOBS: Mapping[str, tuple[str, ...]] = {
    "as configured": (),
    "2 × l": ("l",),
    "2 × n<sub>F</sub>": ("n_F",),
    "2 × n<sub>L</sub>": ("n_L",),
    "2 × k": ("k",),
    "2 × MLP": ("mlp_width",),
    "2 × (n<sub>F</sub>, n<sub>L</sub>, k)": ("n_F", "n_L", "k"),
}


def trace_shapes(model: nn.Module, *inputs: torch.Tensor) -> pd.DataFrame:
    """What goes into and comes out of every part of a Wukong, seen by forward hooks during one real forward pass.

    One row per ``part``, in the order of computation. Columns: ``in`` and ``out`` (shapes, "4 × 10 × 16"),
    ``parameters``.

    The residual's matrix is a parameter of the layer and no module: its row is written where the sum enters the norm.
    """
    rows, entered = [], {}

    def seen(part: str, module: nn.Module, given, out) -> None:
        out = out[0] if isinstance(out, tuple) else out
        rows.append((part, _shape(given[0]), _shape(out), sum(weight.numel() for weight in module.parameters())))

    def came_in(layer: nn.Module, given) -> None:
        entered[layer] = _shape(given[0])

    def summed(part: str, layer: nn.Module, _, given) -> None:
        rows.append((part, entered[layer], _shape(given[0]), layer.project.numel()))

    hooks = [module.register_forward_hook(partial(seen, name)) for name, module in _parts(model)]
    for index, layer in enumerate(model.tower.layers, start=1):
        if layer.project is not None:
            hooks.append(layer.register_forward_pre_hook(came_in))
            hooks.append(layer.norm.register_forward_pre_hook(partial(summed, f"layer {index}: residual", layer)))
    try:
        with torch.no_grad():
            model.eval()(*inputs)
    finally:
        for handle in hooks:
            handle.remove()
    return pd.DataFrame(rows, columns=["part", "in", "out", "parameters"]).set_index("part")


def _parts(model: nn.Module) -> Iterable[tuple[str, nn.Module]]:
    yield "embeddings", model.embeddings
    for index, layer in enumerate(model.tower.layers, start=1):
        if layer.fmb is not None:
            yield f"layer {index}: FM", layer.fmb.fm
            yield f"layer {index}: LN inside FMB", layer.fmb.norm
            yield f"layer {index}: FMB's MLP", layer.fmb.mlp
        if layer.lcb is not None:
            yield f"layer {index}: LCB", layer.lcb
        yield f"layer {index}: outer LN", layer.norm
    yield "head", model.tower.heads


def _shape(tensor: torch.Tensor) -> str:
    return "\u00a0×\u00a0".join(str(size) for size in tensor.shape)  # a shape stays on its line


def interaction_orders(l: int, *, n: int = 6, d: int = 4, seed: int = 0) -> pd.DataFrame:  # noqa: E741
    """How much of each order of interaction a stack of ``l`` layers holds after every layer.

    With FMB's MLP linear and both norms left out, a layer is a polynomial in X_0, and the output for t·X_0 is one in t
    whose coefficient of t^j holds the interactions of order j. It is read off at Chebyshev nodes in double precision,
    four orders further than there should be any.

    Columns: ``layer``, ``order``, ``size`` (norm of the coefficient over the layer's largest; rounding: under 1e-8).
    """
    config = WukongConfig(l=l, n_F=n // 2, n_L=n - n // 2, k=n // 2, mlp_layers=0, layer_norm=False)
    degree = 2**l + 4
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [WukongLayer(config, n, d).double() for _ in range(l)]
        x = torch.randn(n, d, dtype=torch.float64) / d**0.5
    units = (chebyshev.cheb2poly(unit) for unit in np.eye(degree + 1))
    monomials = np.stack([np.pad(row, (0, degree + 1 - len(row))) for row in units])  # row k: T_k in powers of t
    nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    x = torch.from_numpy(nodes)[:, None, None] * x
    tables = []
    for index, layer in enumerate(layers, start=1):
        layer.fmb.norm = nn.Identity()
        with torch.no_grad():
            x = layer(x)
        series = chebyshev.chebfit(nodes, x.flatten(1).numpy(), degree)
        sizes = np.linalg.norm(series.T @ monomials, axis=0)
        table = pd.DataFrame({"layer": index, "order": np.arange(1, degree + 1), "size": sizes[1:] / sizes.max()})
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def knob_costs(
    config: WukongConfig, fields: Sequence[Field], n_dense: int, n_tasks: int, embedding: EmbeddingConfig
) -> pd.DataFrame:
    """What every part costs, as configured and with each knob of ``_KNOBS`` doubled; parts without cost are left out.

    Columns: ``variant``, ``part`` (one of ``_PARTS``), ``flop`` (training, per example), ``parameters`` (dense).
    """
    rows = []
    for variant, knobs in _KNOBS.items():
        doubled = replace(config, **{knob: 2 * getattr(config, knob) for knob in knobs})
        account = account_ctr(doubled, fields, n_dense, n_tasks, embedding)
        sums = {part: [0, 0] for part in _PARTS}
        for block in account.blocks:
            part = block.name.partition(": ")[2] or block.name
            part = "LCB" if part == "LN" else part if part in _PARTS else "inputs"  # LN costs next to nothing
            sums[part][0] += 6 * block.macs - 2 * block.macs_without_input_gradient
            sums[part][1] += block.parameters
        rows += [(variant, part, *both) for part, both in sums.items() if any(both)]
    return pd.DataFrame(rows, columns=["variant", "part", "flop", "parameters"])


def initial_scales(config: WukongConfig, counts: Sequence[int], *, d: int = 16, seed: int = 0) -> pd.DataFrame:
    """Root mean square of what FMB, LCB and residual put into the first sum, for ``counts`` input embeddings.

    Columns: ``n``, ``part``, ``rms``.

    Inputs are N(0, 1). ``LCB, fan-in n_L`` is the same block under PyTorch's Kaiming rule on a matrix stored as
    (n, n_L), which takes n_L for the number of inputs: weights of variance 2 / n_L.
    """
    rows = []
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for n in counts:
            x = torch.randn(256, n, d)
            layer = WukongLayer(config, n, d)
            outputs = {
                "FMB": layer.fmb(x),
                "LCB": layer.lcb(x),
                "residual": mixing_weight(config.n_out, n) @ x,
                "LCB, fan-in n<sub>L</sub>": (torch.randn(config.n_L, n) * (2 / config.n_L) ** 0.5) @ x,
            }
            rows += [{"n": n, "part": part, "rms": float(out.square().mean().sqrt())} for part, out in outputs.items()]
    return pd.DataFrame(rows)
