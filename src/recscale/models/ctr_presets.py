"""Size ladders of the CTR models: from about 0.02 to 30 training MFLOP per example on MovieLens-1M (10 fields, d = 16).

Along a ladder the tables and d stay as they are; only the dense part grows. Wukong follows the paper's recipe (§3.7): first
more layers, then everything else. FLOP counts in the comments are for one task on MovieLens-1M's fields.
"""

from recscale.models.dcnv2 import DCNv2Config
from recscale.models.dlrm import DLRMConfig
from recscale.models.wukong import WukongConfig


def wukong_sizes() -> tuple[WukongConfig, ...]:
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


def _wukong(l: int, n: int, **knobs: int) -> WukongConfig:  # noqa: E741
    """n_F = n_L = n, and a head with one hidden layer as wide as FMB's, up to 256."""
    return WukongConfig(l=l, n_F=n, n_L=n, head=(min(knobs["mlp_width"], 256),), **knobs)


def dlrm_sizes() -> tuple[DLRMConfig, ...]:
    """Six DLRMs: the top MLP grows, as in the paper's Table 5."""
    return tuple(DLRMConfig(top=(width, width)) for width in (16, 64, 192, 512, 1024, 2176))


def dcnv2_sizes() -> tuple[DCNv2Config, ...]:
    """Six DCNv2s, stacked: cross layers of growing rank, then (as in Table 5) the MLP alone."""
    return (
        DCNv2Config(cross_layers=1, rank=4, deep=(16,)),
        DCNv2Config(cross_layers=2, rank=16, deep=(32, 32)),
        DCNv2Config(cross_layers=2, rank=64, deep=(128, 128)),
        DCNv2Config(cross_layers=2, deep=(384, 384)),
        DCNv2Config(cross_layers=2, deep=(960, 960)),
        DCNv2Config(cross_layers=2, deep=(2048, 2048)),
    )
