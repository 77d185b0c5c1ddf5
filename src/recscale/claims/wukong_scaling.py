"""Does Wukong's law hold on public data? What the ``ctr-scaling`` study says, one function per claim.

Wherever ``runs`` stands it is one curve of the study (``ctr_curves.curves``): a data set, a split and a task.
"""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from recscale.analysis import ctr_curves, ctr_exponents, ctr_rivals, ctr_scaling
from recscale.analysis.ctr_learning_rates import NO_CAVEATS, Caveats
from recscale.analysis.ctr_rivals import LEAD, SIGNIFICANT_GAIN, RivalComparison
from recscale.claims.claim import Claim, Price, judge
from recscale.claims.rules import EveryCase, Exceeds, Leads, Matches
from recscale.runs.table import Columns, core_hours_per_seed
from recscale.stats import UNKNOWN, Count, Estimate, Pair, count_above, count_below, seeds_to_decide

STRONGEST = "dcnv2"
"""The rival with the lowest loss in the paper's Table 5."""


def claims_on(table: pd.DataFrame, caveats: Caveats = NO_CAVEATS) -> list[Claim]:
    """All claims on a results table of ``ctr-scaling``."""
    random, time = (ctr_curves.curves(table, "movielens-1m", split) for split in ("main", "time"))
    tasks = [ctr_curves.curves(table, "kuairand-pure", task=task) for task in (1, 2)]
    return [
        *law_claims(random),
        *rival_claims(random, caveats),
        loss_falls(time, id="wukong-loss-falls-for-later-impressions"),
        falls_later_robustly(time),
        falls_on_every_task(tasks),
    ]


def law_claims(runs: pd.DataFrame, size: str = Columns.FLOP, hold_out: int = 2) -> list[Claim]:
    """What the law through Wukong's sizes on one curve decides. ValueError: too few sizes."""
    alpha, printed = _alpha(runs, size), ctr_scaling.PAPER_EXPONENT
    alpha_price = _price_of_sizes(ctr_curves.of_model(runs, "wukong"), [alpha], printed, size)
    misses = ctr_scaling.misses(runs, size)
    too_low = count_above(misses) if misses else UNKNOWN_CASE
    return [
        loss_falls(runs, size),
        falls_over_the_larger_half(runs, size),
        judge("wukong-exponent-of-the-paper", Matches(printed, null=0.0), alpha, alpha_price, reference=printed),
        is_a_power_law(runs, size),
        beats_no_further_gain(runs, size, hold_out),
        judge("wukong-law-too-optimistic", EveryCase(), too_low, _price_of_cases(runs, misses)),
    ]


def rival_claims(runs: pd.DataFrame, caveats: Caveats = NO_CAVEATS) -> list[Claim]:
    """What the comparison at equal compute decides; none where no rival lies inside Wukong's range.

    What ``caveats`` leave open counts neither way, nor does a lead over a rival that wasn't tuned as well. The lead of
    ``STRONGEST`` is in % of Wukong's loss, with the interval that holds for all rivals together.
    """
    comparison = ctr_rivals.compare_rivals(runs)
    if not comparison.ahead:
        return []
    leads = comparison.leads()
    counted = [
        (UNKNOWN, UNKNOWN) if rival in caveats.unsearched and both[0].value < 0 else both
        for rival, both in leads.items()
    ]
    price = _price_of_cases(runs, counted, -LEAD)
    claims = [judge("wukong-leads-at-equal-compute", EveryCase(), count_below(counted, -LEAD), price)]
    if STRONGEST in comparison.ahead:
        lead = -(-leads[STRONGEST][1]).percent
        claims.append(judge("dcnv2-ahead-of-wukong", Exceeds(), lead, _price(runs, lead)))
    gains = _known(comparison.last_gains(), caveats)
    price = _price_of_cases(runs, gains, SIGNIFICANT_GAIN)
    return [
        *claims,
        is_steeper(runs, caveats),
        judge("rivals-stop-improving", EveryCase(), _below(gains, SIGNIFICANT_GAIN), price),
        still_improves(comparison, runs),
    ]


def loss_falls(runs: pd.DataFrame, size: str = Columns.FLOP, id: str = "wukong-loss-falls") -> Claim:
    """The exponent's sign."""
    alpha = _alpha(runs, size)
    return judge(id, Exceeds(), alpha, _price_of_sizes(ctr_curves.of_model(runs, "wukong"), [alpha], size=size))


def falls_over_the_larger_half(runs: pd.DataFrame, size: str = Columns.FLOP) -> Claim:
    _, upper = ctr_curves.halves(runs, size)
    enough = ctr_curves.sizes_of(upper, size=size) >= ctr_curves.FEWEST_SIZES
    alpha = _alpha(upper, size) if enough else UNKNOWN
    return judge("wukong-loss-falls-larger-half", Exceeds(), alpha, _price_of_sizes(upper, [alpha], size=size))


def is_a_power_law(runs: pd.DataFrame, size: str = Columns.FLOP) -> Claim:
    """The power law against a floor, a straight line and a constant."""
    forms, have = ctr_scaling.compare_forms(runs, size), _seeds(runs)
    seeds = ctr_scaling.seeds_to_tell_forms(runs, forms, size)
    price = _cost(runs, seeds if seeds > have else max(have, 2))
    return judge("wukong-power-law-fits-best", Leads(), ctr_scaling.lead_in_aicc(forms), price)


def beats_no_further_gain(runs: pd.DataFrame, size: str = Columns.FLOP, hold_out: int = 2) -> Claim:
    gain = ctr_scaling.gain_over_no_gain(runs, size, hold_out)
    return judge("wukong-law-predicts-larger-models", Exceeds(), gain, _price(runs, gain))


def is_steeper(runs: pd.DataFrame, caveats: Caveats = NO_CAVEATS) -> Claim:
    known = _known(ctr_rivals.steeper(runs), caveats)
    price = _price_of_sizes(runs, [wide for _, wide in known])
    return judge("wukong-steeper-than-every-rival", EveryCase(), _below(known), price)


def still_improves(comparison: RivalComparison, runs: pd.DataFrame) -> Claim:
    """What Wukong's largest size gains over its best smaller one, by the rule for rivals."""
    step, threshold = comparison.last_step("wukong"), ctr_scaling.PAPER_SIGNIFICANT
    gain = comparison.contrasts.contrast(step).percent if step else UNKNOWN
    price = _price(ctr_curves.of_model(runs, "wukong"), gain, threshold)
    return judge("wukong-largest-size-improves", Exceeds(threshold), gain, price)


def falls_later_robustly(runs: pd.DataFrame) -> Claim:
    """Whether the exponent's sign hangs by a single size; ``runs``: of the split by time."""
    signs, price = ctr_exponents.signs_without_one(runs), _price_of_sizes(runs, [_alpha(runs)])
    return judge("wukong-loss-falls-later-without-any-size", EveryCase(), signs, price)


def falls_on_every_task(tasks: Sequence[pd.DataFrame]) -> Claim:
    """The exponent's sign on every task of a data set, each by its own 95 % interval."""
    alphas = [_alpha(runs) for runs in tasks]
    price = _price_of_sizes(ctr_curves.of_model(tasks[0], "wukong"), alphas)
    return judge("wukong-loss-falls-on-both-tasks", EveryCase(), count_above([(one, one) for one in alphas]), price)


UNKNOWN_CASE = Count(0, 0, 1)
"""What is observed where there are too few sizes for a single case."""


def _alpha(runs: pd.DataFrame, size: str = Columns.FLOP) -> Estimate:
    """The law's exponent through all sizes."""
    return ctr_curves.exponent(ctr_curves.fit_law(runs, size, 0))


def _known(cases: Mapping[str, Pair], caveats: Caveats) -> list[Pair]:
    """One effect per rival; what wasn't tried on a rival is not known."""
    return [(UNKNOWN, UNKNOWN) if rival in caveats.untried else both for rival, both in cases.items()]


def _below(cases: Sequence[Pair], threshold: float = 0.0) -> Count:
    return count_below(cases, threshold) if cases else UNKNOWN_CASE


def _price(runs: pd.DataFrame, estimate: Estimate, threshold: float = 0.0) -> Price:
    """What lets the interval leave out ``threshold``; a second seed where there is no interval."""
    return _price_of_cases(runs, [(estimate, estimate)], threshold)


def _price_of_cases(runs: pd.DataFrame, cases: Iterable[Pair], threshold: float = 0.0) -> Price:
    """What decides every case by its wider interval; those that more seeds can't decide aside."""
    have = _seeds(runs)
    known = [wide for _, wide in cases if wide.has_interval]
    return _cost(runs, max((seeds_to_decide(one, threshold, have) for one in known), default=max(have, 2)))


def _price_of_sizes(
    runs: pd.DataFrame, cases: Iterable[Estimate], threshold: float = 0.0, size: str = Columns.FLOP
) -> Price:
    """What decides every case whose interval comes from the scatter of the sizes around a line: sizes of every model in
    ``runs``, over the range that they span, each with the seeds that the others have."""
    have = runs.groupby(Columns.MODEL)[size].nunique()
    known = [one for one in cases if one.has_interval]
    fewest = int(have.min())
    needed = max(
        (seeds_to_decide(one, threshold, fewest) for one in known), default=float(max(fewest, ctr_curves.FEWEST_SIZES))
    )
    one_more = (runs["wall_seconds"] * runs["threads"]).groupby(runs[Columns.MODEL]).sum() / have / 3600
    return Price(_seeds(runs), float((one_more * (needed - have).clip(lower=0)).sum()), needed)


def _seeds(runs: pd.DataFrame) -> int:
    """Seeds that every configuration has at least."""
    return int(runs.groupby(Columns.CONFIGURATION)[Columns.SEED].nunique().min())


def _cost(runs: pd.DataFrame, seeds: float) -> Price:
    """The price of ``seeds`` per configuration: those that are missing, at the mean cost of a run."""
    return Price(float(seeds), max(0.0, seeds - _seeds(runs)) * core_hours_per_seed(runs))
