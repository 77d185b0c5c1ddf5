"""Rows of the report card about shapes that were predicted first and trained afterwards, and about quality.

The first come from ``data/predictions`` and ``performance-law-predictions``, the others from ``sequential-quality``.
None without seeds: a shape must have run twice to be said to be better.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from recscale import published
from recscale.analysis import shape_predictions as predictions
from recscale.analysis.ctr_scaling import listed
from recscale.analysis.fit_simulations import wilson
from recscale.analysis.shape_fits import left_out, pairs, shapes
from recscale.analysis.shape_law import LAW
from recscale.claims.card import COUNTED, Claim, claims_on, interval_verdict
from recscale.claims.frappe import at_least
from recscale.claims.performance_law_grid import agreed
from recscale.claims.wukong_scaling import better, sign
from recscale.runs.store import load_results
from recscale.runs.table import run_table
from recscale.stats.contrasts import Contrasts, reached, strict, verdict
from recscale.stats.estimate import Estimate
from recscale.stats.seeds import least_significant_difference, mean_half_width

_claim = claims_on("Performance Law", "performance-law-measured", "inferred")

STUDY, QUALITY = "performance-law-predictions", "sequential-quality"
METRIC = "ndcg@10"
BASE = "sasrec"
Question = tuple[str, pd.Series, pd.DataFrame]
"""(question, the shape said to be best, those of its neighbours that have runs)."""
PRINTED = {"sasrec": "SASRec", "hstu": "HSTU", "llama": "LLaMA2"}
PUBLIC = {
    "movielens-1m": ("SASRec's best public level on MovieLens-1M", "ml-1m", "SASRec"),
    "amazon-beauty": ("SASRec's best public level on Amazon Beauty", "beauty (S3Rec)", "SASRec"),
}
"""Data set -> what the row is called, and which public implementations it is held to."""
BEST = ("HSTU-large's public level on MovieLens-1M, by our best model,", "ml-1m", "HSTU-large")
"""The best level printed for MovieLens-1M, in the same form."""
SETS = {"movielens-1m": "", "amazon-beauty": " on Amazon Beauty"}
"""Data sets on which the models' order is judged, as the row's name ends: the paper's is of MovieLens-1M."""


def tested(resamples: int, seed: int) -> list[Claim]:
    """What became of the recorded predictions."""
    return prediction_claims(predictions.read(), load_results(STUDY))


def prediction_claims(recorded: pd.DataFrame, runs: pd.DataFrame) -> list[Claim]:
    """The rows of the predictions and of the runs that test them; none where a run is older than its prediction."""
    if recorded.empty or runs.empty or predictions.faults(recorded, runs):
        return []
    trained = shapes(runs)
    names = list(zip(trained["layers"], trained["width"], strict=True))
    if not names:
        return []
    known = Contrasts.of(names, [0] * len(names), trained[f"test_{METRIC}"])
    if not known.dof:
        return []
    every = predictions.verdicts(recorded, trained, every=True)
    table = every[every["seeds"] > 0]
    failed = pairs(run_table(runs)) - pairs(trained)
    excluded = f"{left_out(runs)} collapsed or diverged runs left out"
    return [*chosen(every, known, failed), *band(table, excluded), *controls(table, known)]


def chosen(table: pd.DataFrame, known: Contrasts, failed: Collection[tuple[int, int]] = ()) -> list[Claim]:
    """Is the shape said to be best better than its neighbours: without a budget, and how often within one?

    ``failed``: shapes whose every run collapsed or diverged; one that was said to be best counts against the law.
    """
    asked = table[(table["metric"] == METRIC) & (table["law"] == LAW)]
    free, bound = [], []
    for question, part in asked.groupby("question", sort=False):
        best, others = (part[part["role"] == role] for role in (predictions.PREDICTED, predictions.NEIGHBOUR))
        around = others[others["seeds"] > 0]
        if len(around) and (_shape(best.iloc[0]) in failed or best["seeds"].iloc[0]):
            (bound if "≤" in question else free).append((question, best.iloc[0], around))
    return [*(_lead(*one, known) for one in free), *_leads(bound, known), *_together([*free, *bound], table, known)]


def _lead(question: str, best: pd.Series, around: pd.DataFrame, known: Contrasts) -> Claim:
    """How far the named shape is ahead of the better neighbour, who was picked from several."""
    others = listed([_words(_shape(row)) for row in around.to_dict("records")])
    claim = f"predicted, then trained: {question} (lead in NDCG@10, %)"
    said = f"{_words(_shape(best))}, recorded first, beside {others}; the law said {_promised(best, around):+.1f} %"
    if not best["seeds"]:
        return _claim(claim, None, "collapsed", "does not hold", said)
    level = strict(len(around))
    wide = known.contrast(_ahead(best, around), level)
    seeds = int(min(best["seeds"], around["seeds"].min()))
    why = f"{said}; at least {seeds} seeds each, interval of {level:.1%} as the better neighbour was picked"
    return _claim(claim, None, wide.percent.value, sign(wide.ci_low, wide.ci_high), why, wide.limits)


def _leads(asked: list[Question], known: Contrasts) -> list[Claim]:
    """In how many budgets the named shape is ahead of both neighbours."""
    if not asked:
        return []
    effects, said = [], []
    for question, best, around in asked:
        behind = {cell: -weight for cell, weight in _ahead(best, around).items()}
        levels = (0.95, strict(2 * len(asked)))
        lost = Estimate(np.inf, np.inf, np.inf)
        effects.append(tuple(known.contrast(behind, at) if best["seeds"] else lost for at in levels))
        lead = f"{-effects[-1][0].value:+.1%}" if best["seeds"] else "collapsed"
        said.append(f"{question.removeprefix('best with ')}: {_words(_shape(best))} {lead}")
    claim = "predicted, then trained: the best shape within a budget" + COUNTED
    why = f"ahead of the better of two neighbours of like cost, beyond the seeds; {'; '.join(said)}"
    return [_claim(claim, len(asked), reached(effects), verdict(effects), why)]


def _together(asked: list[Question], table: pd.DataFrame, known: Contrasts) -> list[Claim]:
    """The mean lead over all questions, and in how many of them the other laws would have named the same shape."""
    asked = [(question, best, around) for question, best, around in asked if best["seeds"]]
    if len(asked) < 2:
        return []
    weights: dict[tuple[int, int], float] = {}
    for _, best, around in asked:
        for shape, weight in _ahead(best, around).items():
            weights[shape] = weights.get(shape, 0.0) + weight / len(asked)
    lead = known.contrast(weights)
    others = [name for name in table["law"].unique() if name != LAW]
    same = [f"{predictions.NAMES[name]} in {_same(asked, table, name)}" for name in others]
    why = (
        f"mean of {len(asked)} questions, which share shapes, each beside its better neighbour; tests that there is a "
        f"bend, not the law's form: the same of three shapes is best by the {listed(same)}; one seed "
        f"± {100 * known.noise:.1f} % by these runs' own repeats"
    )
    claim = "predicted, then trained: the named shapes lead taken together (lead in NDCG@10, %)"
    return [_claim(claim, None, lead.percent.value, sign(lead.ci_low, lead.ci_high), why, lead.limits)]


def _same(asked: list[Question], table: pd.DataFrame, law: str) -> int:
    """In how many questions ``law`` puts the same of the three shapes first."""
    own = table[(table["metric"] == METRIC) & (table["law"] == law)]
    count = 0
    for question, best, _ in asked:
        part = own[own["question"] == question]
        count += len(part) > 0 and _shape(part.loc[part["predicted"].idxmax()]) == _shape(best)
    return count


def _ahead(best: pd.Series, around: pd.DataFrame) -> dict[tuple[int, int], float]:
    """Weights of ln(named shape / better neighbour)."""
    return {_shape(best): 1.0, _shape(around.loc[around["measured"].idxmax()]): -1.0}


def _promised(best: pd.Series, around: pd.DataFrame) -> float:
    """The lead that the law recorded, in %."""
    return 100 * float(best["predicted"] / around["predicted"].max() - 1)


def band(table: pd.DataFrame, excluded: str) -> list[Claim]:
    """How many of the runs lie in the law's band for a new one."""
    part = _distinct(table)
    share = float(np.average(part["held"], weights=part["seeds"]))
    low, high = (float(end[0]) for end in wilson(np.array([share]), len(part)))
    others = [
        f"{predictions.NAMES[law]} {np.average(rows['held'], weights=rows['seeds']):.0%}"
        for law in table["law"].unique()
        if law != LAW and len(rows := _distinct(table, law))
    ]
    why = (
        f"the paper has no bands; {int(part['seeds'].sum())} runs of {len(part)} new shapes, whose seeds are no "
        f"separate evidence; in their own bands: {listed(others)}; {excluded}"
    )
    claim = "predicted, then trained: runs within the law's 95 % band (NDCG@10)"
    # More than promised is no fault.
    outcome = "holds" if high >= 0.95 else interval_verdict(0.95, low, high)
    return [_claim(claim, None, share, outcome, why, (low, high), check=True)]


def controls(table: pd.DataFrame, known: Contrasts) -> list[Claim]:
    """Errors of the law and of its controls at the new shapes."""
    errors, runs = {}, 1
    for law in table["law"].unique():
        part = _distinct(table, law)
        errors[law] = float(np.sqrt(np.mean((part["measured"] - part["predicted"]) ** 2)))
        runs, level = int(part["seeds"].sum()), float(part["measured"].mean())
    others = {law: error for law, error in errors.items() if law != LAW}
    if LAW not in errors or not others:
        return []
    least = least_significant_difference(known.noise * level, known.dof, runs)
    said = ", ".join(f"{predictions.NAMES.get(law, law)} {error:.4f}" for law, error in others.items())
    why = f"root mean square over the new shapes' means; must differ by more than the {least:.4f} that seeds explain"
    claim = "predicted, then trained: the law errs least at new shapes (NDCG@10)"
    outcome = better(min(others.values()) - errors[LAW], least)
    return [_claim(claim, None, f"law {errors[LAW]:.4f}, {said}", outcome, why)]


def quality(resamples: int, seed: int) -> list[Claim]:
    """Levels reached on the public sets."""
    return quality_claims(load_results(QUALITY))


def quality_claims(runs: pd.DataFrame) -> list[Claim]:
    """The rows of a ``sequential-quality`` table."""
    if runs.empty:
        return []
    table = shapes(runs)
    table = table[~((table["loss"] != "softmax") & (table["dataset"] == "movielens-1m"))]
    sets, base = {name: table[table["dataset"] == name] for name in SETS}, table[table["model"] == BASE]
    public = [claim for name, row in PUBLIC.items() for claim in _public(base[base["dataset"] == name], *row)]
    orders = [claim for name, part in sets.items() for claim in _printed(part, SETS[name], left_out(runs))]
    return [*public, *_best(sets["movielens-1m"]), *orders]


def _best(table: pd.DataFrame) -> list[Claim]:
    """The model that validation puts first, once there are two to choose from, beside the best public level."""
    levels = table.groupby("model")[f"valid_{METRIC}"].mean()
    if len(levels) < 2:
        return []
    first = levels.idxmax()
    chosen = f"{PRINTED[first]}, first of {len(levels)} by validation; "
    return _public(table[table["model"] == first], *BEST, chosen=chosen)


def _public(runs: pd.DataFrame, said: str, *where: str, chosen: str = "") -> list[Claim]:
    """NDCG@10 of one model on one data set beside the best that is printed for it, whatever the loss, among all items;
    ``where``: data set, model."""
    printed = published.load("sequential_quality").query("ranking == 'all items'").set_index(["dataset", "model"])
    best = printed.loc[[where]].sort_values("ndcg@10").iloc[-1]
    paper, values = float(best["ndcg@10"]), runs[f"test_{METRIC}"].to_numpy(float)
    if len(values) < 2:
        return []
    mean, half = float(values.mean()), mean_half_width(values)
    why = (
        f"{chosen}{len(values)} seeds, full ranking; the level is that of {best['source'].partition(' (')[0]}, trained "
        f"with {best['loss']}"
    )
    claim = f"measured: {said} is reached (NDCG@10, at least)"
    return [
        _claim(
            claim,
            paper,
            mean,
            at_least(paper, mean - half, mean + half),
            why,
            (mean - half, mean + half),
            check=True,
            source="elsewhere",
        )
    ]


def _printed(table: pd.DataFrame, on: str, excluded: int) -> list[Claim]:
    """Our three models in the order that the paper's table gives theirs, by NDCG@10 and by HR@10."""
    models = [model for model in PRINTED if (table["model"] == model).sum() > 1]
    if len(models) < len(PRINTED):
        return []
    level = published.potential().query("precision == 'fp32'").set_index("model")[METRIC]
    ranked = sorted(models, key=lambda model: level[PRINTED[model]])
    pairs = [(worse, good) for k, worse in enumerate(ranked) for good in ranked[k + 1 :]]
    effects = {}
    for metric in (METRIC, "hr@10"):
        known = Contrasts.of(table["model"].tolist(), table["seed"].tolist(), table[f"test_{metric}"])
        if not known.dof:
            return []
        effects[metric] = [_pair(known, worse, good, len(pairs)) for worse, good in pairs]
    means = table.groupby("model")[[f"test_{metric}" for metric in effects]].mean()
    ours = ", ".join(
        f"{PRINTED[m]} {means.loc[m, 'test_ndcg@10']:.4f} and {means.loc[m, 'test_hr@10']:.4f}" for m in ranked
    )
    against = sum(strictly.is_positive for _, strictly in effects[METRIC])
    why = (
        f"pairs of models by NDCG@10, beyond the seeds, {against} the other way round; by HR@10 "
        f"{reached(effects['hr@10'])} of {len(pairs)} (means of both: {ours}); {excluded} unhealthy runs left out"
    )
    claim = f"measured: {listed([PRINTED[model] for model in ranked])} stand in that order{on}" + COUNTED
    outcome = agreed([verdict(both) for both in effects.values()])
    source = "inferred" if on else "successor"
    return [_claim(claim, len(pairs), reached(effects[METRIC]), outcome, why, source=source)]


def _pair(known: Contrasts, worse: str, good: str, count: int) -> tuple[Estimate, Estimate]:
    weights = {worse: 1.0, good: -1.0}
    return known.contrast(weights), known.contrast(weights, strict(count))


def _distinct(table: pd.DataFrame, law: str = LAW) -> pd.DataFrame:
    """One row a shape: several questions may name the same."""
    part = table[(table["metric"] == METRIC) & (table["law"] == law)]
    return part.drop_duplicates(["layers", "width"])


def _shape(row) -> tuple[int, int]:
    return int(row["layers"]), int(row["width"])


def _words(shape: tuple[int, int]) -> str:
    return "{} × {}".format(*shape)
