"""Claims on quality: the paper's Frappe column against its benchmark's, and against our runs."""

import numpy as np
import pandas as pd

from recscale.analysis import frappe
from recscale.claims.claim import Claim, Evidence, Paper, Price, Source
from recscale.claims.rules import Below, EveryCase, Exceeds, judge_on
from recscale.runs.store import load_results
from recscale.stats.multiplicity import Count
from recscale.stats.power import seeds_to_decide

PAGE = "quality-wukong"
STUDY = "frappe-quality"
QUESTION = "wukong-benchmarks"

_published = judge_on(Paper.WUKONG, PAGE, Evidence.PUBLISHED)
_measured = judge_on(Paper.WUKONG, PAGE, Evidence.MEASURED)


def claims(resamples: int, seed: int) -> list[Claim]:
    """All claims on Frappe: on the papers' tables and on the committed runs. Nothing here is resampled."""
    return [baselines(), *measured(load_results(STUDY))]


def measured(runs: pd.DataFrame) -> list[Claim]:
    """The claims that a results table of ``frappe-quality`` decides; every model has a run in it."""
    return [auc(runs), log_loss(runs), best_auc(runs), best_log_loss(runs), rivals_match_benchmark(runs)]


def baselines() -> Claim:
    """Are the paper's rivals on Frappe as strong as in the benchmark whose configurations it says it takes?"""
    weaker = int(frappe.baselines()["weaker"].sum())
    return _published(
        EveryCase(),
        "frappe-rivals-at-full-strength",
        QUESTION,
        "The paper's Frappe rivals are at full strength.",
        Count(len(frappe.RIVALS) - weaker, weaker, len(frappe.RIVALS)),
        reference="“directly use the best searched model configs on BARS whenever possible”",
        detail="Rows of Table 2 whose AUC is at most 0.001 below that of the benchmark they are taken from.",
    )


def auc(runs: pd.DataFrame) -> Claim:
    """Does our Wukong reach the AUC that the paper prints?"""
    printed = float(frappe.printed().loc["wukong", "paper"])
    rule, sample = Exceeds(printed - frappe.ROUNDING), _sample(runs, frappe.AUC)
    return _measured(
        rule,
        "frappe-wukong-auc",
        QUESTION,
        "On Frappe Wukong reaches the AUC that the paper prints.",
        frappe.against_one_run(sample),
        reference=printed,
        detail="Means over seeds, with the interval of the difference to a single run, as the printed figure is. The "
        "paper prints no configuration; ours is the best on validation of six. Training negatives are redrawn.",
        symbol="AUC",
        price=_price(runs, ["wukong"], frappe.seeds_against_one_run(sample, rule.threshold)),
    )


def log_loss(runs: pd.DataFrame) -> Claim:
    """Is our Wukong's log-loss as low as the one that the paper prints?"""
    printed = float(frappe.printed().loc["wukong", "paper_logloss"])
    rule, sample = Below(printed + frappe.ROUNDING), _sample(runs, frappe.LOG_LOSS)
    return _measured(
        rule,
        "frappe-wukong-logloss",
        QUESTION,
        "On Frappe Wukong's log-loss is as low as the paper prints it.",
        frappe.against_one_run(sample),
        reference=printed,
        detail="Means over seeds, with the interval of the difference to a single run, as the printed figure is. "
        "Training stops by AUC, so the log-loss of the epoch that counts is left to chance.",
        symbol="log-loss",
        price=_price(runs, ["wukong"], frappe.seeds_against_one_run(sample, rule.threshold)),
    )


def best_auc(runs: pd.DataFrame) -> Claim:
    """Does Wukong lead the eight models by AUC?"""
    table = frappe.printed()["paper"]
    rival = table.drop("wukong").idxmax()
    return _lead(
        runs,
        frappe.AUC,
        Exceeds(),
        "frappe-best-auc",
        "Wukong has the best AUC on Frappe.",
        reference=f"{table['wukong']:.4f} ({frappe.printed().loc[rival, 'name']} {table[rival]:.4f})",
        detail="Wukong's mean less that of the best of seven rivals, with Welch's interval over seeds. Wukong has the "
        "best of four embedding widths, 128; the rivals keep the benchmark's 10.",
        symbol="Δ",
    )


def best_log_loss(runs: pd.DataFrame) -> Claim:
    """Does Wukong lead the eight models by log-loss too? Our own question: the paper claims the AUC."""
    return _lead(
        runs,
        frappe.LOG_LOSS,
        Below(),
        "frappe-best-logloss",
        "Wukong has the lowest log-loss on Frappe.",
        detail="Wukong's mean less that of the best of seven rivals, with Welch's interval over seeds.",
        symbol="Δ",
        check=True,
    )


def rivals_match_benchmark(runs: pd.DataFrame) -> Claim:
    """Do our rivals reach what the benchmark reports for them?"""
    rivals = frappe.comparison(runs).loc[list(frappe.RIVALS)]
    close = int(rivals["close"].sum())
    return _measured(
        EveryCase(),
        "frappe-rivals-match-benchmark",
        QUESTION,
        "On Frappe our rivals match their benchmark figures to 0.001 AUC.",
        Count(close, len(rivals) - close, len(rivals)),
        detail="Means over seeds against the benchmark's single runs. Training negatives are redrawn.",
        source=Source.ELSEWHERE,
        check=True,
    )


def _lead(runs: pd.DataFrame, metric: str, rule: Exceeds | Below, id: str, statement: str, **more) -> Claim:
    table = frappe.preset_runs(runs)
    place = frappe.standing(table, metric)
    seeds = seeds_to_decide(place.gap, 0.0, int(table["model"].value_counts()[["wukong", place.rival]].min()))
    price = _price(runs, ["wukong", place.rival], seeds)
    return _measured(rule, id, QUESTION, statement, place.gap, price=price, **more)


def _sample(runs: pd.DataFrame, metric: str) -> np.ndarray:
    """``metric`` of Wukong's seeds."""
    return frappe.preset_runs(runs).query("model == 'wukong'")[metric].to_numpy(float)


def _price(runs: pd.DataFrame, models: list[str], seeds: float) -> Price:
    """``seeds`` per model, and the core-hours of those that ``models`` lack."""
    groups = (
        frappe.preset_runs(runs)
        .groupby("model")
        .agg(seeds=("seed", "size"), seconds=("wall_seconds", "mean"), threads=("threads", "max"))
        .loc[models]
    )
    hours = (seeds - groups["seeds"]) * groups["seconds"] * groups["threads"] / 3600
    return Price(seeds, float(hours.sum()))
