"""Rows of the report card on quality: the paper's Frappe column beside its benchmark's, and beside our runs."""

import json

import pandas as pd

from recscale.studies import quality
from recscale.studies.records import committed
from recscale.studies.report_card import COUNTED, Claim, count_verdict

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
    runs = committed("frappe-quality")
    return frappe_claims(runs) if quality.complete(runs) else []


def frappe_claims(runs: pd.DataFrame) -> list[Claim]:
    """Wukong's AUC, its place among the eight, and the strength of the rivals it is held to."""
    table, caveat = quality.comparison(runs), quality.caveat(runs).rstrip(".")
    caveat = caveat[:1].lower() + caveat[1:]
    own, rivals, place = table.loc["wukong"], table.loc[list(quality.RIVALS)], quality.standing(runs)
    near = int((rivals["difference"].abs() <= quality.CLOSE + quality.ROUNDING).sum())
    low, high = own["auc"] - own["apart"], own["auc"] + own["apart"]
    seeds = int(table["seeds"].min())
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
            f"{place}; at least {seeds} seeds a model; {widths(runs)}; {caveat}",
        ),
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
        ),
    ]


def widths(runs: pd.DataFrame) -> str:
    """Embedding widths of Wukong and of its rivals: only Wukong's was chosen from several."""
    trained = [json.loads(config)["training"]["embedding"]["width"] for config in runs["config"]]
    found = runs.assign(width=trained).groupby(runs["model"] == "wukong")["width"].unique()
    own, others = (" and ".join(map(str, sorted(found.get(side, [])))) for side in (True, False))
    return f"embeddings {own} wide, of the rivals {others}"


def paper_place() -> str:
    """Wukong's place in the Frappe column of the paper's Table 2."""
    table = quality.printed().set_index("name")["paper"]
    own = table.pop("Wukong")
    tied = ", ".join(table.index[table == own])
    if own < table.max():
        return "not the best"
    return f"best, tied with {tied}" if tied else "best"


def at_least(value: float, low: float, high: float) -> str:
    """ "holds" where the whole interval reaches ``value``, "does not hold" where none of it does."""
    return "holds" if low >= value else "does not hold" if high < value else "can't be known"


def first_verdict(place: quality.Standing) -> str:
    """The best beyond the noise of seeds "holds"; beaten beyond it "does not hold"; otherwise "can't be known"."""
    if not place.told_apart:
        return "can't be known"
    return "holds" if place.rank == 1 else "does not hold"
