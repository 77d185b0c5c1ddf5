"""The full ``ctr-scaling`` study as a chapter reads it: which curves are planned, what is there, one curve's runs."""

from collections.abc import Sequence

import pandas as pd

from recscale import published
from recscale.models import MODEL_TITLES
from recscale.plans.completeness import reasons
from recscale.plans.ctr import scaling_parts
from recscale.plans.parts import usual_split
from recscale.runs.table import Columns, healthy, run_table, with_pf_days

NAME = "ctr-scaling"
TASKS = {"movielens-1m": ("rating of 4 or 5",), "kuairand-pure": ("is_click", "long_view")}
"""Data set -> its tasks in the order of the table's columns; those after the first carry ``@task``."""
BOTH = TASKS["kuairand-pure"]
TITLES = {"movielens-1m": "MovieLens-1M", "kuairand-pure": "KuaiRand-Pure"}
METRICS = ("test_logloss", "test_auc")


def planned() -> pd.DataFrame:
    """One row a planned curve: ``dataset, split, model, sizes, seeds, runs``."""
    rows = [
        {
            "dataset": part.dataset,
            "split": part.split or usual_split(part.dataset),
            "model": part.models[0].model,
            "sizes": len(part.models),
            "seeds": len(part.seeds),
            "runs": len(part.models) * len(part.seeds),
        }
        for part in scaling_parts()
    ]
    return pd.DataFrame(rows)


def split_of(dataset: str, split: str) -> str:
    """``split`` of ``dataset`` by its name in the table; "main" is the one that all models ran on. ValueError: none."""
    name = usual_split(dataset) if split == "main" else split
    plan = planned()
    sets = plan.groupby("dataset", sort=False)["split"].unique()
    if dataset not in sets:
        raise ValueError(f"ctr-scaling has no data set {dataset!r}; it has {', '.join(sets.index)}")
    if name not in sets[dataset]:
        raise ValueError(f"ctr-scaling has no {name} split of {dataset}; it has {', '.join(sets[dataset])}")
    return name


def curves(
    table: pd.DataFrame, dataset: str, split: str = "main", task: int = 1, seeds: Sequence[int] | None = None
) -> pd.DataFrame:
    """The healthy runs of one data set and split, ready for a law, with ``pf_days``; empty where there are none.

    ``test_logloss`` and ``test_auc`` are those of the chosen task. ``seeds``: the training seeds that count (None:
    all); one counts once it is whole (``whole_seeds``). ValueError: a split or task that the study doesn't have.
    """
    split, tasks = split_of(dataset, split), TASKS[dataset]
    if not 1 <= task <= len(tasks):
        known = f"{len(tasks)} task{'s' if len(tasks) > 1 else ''}: {', '.join(tasks)}"
        raise ValueError(f"{dataset} has no task {task}; it has {known}")
    runs = table[(table["dataset"] == dataset) & (table["split"] == split)]
    if seeds is not None:
        runs = runs[runs["seed"].isin(list(seeds))]
    if task > 1:
        names = {metric: f"{metric}@{tasks[task - 1]}" for metric in METRICS}
        runs = runs.assign(**{metric: runs[name] if name in runs else float("nan") for metric, name in names.items()})
    elif runs.empty:
        runs = runs.assign(**dict.fromkeys(METRICS, pd.Series(dtype=float)))
    return with_pf_days(healthy(run_table(whole_seeds(runs.dropna(subset=[METRICS[0]])))))


def whole_seeds(runs: pd.DataFrame) -> pd.DataFrame:
    """Without the seeds of a model that have run at fewer sizes than another of its seeds has: a mean over other seeds
    at one size than at the next would bend its curve. For one data set and split; diverged runs have run."""
    count = runs.groupby(["model", "seed"])[Columns.FLOP].transform("nunique")
    return runs[count == count.groupby(runs["model"]).transform("max")]


def ladder(runs: pd.DataFrame) -> pd.DataFrame:
    """Wukong's sizes with all that changes from one to the next: shape, dense learning rate, MFLOP per example, and the
    mean log-loss on test with its seeds. ``runs``: ``curves``."""
    own = runs[runs["model"] == "wukong"]
    shapes = run_table(own)[[*KNOBS, Columns.DENSE_RATE]]
    table = shapes.assign(flop=own[Columns.FLOP] / 1e6, loss=own["test_logloss"])
    found = table.groupby("flop").agg({**dict.fromkeys(shapes.columns, "first"), "loss": ["mean", "count"]})
    found.columns = [*KNOBS.values(), "dense rate", "log-loss on test", "seeds"]
    return found.rename_axis("MFLOP per example")


def upper_half(runs: pd.DataFrame, size: str) -> pd.DataFrame:
    """The larger half of Wukong's sizes, by ``size``."""
    own = runs[runs["model"] == "wukong"]
    return own[own[size] > own[size].drop_duplicates().median()]


def where_words(dataset: str, split: str = "main", task: int = 1) -> str:
    """The chosen curve in words: "MovieLens-1M, random split", with the task where there are several."""
    tasks = TASKS[dataset]
    named = f", task {tasks[task - 1]}" if len(tasks) > 1 else ""
    return f"{TITLES[dataset]}, {split_of(dataset, split)} split{named}"


def scale_words(table: pd.DataFrame) -> str:
    """The largest Wukong here beside the paper's smallest: a sentence."""
    if (own := table[table["model"] == "wukong"]).empty:
        return "No Wukong is in yet."
    paper = published.wukong_points().query("model == 'Wukong'")["gflop"].min()
    largest = own[Columns.FLOP].max() / 1e6
    return f"Our largest Wukong costs {largest:.0f} MFLOP per example, the paper's smallest {1000 * paper:.0f}."


KNOBS = {"l": "l", "n_F": "n_F", "n_L": "n_L", "k": "k", "mlp_layers": "MLP layers", "mlp_width": "MLP width"}
"""Field of a Wukong's recipe -> its name in ``ladder``."""

AS_A_CONSTANT = 0.999
"""Normalized entropy from which a model says no more than the share of clicks does."""


def constant_words(table: pd.DataFrame, dataset: str) -> str:
    """How many of a data set's runs end at the loss of a constant prediction: a sentence."""
    own = table[table["dataset"] == dataset]
    none = own[own["test_normalized_entropy"] >= AS_A_CONSTANT]
    if own.empty:
        return f"No run on {TITLES[dataset]} is in yet."
    if none.empty:
        return f"No run on {TITLES[dataset]} ends at the loss of a constant."
    models = ", ".join(MODEL_TITLES[model] for model in none["model"].unique())
    return f"{len(none)} of {len(own)} runs on {TITLES[dataset]} end at the loss of a constant ({models})."


def progress(table: pd.DataFrame) -> pd.DataFrame:
    """Every planned curve with how much of it is there: runs, sizes, seeds, and how many of the runs diverged."""
    rows = []
    for curve in planned().to_dict("records"):
        same = (table[name] == curve[name] for name in ("dataset", "split", "model"))
        there = table[pd.concat(list(same), axis=1).all(axis=1)]
        found = {"in": len(there), "sizes in": there[Columns.FLOP].nunique()}
        found |= {"seeds in": there["seed"].nunique(), "diverged": int(there["diverged"].astype(bool).sum())}
        rows.append(curve | found)
    return pd.DataFrame(rows)


def progress_words(table: pd.DataFrame) -> str:
    """How many of the planned runs are there, with how many seeds, and why some are not: sentences."""
    found = progress(table)
    there, wanted = int(found["in"].sum()), int(found["runs"].sum())
    if there >= wanted:
        first = f"All {wanted} planned runs are in."
    else:
        reason = reasons().get(NAME, "")
        first = f"Of {wanted} planned runs {there or 'none'} {'is' if there == 1 else 'are'} in"
        first += f" (the others: {reason})." if reason and there else f" ({reason})." if reason else "."
    if there and int(found["seeds in"].max()) == 1:
        first += " All have the same seed, so that the noise is unknown and no difference can be told from it."
    if diverged := int(found["diverged"].sum()):
        first += f" {diverged} diverged and {'is' if diverged == 1 else 'are'} left out."
    return first
