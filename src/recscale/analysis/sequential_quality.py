"""The sequential models at a good size: levels, the order of the models, and the searches behind their training.

Tables: ``sequential-quality``, ``sequential-quality-search`` and ``sequential-learning-rate``.
"""

from itertools import combinations

import pandas as pd

from recscale import published
from recscale.analysis.shape_fits import shapes
from recscale.stats import Contrasts, Pair, bonferroni_level, covering, mean_estimate

_METRICS = ("ndcg@10", "hr@10")
PRINTED = {"sasrec": "SASRec", "hstu": "HSTU", "llama": "LLaMA2"}
"""Our models -> the paper's names of theirs."""
SETS = ("movielens-1m", "amazon-beauty")


def quality_runs(records: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The healthy runs of a ``sequential-quality`` table that are compared on one data set; on MovieLens-1M those with
    the full softmax. ``ValueError`` where a model has none."""
    table = shapes(records, dataset=dataset)
    if dataset == "movielens-1m":
        table = table[table["loss"] == "softmax"].reset_index(drop=True)
    if missing := [model for model in PRINTED if model not in set(table["model"])]:
        raise ValueError(f"no healthy run of {', '.join(missing)} on {dataset}; models are compared on common data")
    return table


def quality_table(records: pd.DataFrame) -> pd.DataFrame:
    """Test metrics of a ``sequential-quality`` table, one row per ``dataset, model, loss``, best of a data set first.

    seeds                 healthy runs
    ndcg, ci_low, ci_high NDCG@10 with its 95 % interval over seeds
    hr                    HR@10
    valid_ndcg            NDCG@10 on validation items
    """
    rows = {}
    for key, runs in shapes(records).groupby(["dataset", "model", "loss"], sort=False):
        means = runs["test_hr@10"].mean(), runs["valid_ndcg@10"].mean()
        rows[key] = (len(runs), *mean_estimate(runs["test_ndcg@10"].to_numpy(float)), *means)
    columns = ["seeds", "ndcg", "ci_low", "ci_high", "hr", "valid_ndcg"]
    table = pd.DataFrame(rows, index=columns).T.astype({"seeds": int}).rename_axis(["dataset", "model", "loss"])
    return table.sort_values(["dataset", "ndcg"], ascending=False)


def best_by_validation(runs: pd.DataFrame) -> str:
    """The model that validation puts first by NDCG@10."""
    return str(runs.groupby("model")["valid_ndcg@10"].mean().idxmax())


def public_level(dataset: str, model: str) -> float:
    """The best NDCG@10 that others print for a model, among all items and whatever its loss."""
    table = published.load("sequential_quality").query("ranking == 'all items'").set_index(["dataset", "model"])
    return float(table.loc[[(dataset, model)], "ndcg@10"].max())


def ordered_pairs() -> list[tuple[str, str]]:
    """Pairs (worse, better) of our models as the paper's table orders theirs by NDCG@10."""
    printed = published.potential().query("precision == 'fp32'").set_index("model")["ndcg@10"]
    ranked = sorted(PRINTED, key=lambda model: printed[PRINTED[model]])
    return list(combinations(ranked, 2))


def order_effects(runs: pd.DataFrame) -> list[Pair]:
    """ln(better / worse) of each of ``ordered_pairs``, as much of it as both NDCG@10 and HR@10 bear out.

    Each at 95 % and at ``bonferroni_level`` of their number. The interval is the union of both metrics' intervals, so
    that it lies on one side of 0 only if both do; the value is that of NDCG@10. Runs of one seed are a block.
    """
    couples, effects = ordered_pairs(), []
    known = [
        Contrasts.of(runs["model"].tolist(), runs["seed"].tolist(), runs[f"test_{metric}"].to_numpy(float))
        for metric in _METRICS
    ]
    for worse, better in couples:
        pair = []
        for at in (0.95, bonferroni_level(len(couples))):
            pair.append(covering([contrasts.contrast({better: 1.0, worse: -1.0}, at) for contrasts in known]))
        effects.append(tuple(pair))
    return effects
