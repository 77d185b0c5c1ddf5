"""The curves of a ``ctr-scaling`` table, one data set, split and task as a run table, and the law through one.

The seeds of a configuration are averaged before anything is fitted: they share its systematic deviation from any law,
and counting them as independent points would make every law look surer than it is.
"""

from collections.abc import Sequence

import pandas as pd

from recscale import laws
from recscale.runs.table import Columns, by_configuration, healthy, run_table, with_pf_days
from recscale.stats.estimate import Estimate

NAME = "ctr-scaling"
TASKS = {"movielens-1m": ("rating of 4 or 5",), "kuairand-pure": ("is_click", "long_view")}
"""Data set -> its tasks in the order of the table's columns; those after the first carry ``@task``."""

_METRICS = ("test_logloss", "test_auc")
FEWEST_SIZES = 3
"""Sizes below which a law of two parameters has no interval."""


def curves(
    table: pd.DataFrame, dataset: str, split: str = "main", task: int = 1, seeds: Sequence[int] | None = None
) -> pd.DataFrame:
    """The healthy runs of one data set and ``split`` ("main": the one that isn't by time) as a run table with
    ``pf_days``.

    ``test_logloss`` and ``test_auc`` are those of the chosen task. ``seeds``: the training seeds that count (None:
    all); one counts once it is whole (``whole_seeds``). ValueError: a data set, split or task that isn't there, or
    none of ``seeds``.
    """
    runs = table[table[Columns.DATASET] == dataset]
    if runs.empty:
        known = ", ".join(table[Columns.DATASET].unique())
        raise ValueError(f"{NAME} has no data set {dataset!r}; it has {known}")
    splits, tasks = runs[Columns.SPLIT].unique().tolist(), TASKS[dataset]
    if split == "main":
        split = next((one for one in splits if one != "time"), split)
    if split not in splits:
        raise ValueError(f"{NAME} has no {split} split of {dataset}; it has {', '.join(splits)}")
    if not 1 <= task <= len(tasks):
        known = f"{len(tasks)} task{'s' if len(tasks) > 1 else ''}: {', '.join(tasks)}"
        raise ValueError(f"{dataset} has no task {task}; it has {known}")
    runs = runs[runs[Columns.SPLIT] == split]
    chosen = runs if seeds is None else runs[runs[Columns.SEED].isin(list(seeds))]
    if chosen.empty:
        known = ", ".join(map(str, sorted(runs[Columns.SEED].unique())))
        raise ValueError(f"no run on {dataset}, {split} split, has a seed among {list(seeds)}; there are {known}")
    if task > 1:
        chosen = chosen.assign(**{metric: chosen[f"{metric}@{tasks[task - 1]}"] for metric in _METRICS})
    return with_pf_days(healthy(run_table(whole_seeds(chosen.dropna(subset=[_METRICS[0]])))))


def whole_seeds(runs: pd.DataFrame) -> pd.DataFrame:
    """Without the seeds of a model that were run at fewer sizes than another of its seeds: a mean over other seeds at
    one size than at the next would bend the curve. For one data set and split; diverged runs count as run."""
    count = runs.groupby([Columns.MODEL, Columns.SEED])[Columns.FLOP].transform("nunique")
    return runs[count == count.groupby(runs[Columns.MODEL]).transform("max")]


def trained(table: pd.DataFrame) -> pd.DataFrame:
    """What a results table holds, one row per ``dataset``, ``split`` and ``model``.

    sizes, seeds, runs   how many of each
    core_hours           what they took: wall-clock time times threads
    """
    cost = table.assign(core_hours=table["wall_seconds"] * table["threads"] / 3600)
    groups = cost.groupby([Columns.DATASET, Columns.SPLIT, Columns.MODEL], sort=False)
    return groups.agg(
        sizes=(Columns.FLOP, "nunique"),
        seeds=(Columns.SEED, "nunique"),
        runs=(Columns.SEED, "size"),
        core_hours=("core_hours", "sum"),
    ).reset_index()


def ladder(runs: pd.DataFrame) -> pd.DataFrame:
    """Wukong's sizes in ascending compute, with all that changes from one to the next.

    training_flop_per_example       compute
    l, n_F, n_L, k                  layers, embeddings out of FMB and LCB, compressed embeddings
    mlp_layers, mlp_width           hidden layers of the FMBs' MLPs, and their width
    dense_learning_rate             of everything but the embeddings
    test_logloss, seeds             mean over seeds (nats), and how many there are
    """
    shape = ("l", "n_F", "n_L", "k", "mlp_layers", "mlp_width", Columns.DENSE_RATE)
    columns = {name: (name, "first") for name in shape}
    columns |= {"test_logloss": ("test_logloss", "mean"), "seeds": (Columns.SEED, "nunique")}
    return runs[runs[Columns.MODEL] == "wukong"].groupby(Columns.FLOP).agg(**columns).reset_index()


def halves(runs: pd.DataFrame, size: str = Columns.FLOP) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The runs of Wukong at the smaller and at the larger half of its sizes; one in the middle is in neither."""
    own = runs[runs[Columns.MODEL] == "wukong"]
    middle = own[size].drop_duplicates().median()
    return own[own[size] < middle], own[own[size] > middle]


def of_model(runs: pd.DataFrame, model: str) -> pd.DataFrame:
    """The runs of ``model``; ValueError where there are none."""
    own = runs[runs[Columns.MODEL] == model]
    if own.empty:
        raise ValueError(f"there are no runs of {model}; there are {', '.join(runs[Columns.MODEL].unique()) or 'none'}")
    return own


def sizes_of(runs: pd.DataFrame, model: str = "wukong", size: str = Columns.FLOP) -> int:
    """How many different sizes of ``model`` are among ``runs``."""
    return int(runs.loc[runs[Columns.MODEL] == model, size].nunique())


def fit_law(
    runs: pd.DataFrame, size: str, hold_out: int, name: str = "power-law", model: str = "wukong", **options
) -> laws.Fit:
    """``name`` through the seed means of ``model`` but the ``hold_out`` largest sizes; ``options``: of ``laws.fit``.

    ValueError: too few sizes for the law.
    """
    means = by_configuration(of_model(runs, model))
    return laws.fit(name, means[[size]], means["test_logloss"], hold_out_largest=hold_out, **options)


def exponent(fit: laws.Fit) -> Estimate:
    """α of a power law, with its 95 % interval."""
    return Estimate(fit.parameters["α"], *fit.intervals["α"])
