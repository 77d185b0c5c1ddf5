"""Named configurations: size ladders for scaling studies, and the benchmark's settings on Frappe.

A ladder runs from about 0.02 to 30 training MFLOP per example on MovieLens-1M (10 fields, d = 16, one task). Tables
and d stay as they are, only the dense part grows. Wukong follows the paper's recipe: first more layers, then the rest.
DLRM's top MLP grows as in the paper's Table 5; DCNv2 is stacked, its cross layers grow in rank, then its MLP alone.
"""

from dataclasses import dataclass

from recscale.datasets.tables import Field
from recscale.models.afn import AFNConfig
from recscale.models.autoint import AutoIntConfig
from recscale.models.dcnv2 import DCNv2Config
from recscale.models.dlrm import DLRMConfig
from recscale.models.embeddings import TowerConfig
from recscale.models.finalmlp import FinalMLPConfig
from recscale.models.masknet import MaskNetConfig
from recscale.models.wukong import WukongConfig
from recscale.models.xdeepfm import XDeepFMConfig


def _wukong(l: int, n: int, **knobs: int) -> WukongConfig:  # noqa: E741
    """n_F = n_L = n, and a head with one hidden layer as wide as FMB's, up to 256."""
    return WukongConfig(l=l, n_F=n, n_L=n, head=(min(knobs["mlp_width"], 256),), **knobs)


def wukong_ladder() -> tuple[WukongConfig, ...]:
    """Twelve Wukongs in ascending compute, 3.2 decades in all."""
    return (
        _wukong(1, 2, k=2, mlp_width=16),  # 0.02 MFLOP
        _wukong(2, 2, k=2, mlp_width=16),
        _wukong(4, 2, k=4, mlp_width=16),  # 0.05
        _wukong(4, 4, k=4, mlp_width=32),
        _wukong(4, 4, k=8, mlp_width=64),  # 0.3
        _wukong(4, 8, k=8, mlp_width=64),
        _wukong(4, 8, k=8, mlp_width=128),  # 1.1
        _wukong(4, 8, k=16, mlp_width=192),
        _wukong(4, 16, k=16, mlp_width=192),  # 4
        _wukong(4, 16, k=16, mlp_width=384),
        _wukong(4, 16, k=24, mlp_layers=2, mlp_width=512),  # 17
        _wukong(4, 16, k=24, mlp_layers=2, mlp_width=768),  # 32
    )


RIVAL_SIZES: dict[str, tuple[TowerConfig, ...]] = {
    "wukong": wukong_ladder(),
    "dlrm": tuple(DLRMConfig(top=(width, width)) for width in (16, 64, 192, 512, 1024, 2176)),
    "dcnv2": (
        DCNv2Config(cross_layers=1, rank=4, deep=(16,)),
        DCNv2Config(cross_layers=2, rank=16, deep=(32, 32)),
        DCNv2Config(cross_layers=2, rank=64, deep=(128, 128)),
        DCNv2Config(cross_layers=2, deep=(384, 384)),
        DCNv2Config(cross_layers=2, deep=(960, 960)),
        DCNv2Config(cross_layers=2, deep=(2048, 2048)),
    ),
    "autoint+": (
        AutoIntConfig(layers=1, width=8, heads=1, deep=(8,)),
        AutoIntConfig(layers=2, width=32, heads=2, deep=(64, 64)),
        AutoIntConfig(layers=3, width=96, heads=4, deep=(256, 256)),
        AutoIntConfig(layers=4, width=192, heads=8, deep=(768, 768)),
    ),
    "finalmlp": (
        FinalMLPConfig(first=(16,), second=(8,), heads=1),
        FinalMLPConfig(first=(96, 96), second=(64,), heads=4),
        FinalMLPConfig(first=(400, 400), second=(256, 256), heads=8),
        FinalMLPConfig(first=(1536, 1536), second=(768, 768), heads=16),
    ),
    "masknet": (
        MaskNetConfig(mask_blocks=1, block_width=8, reduction=0.02, deep=(16,)),
        MaskNetConfig(mask_blocks=2, block_width=32, reduction=0.25, deep=(64,)),
        MaskNetConfig(mask_blocks=4, block_width=64, reduction=1.0, deep=(256, 256)),
        MaskNetConfig(mask_blocks=8, block_width=128, reduction=2.0, deep=(768, 768)),
    ),
    "afn+": (
        AFNConfig(neurons=4, afn=(16,), deep=(8,)),
        AFNConfig(neurons=32, afn=(64,), deep=(64, 64)),
        AFNConfig(neurons=128, afn=(192,), deep=(256, 256)),
        AFNConfig(neurons=512, afn=(400,), deep=(768, 768)),
    ),
    "xdeepfm": (
        XDeepFMConfig(cin=(1,), deep=(8,)),
        XDeepFMConfig(cin=(8, 8), deep=(64, 64)),
        XDeepFMConfig(cin=(32, 32), deep=(192, 192)),
        XDeepFMConfig(cin=(96, 96, 96), deep=(512, 512)),
    ),
}


def rival_sizes(model: str) -> tuple[TowerConfig, ...]:
    """The size ladder of any model: Wukong's twelve, six of DLRM and DCNv2, four of the others."""
    if model not in RIVAL_SIZES:
        raise ValueError(f"no model is called {model!r}; the models are {', '.join(RIVAL_SIZES)}")
    return RIVAL_SIZES[model]


@dataclass(frozen=True)
class Preset:
    """A rival on Frappe: its configuration, embedding width d and λ of the L2 penalty on its tables."""

    config: TowerConfig
    width: int
    embedding_l2: float


DEEP = (400, 400, 400)

_BARS = {
    "dlrm": Preset(DLRMConfig(DEEP, "cat", batch_norm=True, dropout=0.4), 10, 0.1),
    "dcnv2": Preset(DCNv2Config(4, deep=DEEP, structure="parallel", batch_norm=True, dropout=0.4), 10, 0.05),
    "autoint+": Preset(AutoIntConfig(5, 128, 4, DEEP, batch_norm=True, dropout=0.1), 10, 0.1),
    "finalmlp": Preset(
        FinalMLPConfig((400,), (100,), 5, ("user",), ("item",), (400,), batch_norm=True, dropout=0.4), 10, 0.05
    ),
    "masknet": Preset(MaskNetConfig(3, 50, 2.0, DEEP, embedding_norm=False, dropout=0.1), 10, 0.1),
    "afn+": Preset(AFNConfig(1000, (400,), DEEP, afn_dropout=0.4, deep_dropout=0.2), 10, 0.001),
    "xdeepfm": Preset(XDeepFMConfig((64,), DEEP, batch_norm=True, dropout=0.2), 10, 0.1),
}

_PAPER = {
    "dlrm": Preset(_BARS["dlrm"].config, 128, 0.1),
    "dcnv2": Preset(DCNv2Config(4, structure="crossnet"), 128, 0.05),
    "autoint+": Preset(AutoIntConfig(6, 128, 4, (), layer_norm=False, scale=False), 10, 0.05),
    "finalmlp": Preset(_BARS["finalmlp"].config, 128, 0.05),
    "masknet": Preset(MaskNetConfig(3, 100, 2.0, DEEP, embedding_norm=False, dropout=0.1), 128, 0.1),
    "afn+": _BARS["afn+"],
    "xdeepfm": Preset(XDeepFMConfig((16, 16, 16), ()), 10, 0.1),
}


def preset(model: str, name: str) -> Preset:
    """A rival's named setting on Frappe.

    bars   the benchmark's best configuration, whose logged parameter count ours equals: the one to run
    paper  what the parameter count in Wukong's Table 3 decodes to, weak variants included: DCNv2 is CrossNet alone,
           AutoInt+ and xDeepFM have no MLP, d = 128 for DLRM, DCNv2, FinalMLP and MaskNet. AFN+'s count (13,607,961)
           fits no configuration we tried, so its ``paper`` is its ``bars``.

    Regularisation isn't recoverable from parameter counts: ``paper`` takes it from the benchmark.
    """
    presets = {"bars": _BARS, "paper": _PAPER}
    if name not in presets:
        raise ValueError(f"no preset is called {name!r}; allowed are 'bars' and 'paper'")
    if model not in _BARS:
        raise ValueError(f"there is no preset for {model!r}; the models are {', '.join(_BARS)}")
    return presets[name][model]


FRAPPE_VALUES = {
    **{"user": 956, "item": 4084, "city": 235, "country": 82, "weather": 11, "daytime": 9, "weekday": 9},
    **{"homework": 5, "cost": 4, "isweekend": 4},
}


def frappe_fields(fuxictr: int) -> tuple[Field, ...]:
    """Frappe with the table rows that the benchmark's library FuxiCTR counts, 1 or 2 its version.

    A row for padding and one for unknown values a field beside the training values; version 2 adds another. What we
    train on has none of them, so the published parameter counts need these.
    """
    if fuxictr not in (1, 2):
        raise ValueError(f"FuxiCTR's version is 1 or 2, got {fuxictr}")
    return tuple(Field(name, count - (fuxictr == 1)) for name, count in FRAPPE_VALUES.items())
