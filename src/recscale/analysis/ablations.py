"""What Wukong's knobs and components are worth: each variant of a base model against it, and the paper's statements.

A variant's name is read from what its recipe changes in the base's, and the base is the model that all others start
from: knobs only grow, components only go. Learning rates don't count as a change: a full study takes the searched rate
at each variant's compute.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from recscale.claims.card import Claim, claims_on
from recscale.runs.table import one_set
from recscale.stats.contrasts import Contrasts, Effect

_claim = claims_on("Wukong", "ablations-wukong")
BASE = "base"
SHORT: Mapping[str, str] = {"mlp_width": "MLP", "mlp_layers": "MLP layers", "fmb": "FMB", "lcb": "LCB"}
"""Field of a recipe -> its name on the page, where they differ."""

GAINS = ("l", "mlp_width")
HELPS = ("k", "n_F")
TOGETHER = "k, n_F, n_L"
BOTH = "lcb, residual"
ALONE = ("lcb", "residual")
PAPER_INCREASES = (1.84, 0.8)
"""%, Fig. 4: FMB gone, and LCB and residual gone; which is which is not certain from the figure's labels."""


@dataclass(frozen=True, eq=False)
class Ablation:
    """The variants of one base on one data set.

    ``table``: one row a variant, the base first: ``changed`` (the fields), ``relative`` (log loss against the base, %),
    its 95 % interval ``low`` and ``high``, ``seeds``, FLOP per example and its ``flop_ratio`` to the base's, dense
    parameters. ``contrasts`` knows configurations by ``changed``, the base as "".
    """

    dataset: str
    table: pd.DataFrame
    contrasts: Contrasts
    alone: float
    """Standard deviation of ln(log loss) of one run around its variant's mean, without pairing."""

    @property
    def least(self) -> float:
        """The smallest relative log loss (%) that seeds can't explain: the median half-width of the intervals."""
        return float(((self.table["high"] - self.table["low"]) / 2).iloc[1:].median())

    def __contains__(self, changed: str) -> bool:
        return changed in self.contrasts.names

    def effect(self, changed: str, level: float = 0.95) -> Effect:
        """ln of the variant's log loss over the base's."""
        return self.contrasts.contrast({changed: 1.0, "": -1.0}, level)

    def best(self, knobs: Sequence[str]) -> tuple[str, Effect]:
        """The knob with the lowest loss, its interval at the level 1 - 0.05/m: the best of m looks too good."""
        effects = {name: self.effect(name, 1 - 0.05 / len(knobs)) for name in knobs}
        name = min(knobs, key=lambda knob: effects[knob].value)
        return name, effects[name]


def judge(runs: pd.DataFrame) -> Ablation | None:
    """The variants among ``runs`` (one data set, ``ctr_tables.prepared``); None without a base and a variant of it.

    ValueError: runs of several data sets.
    """
    if runs.empty:
        return None
    dataset = one_set(runs)
    recipes = {config: recipe(config) for config in runs["config"].unique()}
    base = base_of(list(recipes.values()))
    if base is None or len(recipes) < 2:
        return None
    changes = {config: changed(base, other) for config, other in recipes.items()}
    runs = runs.assign(
        variant=[named(changes[config]) for config in runs["config"]],
        changed=[", ".join(changes[config]) for config in runs["config"]],
    )
    contrasts = Contrasts.of(runs["changed"].tolist(), runs["seed"].tolist(), runs["test_logloss"])
    alone = Contrasts.of(runs["changed"].tolist(), [0] * len(runs), runs["test_logloss"]).noise
    return Ablation(dataset, _table(runs, contrasts), contrasts, alone)


def _table(runs: pd.DataFrame, contrasts: Contrasts) -> pd.DataFrame:
    columns = ["variant", "changed", "training_flop_per_example", "dense_parameters"]
    table = runs.groupby(columns, sort=False).size().rename("seeds").reset_index()
    table = table.sort_values("changed", key=lambda c: c != "", kind="stable", ignore_index=True)
    table = table.rename(columns={"training_flop_per_example": "flop"})
    effects = [contrasts.difference(changed, "").percent for changed in table["changed"]]
    table[["relative", "low", "high"]] = np.array(effects)
    table.loc[0, ["relative", "low", "high"]] = 0.0, np.nan, np.nan
    table["flop_ratio"] = table["flop"] / table["flop"].iloc[0]
    return table.set_index("variant")


def summary(study: Ablation) -> pd.DataFrame:
    """The table as a reader sees it, one row a variant. What the loss changes for a doubling of the compute is given
    only where the change exceeds the noise of seeds and the variant costs a tenth more or less than the base."""
    table = study.table
    beyond = (table["low"] > 0) | (table["high"] < 0)
    priced = beyond & (np.abs(np.log(table["flop_ratio"])) > np.log(1.1))
    doublings = np.log2(table["flop_ratio"]).where(priced)
    limits = [
        f"{low:+.2f} to {high:+.2f}" if np.isfinite(low) else "" for low, high in table[["low", "high"]].to_numpy()
    ]
    return pd.DataFrame(
        {
            "log-loss, %": table["relative"].round(2),
            "95 % interval": limits,
            "seeds": table["seeds"],
            "MFLOP per example": (table["flop"] / 1e6).round(3),
            "× base": table["flop_ratio"].round(2),
            "dense parameters": table["dense_parameters"],
            "% a doubling of FLOP": (table["relative"] / doublings).round(2).astype(object).where(priced, ""),
        }
    )


def recipe(config: str) -> dict[str, Any]:
    """What a variant may change, from the column ``config`` of its run record."""
    given = json.loads(config)
    units = given["training"]["embedding"]["units"]
    return {**given["model"], "units": tuple((name, count) for name, count in units)}


def changed(base: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Field -> (value of the base, value of the other), where they differ, in alphabetical order."""
    return {name: (value, other[name]) for name, value in sorted(base.items()) if other[name] != value}


def base_of(recipes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The one from which all others come by growing a knob, leaving a component out or adding a feature."""
    for base in recipes:
        if all(_away(*pair) for other in recipes for pair in changed(base, other).values()):
            return base
    return None


def _away(before: Any, after: Any) -> bool:
    """Whether a variant changes ``before`` to ``after``, and not the other way round."""
    if isinstance(before, bool):
        return before and not after
    if isinstance(before, int | float):
        return after > before
    if isinstance(before, str):
        return before == "optimised"
    return not before


def named(changes: Mapping[str, tuple[Any, Any]]) -> str:
    """A change in the few words an axis has room for: "2 × k, n_F, n_L", "no LCB, no residual", "attentive Y"."""
    parts: list[str] = []
    grown: dict[float, list[str]] = {}
    for name, (before, after) in changes.items():
        if isinstance(before, bool):
            parts.append(f"no {SHORT.get(name, name)}")
        elif isinstance(before, int | float):
            grown.setdefault(after / before, []).append(SHORT.get(name, name))
        elif name == "fm":
            parts.append(f"{after} Y" if after == "attentive" else f"{after} FM")
        elif name == "units":
            parts.append(f"{max(count for _, count in after)} embeddings: {', '.join(field for field, _ in after)}")
        else:
            parts.append(f"{name} = {after}")
    return ", ".join([*(f"{ratio:g} × {', '.join(names)}" for ratio, names in grown.items()), *parts]) or BASE


def _against(first: str, *others: str) -> list[dict[str, float]]:
    """Contrasts that lie below zero where ``first`` has a lower loss than each of ``others``."""
    return [{first: 1.0, other: -1.0} for other in others]


def noise_words(study: Ablation) -> str:
    """How far apart variants must lie to be told apart, in a sentence."""
    if not study.contrasts.dof:
        return "There is one seed only, so no difference can be told from noise."
    alone, paired = 100 * study.alone, 100 * study.contrasts.noise
    if paired < alone:
        pairing = f"taking out what it does to all variants alike leaves {paired:.2f} %"
    else:
        pairing = f"here it does nothing to all variants alike, so that pairing leaves {paired:.2f} %"
    return (
        f"A seed moves the log-loss of one and the same model by {alone:.2f} % (one standard deviation); {pairing}. "
        f"A variant must differ from the base by about {study.least:.2f} % before the seeds stop being an explanation "
        f"({study.contrasts.dof} degrees of freedom)."
    )


def seeds_needed(study: Ablation, differences: Sequence[float], most: int = 10_000) -> pd.DataFrame:
    """How many seeds every variant needs before a difference of so many % exceeds the 95 % interval, with the noise
    found here; "more" beyond ``most``, nothing where the noise isn't known."""
    rows, others = {}, len(study.contrasts.names) - 1
    seeds = np.arange(2, most + 1)
    half = 100 * stats.t.ppf(0.975, others * (seeds - 1)) * study.contrasts.noise * np.sqrt(2 / seeds)
    for difference in differences:
        enough = seeds[half < difference]
        known = "" if np.isnan(study.contrasts.noise) else f"more than {most:,}"
        rows[f"{difference:g} %"] = {"seeds a variant": int(enough[0]) if len(enough) else known}
    return pd.DataFrame(rows).T.rename_axis("difference")


def false_alarms(study: Ablation, draws: int, seed: int = 0) -> pd.DataFrame:
    """If no variant differed from the base: how often one given interval, and at least one of all, would exclude 0.

    Simulated with as many seeds and variants as the study has; "allowed for": at the level 1 - 0.05/m of m variants.
    """
    names, random = [*study.contrasts.names], np.random.default_rng(seed)
    others, count = [name for name in names if name], max(2, int(study.table["seeds"].min()))
    blocks = np.repeat(np.arange(count), len(names)).tolist()
    hits = {0.95: np.zeros((draws, len(others)), bool), 1 - 0.05 / len(others): np.zeros((draws, len(others)), bool)}
    for draw in range(draws):
        model = Contrasts.of(names * count, blocks, np.exp(random.normal(size=len(blocks))))
        for level, found in hits.items():
            effects = [model.contrast({name: 1.0, "": -1.0}, level) for name in others]
            found[draw] = [effect.lowers or effect.raises for effect in effects]
    plain, strict = hits.values()
    shares = {"one given variant": plain[:, 0].mean(), "any of them": plain.any(axis=1).mean()}
    return pd.DataFrame({"share of studies": {**shares, "any of them, allowed for": strict.any(axis=1).mean()}})


def knob_claims(study: Ablation) -> list[Claim]:
    """The paper's statements on Fig. 5 that the variants at hand can test."""
    found = []
    singles = [name for name in (*GAINS, *HELPS, "n_L") if name in study]
    if len(singles) == 5:
        found.append(_most(study, singles))
    if all(name in study for name in HELPS):
        verdict = study.contrasts.verdict([one for name in HELPS for one in _against(name, "")])
        ours = "; ".join(f"{name} {study.effect(name)}" for name in HELPS)
        why = "change of the log loss against the base; both must lie below zero beyond the noise of seeds"
        found.append(_claim("doubling k helps, and so does doubling n_F", None, ours, verdict, why))
    if len(singles) == 5:
        found.append(_flat(study, singles))
    if all(name in study for name in (TOGETHER, *HELPS, "n_L")):
        found.append(_together(study))
    return found


def _most(study: Ablation, singles: Sequence[str]) -> Claim:
    rest = [name for name in singles if name not in GAINS]
    lower = [one for name in GAINS for one in _against(name, "", *rest)]
    best, effect = study.best(singles)
    ours = f"lowest: {SHORT.get(best, best)} {effect}"
    why = (
        f"{_names(GAINS)} must each have less loss than the base and than each of {_names(rest)}, beyond seed noise; "
        f"the lowest was picked from {len(singles)}, so its interval is at {1 - 0.05 / len(singles):.0%}, wider than a "
        "single knob's"
    )
    claim = "of single knobs, depth l and the size of the MLP help most"
    return _claim(claim, None, ours, study.contrasts.verdict(lower), why)


def _flat(study: Ablation, singles: Sequence[str]) -> Claim:
    """Flat is more than "not known to change": the interval must be small beside what the best knob brings."""
    effect = study.effect("n_L")
    _, best = study.best([name for name in singles if name != "n_L"])
    room = abs(best.percent[0]) / 2 if best.lowers else 0.0
    low, high = effect.percent[1:]
    if max(-low, high) < room:
        verdict, why = "holds", "its whole interval is less than half of what the best knob brings"
    elif effect.lowers or effect.raises:
        verdict, why = (
            "does not hold",
            f"the loss {'falls' if effect.lowers else 'rises'}: 95 % interval of this knob alone",
        )
    else:
        verdict, why = "can't be known", "no change beyond seed noise, but a change as large as other knobs' would hide"
    return _claim("doubling n_L alone changes nothing (%)", None, effect.percent[0], verdict, why, effect.limits)


def _together(study: Ablation) -> Claim:
    alone = (*HELPS, "n_L")
    best, _ = study.best(alone)
    effect = study.contrasts.contrast({TOGETHER: 1.0, best: -1.0}, 1 - 0.05 / len(alone))
    verdict = study.contrasts.verdict(_against(TOGETHER, *alone))
    why = f"together less the best of them alone, {best}, in an interval that allows for the choice; negative is better"
    claim = "doubling k, n_F and n_L together beats each alone (%)"
    return _claim(claim, None, effect.percent[0], verdict, why, effect.limits)


def component_claims(study: Ablation) -> list[Claim]:
    """The paper's statements on Fig. 4 that the variants at hand can test."""
    found = []
    if all(name in study for name in ("fmb", *ALONE)):
        verdict = study.contrasts.verdict([one for other in ("", *ALONE) for one in _against(other, "fmb")])
        ours = "; ".join(f"without {SHORT.get(name, name)} {study.effect(name)}" for name in ("fmb", *ALONE))
        largest, other = PAPER_INCREASES
        paper = f"{largest:+} % or {other:+} %"
        why = (
            "the loss without it must exceed that without LCB, without the residual and of the base, beyond seed "
            "noise; which of the two numbers the figure gives to FMB is our reading, most likely the larger"
        )
        found.append(_claim("of single components, FMB matters most", paper, ours, verdict, why))
    if all(name in study for name in (BOTH, *ALONE)):
        halves = [{name: 1.0, BOTH: -0.5, "": -0.5} for name in ALONE]
        verdict = study.contrasts.verdict([*_against("", BOTH), *halves])
        ours = "; ".join(
            f"without {label} {study.effect(name)}"
            for name, label in (("lcb", "LCB"), ("residual", "residual"), (BOTH, "both"))
        )
        why = "without both the loss must rise, and each alone must cost less than half of that, beyond seed noise"
        found.append(_claim("LCB or the residual can go, not both", None, ours, verdict, why))
    return found


def _names(fields: Sequence[str]) -> str:
    labels = [SHORT.get(name, name) for name in fields]
    return f"{', '.join(labels[:-1])} and {labels[-1]}"
