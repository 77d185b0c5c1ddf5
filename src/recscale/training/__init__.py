"""What a training run hands back, the same for both kinds of model."""

from dataclasses import dataclass, field

import pandas as pd
from torch import nn

from recscale.models.accounting import Accounting


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """``history``: one row per evaluation on valid; ``curve``: one per point along the pass measured on test;
    ``model``: with its best (or averaged) weights; ``examples_seen``: impressions or positions."""

    metrics: dict[str, float]
    history: pd.DataFrame
    model: nn.Module
    accounting: Accounting
    examples_seen: int
    diverged: bool
    wall_seconds: float
    curve: pd.DataFrame = field(default_factory=pd.DataFrame)
