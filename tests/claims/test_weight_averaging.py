"""Claims on averaging: planted pilots on both sides."""

import json

import numpy as np
import pandas as pd
import pytest

from recscale.claims.claim import Verdict
from recscale.claims.registry import SOURCES, claim_of
from recscale.claims.weight_averaging import averaging_claims
from recscale.runs import run_table

LOWERS, BEATS, HALVES = "averaging-lowers-loss", "averaging-beats-falling-rate", "averaging-halves-seed-noise"


def pilot(gain=0.0, falling=0.0, shrink=1.0, noise=1e-4) -> pd.DataFrame:
    """Two sizes, both batch sizes and schedules, six seeds. Averaging lowers the loss by ``gain`` %, a falling rate by
    ``falling`` %, and averaged losses scatter ``shrink`` times as much."""
    random, rows = np.random.default_rng(0), []
    for flop in (1e5, 1e6):
        for batch_size in (256, 1024):
            for schedule in ("constant", "linear"):
                for seed in range(6):
                    last = 0.5 * (1 - (falling / 100 if schedule == "linear" else 0)) + 0.001 * random.normal()
                    middle = 0.5 * (1 - gain / 100)
                    averaged = middle + shrink * (last - 0.5) + noise * random.normal()
                    training = {"batch_size": batch_size, "schedule": schedule, "averaged": [0.2, 0.0], "embedding": {}}
                    losses = {"": averaged, "~0": last}
                    metrics = {
                        f"{part}_logloss{tail}": loss for part in ("valid", "test") for tail, loss in losses.items()
                    }
                    rows.append(
                        {
                            **{"model": "wukong", "dataset": "set", "split": "random", "seed": seed, "diverged": False},
                            "config": json.dumps({"model": {}, "training": training}),
                            **{"training_flop_per_example": flop, "dense_parameters": flop, "embedding_parameters": 1},
                            **{"wall_seconds": 36.0, "threads": 1},
                            **metrics,
                        }
                    )
    return run_table(pd.DataFrame(rows))


def verdicts(**options):
    return {claim.id: claim.verdict for claim in averaging_claims(pilot(**options))}


def test_a_gain_is_found_and_a_loss_too():
    made = averaging_claims(pilot(gain=0.5))
    assert claim_of(made, LOWERS).observed.value == pytest.approx(0.5, abs=0.05)
    assert claim_of(made, LOWERS).verdict is Verdict.HOLDS
    assert verdicts(gain=-0.5)[LOWERS] is Verdict.FAILS
    assert verdicts(gain=0.0, noise=1e-3)[LOWERS] is Verdict.OPEN


def test_the_falling_rate_is_a_rival():
    assert verdicts(gain=0.5)[BEATS] is Verdict.HOLDS
    assert verdicts(gain=0.5, falling=1.0)[BEATS] is Verdict.FAILS


def test_the_spread_is_halved_or_not():
    assert verdicts(shrink=0.1, noise=1e-5)[HALVES] is Verdict.HOLDS
    assert verdicts(shrink=1.0)[HALVES] is Verdict.FAILS


def test_the_committed_pilot_gives_the_same_claims():
    assert [claim.id for claim in SOURCES["weight-averaging"](10, 0)] == [LOWERS, BEATS, HALVES]
