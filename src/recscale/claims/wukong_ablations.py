"""What Wukong's knobs and components are worth: the paper's Fig. 4 and 5, on ``wukong-knobs``, ``wukong-components``.

All estimates are changes of the test log loss in % of the base's, paired by seed; negative is better.
"""

import math
from collections.abc import Mapping, Sequence

from recscale.analysis.ablations import Ablation, compare_variants
from recscale.claims.claim import Claim, Evidence, Paper
from recscale.claims.price import price_of, price_of_count
from recscale.claims.rules import Below, EveryCase, Exceeds, Rule, Within, judge_on
from recscale.runs.store import load_results
from recscale.runs.table import healthy, run_table
from recscale.stats.multiplicity import bonferroni_level, count_below

DEEPEN = ("l", "mlp_width")
WIDEN = ("k", "n_F", "n_L")
TOGETHER = "k, n_F, n_L"
BOTH = "lcb, residual"
ALONE = ("lcb", "residual")

FLAT = 0.05
"""%: half of the largest gain in the paper's Fig. 5, about a tenth of a percent. A change inside ± this is none."""

INCREASES = {"fmb": 1.84, "lcb": 0.03, "residual": 0.08, BOTH: 0.8}
"""%, printed in Fig. 4. Which of FMB and both together has 1.84 and which 0.8 is our reading of the labels."""

PRINTED = {"fmb": "+1.84 % or +0.8 %", BOTH: "+0.8 % or +1.84 %"}

_claim = judge_on(Paper.WUKONG, "ablations-wukong", Evidence.MEASURED)


def claims(resamples: int, seed: int) -> list[Claim]:
    """Both committed studies."""
    return [*knob_claims(_study("wukong-knobs")), *component_claims(_study("wukong-components"))]


def _study(name: str) -> Ablation:
    return compare_variants(healthy(run_table(load_results(name))))


def knob_claims(study: Ablation) -> list[Claim]:
    """The paper's statements on Fig. 5."""
    return [
        depth_and_mlp_help_most(study),
        doubling_helps(study, "k", "wukong-doubling-k-helps", "Doubling k alone lowers Wukong's loss."),
        doubling_helps(study, "n_F", "wukong-doubling-nf-helps", "Doubling n_F alone lowers Wukong's loss."),
        doubling_n_l_changes_nothing(study),
        together_beats_each_alone(study),
    ]


def component_claims(study: Ablation) -> list[Claim]:
    """The paper's statements on Fig. 4."""
    return [
        fmb_matters_most(study),
        loss_rises_without(study, "fmb", "wukong-fmb-needed", "Without FMB Wukong's loss rises."),
        lcb_or_residual_not_both(study),
        loss_rises_without(
            study, BOTH, "wukong-lcb-and-residual-needed", "Without LCB and the residual Wukong's loss rises."
        ),
    ]


def depth_and_mlp_help_most(study: Ablation) -> Claim:
    """l and the MLP each against the base and against k, n_F and n_L."""
    return _count(
        study,
        [contrast for name in DEEPEN for contrast in _less_than(name, "", *WIDEN)],
        "wukong-depth-and-mlp-help-most",
        "Of the single knobs, depth l and the size of the MLP help most.",
        "l and the MLP doubled, each against the base and against k, n_F and n_L doubled: eight contrasts.",
    )


def doubling_helps(study: Ablation, changed: str, id: str, statement: str) -> Claim:
    """One knob doubled, against the base."""
    return _effect(Below(), study, changed, id, statement, "The knob doubled against the base, its own 95 % interval.")


def doubling_n_l_changes_nothing(study: Ablation) -> Claim:
    """An equivalence test with the margin ``FLAT``."""
    detail = "The margin is half of the largest gain in the paper's figure; within it a change counts as none."
    statement = "Doubling n_L alone changes nothing."
    return _effect(
        Within(-FLAT, FLAT), study, "n_L", "wukong-doubling-nl-changes-nothing", statement, detail, margin=FLAT
    )


def together_beats_each_alone(study: Ablation) -> Claim:
    """All three doubled against the best of them alone, in an interval that allows for the choice of the best."""
    best = study.lowest(WIDEN)
    effect = study.contrasts.contrast({TOGETHER: 1.0, best: -1.0}, bonferroni_level(len(WIDEN)))
    return _claim(
        Below(),
        "wukong-knobs-together-beat-each",
        "wukong-parts",
        "Doubling k, n_F and n_L together beats doubling each alone.",
        effect.percent,
        detail="Together less the best of the three alone; the interval allows for having picked the best.",
        unit="%",
        price=price_of([effect], 0.0, study.seeds, study.core_hours_per_seed),
    )


def fmb_matters_most(study: Ablation) -> Claim:
    """The base, and the model without LCB or without the residual, against the one without FMB."""
    return _count(
        study,
        [contrast for other in ("", *ALONE) for contrast in _less_than(other, "fmb")],
        "wukong-fmb-matters-most",
        "Of the single components, FMB matters most.",
        "The model without FMB must lose to the base, to the one without LCB and to the one without the residual.",
    )


def lcb_or_residual_not_both(study: Ablation) -> Claim:
    """Both gone against the base, and each alone against half of that."""
    halves = [{name: 1.0, BOTH: -0.5, "": -0.5} for name in ALONE]
    return _count(
        study,
        [*_less_than("", BOTH), *halves],
        "wukong-lcb-or-residual-not-both",
        "LCB or the residual can go, but not both.",
        "Without both the loss must rise, and each alone must cost less than half of that: three contrasts.",
    )


def loss_rises_without(study: Ablation, changed: str, id: str, statement: str) -> Claim:
    """A component left out, against the base."""
    detail = "The model without it against the base; which printed number is whose is our reading of the figure."
    return _effect(Exceeds(), study, changed, id, statement, detail, reference=PRINTED[changed])


def _less_than(first: str, *others: str) -> list[dict[str, float]]:
    """Contrasts that lie below zero where ``first`` has a lower loss than each of ``others``."""
    return [{first: 1.0, other: -1.0} for other in others]


def _effect(
    rule: Rule,
    study: Ablation,
    changed: str,
    id: str,
    statement: str,
    detail: str,
    *,
    reference: str | None = None,
    margin: float = 0.0,
) -> Claim:
    """``margin``: where the rule's border lies on either side of 0, %."""
    effect = study.effect(changed)
    border = math.copysign(math.log1p(margin / 100), effect.value)
    price = price_of([effect], border, study.seeds, study.core_hours_per_seed)
    shown = {"detail": detail, "reference": reference, "unit": "%", "price": price}
    return _claim(rule, id, "wukong-parts", statement, effect.percent, **shown)


def _count(study: Ablation, contrasts: Sequence[Mapping[str, float]], id: str, statement: str, detail: str) -> Claim:
    effects = study.contrasts.intervals(contrasts)
    price = price_of_count(effects, 0.0, study.seeds, study.core_hours_per_seed)
    return _claim(EveryCase(), id, "wukong-parts", statement, count_below(effects), detail=detail, price=price)
