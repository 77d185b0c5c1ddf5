"""What became of the recorded predictions: do the shapes that the law named lead, and how far is it off?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from recscale.analysis.shape_fits import pairs, shapes
from recscale.analysis.shape_law import LAW, Shape
from recscale.analysis.shape_predictions import NO_BUDGET, ShapeQuestion, faults, outcomes, questions
from recscale.runs.table import run_table
from recscale.stats import UNKNOWN, Contrasts, Estimate, Pair, bonferroni_level, both_levels, combined, wilson
from recscale.stats.seeds import least_significant_difference

_METRIC = "ndcg@10"
"""What leads are measured by."""
LOST = Estimate(-np.inf, -np.inf, -np.inf)
"""The lead, as a difference of logarithms, of a shape whose every run collapsed or diverged: its metric counts as 0."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """``table``: ``shape_predictions.outcomes``; ``contrasts``: of ln NDCG@10 between shapes; ``failed``: shapes whose
    every run collapsed or diverged; ``questions``: those whose named shape and a neighbour were trained."""

    table: pd.DataFrame
    contrasts: Contrasts
    failed: frozenset[Shape]
    questions: tuple[ShapeQuestion, ...]

    @property
    def seeds(self) -> float:
        """Seeds per shape, on average."""
        return float(self.distinct(LAW)["seeds"].mean())

    def distinct(self, law: str) -> pd.DataFrame:
        """One row per trained shape: several questions may name the same."""
        part = self.table.query("metric == @_METRIC and law == @law and seeds > 0")
        return part.drop_duplicates(["layers", "width"])

    def better_neighbour(self, question: ShapeQuestion) -> Shape:
        """The neighbour of the named shape that came out better."""
        trained = [shape for shape in question.neighbours if shape in self.contrasts.names]
        return max(trained, key=lambda shape: self.contrasts.means[self.contrasts.names.index(shape)])


def predictions_tested(recorded: pd.DataFrame, runs: pd.DataFrame) -> Outcomes:
    """Recorded predictions with the runs that test them.

    ``ValueError`` where a run is older than its prediction, or no named shape was trained with a neighbour.
    """
    if problems := faults(recorded, runs):
        raise ValueError(f"these runs don't test the predictions: {problems[0]}")
    trained = shapes(runs)
    names = pairs(trained)
    known, failed = set(names), set(pairs(run_table(runs))) - set(names)
    asked = [one for one in questions(recorded) if one.named in known | failed and set(one.neighbours) & known]
    if not asked:
        raise ValueError("no named shape was trained together with a neighbour")
    contrasts = Contrasts.of(names, [0] * len(names), trained[f"test_{_METRIC}"])
    return Outcomes(outcomes(recorded, trained), contrasts, frozenset(failed), tuple(asked))


def lead(tested: Outcomes, question: ShapeQuestion, level: float = 0.95) -> Estimate:
    """ln(named shape / better neighbour) with its ``level`` interval; ``LOST`` where the named shape collapsed."""
    if question.named in tested.failed:
        return LOST
    return tested.contrasts.contrast({question.named: 1.0, tested.better_neighbour(question): -1.0}, level)


def lead_without_budget(tested: Outcomes) -> Estimate:
    """``lead`` of the shape named without a budget, at a level that allows for the choice among its neighbours.

    Unknown where that shape wasn't trained.
    """
    free = (question for question in tested.questions if question.kind == NO_BUDGET)
    return next((lead(tested, one, bonferroni_level(len(one.neighbours))) for one in free), UNKNOWN)


def leads_within_budgets(tested: Outcomes) -> list[Pair]:
    """``lead`` of every question with a budget at 95 % and at ``bonferroni_level`` of all neighbours in them."""
    bound = [question for question in tested.questions if question.kind != NO_BUDGET]
    return [both_levels(partial(lead, tested, question), 2 * len(bound)) for question in bound]


def mean_lead(tested: Outcomes) -> Estimate:
    """Mean of ``lead`` over all questions, which share shapes."""
    if any(question.named in tested.failed for question in tested.questions):
        return LOST
    leads = ({question.named: 1.0, tested.better_neighbour(question): -1.0} for question in tested.questions)
    return tested.contrasts.contrast(combined(*((1 / len(tested.questions), weights) for weights in leads)))


def lead_table(tested: Outcomes) -> pd.DataFrame:
    """One row per question: ``kind`` of budget, ``named`` shape and better ``neighbour`` as (layers, width), the lead
    the law ``promised``, and the ``measured`` one with its 95 % limits ``ci_low, ci_high``, in %."""
    rows = [
        (one.kind, one.named, tested.better_neighbour(one), one.promised, *lead(tested, one).percent)
        for one in tested.questions
    ]
    columns = ["kind", "named", "neighbour", "promised", "measured", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def same_choice(tested: Outcomes) -> Mapping[str, int]:
    """Law -> in how many questions it puts the same of the three shapes first as the Performance Law."""
    table = tested.table[tested.table["metric"] == _METRIC]
    firsts = table.loc[table.groupby(["law", "question"], sort=False)["predicted"].idxmax()]
    named = {(one.text, *one.named) for one in tested.questions}
    same = [(row.question, row.layers, row.width) in named for row in firsts.itertuples()]
    return firsts.assign(same=same).groupby("law", sort=False)["same"].sum().to_dict()


def band_share(tested: Outcomes, law: str = LAW) -> Estimate:
    """Share of the runs inside the predicted band, with Wilson's interval over shapes: the seeds of a shape share its
    prediction's error and are no separate evidence."""
    part = tested.distinct(law)
    share = float(np.average(part["in_band"], weights=part["seeds"]))
    return replace(wilson(round(share * len(part)), len(part)), value=share)


def law_errors(tested: Outcomes) -> pd.DataFrame:
    """One row per law: root mean square ``error`` over the new shapes' means, and the share of runs ``in_band``."""
    laws = pd.Index(tested.table["law"].unique(), name="law")
    parts = [tested.distinct(law) for law in laws]
    errors = [np.sqrt(np.mean((part["measured"] - part["predicted"]) ** 2)) for part in parts]
    return pd.DataFrame({"error": errors, "in_band": [band_share(tested, law).value for law in laws]}, index=laws)


def error_gap(tested: Outcomes) -> Estimate:
    """Error of the best other law less the Performance Law's, plus or minus the least significant difference of two
    means over all runs: above 0 where it errs least."""
    errors, part = law_errors(tested)["error"], tested.distinct(LAW)
    gap = float(errors.drop(LAW).min() - errors[LAW])
    noise = tested.contrasts.noise * float(part["measured"].mean())
    least = least_significant_difference(noise, tested.contrasts.dof, int(part["seeds"].sum()))
    return Estimate.around(gap, least)
