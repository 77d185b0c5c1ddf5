"""What Wukong's knobs and components are worth: the paper's Fig. 4 and 5, on ``wukong-knobs``, ``wukong-components``.

All estimates are changes of the test log loss in % of the base's, paired by seed; negative is better.
"""

import math

from recscale.analysis.ablations import Ablation
from recscale.claims.claim import Claim, Rule
from recscale.claims.price import paired_count, paired_effect
from recscale.claims.rules import Below, Exceeds, Within
from recscale.stats.multiplicity import bonferroni_level

DEEPEN = ("l", "mlp_width")
WIDEN = ("k", "n_F", "n_L")
TOGETHER = "k, n_F, n_L"
BOTH = "lcb, residual"
ALONE = ("lcb", "residual")

FLAT = 0.05
"""%: half of the largest gain in the paper's Fig. 5, about a tenth of a percent. A change inside ± this is none."""

INCREASES = {"fmb": 1.84, "lcb": 0.03, "residual": 0.08, BOTH: 0.8}
"""%, printed in Fig. 4. Which of FMB and both together has 1.84 and which 0.8 is our reading of the labels."""


def knob_claims(study: Ablation) -> list[Claim]:
    """The paper's statements on Fig. 5: knobs doubled, each against the base; all three that widen together against
    the best of them alone, in an interval that allows for the choice of the best."""
    helps_most = [contrast for name in DEEPEN for contrast in _less_than(name, "", *WIDEN)]
    lowest = min(WIDEN, key=lambda changed: study.effect(changed).value)
    (best,) = _less_than(TOGETHER, lowest)
    together = study.contrasts.contrast(best, bonferroni_level(len(WIDEN)))
    return [
        paired_count("wukong-depth-and-mlp-help-most", study.contrasts.intervals(helps_most), study),
        _effect("wukong-doubling-k-helps", Below(), study, "k"),
        _effect("wukong-doubling-nf-helps", Below(), study, "n_F"),
        _effect("wukong-doubling-nl-changes-nothing", Within(-FLAT, FLAT), study, "n_L", margin=FLAT),
        paired_effect("wukong-knobs-together-beat-each", Below(), together, study),
    ]


def component_claims(study: Ablation) -> list[Claim]:
    """The paper's statements on Fig. 4: components left out, each against the base."""
    matters_most = [contrast for other in ("", *ALONE) for contrast in _less_than(other, "fmb")]
    either = [*_less_than("", BOTH), *({name: 1.0, BOTH: -0.5, "": -0.5} for name in ALONE)]
    return [
        paired_count("wukong-fmb-matters-most", study.contrasts.intervals(matters_most), study),
        _effect("wukong-fmb-needed", Exceeds(), study, "fmb"),
        paired_count("wukong-lcb-or-residual-not-both", study.contrasts.intervals(either), study),
        _effect("wukong-lcb-and-residual-needed", Exceeds(), study, BOTH),
    ]


def _less_than(first: str, *others: str) -> list[dict[str, float]]:
    """Contrasts that lie below zero where ``first`` has a lower loss than each of ``others``."""
    return [{first: 1.0, other: -1.0} for other in others]


def _effect(id: str, rule: Rule, study: Ablation, changed: str, margin: float = 0.0) -> Claim:
    """``margin``: where the rule's border lies on either side of 0, %."""
    effect = study.effect(changed)
    return paired_effect(id, rule, effect, study, math.copysign(math.log1p(margin / 100), effect.value))
