"""What a training run hands back, the same for both kinds of model."""

from dataclasses import dataclass

import pandas as pd
from torch import nn

from recscale.models.accounting import Accounting


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """``history``: one row an evaluation; ``model``: with its best weights; ``examples_seen``: impressions or
    positions."""

    metrics: dict[str, float]
    history: pd.DataFrame
    model: nn.Module
    accounting: Accounting
    examples_seen: int
    diverged: bool
    wall_seconds: float
