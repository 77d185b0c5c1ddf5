"""The sequential models at a good size: levels, the order of the models, and the searches behind their training.

Tables: ``sequential-quality``, ``sequential-quality-search`` and ``sequential-learning-rate``.
"""

from functools import partial
from itertools import combinations

import pandas as pd

from recscale import published
from recscale.analysis.shape_fits import shapes
from recscale.stats import Contrasts, Estimate, Pair, both_levels, covering, mean_estimate

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
        ndcg, hr, valid = (runs[name].to_numpy(float) for name in ("test_ndcg@10", "test_hr@10", "valid_ndcg@10"))
        rows[key] = (len(runs), *mean_estimate(ndcg), hr.mean(), valid.mean())
    columns = ["seeds", "ndcg", "ci_low", "ci_high", "hr", "valid_ndcg"]
    table = pd.DataFrame(rows, index=columns).T.astype({"seeds": int}).rename_axis(["dataset", "model", "loss"])
    return table.sort_values(["dataset", "ndcg"], ascending=False)


def public_level(dataset: str, model: str) -> float:
    """The best NDCG@10 that others print for a model, among all items and whatever its loss."""
    table = published.load("sequential_quality").query("ranking == 'all items'").set_index(["dataset", "model"])
    return float(table.loc[[(dataset, model)], "ndcg@10"].max())


def order_effects(runs: pd.DataFrame) -> list[Pair]:
    """ln(better / worse) of each pair of our models, ordered as the paper's table orders theirs by NDCG@10: as much of
    it as both NDCG@10 and HR@10 bear out.

    Each at 95 % and at ``bonferroni_level`` of their number. The interval is the union of both metrics' intervals, so
    that it lies on one side of 0 only if both do; the value is that of NDCG@10. Runs of one seed are a block.
    """
    printed = published.potential().query("precision == 'fp32'").set_index("model")["ndcg@10"]
    couples = list(combinations(sorted(PRINTED, key=lambda model: printed[PRINTED[model]]), 2))
    known = [Contrasts.of(runs["model"], runs["seed"], runs[f"test_{metric}"]) for metric in ("ndcg@10", "hr@10")]

    def effect(worse: str, better: str, level: float) -> Estimate:
        return covering([contrasts.contrast({better: 1.0, worse: -1.0}, level) for contrasts in known])

    return [both_levels(partial(effect, *couple), len(couples)) for couple in couples]
