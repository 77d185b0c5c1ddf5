"""Wukong and its rivals at equal compute: who leads, is a lead an offset or a slope, and who stops improving.

Rivals are compared with Wukong interpolated in log compute between its own sizes, as ``published`` reads the
paper's table. Intervals of leads know each model's noise of seeds, taken out what all runs of a seed share; a learning
rate that suits one size better than the next is not in them. Intervals of slopes come from the scatter around each
model's line, which has both in it. Models differ several times in both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from recscale.analysis.ctr_exponents import difference
from recscale.analysis.ctr_learning_rates import NO_CAVEATS, Caveats
from recscale.analysis.ctr_scaling import LEAST, PAPER_SIGNIFICANT
from recscale.analysis.ctr_scaling import listed as joined
from recscale.models import MODEL_TITLES
from recscale.runs.table import Columns, by_configuration
from recscale.stats import contrasts
from recscale.stats.contrasts import Contrasts
from recscale.stats.estimate import Estimate

RIVALS = 7
"""Rivals of the full study, as many as in the paper's table."""
LEAD = float(np.log(1.002))
"""The paper's "over 0.2 %" at equal compute, as a difference of ln L."""
FLAT = float(np.log(1 + PAPER_SIGNIFICANT / 100))
Weights = dict[int, float]  # configuration -> weight of its mean ln L


@dataclass(frozen=True, eq=False)
class Field:
    """Wukong and rivals on one data set. ``ahead``: rival -> for each of its sizes inside Wukong's range the contrast
    ln L(Wukong) - ln L(rival) at that compute; negative is Wukong ahead."""

    means: pd.DataFrame
    contrasts: Contrasts
    ahead: dict[str, list[Weights]]

    @property
    def dof(self) -> int:
        return self.contrasts.dof

    @property
    def rivals(self) -> list[str]:
        """Rivals with at least one size inside Wukong's range."""
        return list(self.ahead)

    def average(self, rival: str) -> Weights:
        """The contrast averaged over the sizes of ``rival``."""
        found: Weights = {}
        for weights in self.ahead[rival]:
            for configuration, weight in weights.items():
                found[configuration] = found.get(configuration, 0.0) + weight / len(self.ahead[rival])
        return found

    def averages(self) -> list[Weights]:
        return [self.average(rival) for rival in self.rivals]

    def last_steps(self) -> dict[str, Weights]:
        """Rival -> ``last_step``."""
        steps = {model: self.last_step(model) for model in self.means["model"].unique() if model != "wukong"}
        return {model: step for model, step in steps.items() if step}

    def last_step(self, model: str) -> Weights:
        """ln L of the best smaller size less that of the largest: what the last size gains; empty below three sizes."""
        sizes = self.means[self.means["model"] == model]
        if len(sizes) < LEAST:
            return {}
        best = sizes.loc[sizes.iloc[:-1]["test_logloss"].idxmin(), "configuration"]
        return {int(best): 1.0, int(sizes["configuration"].iloc[-1]): -1.0}


def listed(models: Sequence[str]) -> str:
    """Models by their names: "DLRM and DCNv2"."""
    return joined([MODEL_TITLES.get(model, model) for model in models])


def judge(runs: pd.DataFrame) -> Field | None:
    """The field among ``runs`` (one data set and split, ``prepared``); None without two sizes of Wukong."""
    if runs.empty:
        return None
    means = by_configuration(runs)
    own = means[means["model"] == "wukong"]
    if len(own) < 2:
        return None
    at, names = np.log(own[Columns.FLOP].to_numpy(float)), own["configuration"].to_numpy()
    ahead: dict[str, list[Weights]] = {}
    for row in means[means["model"] != "wukong"].itertuples():
        here = np.log(row.training_flop_per_example)
        if not at[0] <= here <= at[-1]:
            continue
        right = int(np.clip(np.searchsorted(at, here), 1, len(at) - 1))
        share = (here - at[right - 1]) / (at[right] - at[right - 1])
        weights = {int(names[right - 1]): 1 - share, int(names[right]): share, int(row.configuration): -1.0}
        ahead.setdefault(row.model, []).append(weights)
    columns = (runs[name].tolist() for name in ("configuration", "seed", "test_logloss", "model"))
    known = Contrasts.of(*columns)
    return Field(means, known, ahead)


def lead(effect: Estimate) -> Estimate:
    """Of ln L(Wukong) - ln L(rival), the lead of Wukong: the other way round."""
    return Estimate(-effect.value, -effect.ci_high, -effect.ci_low)


def steeper(runs: pd.DataFrame, level: float = 0.95) -> dict[str, Estimate]:
    """Rival -> Wukong's slope less the rival's (% a decade; negative: Wukong is steeper).

    A straight line in log compute through each model's seed means of ln L, with a scatter of its own (Welch's t).
    """
    lines = {}
    for model, means in by_configuration(runs).groupby("model", sort=False) if len(runs) else ():
        if len(means) >= LEAST:
            x, y = np.log10(means[Columns.FLOP].to_numpy(float)), 100 * np.log(means["test_logloss"])
            line, dof = stats.linregress(x, y), len(x) - 2
            lines[model] = line.slope, stats.t.ppf(0.975, dof) * line.stderr, dof
    if "wukong" not in lines:
        return {}
    own = lines.pop("wukong")
    return {rival: difference(own, other, level) for rival, other in lines.items()}


def said(effect: Estimate, below: str, above: str, between: str) -> str:
    """The word for an effect below zero, above zero, or not known to be either."""
    return below if effect.is_negative else above if effect.is_positive else between


def standings(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a rival: Wukong's mean lead (%) over the rival's sizes, Wukong's slope less the rival's (% a decade;
    negative: steeper), both with the intervals that decide the words: 95 % for all rivals together, as one of several
    easily looks different (``contrasts.strict``).
    """
    if (field := judge(runs)) is None:
        return pd.DataFrame()
    wide = steeper(runs, contrasts.strict(max(len(steeper(runs)), 1)))
    rows = {}
    for rival in field.rivals:
        slope = wide.get(rival, contrasts.UNKNOWN)
        named = field.contrasts.contrast(field.average(rival), contrasts.strict(len(field.rivals)))
        value, low, high = lead(named).percent
        rows[rival] = {
            "sizes": len(field.ahead[rival]),
            "lead, %": value,
            "low": low,
            "high": high,
            "who leads": said(named, "Wukong", rival, "not known"),
            "slope difference": slope.value,
            "slope, low": slope.ci_low,
            "slope, high": slope.ci_high,
            "who is steeper": said(slope, "Wukong", rival, "not known"),
        }
    return pd.DataFrame(rows).T.infer_objects()


def lead_words(runs: pd.DataFrame, caveats: Caveats = NO_CAVEATS) -> str:
    """Whom Wukong leads at equal compute, who leads Wukong, and what can't be told: sentences."""
    field, table = judge(runs), standings(runs)
    if field is None or table.empty:
        return "No rival can be compared with Wukong at equal compute yet."
    if not field.dof:
        best = [name for name in table.index if table.loc[name, "lead, %"] < 0]
        behind = f"Lower loss than Wukong's, on average over their sizes: {listed(best)}. " if best else ""
        return f"{behind}With single seeds it can't be told which of the differences is more than noise."
    who = table["who leads"]
    beaten, better = (who.index[who == name].tolist() for name in ("Wukong", "not known"))
    ahead = [name for name in who.index if who[name] == name]
    parts = []
    if beaten:
        parts.append(f"Wukong leads {listed(beaten)}.{_tuning_words(beaten, caveats)}")
    if ahead:
        parts.append(f"Wukong is beaten at equal compute by {listed(ahead)}.")
    if better:
        parts.append(f"The noise of seeds leaves open who leads between Wukong and {listed(better)}.")
    return " ".join(parts)


def _tuning_words(beaten: Sequence[str], caveats: Caveats) -> str:
    """What an unsearched rate may have to do with a lead."""
    doubtful = [model for model in beaten if model in caveats.unsearched]
    worth = [gain for model, gain in caveats.worth.items() if model != "wukong"]
    if not doubtful or not worth:
        return ""
    return (
        f" But the tables' rate of {listed(doubtful)} was not searched, and where a rival's was, it brought "
        f"{min(worth):.1f} to {max(worth):.1f} % of the loss: the lead may be one of tuning."
    )


def size_words(runs: pd.DataFrame) -> str:
    """At how many single sizes of the rivals somebody is known to lead."""
    field = judge(runs)
    if field is None or not (single := [w for rival in field.rivals for w in field.ahead[rival]]):
        return "No single size of a rival lies within Wukong's range yet."
    if not field.dof:
        return "Single sizes can't be judged without a second seed."
    effects = [field.contrasts.contrast(weights, contrasts.strict(len(single))) for weights in single]
    first, second = sum(e.is_negative for e in effects), sum(e.is_positive for e in effects)
    return (
        f"Of {len(single)} single sizes of rivals, Wukong is ahead beyond the noise at {first} and behind at {second}."
    )


def kind_words(runs: pd.DataFrame) -> str:
    """Are the leads offsets or slopes: sentences."""
    table = standings(runs)
    known = table[table["slope difference"].notna()] if len(table) else table
    if known.empty:
        return f"Slopes can't be compared before Wukong and a rival have {LEAST} sizes each."
    who = known["who is steeper"]
    parts = []
    if own := who.index[who == "Wukong"].tolist():
        parts.append(f"Wukong is steeper than {listed(own)}: with compute the difference moves in its favour.")
    if others := [name for name in who.index if who[name] == name]:
        parts.append(f"Steeper than Wukong: {listed(others)}.")
    if open_ := who.index[who == "not known"].tolist():
        same = "No slope can be told from Wukong's" if len(open_) == len(who) else "Not told from Wukong's slope"
        parts.append(
            f"{same}: {listed(open_)}. An offset explains a lead there; the intervals say how large a difference of "
            "slopes isn't excluded."
        )
    return " ".join(parts)


def stops(field: Field) -> pd.DataFrame:
    """One row a rival with at least three sizes: what its largest size gains over its best smaller one (%), with the
    interval that decides (95 % for all rivals together), and whether it stops improving: a gain known to be under the
    0.02 % the paper calls significant."""
    rows, steps = {}, field.last_steps()
    for rival, weights in steps.items():
        wide = field.contrasts.contrast(weights, contrasts.strict(len(steps)))
        value, low, high = wide.percent
        says = "stops" if wide.ci_high < FLAT else "improves" if wide.ci_low > FLAT else "not known"
        rows[rival] = {"gain at the end, %": value, "low": low, "high": high, "says": says}
    return pd.DataFrame(rows).T.infer_objects() if rows else pd.DataFrame()


def stop_words(runs: pd.DataFrame, caveats: Caveats = NO_CAVEATS) -> str:
    """Which rivals stop improving, and what Wukong does at its own end: sentences."""
    field = judge(runs)
    table = stops(field) if field is not None else pd.DataFrame()
    if table.empty:
        return f"No rival has {LEAST} sizes yet, so that none can be said to stop improving."
    if not field.dof:
        return "With single seeds it can't be told from noise whether a rival's largest size still gains."
    groups: Sequence[tuple[str, str]] = (
        ("stops", "No further gain at the largest size"),
        ("improves", "Still improving at the largest size"),
        ("not known", "Whether the largest size still gains is left open by the noise of seeds"),
        ("untried", "Not judged, as the largest sizes train at a pair of rates that was never tried there"),
    )
    table["says"] = table["says"].mask(table.index.isin(list(caveats.untried)), "untried")
    found = {text: table.index[table["says"] == says].tolist() for says, text in groups}
    return (
        f"{' '.join(f'{text}: {listed(names)}.' for text, names in found.items() if names)} {own_end(field)}".rstrip()
    )


def own_end(field: Field) -> str:
    """What Wukong's largest size gains, by the rule for rivals: a sentence, empty below three sizes."""
    if not (weights := field.last_step("wukong")):
        return ""
    gain = field.contrasts.contrast(weights)
    value, low, high = gain.percent
    if gain.ci_high < FLAT:
        says = "it stops too"
    else:
        says = "it still improves" if gain.ci_low > FLAT else "whether it stops is left open, too"
    return (
        f"Wukong's own largest size gains {value:+.2f} % over its best smaller one (95 % interval {low:+.2f} to "
        f"{high:+.2f}): {says}."
    )
