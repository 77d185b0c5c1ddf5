"""The runs that chapters train themselves, outside any study."""

from typing import Any

from recscale.models import DCNv2Config, DLRMConfig, WukongConfig
from recscale.plans.parts import Part, one_pass, runs_of
from recscale.plans.profiles import Profiles, RunSeeds
from recscale.plans.sequential import SEQUENTIAL_SCALES, LayersWidth, cell
from recscale.runs.spec import RunSpec

COMPARISON = Profiles(smoke=(16, 2, 16_000), quick=(64, 8, None), full=(128, 16, None))
"""What a profile decides about ``training_comparison``: the width of every MLP, how often the models are evaluated, and
the training rows used at most (None: all)."""


def training_comparison(
    profile: str, dataset: str, seeds: RunSeeds, *, split: str, layers: int, **training: Any
) -> tuple[RunSpec, ...]:
    """Wukong with ``layers`` layers, DLRM and DCNv2 of about its size, seed by seed.

    ``training`` replaces fields of the ``CTRTraining``.
    """
    width, evaluations, most_rows = COMPARISON[profile]
    wukong = WukongConfig(l=layers, n_F=8, n_L=8, k=8, mlp_width=width, head=(width,))
    rivals = DLRMConfig(top=(4 * width, 2 * width)), DCNv2Config(cross_layers=2, rank=width, deep=(2 * width, width))
    plan = one_pass(dataset, evaluations=evaluations, **training)
    part = Part(dataset, (wukong, *rivals), lambda *_: plan, seeds, split=split, most_rows=most_rows)
    return tuple(runs_of([part]))


def sequential_run(profile: str, shape: LayersWidth, seed: int, **changes: Any) -> RunSpec:
    """One sequential model of ``shape`` (layers, width); ``changes`` as for ``sequential.cell``."""
    return cell(SEQUENTIAL_SCALES[profile], shape, seed, **changes)
