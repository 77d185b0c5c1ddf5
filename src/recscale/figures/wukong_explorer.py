"""The Wukong explorer: what any configuration costs, and where it stands on the paper's curve and on ours."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from recscale import published
from recscale.analysis import ctr_curves, ctr_scaling
from recscale.datasets.cards import find_card
from recscale.figures.explorers import Explorer
from recscale.models import InputShape, WukongConfig
from recscale.models.accounting import total
from recscale.models.ctr_ladders import INPUTS
from recscale.models.ctr_presets import wukong_ladder
from recscale.runs.table import Columns, load_results

PAPER_INPUTS = InputShape(n=720, d=160, n_dense=0, n_tasks=2)
"""The paper's internal data: 720 embeddings of width 160, two tasks (Wukong §5)."""

HEAD = (256,)
"""Hidden layers of the head in the paper's presets; the paper doesn't say its own."""

KNOBS = ("l", "n_F", "n_L", "k", "mlp_layers", "mlp_width", "head", "fm", "compressed", "attention_width")
KNOB = re.compile(r"l=(?P<l>\d+), nL=(?P<n_L>\d+), nF=(?P<n_F>\d+), k=(?P<k>\d+), MLP=(?P<layers>\d+)x(?P<width>\d+)")
GIGA = 1e9
DATASET = "movielens-1m"


def show_wukong_explorer() -> Explorer:
    """The explorer with the presets, the paper's points and law, and those of the ladder on MovieLens-1M."""
    runs, found = ctr_curves.curves(load_results(ctr_curves.NAME), DATASET), presets()
    rows = {one["name"]: _costs(one["config"]) for one in found}
    return Explorer(
        "wukong",
        "Wukong explorer",
        {"presets": found, "curves": [paper_curve(), measured_curve(runs)]},
        pd.DataFrame.from_dict(rows, orient="index"),
    )


def presets() -> list[dict[str, Any]]:
    """The paper's sizes with their printed GFLOP, then our ladder's smallest and largest: name, config, printed."""
    sizes = published.wukong_points().query("model == 'Wukong' and task == 1")
    found = [
        _preset(f"paper, {row.gflop:g} G", parsed(row.hyperparameters), PAPER_INPUTS, float(row.gflop) * GIGA)
        for row in sizes.itertuples()
    ]
    ladder = wukong_ladder()
    for name, config in (("smallest", ladder[0]), ("largest", ladder[-1])):
        found.append(_preset(f"our {name}", config, INPUTS, None))
    return found


def parsed(hyperparameters: str) -> WukongConfig:
    """A row of Table 5, as in ``"l=2, nL=8, nF=8, k=24, MLP=3x2048"``."""
    match = KNOB.fullmatch(hyperparameters)
    if match is None:
        raise ValueError(f"{hyperparameters!r} is no Wukong; a row reads like 'l=2, nL=8, nF=8, k=24, MLP=3x2048'")
    knobs = {name: int(value) for name, value in match.groupdict().items()}
    mlp = {"mlp_layers": knobs.pop("layers"), "mlp_width": knobs.pop("width")}
    return WukongConfig(**knobs, **mlp, head=HEAD)


def _preset(name: str, config: WukongConfig, inputs: InputShape, printed: float | None) -> dict[str, Any]:
    knobs = {key: value for key, value in asdict(config).items() if key in KNOBS}
    inside = {"n": inputs.n, "d": inputs.d, "tasks": inputs.n_tasks}
    return {"name": name, "config": knobs | inside, "printed": printed}


def _costs(config: Mapping[str, Any]) -> dict[str, int]:
    inputs = InputShape(config["n"], config["d"], 0, config["tasks"])
    account = total(WukongConfig(**{key: config[key] for key in KNOBS}).blocks(inputs), 0)
    return {
        "dense parameters": account.dense_parameters,
        "training FLOP per example": account.training_flop_per_example,
        "highest order": 2 ** config["l"],
    }


def paper_curve() -> dict[str, Any]:
    """Table 5's Wukongs of task 1 and the law through them, ``y = -100 + A GFLOP^-c`` in % of log loss."""
    points = published.wukong_points().query("model == 'Wukong' and task == 1")
    law = published.wukong_law(1).parameters
    return {
        "name": "the paper's internal data",
        "unit": "relative log-loss, %",
        "law": {"A": law["A"], "exponent": law["c"], "offset": -100, "unit": GIGA},
        "x": (points["gflop"] * GIGA).round().astype(int).tolist(),
        "y": points["y"].tolist(),
        "digits": 2,
    }


def measured_curve(runs: pd.DataFrame) -> dict[str, Any]:
    """Our ladder's seed means and the power law through them, ``log loss = A FLOP^-α``."""
    means = ctr_curves.ladder(runs)
    law = ctr_scaling.fit_law(runs, Columns.FLOP, hold_out=0).parameters
    return {
        "name": find_card(runs[Columns.DATASET].iloc[0]).title,
        "unit": "test log-loss, nats",
        "law": {"A": law["A"], "exponent": law["α"], "offset": 0, "unit": 1},
        "x": means[Columns.FLOP].astype(int).tolist(),
        "y": means["test_logloss"].round(6).tolist(),
        "digits": 4,
    }
