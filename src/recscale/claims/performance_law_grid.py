"""Rows of the report card that the full ``sequential-grid`` study decides: the Performance Law on a grid of our own.

No rows while the study isn't committed or no cell has a second seed; each row waits for its own runs. What is said of
HR and NDCG is judged on both at 10, and shown for NDCG@10.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recscale import published
from recscale.analysis import shape_contrasts as cellwise
from recscale.analysis import shape_law as law
from recscale.analysis.ctr_scaling import listed
from recscale.analysis.shape_contrasts import Cells
from recscale.analysis.shape_fits import published as authors_grid
from recscale.analysis.shape_law import Panel
from recscale.claims.card import COUNTED, Claim, claims_on, counted
from recscale.claims.wukong_scaling import sign
from recscale.published.shapes import CLAIMS
from recscale.runs.store import load_results
from recscale.stats.contrasts import reached, verdict
from recscale.stats.estimate import UNKNOWN, Estimate

_claim = claims_on("Performance Law", "performance-law-measured", "inferred")

STUDY = "sequential-grid"
METRICS = ("ndcg@10", "hr@10")
FIXED_Q1, REDRAWN = 8, 200
AXES = {"layers": "depth", "width": "width"}
INSIDE, OUTSIDE = law.OWN
FORMS = {
    OUTSIDE: "law, exponent outside",
    INSIDE: "inside",
    law.QUADRATIC: "quadratic",
    law.LINE: "line",
    law.NO_GAIN: "no gain",
}
CLAIMED = dict(zip(AXES, CLAIMS[0][3:], strict=True))
"""The paper's best shape of MovieLens-1M."""


def grid(resamples: int, seed: int) -> list[Claim]:
    """Every row for which the committed table has the runs."""
    return grid_claims(load_results(STUDY), resamples, seed)


def grid_claims(table: pd.DataFrame, resamples: int, seed: int) -> list[Claim]:
    """The rows of a ``sequential-grid`` table."""
    if table.empty:
        return []
    panels = [Panel.of(table, metric) for metric in METRICS]
    rows = [*forms(panels), *held(panels), *peaks(panels, resamples, seed)] if panels[0].usable else []
    metrics = [Cells.of(table, f"test_{metric}") for metric in METRICS]
    if metrics[0] is None:
        return rows
    losses = {part: Cells.of(table, f"{part}_loss") for part in ("train", "test")}
    return [
        *rows,
        *potential(metrics[0], resamples, seed),
        *loss(metrics[1], losses),
        *length(metrics[0]),
        *precision(metrics[0]),
    ]


def agreed(verdicts: list[str]) -> str:
    """One verdict of two metrics: theirs where they agree, "holds in part" where one holds and one doesn't."""
    if len(set(verdicts)) == 1:
        return verdicts[0]
    return "can't be known" if "can't be known" in verdicts else "holds in part"


def where(panel: Panel) -> str:
    """What a row rests on, how far a seed moves it, and how many runs a rule left out."""
    noise = 100 * panel.noise / panel.cells["value"].mean()
    return (
        f"MovieLens-1M, {len(panel.cells)} shapes of the SASRec-style model, one seed ± {noise:.1f} %, "
        f"{panel.excluded} collapsed or diverged runs left out"
    )


def forms(panels: list[Panel]) -> list[Claim]:
    """The form of the law among its controls."""
    first = panels[0]
    rows = [
        _claim("measured: HR and NDCG follow the Performance Law", None, law.form_words(first),
               agreed([law.form_verdict(panel) for panel in panels]),
               f"{where(first)}; shown: best AICc of five forms; it holds where seeds explain what the law misses in "
               f"one of its forms ({' and '.join(_chance(first, form) for form in law.OWN)}) and don't explain what "
               "any control misses", source="successor"),
    ]  # fmt: skip
    for rival, said in RIVALS:
        hanging = [law.deciding(panel, rival) for panel in panels]
        verdicts = [
            "can't be known" if shapes else law.needed(panel, rival)
            for panel, shapes in zip(panels, hanging, strict=True)
        ]
        why = f"{NEEDED[rival]}; AICc gained by the law in brackets; {_hanging(panels, hanging)}"
        rows.append(_claim(f"measured: {said}", None, decided_by(first, rival), agreed(verdicts), why))
    return rows


RIVALS = (
    (law.LINE, "the law's decay terms are needed, beside a straight line in logs"),
    (law.QUADRATIC, "no plainer curve does as well, beside a quadratic in logs"),
)
NEEDED: Mapping[str, str] = {
    law.LINE: "the line is the law without them: needed if seeds explain with p below 0.05 how much better it fits",
    law.QUADRATIC: "do seeds explain what a form misses? Needed if they do for the law and not for the other (p below "
    "0.05), not needed the other way round",
}
"""The rule of ``sequential_law.needed`` beside each rival."""


def _hanging(panels: list[Panel], hanging: list[dict[tuple[int, int], str]]) -> str:
    """Whether one shape alone decides."""
    said = [
        f"{panel.metric.upper()} by {layers} × {width}"
        for panel, shapes in zip(panels, hanging, strict=True)
        for layers, width in shapes
    ]
    return f"what one shape decides can't be known: {listed(said)}" if said else "no one shape decides it"


def decided_by(panel: Panel, rival: str) -> str:
    """What ``law.needed`` decides by, and AICc beside it."""
    aicc = f"({panel.aicc_over(rival):+.1f})"
    if rival == law.LINE:
        return f"p = {panel.extra_sum_of_squares(rival):.2g} {aicc}"
    return f"law {_chance(panel, law.LAW)}, other {_chance(panel, rival)} {aicc}"


def _chance(panel: Panel, form: str) -> str:
    return f"p = {panel.lack_of_fit(form):.2g}"


def held(panels: list[Panel]) -> list[Claim]:
    """The largest depth and the largest width, predicted from the others."""
    rows = []
    for axis, name in AXES.items():
        found = [law.hold_out(panel, axis) for panel in panels]
        if None in found:
            continue
        first, other = found
        errors = ", ".join(f"{said} {first.errors[key]:.4f}" for key, said in FORMS.items())
        spans = ", ".join(f"{FORMS[form]} {low:.4f} to {high:.4f}" for form, (low, high) in first.ranges.items())
        why = (
            f"{counted(first.cells, 'shape')} held out; over the constants that the fitted shapes don't reject: "
            f"{spans}; in HR@10 outside {other.errors[OUTSIDE]:.4f}, inside {other.errors[INSIDE]:.4f}, no gain "
            f"{other.errors[law.NO_GAIN]:.4f}; decided where, whatever its constant, one form beats no gain, or both "
            f"lose to it, by more than seeds explain ({first.least:.4f}, in HR@10 {other.least:.4f})"
        )
        claim = f"measured: predicts the largest {name} unseen (error in NDCG@10 at {first.size})"
        rows.append(_claim(claim, None, errors, agreed([one.verdict for one in found]), why))
    return rows


def peaks(panels: list[Panel], resamples: int, seed: int) -> list[Claim]:
    """Is there a best depth and a best width inside the grid?"""
    rows = []
    for axis, name in AXES.items():
        found = [law.peak(panel, axis, min(resamples, 400), seed) for panel in panels]
        verdicts = ["holds" if one.identified else "can't be known" for one in found]
        first, (low, high) = found[0], found[0].measured
        why = (
            f"peak of the law through {low} to {high}; identifiable only if its whole interval lies inside and the law "
            "falls beyond it by more than seeds explain, for HR@10 too"
        )
        claim = f"measured: there is a best {name} (inside {low} to {high})"
        interval = first.interval if first.inside else None
        printed = f"{CLAIMED[axis]} (length 200)"
        rows.append(_claim(claim, printed, first.shown, agreed(verdicts), why, interval, source="successor"))
    return rows


def potential(cells: Cells, resamples: int, seed: int) -> list[Claim]:
    """w₁ and w₂ of the models at one q₁ beside what depth and width brought them.

    A model with too few shapes for exponents of its own doesn't count: with borrowed ones w is the gain by another
    name.
    """
    found, rows = [one for one in cellwise.potentials(cells) if one.own_exponents], []
    limits = [cellwise.w_limits(cells, one, FIXED_Q1, min(resamples, REDRAWN), seed) for one in found]
    for axis, symbol in (("layers", "w1"), ("width", "w2")):
        if not found:
            continue
        known = [low > 0 or high < 0 for low, high in (one[symbol] for one in limits)]
        effects = cells.effects([cellwise.disagreement(one, axis, FIXED_Q1) for one in found])
        effects = [pair if told else (UNKNOWN, UNKNOWN) for pair, told in zip(effects, known, strict=True)]
        stable = min(cellwise.same_order(one, axis) for one in found)
        outcome, tried = verdict(effects), len(found[0].w)
        if outcome == "holds" and stable < tried:
            outcome = "holds in part"
        listing = listed([_difference(one, symbol, limit[symbol]) for one, limit in zip(found, limits, strict=True)])
        shown = symbol.replace("1", "₁").replace("2", "₂")
        why = (
            f"{shown} less SASRec's at q₁ = {FIXED_Q1}: {listing}; a model agrees if that is beyond the seeds and its "
            f"NDCG@10 gains more, or less, accordingly; the order is the same at {stable} of {tried} q₁"
        )
        claim = f"measured: {shown} orders the models as {AXES[axis]} pays them" + COUNTED
        rows.append(_claim(claim, len(found), reached(effects), outcome, why, source="successor"))
    return rows


def _difference(one: cellwise.Potential, symbol: str, limits: tuple[float, float]) -> str:
    value = one.w.loc[FIXED_Q1, symbol]
    return f"{one.model} {value:+.4f} [{limits[0]:+.4f}, {limits[1]:+.4f}] ({one.cells} shapes)"


def loss(metric: Cells, losses: dict[str, Cells | None]) -> list[Claim]:
    """Loss falls with every step of depth; HR@10 stops rising where the loss still falls."""
    if None in losses.values():
        return []
    steps = losses["train"].effects(cellwise.deeper(losses["train"]))
    past = cellwise.past_the_peak(metric, losses["test"])
    if not steps or not past:
        return []
    named = [width for width, (_, strictly) in past.items() if strictly.is_negative]
    seen = f"; known at width {listed(list(map(str, named)))}" if named else ""
    return [
        _claim("measured: the training loss falls with every step of depth" + COUNTED, len(steps), reached(steps),
               verdict(steps), "steps to the next depth at one width, beyond the noise of seeds", source="successor"),
        _claim("measured: HR@10 peaks where the test loss still falls" + COUNTED, len(past),
               reached(list(past.values())), verdict(list(past.values())),
               f"widths at which, from the best shallower depth to the deepest, HR@10 and loss both fall beyond the "
               f"seeds{seen}", source="successor"),
    ]  # fmt: skip


def length(cells: Cells) -> list[Claim]:
    """What longer histories bring."""
    found = cells.change({"max_length": 50}, {"max_length": 100})
    if found is None:
        return []
    effect, count = found
    each = cells.changes({"max_length": 50}, {"max_length": 100})
    least, most = (pick(each, key=lambda shape: each[shape].value) for pick in (min, max))
    more = cells.change({"max_length": 50}, {"max_length": 200})
    further = f"; 50 to 200 over {counted(more[1], 'shape')}: {more[0]}" if more else ""
    theirs = [100 * float(np.expm1(_authors_change(metric, 100, 200))) for metric in METRICS]
    why = (
        f"NDCG@10 from histories of 50 to 100 over {counted(count, 'shape')}, from {_single(least, each)} to "
        f"{_single(most, each)}{further}; in the authors' grid, from 100 to 200 and averaged by us, NDCG@10 "
        f"{theirs[0]:+.2g} %, HR@10 {theirs[1]:+.2g} %; at equal epochs they also mean more training positions and "
        "steps, so that reading and training aren't told apart"
    )
    claim = "measured: longer histories help (change of NDCG@10, %)"
    outcome = sign(effect.ci_low, effect.ci_high)
    if hanging := _without(cells, outcome):
        why += f"; what one shape decides can't be known: without {hanging}"
        outcome = "can't be known"
    return [_claim(claim, None, effect.percent.value, outcome, why, effect.limits)]


def _without(cells: Cells, outcome: str) -> str:
    """The shapes without which the mean effect of longer histories would have another verdict, and that effect."""
    lengths = {"max_length": 50}, {"max_length": 100}
    shared = sorted(cells.changes(*lengths))
    if len(shared) < 2:
        return ""
    rest = {shape: cells.mean_change([other for other in shared if other != shape], *lengths) for shape in shared}
    said = [f"{h} × {d} {rest[h, d]}" for h, d in shared if sign(rest[h, d].ci_low, rest[h, d].ci_high) != outcome]
    return listed(said) if said else ""


def _single(shape: tuple[int, int], each: Mapping[tuple[int, int], Estimate]) -> str:
    layers, width = shape
    return f"{each[shape].percent.value:+.1f} % at {layers} × {width}"


def precision(cells: Cells) -> list[Claim]:
    """What bfloat16 costs. Narrow models without a loss don't show that wide ones have none."""
    found = cells.change({"precision": "fp32"}, {"precision": "bf16"})
    if found is None:
        return []
    effect, count = found
    level = published.potential().query("model == 'SASRec'").set_index("precision")["ndcg@10"]
    paper = 100 * float(level["bf16"] / level["fp32"] - 1)
    widest, tried = (max(width for _, width in cells.shapes(precision=at)) for at in ("fp32", "bf16"))
    outcome = as_printed(paper, effect)
    if outcome == "does not hold" and tried < widest:
        outcome = "can't be known"
    why = (
        f"NDCG@10 over {counted(count, 'shape')} up to width {tried}, layers trained in bfloat16, scores in single "
        f"precision; a loss beyond the seeds holds if the interval has the paper's, else in part; "
        f"none up to width {tried} "
        "tells nothing of wider models"
    )
    claim = f"measured: SASRec loses quality in bfloat16, up to width {tried} (change of NDCG@10, %)"
    printed = f"{level['bf16']:g} against {level['fp32']:g}"
    why += f"; printed: NDCG@10 in bf16 and fp32, which differ by {paper:.1f} %"
    return [_claim(claim, printed, effect.percent.value, outcome, why, effect.limits, source="successor")]


def as_printed(paper: float, effect: Estimate) -> str:
    """A printed loss in % against an interval: one that has both it and 0 tells nothing; a loss of another size holds
    in part."""
    _, low, high = effect.percent
    printed = low <= paper <= high
    if high < 0:
        return "holds" if printed else "holds in part"
    return "can't be known" if printed else "does not hold"


def _authors_change(metric: str, short: int, long: int) -> float:
    """Mean of ln(metric) at the longer history less that at the shorter, over the authors' grid of MovieLens-1M."""
    both = [authors_grid("ml-1m", at).set_index(["layers", "width"])[metric] for at in (short, long)]
    return float(np.log(both[1] / both[0]).mean())
