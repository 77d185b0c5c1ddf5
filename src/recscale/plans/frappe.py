"""The study on Frappe: every model in the strong configuration of its BARS leaderboard row, and Wukong beside them."""

from dataclasses import replace
from functools import partial

from recscale.models.ctr_presets import Preset, preset
from recscale.models.wukong import WukongConfig
from recscale.plans.parts import Part, Training, runs_of
from recscale.plans.profiles import Profiles, RunSeeds
from recscale.plans.rate_search import COMPARED_MODELS
from recscale.runs.spec import RunSpec
from recscale.training.ctr import bars_training

FRAPPE_WUKONG = Preset(
    WukongConfig(l=2, n_F=8, n_L=8, k=8, mlp_layers=1, mlp_width=256, head=(256,), dropout=0.4),
    width=128,
    embedding_l2=0.05,
)
"""The best of ``FRAPPE_TRIED``."""

FRAPPE_TRIED = (
    (10, 3, 0.05, 0.2, False, 0.9813),
    (16, 3, 0.05, 0.2, False, 0.9845),
    (64, 2, 0.05, 0.2, False, 0.9876),
    (64, 2, 0.05, 0.4, True, 0.9871),
    (64, 2, 0.1, 0.4, False, 0.9883),
    (128, 2, 0.05, 0.4, False, 0.9891),
)
"""Settings of Wukong tried on Frappe: d, l, λ, dropout, batch norm, and AUC on valid (seed 1000, test untouched).

The wider ones are the better ones; why isn't known, as depth and dropout changed along with the width.
"""


def bars_protocol(strong: Preset, epochs: int) -> Training:
    """The BARS protocol for one model: Adam on everything, L2 on the tables, early stopping on AUC."""
    plan = replace(bars_training(strong), epochs=epochs)
    return lambda dataset, model: plan


def _bars_parts(dataset: str, rivals: tuple[str, ...], epochs: int, seeds: RunSeeds) -> list[Part]:
    presets = (FRAPPE_WUKONG, *(preset(name, "bars") for name in rivals))
    return [Part(dataset, (strong.config,), bars_protocol(strong, epochs), seeds) for strong in presets]


def _small_frappe(base: str, epochs: int, dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """DLRM and DCNv2 alone: FinalMLP's selected fields are Frappe's own, and these are other data."""
    return runs_of(_bars_parts(dataset or base, COMPARED_MODELS[1:3], epochs, seeds or (0,)))


def _full_frappe(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """All models, three seeds; and one AFN+ whose exponents start as in the benchmark's library, to see whether that
    explains a gap."""
    base, own_seeds = dataset or "frappe", (0, 1, 2)
    afn = preset("afn+", "bars")
    otherwise = replace(afn.config, xavier_exponents=True)
    trial = Part(base, (otherwise,), bars_protocol(afn, 100), own_seeds[:1])
    return runs_of([*_bars_parts(base, COMPARED_MODELS[1:], 100, seeds or own_seeds), trial])


FRAPPE_PLAN = Profiles(
    smoke=partial(_small_frappe, "synthetic-ctr", 1),
    quick=partial(_small_frappe, "movielens-100k", 3),
    full=_full_frappe,
)
"""Every model in its benchmark's configuration. Frappe's training negatives are redrawn."""
