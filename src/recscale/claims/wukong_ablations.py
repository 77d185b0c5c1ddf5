"""What Wukong's knobs and components are worth: the paper's Fig. 4 and 5, on ``wukong-knobs``, ``wukong-components``.

All estimates are changes of the test log loss in % of the base's, paired by seed; negative is better.
"""

import math
from collections.abc import Mapping, Sequence

from recscale.analysis.ablations import Ablation, compare_variants
from recscale.claims.claim import Claim, Rule, judge
from recscale.claims.price import price_of, price_of_count
from recscale.claims.rules import Below, EveryCase, Exceeds, Within
from recscale.runs.table import load_runs
from recscale.stats.multiplicity import bonferroni_level, count_below

_STUDIES = ("knobs", "components")
DEEPEN = ("l", "mlp_width")
WIDEN = ("k", "n_F", "n_L")
TOGETHER = "k, n_F, n_L"
BOTH = "lcb, residual"
ALONE = ("lcb", "residual")

FLAT = 0.05
"""%: half of the largest gain in the paper's Fig. 5, about a tenth of a percent. A change inside ± this is none."""

INCREASES = {"fmb": 1.84, "lcb": 0.03, "residual": 0.08, BOTH: 0.8}
"""%, printed in Fig. 4. Which of FMB and both together has 1.84 and which 0.8 is our reading of the labels."""


def ablation_claims(resamples: int, seed: int) -> list[Claim]:
    """Both committed studies."""
    knobs, components = (compare_variants(load_runs(f"wukong-{name}")) for name in _STUDIES)
    return [*knob_claims(knobs), *component_claims(components)]


def knob_claims(study: Ablation) -> list[Claim]:
    """The paper's statements on Fig. 5: knobs doubled, each against the base."""
    helps_most = [contrast for name in DEEPEN for contrast in _less_than(name, "", *WIDEN)]
    return [
        _count("wukong-depth-and-mlp-help-most", study, helps_most),
        _effect("wukong-doubling-k-helps", Below(), study, "k"),
        _effect("wukong-doubling-nf-helps", Below(), study, "n_F"),
        _effect("wukong-doubling-nl-changes-nothing", Within(-FLAT, FLAT), study, "n_L", margin=FLAT),
        together_beats_each_alone(study),
    ]


def component_claims(study: Ablation) -> list[Claim]:
    """The paper's statements on Fig. 4: components left out, each against the base."""
    matters_most = [contrast for other in ("", *ALONE) for contrast in _less_than(other, "fmb")]
    halves = [{name: 1.0, BOTH: -0.5, "": -0.5} for name in ALONE]
    return [
        _count("wukong-fmb-matters-most", study, matters_most),
        _effect("wukong-fmb-needed", Exceeds(), study, "fmb"),
        _count("wukong-lcb-or-residual-not-both", study, [*_less_than("", BOTH), *halves]),
        _effect("wukong-lcb-and-residual-needed", Exceeds(), study, BOTH),
    ]


def together_beats_each_alone(study: Ablation) -> Claim:
    """All three doubled against the best of them alone, in an interval that allows for the choice of the best."""
    best = min(WIDEN, key=lambda changed: study.effect(changed).value)
    effect = study.contrasts.contrast({TOGETHER: 1.0, best: -1.0}, bonferroni_level(len(WIDEN)))
    price = price_of([effect], 0.0, study.seeds, study.core_hours_per_seed)
    return judge("wukong-knobs-together-beat-each", Below(), effect.percent, price)


def _less_than(first: str, *others: str) -> list[dict[str, float]]:
    """Contrasts that lie below zero where ``first`` has a lower loss than each of ``others``."""
    return [{first: 1.0, other: -1.0} for other in others]


def _effect(id: str, rule: Rule, study: Ablation, changed: str, margin: float = 0.0) -> Claim:
    """``margin``: where the rule's border lies on either side of 0, %."""
    effect = study.effect(changed)
    border = math.copysign(math.log1p(margin / 100), effect.value)
    return judge(id, rule, effect.percent, price_of([effect], border, study.seeds, study.core_hours_per_seed))


def _count(id: str, study: Ablation, contrasts: Sequence[Mapping[str, float]]) -> Claim:
    effects = study.contrasts.intervals(contrasts)
    price = price_of_count(effects, 0.0, study.seeds, study.core_hours_per_seed)
    return judge(id, EveryCase(), count_below(effects), price)
