"""Claims on quality: the paper's Frappe column against its benchmark's, and against our runs."""

import pandas as pd

from recscale.analysis import frappe
from recscale.claims.claim import Claim, Price, judge
from recscale.claims.rules import Below, EveryCase, Exceeds
from recscale.runs.table import load_results
from recscale.stats import Count, seeds_to_decide


def frappe_claims(resamples: int, seed: int) -> list[Claim]:
    """On the papers' tables and on the committed runs. Nothing here is resampled."""
    return [full_strength(), *measured(load_results("frappe-quality"))]


def full_strength() -> Claim:
    """Are the paper's rivals on Frappe as strong as in the benchmark whose configurations it says it takes?"""
    return judge("frappe-rivals-at-full-strength", EveryCase(), Count.decided(~frappe.baselines()["weaker"]))


def measured(runs: pd.DataFrame) -> list[Claim]:
    """The claims that a results table of ``frappe-quality`` decides; every model has a run in it."""
    printed = frappe.printed()
    auc, loss = (float(printed.loc["wukong", column]) for column in ("paper", "paper_logloss"))
    rival = printed["paper"].drop("wukong").idxmax()
    best = f"{auc:.4f} ({printed['name'][rival]} {printed['paper'][rival]:.4f})"
    close = frappe.comparison(runs).loc[list(frappe.RIVALS), "close"]
    return [
        _reaches("frappe-wukong-auc", Exceeds(auc - frappe.ROUNDING), runs, frappe.AUC, auc),
        _reaches("frappe-wukong-logloss", Below(loss + frappe.ROUNDING), runs, frappe.LOG_LOSS, loss),
        _lead("frappe-best-auc", Exceeds(), runs, frappe.AUC, reference=best),
        _lead("frappe-best-logloss", Below(), runs, frappe.LOG_LOSS),
        judge("frappe-rivals-match-benchmark", EveryCase(), Count.decided(close)),
    ]


def _reaches(id: str, rule: Exceeds | Below, runs: pd.DataFrame, metric: str, printed: float) -> Claim:
    """Wukong's mean against one printed run."""
    sample = frappe.preset_runs(runs).query("model == 'wukong'")[metric].to_numpy(float)
    price = _price(runs, ["wukong"], frappe.seeds_against_one_run(sample, rule.threshold))
    return judge(id, rule, frappe.against_one_run(sample), price, reference=printed)


def _lead(id: str, rule: Exceeds | Below, runs: pd.DataFrame, metric: str, **printed) -> Claim:
    table = frappe.preset_runs(runs)
    place = frappe.standing(table, metric)
    seeds = seeds_to_decide(place.gap, 0.0, int(table["model"].value_counts()[["wukong", place.rival]].min()))
    return judge(id, rule, place.gap, _price(runs, ["wukong", place.rival], seeds), **printed)


def _price(runs: pd.DataFrame, models: list[str], seeds: float) -> Price:
    """``seeds`` per model, and the core-hours of those that ``models`` lack."""
    groups = frappe.preset_runs(runs).query("model in @models").groupby("model")
    hours = (seeds - groups.size()) * groups["wall_seconds"].mean() * groups["threads"].max() / 3600
    return Price(seeds, float(hours.sum()))
