"""Wukong and its rivals at equal compute: who leads, is a lead an offset or a slope, and who stops improving.

Rivals are compared with Wukong interpolated in log compute between its own sizes, as ``published`` reads the
paper's table. Intervals of leads know each model's noise of seeds, taken out what all runs of a seed share; a learning
rate that suits one size better than the next is not in them. Intervals of slopes come from the scatter around each
model's line, which has both in it. Models differ several times in both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from recscale import published
from recscale.analysis.ctr_curves import FEWEST_SIZES
from recscale.analysis.ctr_scaling import PAPER_SIGNIFICANT, least_difference, slopes
from recscale.runs.table import Columns, by_configuration
from recscale.stats import UNKNOWN, Contrasts, Estimate, Pair, both_levels, combined, welch_difference

LEAD = float(np.log(1.002))
"""The paper's "over 0.2 %" at equal compute, as a difference of ln L."""
SIGNIFICANT_GAIN = float(np.log(1 + PAPER_SIGNIFICANT / 100))
"""The gain that the paper calls significant, as a difference of ln L."""
ConfigurationWeights = dict[int, float]  # configuration -> weight of its mean ln L


@dataclass(frozen=True, eq=False)
class RivalComparison:
    """Wukong and rivals on one data set.

    means       by configuration (``by_configuration``)
    contrasts   their ln L, each model with a noise of its own
    ahead       rival -> for each of its sizes inside Wukong's range the contrast ln L(Wukong) - ln L(rival) at that
                compute; negative is Wukong ahead
    """

    means: pd.DataFrame
    contrasts: Contrasts
    ahead: Mapping[str, list[ConfigurationWeights]]

    def last_step(self, model: str) -> ConfigurationWeights:
        """ln L of the best smaller size less that of the largest: what the last size gains; empty below three sizes."""
        sizes = self.means[self.means[Columns.MODEL] == model]
        if len(sizes) < FEWEST_SIZES:
            return {}
        best = sizes.loc[sizes.iloc[:-1]["test_logloss"].idxmin(), "configuration"]
        return {int(best): 1.0, int(sizes["configuration"].iloc[-1]): -1.0}

    def leads(self) -> dict[str, Pair]:
        """Rival -> mean over its sizes of ln L(Wukong) - ln L(rival), at 95 % and at ``bonferroni_level``."""
        sizes = {rival: [(1 / len(every), weights) for weights in every] for rival, every in self.ahead.items()}
        return self._intervals({rival: combined(*parts) for rival, parts in sizes.items()})

    def last_gains(self) -> dict[str, Pair]:
        """Rival with three sizes or more -> ``last_step``, at 95 % and at ``bonferroni_level``."""
        rivals = [model for model in self.means[Columns.MODEL].unique() if model != "wukong"]
        return self._intervals({rival: step for rival in rivals if (step := self.last_step(rival))})

    def _intervals(self, weights: Mapping[str, ConfigurationWeights]) -> dict[str, Pair]:
        return dict(zip(weights, self.contrasts.intervals(list(weights.values())), strict=True))


def compare_rivals(runs: pd.DataFrame) -> RivalComparison:
    """Wukong and its rivals among ``runs``, a run table of one data set and split; ValueError without two Wukongs."""
    means = by_configuration(runs)
    own = means[means[Columns.MODEL] == "wukong"]
    if len(own) < 2:
        raise ValueError(f"rivals are compared with two sizes of Wukong or more, and there are {len(own)}")
    at, names = np.log(own[Columns.FLOP].to_numpy(float)), own["configuration"].to_numpy()
    ahead: dict[str, list[ConfigurationWeights]] = {}
    for row in means[means[Columns.MODEL] != "wukong"].itertuples():
        here = np.log(row.training_flop_per_example)
        if not at[0] <= here <= at[-1]:
            continue
        right = int(np.clip(np.searchsorted(at, here), 1, len(at) - 1))
        share = (here - at[right - 1]) / (at[right] - at[right - 1])
        weights = {int(names[right - 1]): 1 - share, int(names[right]): share, int(row.configuration): -1.0}
        ahead.setdefault(row.model, []).append(weights)
    columns = (runs[name].tolist() for name in ("configuration", "seed", "test_logloss", "model"))
    return RivalComparison(means, Contrasts.of(*columns), ahead)


def steeper(runs: pd.DataFrame) -> dict[str, Pair]:
    """Rival -> Wukong's slope less the rival's (% per decade; negative: Wukong is steeper), at 95 % and at
    ``bonferroni_level`` of their number.

    A straight line in log compute through each model's seed means of ln L, with a scatter of its own (Welch's t).
    Models of fewer than three sizes have no slope.
    """
    lines = {}
    for model, means in by_configuration(runs).groupby(Columns.MODEL, sort=False):
        if len(means) >= FEWEST_SIZES:
            x, y = np.log10(means[Columns.FLOP].to_numpy(float)), 100 * np.log(means["test_logloss"])
            line, dof = stats.linregress(x, y), len(x) - 2
            lines[model] = Estimate.around(line.slope, stats.t.ppf(0.975, dof) * line.stderr), dof
    if "wukong" not in lines:
        return {}
    own, own_dof = lines.pop("wukong")
    return {
        rival: both_levels(partial(welch_difference, own, other, (own_dof, dof)), len(lines))
        for rival, (other, dof) in lines.items()
    }


def standings(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per rival that can be compared; intervals are 95 % for all rivals together (``bonferroni_level``), as one
    of several easily looks different.

    sizes                             of the rival inside Wukong's range
    lead, ci_low, ci_high             Wukong's mean lead over them, %; negative: the rival leads
    leader                            "wukong" or the rival, where the interval leaves out 0; else ""
    slope, slope_low, slope_high      Wukong's slope less the rival's, % per decade; negative: Wukong is steeper
    steeper                           "wukong" or the rival, where the interval leaves out 0; else ""
    """
    comparison, lines = compare_rivals(runs), steeper(runs)
    rows = {}
    for rival, (_, wide) in comparison.leads().items():
        _, slope = lines.get(rival, (UNKNOWN, UNKNOWN))
        lead = *(-wide).percent, _who(wide, rival)
        rows[rival] = (len(comparison.ahead[rival]), *lead, *slope, _who(slope, rival))
    columns = ["sizes", "lead", "ci_low", "ci_high", "leader", "slope", "slope_low", "slope_high", "steeper"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _who(effect: Estimate, rival: str) -> str:
    """Whom an effect, negative for Wukong, favours."""
    return "wukong" if effect.is_negative else rival if effect.is_positive else ""


def model_means(runs: pd.DataFrame) -> pd.DataFrame:
    """Seed means of every configuration (``by_configuration``) with ``half``: half of the 95 % interval of the mean in
    nats, from the model's own noise of seeds; nan with single seeds.

    What a seed does to all its runs alike is not noise here: it moves no model against another.
    """
    means = by_configuration(runs)
    least = {model: least_difference(runs, model, 1) for model in means[Columns.MODEL].unique()}
    return means.assign(half=means[Columns.MODEL].map(least) / np.sqrt(2 * means["seeds"]))


def slopes_and_the_papers(runs: pd.DataFrame, task: int = 1) -> pd.DataFrame:
    """Straight lines in log compute, in the paper's Table 5 (``task``) and here.

    model                 the name in the run table
    slope, low, high      change of the log loss per decade, %, with its 95 % interval
    source                "paper" or "ours"
    """
    columns = {"slope_per_decade": "slope", "slope_low": "low", "slope_high": "high"}
    paper = published.wukong_models().query("task == @task").rename(columns=columns)
    own = slopes(runs).rename_axis("model").reset_index()
    own = own.assign(low=own["slope"] - own["slope_half"], high=own["slope"] + own["slope_half"], source="ours")
    paper = paper.assign(model=paper["model"].str.lower(), source="paper")
    return pd.concat([paper, own], ignore_index=True)[["model", "slope", "low", "high", "source"]]
