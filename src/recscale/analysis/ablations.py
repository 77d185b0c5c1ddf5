"""What Wukong's knobs and components are worth: each variant of a base model against the base, in loss and in compute.

A variant's name is read from what its recipe changes in the base's, and the base is the model that all others start
from: knobs only grow, components only go. Learning rates don't count as a change: a full study takes the searched rate
at each variant's compute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from recscale.models import CTR_MODELS
from recscale.runs.table import Columns, core_hours_per_seed, run_table, settings_of, single_dataset
from recscale.stats import Contrasts, Estimate

BASE = "base"
_SHORT: Mapping[str, str] = {"mlp_width": "MLP", "mlp_layers": "MLP layers", "fmb": "FMB", "lcb": "LCB"}
"""Field of a recipe -> its name on the page, where they differ."""


@dataclass(frozen=True, eq=False)
class Ablation:
    """The variants of one base on one data set.

    ``table`` is indexed by the variant's name, the base first, and has the columns

    changed            the fields that differ from the base, joined by ", "; "" for the base
    relative           mean test log loss above the base's, %
    ci_low, ci_high    its 95 % interval, paired by seed; nan for the base, and with one seed
    seeds              runs of the variant
    flop, flop_ratio   training FLOP per example, and its ratio to the base's
    dense_parameters

    ``contrasts`` holds ln(test log loss) by ``changed``. ``unpaired_sd``: standard deviation of ln(test log loss) of
    one run around its variant's mean, not paired by seed. ``core_hours_per_seed``: of all variants together.
    """

    table: pd.DataFrame
    contrasts: Contrasts
    unpaired_sd: float
    core_hours_per_seed: float

    @property
    def least_significant_difference(self) -> float:
        """The least difference from the base (%) that seeds don't explain: the median half-width of the intervals."""
        return float(((self.table["ci_high"] - self.table["ci_low"]) / 2).iloc[1:].median())

    @property
    def seeds(self) -> int:
        """The fewest seeds that any variant has."""
        return int(self.table["seeds"].min())

    def effect(self, changed: str, level: float = 0.95) -> Estimate:
        """ln of the variant's test log loss over the base's."""
        return self.contrasts.contrast({changed: 1.0, "": -1.0}, level)


def compare_variants(runs: pd.DataFrame) -> Ablation:
    """The variants among ``runs``, a run table of one data set.

    ``ValueError``: runs of several data sets, or none that all others vary.
    """
    single_dataset(runs)
    every = run_table(runs).drop_duplicates(Columns.CONFIG).set_index(Columns.CONFIG)
    recipes = {
        config: {**asdict(settings_of(CTR_MODELS[run[Columns.MODEL]], run)), "units": run["embedding_units"]}
        for config, run in every.iterrows()
    }
    base = base_of(list(recipes.values()))
    changes = runs[Columns.CONFIG].map({config: changed(base, other) for config, other in recipes.items()})
    runs = runs.assign(variant=changes.map(named), changed=changes.map(", ".join))
    contrasts = Contrasts.of(runs["changed"], runs["seed"], runs["test_logloss"])
    unpaired = Contrasts.of(runs["changed"], [0] * len(runs), runs["test_logloss"])
    columns = ["variant", "changed", Columns.FLOP, Columns.DENSE_PARAMETERS]
    table = runs.groupby(columns, sort=False).size().rename("seeds").reset_index()
    table = table.sort_values("changed", key=lambda names: names != "", kind="stable", ignore_index=True)
    table = table.rename(columns={Columns.FLOP: "flop"})
    effects = [tuple(contrasts.difference(changed, "").percent) for changed in table["changed"]]
    table[["relative", "ci_low", "ci_high"]] = effects
    table.loc[0, ["relative", "ci_low", "ci_high"]] = 0.0, np.nan, np.nan
    table["flop_ratio"] = table["flop"] / table["flop"].iloc[0]
    return Ablation(table.set_index("variant"), contrasts, unpaired.noise, core_hours_per_seed(runs))


def priced(study: Ablation) -> pd.DataFrame:
    """The variants as a reader sees them, one row per variant.

    loss (%)           log loss above the base's
    ci_low, ci_high    its 95 % interval
    × FLOP             compute per example over the base's
    % per doubling     loss (%) per doubling of the compute; nan where the interval has 0, or the variant costs within a
                       tenth of what the base costs
    seeds
    """
    table = study.table
    significant = (table["ci_low"] > 0) | (table["ci_high"] < 0)
    doublings = np.log2(table["flop_ratio"])
    per_doubling = table["relative"] / doublings.where(significant & (doublings.abs() > np.log2(1.1)))
    table = table.rename(columns={"relative": "loss (%)", "flop_ratio": "× FLOP"})
    columns = ["loss (%)", "ci_low", "ci_high", "× FLOP", "% per doubling", "seeds"]
    return table.assign(**{"% per doubling": per_doubling})[columns].round(2)


def changed(base: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Field -> (value of the base, value of the other), where they differ, in alphabetical order."""
    return {name: (value, other[name]) for name, value in sorted(base.items()) if other[name] != value}


def base_of(recipes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one from which all others come by growing a knob, leaving a component out or adding a feature."""
    for base in recipes:
        pairs = [pair for other in recipes for pair in changed(base, other).values()]
        if pairs and all(_grows_or_goes(*pair) for pair in pairs):
            return base
    raise ValueError(f"none of the {len(recipes)} recipes is a base that the others vary: its run is needed as well")


def _grows_or_goes(before: Any, after: Any) -> bool:
    """Whether a variant changes ``before`` to ``after``, and not the other way round."""
    if isinstance(before, bool):
        return before and not after
    if isinstance(before, int | float):
        return after > before
    if isinstance(before, str):
        return before == "optimised"
    return not before


def named(changes: Mapping[str, tuple[Any, Any]]) -> str:
    """The label of a change on an axis: "2 × k, n_F, n_L", "no LCB, no residual", "attentive Y"."""
    parts: list[str] = []
    grown: dict[float, list[str]] = {}
    for name, (before, after) in changes.items():
        if isinstance(before, bool):
            parts.append(f"no {_SHORT.get(name, name)}")
        elif isinstance(before, int | float):
            grown.setdefault(after / before, []).append(_SHORT.get(name, name))
        elif name == "fm":
            parts.append(f"{after} Y" if after == "attentive" else f"{after} FM")
        elif name == "units":
            parts.append(f"{max(count for _, count in after)} embeddings: {', '.join(field for field, _ in after)}")
        else:
            parts.append(f"{name} = {after}")
    return ", ".join([*(f"{ratio:g} × {', '.join(names)}" for ratio, names in grown.items()), *parts]) or BASE


def required_seeds(study: Ablation, differences: Sequence[float], most: int = 100_000) -> pd.DataFrame:
    """Seeds per variant from which a difference from the base of so many % exceeds its 95 % interval.

    With the noise σ and the m variants of ``study``, the smallest S with t(0.975, m (S - 1)) σ √(2/S) below it. Index:
    ``difference (%)``; column ``seeds per variant``: inf beyond ``most``, nan where one seed leaves σ unknown.
    """
    seeds = np.arange(2, most + 1)
    dof = (len(study.contrasts.names) - 1) * (seeds - 1)
    half_width = 100 * stats.t.ppf(0.975, dof) * study.contrasts.noise * np.sqrt(2 / seeds)
    never = np.nan if np.isnan(study.contrasts.noise) else np.inf
    needed = [next(map(float, seeds[half_width < difference]), never) for difference in differences]
    return pd.DataFrame({"seeds per variant": needed}, index=pd.Index(differences, name="difference (%)"))


def false_alarms(study: Ablation, draws: int, seed: int = 0) -> pd.Series:
    """If no variant differed from the base: how often one given interval, and at least one of all, would exclude 0.

    Simulated with as many seeds (two at least) and variants as ``study`` has. Index: "one given variant", "any of
    them", and "any of them, Bonferroni", at ``bonferroni_level`` of the number of variants.
    """
    names, random = [*study.contrasts.names], np.random.default_rng(seed)
    contrasts, seeds = [{name: 1.0, "": -1.0} for name in names if name], max(2, study.seeds)
    blocks, alarms = np.repeat(np.arange(seeds), len(names)), np.zeros((draws, len(contrasts), 2), bool)
    for draw in range(draws):
        noise = Contrasts.of(names * seeds, blocks, np.exp(random.normal(size=len(blocks))))
        pairs = noise.intervals(contrasts)
        alarms[draw] = [[effect.is_negative or effect.is_positive for effect in pair] for pair in pairs]
    shares = [alarms[:, 0, 0].mean(), *alarms.any(axis=1).mean(axis=0)]
    index = pd.Index(["one given variant", "any of them", "any of them, Bonferroni"])
    return pd.Series(shares, index, name="share of studies")
