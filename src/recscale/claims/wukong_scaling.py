"""Does Wukong's law hold on public data? What the ``ctr-scaling`` study says, one function per claim.

Wherever ``runs`` stands it is one curve of the study (``ctr_curves.curves``): a data set, a split and a task.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

from recscale.analysis import ctr_curves, ctr_exponents, ctr_rivals, ctr_scaling
from recscale.analysis.ctr_learning_rates import NO_CAVEATS, Caveats, search
from recscale.analysis.ctr_learning_rates import caveats as caveats_of
from recscale.analysis.ctr_rivals import FLAT, LEAD, RivalComparison
from recscale.claims.claim import Claim, Evidence, Paper, Price, Source
from recscale.claims.rules import EveryCase, Exceeds, Leads, Matches, judge_on
from recscale.runs.store import load_results
from recscale.runs.table import Columns
from recscale.stats.estimate import UNKNOWN, Estimate
from recscale.stats.multiplicity import Count, count_above, count_below
from recscale.stats.power import seeds_to_decide

SIZE = Columns.FLOP
HELD_OUT = 2
STRONGEST = "dcnv2"
"""The rival with the lowest loss in the paper's Table 5."""

_claim = judge_on(Paper.WUKONG, "wukong-law-measured", Evidence.MEASURED)
Pairs = Mapping[str, tuple[Estimate, Estimate]]
"""Case -> its 95 % interval and the one at ``bonferroni_level``."""


def claims(resamples: int, seed: int) -> list[Claim]:
    """All claims on the committed table."""
    return claims_on(load_results(ctr_curves.NAME), caveats_of(search()))


def claims_on(table: pd.DataFrame, caveats: Caveats = NO_CAVEATS) -> list[Claim]:
    """All claims on a results table of ``ctr-scaling``."""
    random, time = (ctr_curves.curves(table, "movielens-1m", split) for split in ("main", "time"))
    names = ctr_curves.TASKS["kuairand-pure"]
    tasks = {name: ctr_curves.curves(table, "kuairand-pure", task=1 + place) for place, name in enumerate(names)}
    return [
        *law_claims(random),
        *rival_claims(random, caveats),
        falls_later(time),
        falls_later_robustly(time),
        falls_on_every_task(tasks),
    ]


def law_claims(runs: pd.DataFrame, size: str = SIZE, hold_out: int = HELD_OUT) -> list[Claim]:
    """What the law through Wukong's sizes on one curve decides. ValueError: too few sizes."""
    return [
        loss_falls(runs, size),
        falls_over_the_larger_half(runs, size),
        has_the_papers_exponent(runs, size),
        is_a_power_law(runs, size),
        beats_no_further_gain(runs, size, hold_out),
        is_too_optimistic(runs, size),
    ]


def rival_claims(runs: pd.DataFrame, caveats: Caveats = NO_CAVEATS) -> list[Claim]:
    """What the comparison at equal compute decides; none where no rival lies inside Wukong's range.

    What ``caveats`` leave open counts neither way.
    """
    comparison = ctr_rivals.compare_rivals(runs)
    if not comparison.rivals:
        return []
    strongest = [strongest_rival_leads(comparison, runs)] if STRONGEST in comparison.rivals else []
    return [
        leads_at_equal_compute(comparison, runs, caveats),
        *strongest,
        is_steeper(runs, caveats),
        rivals_stop(comparison, runs, caveats),
        still_improves(comparison, runs),
    ]


def loss_falls(runs: pd.DataFrame, size: str = SIZE) -> Claim:
    """The exponent's sign."""
    alpha = ctr_scaling.exponent(ctr_scaling.fit_law(runs, size, 0))
    return _claim(
        Exceeds(),
        "wukong-loss-falls",
        "wukong-law",
        "Wukong's loss falls with compute.",
        alpha,
        symbol="α",
        detail="Exponent of a power law through the seed means on MovieLens-1M, with its 95 % interval.",
        price=_price(runs, alpha),
    )


def falls_over_the_larger_half(runs: pd.DataFrame, size: str = SIZE) -> Claim:
    """The exponent's sign among the larger sizes."""
    upper = ctr_curves.larger_half(runs, size)
    enough = ctr_scaling.sizes_of(upper, size=size) >= ctr_scaling.FEWEST_SIZES
    alpha = ctr_scaling.exponent(ctr_scaling.fit_law(upper, size, 0)) if enough else UNKNOWN
    return _claim(
        Exceeds(),
        "wukong-loss-falls-larger-half",
        "wukong-law",
        "Wukong's loss still falls over the larger half of its sizes.",
        alpha,
        symbol="α",
        detail="The same law through the larger half of the sizes alone.",
        check=True,
        price=_price(upper, alpha),
    )


def has_the_papers_exponent(runs: pd.DataFrame, size: str = SIZE) -> Claim:
    """The paper's exponent, which it doesn't promise for other data."""
    alpha = ctr_scaling.exponent(ctr_scaling.fit_law(runs, size, 0))
    return _claim(
        Matches(ctr_scaling.PAPER_EXPONENT, null=0.0),
        "wukong-exponent-of-the-paper",
        "wukong-law",
        "The exponent on public data is that of the paper's data.",
        alpha,
        symbol="α",
        reference=ctr_scaling.PAPER_EXPONENT,
        detail="The paper doesn't promise its exponent for other data.",
        check=True,
        price=_price(runs, alpha, ctr_scaling.PAPER_EXPONENT),
    )


def is_a_power_law(runs: pd.DataFrame, size: str = SIZE) -> Claim:
    """The power law against a floor, a straight line and a constant."""
    forms = ctr_scaling.compare_forms(runs, size)
    seeds = ctr_scaling.seeds_to_tell_forms(runs, forms, size)
    return _claim(
        Leads(),
        "wukong-power-law-fits-best",
        "wukong-law",
        "A power law describes Wukong's loss better than a line, a floor or a constant.",
        ctr_scaling.lead_in_aicc(forms),
        symbol="ΔAICc",
        detail="AICc of the best of the other forms less that of the power law, through all sizes on MovieLens-1M.",
        price=_cost(runs, seeds if seeds > _seeds(runs) else max(_seeds(runs), 2)),
    )


def beats_no_further_gain(runs: pd.DataFrame, size: str = SIZE, hold_out: int = HELD_OUT) -> Claim:
    """The law at sizes that it has not seen, against the last fitted size's loss."""
    gain = ctr_scaling.gain_over_no_gain(runs, size, hold_out)
    return _claim(
        Exceeds(),
        "wukong-law-predicts-larger-models",
        "wukong-prediction",
        "The law predicts the two largest models better than “no further gain” does.",
        gain,
        unit="%",
        detail="Error of “no further gain” less that of the law at the held-out sizes, in % of the loss, ± the least "
        "significant difference between two sizes.",
        source=Source.INFERRED,
        price=_price(runs, gain),
    )


def is_too_optimistic(runs: pd.DataFrame, size: str = SIZE) -> Claim:
    """What the law promises the largest sizes, over several numbers of sizes held out."""
    misses = ctr_scaling.misses(runs, size)
    cases = dict(enumerate(misses))
    return _claim(
        EveryCase(),
        "wukong-law-too-optimistic",
        "wukong-prediction",
        "The law promises larger models less loss than they reach, however many are held out.",
        count_above(misses) if misses else UNKNOWN_CASE,
        detail="One to four of the largest sizes held out; each miss with its interval by the noise of seeds.",
        check=True,
        price=_price_of_cases(runs, cases),
    )


def leads_at_equal_compute(comparison: RivalComparison, runs: pd.DataFrame, caveats: Caveats = NO_CAVEATS) -> Claim:
    """Wukong's mean lead over each rival. A lead over a rival that wasn't tuned as well doesn't count."""
    leads = {
        rival: (UNKNOWN, UNKNOWN) if rival in caveats.unsearched and both[0].value < 0 else both
        for rival, both in comparison.leads().items()
    }
    return _claim(
        EveryCase(),
        "wukong-leads-at-equal-compute",
        "wukong-rivals",
        "Wukong is over 0.2 % ahead of every rival at equal compute.",
        count_below(list(leads.values()), -LEAD),
        reference="0.2 %",
        detail="Mean over a rival's sizes on MovieLens-1M, Wukong interpolated in log compute, beyond seed noise.",
        price=_price_of_cases(runs, leads, -LEAD),
    )


def strongest_rival_leads(comparison: RivalComparison, runs: pd.DataFrame) -> Claim:
    """How much lower the loss of the paper's strongest rival is (% of Wukong's), with the interval that holds for all
    rivals together."""
    _, effect = comparison.leads()[STRONGEST]
    lead = -(-effect).percent
    return _claim(
        Exceeds(),
        "dcnv2-ahead-of-wukong",
        "wukong-rivals",
        "DCNv2, the strongest rival in the paper, is ahead of Wukong at equal compute.",
        lead,
        unit="%",
        detail="Mean over DCNv2's sizes, Wukong interpolated in log compute; 95 % for all rivals together.",
        check=True,
        price=_price(runs, lead),
    )


def is_steeper(runs: pd.DataFrame, caveats: Caveats = NO_CAVEATS) -> Claim:
    """Wukong's slope against each rival's."""
    slopes = _without(ctr_rivals.steeper(runs), caveats.untried)
    return _claim(
        EveryCase(),
        "wukong-steeper-than-every-rival",
        "wukong-rivals",
        "Wukong's loss falls faster than every rival's.",
        count_below(list(slopes.values())) if slopes else UNKNOWN_CASE,
        detail="A common reading of the paper. Straight lines in log compute on MovieLens-1M, each with its own "
        "scatter.",
        check=True,
        price=_price_of_cases(runs, slopes),
    )


def rivals_stop(comparison: RivalComparison, runs: pd.DataFrame, caveats: Caveats = NO_CAVEATS) -> Claim:
    """What each rival's largest size gains over its best smaller one."""
    gains = _without(comparison.last_gains(), caveats.untried)
    return _claim(
        EveryCase(),
        "rivals-stop-improving",
        "wukong-rivals",
        "Every rival stops improving at its largest size.",
        count_below(list(gains.values()), FLAT) if gains else UNKNOWN_CASE,
        detail="Largest size against the best smaller one on MovieLens-1M: a gain known to be under the 0.02 % that "
        "the paper calls significant.",
        price=_price_of_cases(runs, gains, FLAT),
    )


def still_improves(comparison: RivalComparison, runs: pd.DataFrame) -> Claim:
    """What Wukong's largest size gains over its best smaller one, by the rule for rivals."""
    step = comparison.last_step("wukong")
    gain = comparison.contrasts.contrast(step).percent if step else UNKNOWN
    threshold = ctr_scaling.PAPER_SIGNIFICANT
    return _claim(
        Exceeds(threshold),
        "wukong-largest-size-improves",
        "wukong-rivals",
        "Wukong still improves at its largest size.",
        gain,
        unit="%",
        reference="0.02 %",
        detail="What the largest size gains over the best smaller one on MovieLens-1M, by seed noise.",
        check=True,
        price=_price(runs[runs[Columns.MODEL] == "wukong"], gain, threshold),
    )


def falls_later(runs: pd.DataFrame) -> Claim:
    """The exponent where the test rows come after the training rows."""
    alpha = ctr_scaling.exponent(ctr_scaling.fit_law(runs, SIZE, 0))
    return _claim(
        Exceeds(),
        "wukong-loss-falls-for-later-impressions",
        "wukong-law",
        "Wukong's loss on later impressions falls with compute.",
        alpha,
        symbol="α",
        detail="MovieLens-1M split by time, as the paper tests on its last window of time.",
        price=_price(runs, alpha),
    )


def falls_later_robustly(runs: pd.DataFrame) -> Claim:
    """Whether that hangs by a single size."""
    alpha = ctr_scaling.exponent(ctr_scaling.fit_law(runs, SIZE, 0))
    return _claim(
        EveryCase(),
        "wukong-loss-falls-later-without-any-size",
        "wukong-law",
        "That the loss on later impressions falls hangs by no single size.",
        ctr_exponents.signs_without_one(runs),
        detail="The law on the time split refitted without each size: exponents whose 95 % interval lies above 0.",
        check=True,
        price=_price(runs, alpha),
    )


def falls_on_every_task(tasks: Mapping[str, pd.DataFrame]) -> Claim:
    """The exponent's sign on every task of KuaiRand-Pure. A rise decides nothing: batches weren't searched there."""
    alphas = {name: ctr_scaling.exponent(ctr_scaling.fit_law(runs, SIZE, 0)) for name, runs in tasks.items()}
    count = Count(sum(alpha.is_positive for alpha in alphas.values()), 0, len(alphas))
    runs = next(iter(tasks.values()))
    return _claim(
        EveryCase(),
        "wukong-loss-falls-on-both-tasks",
        "wukong-law",
        "Wukong's loss falls with compute on both tasks of a second data set.",
        count,
        detail="KuaiRand-Pure, exponents whose 95 % interval lies above 0. Rates were searched there by the loss of "
        "the click, batch sizes weren't, so that a loss that rises decides nothing.",
        price=_price_of_cases(runs, {name: (alpha, alpha) for name, alpha in alphas.items()}),
    )


UNKNOWN_CASE = Count(0, 0, 1)
"""What is observed where there are too few sizes for a single case."""


def _without(cases: Pairs, models: Iterable[str]) -> Pairs:
    """``cases``, those of ``models`` as not known."""
    return {name: (UNKNOWN, UNKNOWN) if name in models else both for name, both in cases.items()}


def _price(runs: pd.DataFrame, estimate: Estimate, threshold: float = 0.0) -> Price:
    """What lets the interval leave out ``threshold``; a second seed where there is no interval."""
    have = _seeds(runs)
    return _cost(runs, seeds_to_decide(estimate, threshold, have) if estimate.has_interval else max(have, 2))


def _price_of_cases(runs: pd.DataFrame, cases: Mapping, threshold: float = 0.0) -> Price:
    """What decides every case by its wider interval; those that more seeds can't decide aside."""
    have = _seeds(runs)
    known = [wide for _, wide in cases.values() if wide.has_interval]
    return _cost(runs, max((seeds_to_decide(one, threshold, have) for one in known), default=max(have, 2)))


def _seeds(runs: pd.DataFrame) -> int:
    """Seeds that every configuration has at least."""
    return int(runs.groupby(Columns.CONFIGURATION)[Columns.SEED].nunique().min())


def _cost(runs: pd.DataFrame, seeds: float) -> Price:
    """The price of ``seeds`` per configuration: those that are missing, at the mean cost of a run."""
    hours = runs["wall_seconds"] * runs["threads"] / 3600
    per_seed = hours.groupby(runs[Columns.CONFIGURATION]).mean().sum()
    return Price(float(seeds), float(max(0.0, seeds - _seeds(runs)) * per_seed))
