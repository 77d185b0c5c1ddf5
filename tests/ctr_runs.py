"""Hand-made tables of CTR runs whose truth is known: variants of a base, and sizes on shares of the rows."""

import json

import numpy as np
import pandas as pd

from recscale.runs.table import healthy, run_table

MODEL = {
    "model": "wukong", "l": 4, "n_F": 8, "n_L": 8, "k": 8, "mlp_layers": 1, "mlp_width": 128, "fm": "optimised",
    "fmb": True, "lcb": True, "residual": True,
}  # fmt: skip
KNOBS = {
    "l": {"l": 8}, "n_F": {"n_F": 16}, "n_L": {"n_L": 16}, "k": {"k": 16}, "mlp_width": {"mlp_width": 256},
    "k, n_F, n_L": {"k": 16, "n_F": 16, "n_L": 16},
}  # fmt: skip
COMPONENTS = {
    "fmb": {"fmb": False}, "lcb": {"lcb": False}, "residual": {"residual": False},
    "lcb, residual": {"lcb": False, "residual": False}, "fm": {"fm": "attentive"},
    "units": {"units": [["user", 2], ["item", 2]]},
}  # fmt: skip


def config(changes=None, fraction=1.0, epochs=1, **training) -> str:
    model = {**MODEL, **(changes or {})}
    units = model.pop("units", [])
    recipe = {"model": model, "training": {"epochs": epochs, **training, "embedding": {"units": units}}}
    return json.dumps(recipe | ({"fraction": fraction} if fraction != 1.0 else {}), sort_keys=True)


def run(config: str, seed: int, flop: int, rows: int, loss: float, dataset: str = "set") -> dict:
    return {
        "dataset": dataset, "split": "random", "model": "wukong", "config": config, "seed": seed,
        "dense_parameters": flop // 6, "embedding_parameters": 1000, "training_flop_per_example": flop,
        "examples_seen": rows, "training_flop": flop * rows, "test_logloss": loss, "test_auc": 0.7, "diverged": False,
        "wall_seconds": 1.0, "threads": 1,
    }  # fmt: skip


def variants(changes, effects, seeds=(0, 1, 2), noise=1e-5, shared=0.01, dataset="set", draw=0) -> pd.DataFrame:
    """A base and its variants: log loss 0.5 · exp(effect %), times what a seed shares, times noise.

    Rates differ from variant to variant, as in a full study. The base stands last.
    """
    random = np.random.default_rng(draw)
    rows = []
    for seed in seeds:
        common = shared * random.normal()
        for place, (name, change) in enumerate([*changes.items(), ("", {})]):
            loss = 0.5 * np.exp(effects.get(name, 0.0) / 100 + common + noise * random.normal())
            recipe = config(change, dense_learning_rate=1e-3 * (1 + place))
            flop = 1_000_000 if name == "" else 1_200_000 + 100_000 * place
            rows.append(run(recipe, seed, flop, 1000, loss, dataset))
    return healthy(run_table(pd.DataFrame(rows)))


def grid(loss, seeds=(0, 1, 2), noise=1e-5, fractions=(0.1, 0.3, 1.0), flops=(10_000, 100_000, 1_000_000)):
    """Every size on every share of 100,000 rows; ``loss(flop, rows)``."""
    random = np.random.default_rng(0)
    rows = [
        run(
            config({"l": 1 + size}, fraction),
            seed,
            flop,
            round(1e5 * fraction),
            loss(flop, 1e5 * fraction) * np.exp(noise * random.normal()),
        )
        for seed in seeds
        for fraction in fractions
        for size, flop in enumerate(flops)
    ]
    return healthy(run_table(pd.DataFrame(rows)))


FIELD = {"wukong": 12, "dlrm": 6, "dcnv2": 6, "autoint+": 4, "finalmlp": 4, "masknet": 4, "afn+": 4, "xdeepfm": 4}
CURVES = {
    ("movielens-1m", "random"): FIELD,
    ("movielens-1m", "time"): {"wukong": 5},
    ("kuairand-pure", "official"): {"wukong": 6, "dlrm": 4, "dcnv2": 4},
}


def scaling(loss, seeds=(0, 1, 2), noise=1e-6, shared=1e-3, curves=None, draw=0) -> pd.DataFrame:
    """A table like that of ``ctr-scaling`` at full: ``loss(model, flop)``, times what a seed shares, times noise.

    Second tasks have 0.8 times the loss. Sizes run from 0.02 to 30 MFLOP, Wukong's a little further on both sides.
    """
    random, rows = np.random.default_rng(draw), []
    common = {seed: shared * random.normal() for seed in seeds}
    for (dataset, split), models in (curves or CURVES).items():
        for model, count in models.items():
            ends = (1.5e4, 4e7) if model == "wukong" else (2e4, 3e7)
            for size, flop in enumerate(np.geomspace(*ends, count).astype(int)):
                for seed in seeds:
                    value = loss(model, flop) * np.exp(common[seed] + noise * random.normal())
                    row = run(config({"l": 1 + size}), seed, int(flop), 1000, value, dataset)
                    second = {"test_logloss@long_view": 0.8 * value, "test_auc@long_view": 0.8}
                    rows.append(row | {"model": model, "split": split} | (second if dataset[0] == "k" else {}))
    return pd.DataFrame(rows)


def bridge(auc, seeds=(0, 1), noise=3e-4, shared=2e-3, shapes=None, draw=0) -> pd.DataFrame:
    """A table like that of ``wukong-bridge`` at full: ``auc(l, d)``, plus what a seed shares, plus noise."""
    random, rows = np.random.default_rng(draw), []
    for seed in seeds:
        common = shared * random.normal()
        for layers, width in shapes or [(l, d) for l in (1, 2, 4, 8) for d in (8, 16, 32, 64)]:  # noqa: E741
            recipe = json.loads(config({"l": layers}))
            recipe["training"]["embedding"]["width"] = width
            row = run(json.dumps(recipe), seed, 1000 * layers * width, 1000, 0.5, "movielens-1m")
            rows.append(row | {"test_auc": auc(layers, width) + common + noise * random.normal()})
    return pd.DataFrame(rows)
