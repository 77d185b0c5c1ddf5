"""Rows of the report card on quality: the paper's Frappe column beside its benchmark's, and beside our runs."""

import pandas as pd

from recscale.analysis import frappe as quality
from recscale.claims.card import COUNTED, Claim, count_verdict
from recscale.runs.store import load_results
from recscale.runs.table import Columns, run_table

PAGE = "quality-wukong"


def published_baselines(resamples: int, seed: int) -> list[Claim]:
    """Are the paper's rivals on Frappe as strong as in the benchmark whose configurations it says it takes?"""
    table = quality.baselines()
    weaker = table[table["weaker"]]
    why = f"rows of Table 2 no more than {quality.CLOSE} below the benchmark's"
    if len(weaker):
        worst = weaker.loc[weaker["difference"].idxmin()]
        why += f"; the weakest, {worst['name']}, is {-worst['difference']:.4f} below"
    return [
        Claim(
            "Wukong",
            "Frappe: rivals as strong as in the benchmark" + COUNTED,
            len(table),
            len(table) - len(weaker),
            None,
            count_verdict(len(table) - len(weaker), len(table)),
            PAGE,
            why,
        )
    ]


def frappe(resamples: int, seed: int) -> list[Claim]:
    """Our runs on Frappe; no rows before every model has two seeds in the committed table."""
    runs = load_results("frappe-quality")
    return frappe_claims(runs) if quality.complete(runs) else []


def frappe_claims(runs: pd.DataFrame) -> list[Claim]:
    """Wukong's AUC and log-loss, its place among the eight, and the strength of the rivals it is held to."""
    table, caveat = quality.comparison(runs), quality.caveat(runs).rstrip(".")
    caveat = caveat[:1].lower() + caveat[1:]
    own, rivals, place = table.loc["wukong"], table.loc[list(quality.RIVALS)], quality.standing(runs)
    near = int((rivals["difference"].abs() <= quality.CLOSE + quality.ROUNDING).sum())
    low, high = own["auc"] - own["apart"], own["auc"] + own["apart"]
    seeds, tried = int(table["seeds"].min()), quality.tried().index.nunique()
    return [
        Claim(
            "Wukong",
            "Frappe: AUC of Wukong (at least)",
            float(own["paper"]),
            float(own["auc"]),
            (float(low), float(high)),
            at_least(own["paper"] - quality.ROUNDING, low, high),
            PAGE,
            f"{int(own['seeds'])} seeds; the interval is that of the difference to one run, as the paper's is; the "
            f"paper doesn't give its configuration; {caveat}",
        ),
        Claim(
            "Wukong",
            "Frappe: Wukong has the best AUC of the eight",
            paper_place(),
            "best" if place.rank == 1 else f"{place.rank}. of {place.of}",
            None,
            first_verdict(place),
            PAGE,
            f"by AUC alone: {place}; at least {seeds} seeds a model; {widths(runs)}, Wukong's the best of {tried} "
            f"widths tried; {caveat}",
        ),
        _logloss(runs, caveat),
        Claim(
            "Wukong",
            "Frappe: our rivals within 0.001 of the benchmark" + COUNTED,
            len(rivals),
            near,
            None,
            count_verdict(near, len(rivals)),
            PAGE,
            f"means over seeds beside the benchmark's single runs; {caveat}",
            check=True,
            source="elsewhere",
        ),
    ]


def _logloss(runs: pd.DataFrame, caveat: str) -> Claim:
    """Wukong's log-loss beside the one printed for it, and its place among the eight here and there."""
    table = quality.losses(runs)
    own, first = table.loc["Wukong"], table["log-loss"].idxmin()
    seeds = int(quality.comparison(runs).loc["wukong", "seeds"])
    half = float(own["±"]) * (1 + seeds) ** 0.5
    low, high = float(own["log-loss"]) - half, float(own["log-loss"]) + half
    outcome = at_least(-own["paper"] - quality.ROUNDING, -high, -low)
    printed = int(table["paper"].rank()["Wukong"])
    why = (
        f"number {own['place by log-loss']:.0f} of {len(table)} by log-loss, in the paper's column number {printed}; "
        f"best here: {first}, {table.loc[first, 'log-loss']:.4f}; Wukong's worst seed {own['worst seed']:.4f}; the "
        f"interval is that of the difference to one run; {caveat}"
    )
    claim, ours = "Frappe: log-loss of Wukong (at most)", float(own["log-loss"])
    return Claim("Wukong", claim, float(own["paper"]), ours, (low, high), outcome, PAGE, why)


def widths(runs: pd.DataFrame) -> str:
    """Embedding widths of Wukong and of its rivals: only Wukong's was chosen from several."""
    found = run_table(runs).groupby(runs["model"] == "wukong")[Columns.EMBEDDING_WIDTH].unique()
    own, others = (" and ".join(map(str, sorted(found.get(side, [])))) for side in (True, False))
    return f"embeddings {own} wide, of the rivals {others}"


def paper_place() -> str:
    """The AUC printed for Wukong in the Frappe column of the paper's Table 2, and for the best of its rivals."""
    table = quality.printed().set_index("name")["paper"]
    own, best = table.pop("Wukong"), table.idxmax()
    return f"{own:.4f} ({best} {table[best]:.4f})"


def at_least(value: float, low: float, high: float) -> str:
    """ "holds" where the whole interval reaches ``value``, "does not hold" where none of it does."""
    return "holds" if low >= value else "does not hold" if high < value else "can't be known"


def first_verdict(place: quality.Standing) -> str:
    """The best beyond the noise of seeds "holds"; beaten beyond it "does not hold"; otherwise "can't be known"."""
    if not place.told_apart:
        return "can't be known"
    return "holds" if place.rank == 1 else "does not hold"
