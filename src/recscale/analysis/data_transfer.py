"""Does D′ carry the Performance Law from one data set to the next? The same few cells on data that differs.

A setting is a data set, whole or a variant: fewer users, or histories partly repeated. Its level is the mean of one
metric over ``SKELETON``; its data terms are those of ``data_quality`` at windows of 2 and histories of 50, as computed
for the chapter on data quality or, for a variant, here. Noise is the seeds' of MovieLens-1M, relative to the metric.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats

from recscale import laws
from recscale.analysis.data_quality import LENGTH, WINDOW
from recscale.analysis.shape_contrasts import AXES, KEYS, Cells, Pair, Weights, setting
from recscale.analysis.shape_fits import Q1
from recscale.analysis.shape_law import LINE
from recscale.datasets import load_sequences
from recscale.entropy.experiments import readings
from recscale.laws import Fit
from recscale.plans.sequential import SKELETON
from recscale.runs.spec import variant
from recscale.settings import results_folder
from recscale.stats.contrasts import strict
from recscale.stats.estimate import Estimate
from recscale.stats.seeds import least_significant_difference

TOKENS = "tokens"
D_PRIME = "apen-mean"
"""The arXiv paper's D′: tokens over the users' mean ApEn, as in its script. How the paper averaged isn't known."""
QUALITY = (D_PRIME, "real-concatenated")
"""D′ with ApEn, and with real entropy as in the successor."""
TERMS = {TOKENS: "tokens", D_PRIME: "D′ by ApEn", QUALITY[1]: "D′ by real entropy"}
"""The paper's data terms -> what the book calls them."""
TEST_USERS = 6040
"""Of MovieLens-1M, each with one item to test on."""
LEAST_SETTINGS, LEAST_DATASETS = 5, 4
JOINT = "performance-law-joint"
CONSTANTS = {"q1": Q1[1:], "q2": (1, 2, 4, 8, 16, 32)}

VARIES = ("dataset", "fraction", "repeated")
Variant = tuple[str, float, float]
"""(data set, fraction of its users, share of every history that is repeated)."""


@dataclass(frozen=True, eq=False)
class DataStudy:
    """``levels``: one row a ``Variant``; ``terms``: the same rows, a column a data term; ``cells`` compares runs."""

    cells: Cells
    levels: pd.Series
    terms: pd.DataFrame

    @property
    def datasets(self) -> list[str]:
        return list(dict.fromkeys(name for name, _, _ in self.levels.index))

    @property
    def noise(self) -> float:
        """Of one run, relative to the metric."""
        return self.cells.contrasts.noise


def study(data: pd.DataFrame, grid: pd.DataFrame, metric: str, terms: pd.DataFrame | None = None) -> DataStudy | None:
    """From the tables of ``sequential-data`` and ``sequential-grid``, which holds the seeds; ``terms`` replaces those
    computed from the data. None without seeds or with too few settings."""
    if data.empty or grid.empty:
        return None
    cells = Cells.of(pd.concat([data, grid], ignore_index=True).drop_duplicates("run_id"), f"test_{metric}")
    if cells is None:
        return None
    found = {}
    for one in _variants(cells):
        having = _having(one)
        if set(SKELETON) <= cells.shapes(**having):
            found[one] = np.mean([cells.value(shape, **having) for shape in SKELETON])
    known = data_terms(tuple(found)) if terms is None else terms
    shared = [one for one in found if one in known.index]
    if len(shared) < LEAST_SETTINGS or len({name for name, _, _ in shared}) < LEAST_DATASETS:
        return None
    levels = pd.Series([found[one] for one in shared], index=known.loc[shared].index, dtype=float)
    return DataStudy(cells, levels, known.loc[shared])


def _variants(cells: Cells) -> list[Variant]:
    """What was trained at the grid's own model, length and precision."""
    places = [KEYS.index(key) for key in VARIES]
    settings = dict.fromkeys(at for at, _ in cells.contrasts.names)
    found = dict.fromkeys(tuple(at[place] for place in places) for at in settings)
    return [one for one in found if setting(**_having(one)) in settings]


def _having(variant: Variant) -> dict[str, object]:
    return dict(zip(VARIES, variant, strict=True))


def data_terms(variants: tuple[Variant, ...]) -> pd.DataFrame:
    """Every data term of every variant, as stored or, for others, computed; one whose data set can't be reached is left
    out."""
    stored, rows = _stored(), {}
    for one in variants:
        if one in stored.index:
            rows[one] = stored.loc[one]
            continue
        try:
            load_sequences(one[0])
        except ValueError:
            continue
        rows[one] = _computed(*one)
    return pd.DataFrame(rows).T


@cache
def _stored() -> pd.DataFrame:
    """The tables of ``analysis.data_quality``: a row a ``Variant``, a column a data term."""
    whole, changed = (pd.read_csv(results_folder() / f"data-quality{name}.csv") for name in ("", "-variants"))
    table = pd.concat([whole.assign(fraction=1.0, repeated=0.0), changed])
    table = table[(table["m"] == WINDOW) & (table["max_length"] == LENGTH)]
    return table.pivot(index=list(VARIES), columns="name", values="value")


@cache
def _computed(dataset: str, fraction: float, repeated: float) -> pd.Series:
    data = variant(load_sequences(dataset), fraction, repeated)
    return readings(dataset, data.items, data.offsets, WINDOW, LENGTH).set_index("name")["value"]


def explained(levels: np.ndarray, terms: pd.DataFrame) -> pd.Series:
    """R² of a straight line of the levels in ln of each data term.

    nan where a term doesn't vary or isn't positive. A line that falls explains nothing: more data can't mean worse.
    """
    logs = np.log(terms.where(terms > 0).to_numpy(float))
    with np.errstate(invalid="ignore", divide="ignore"):
        centred, y = logs - logs.mean(axis=0), levels - levels.mean()
        along = centred.T @ y
        squares = np.where(along < 0, 0.0, along**2) / ((centred**2).sum(axis=0) * (y**2).sum())
    return pd.Series(squares, index=terms.columns)


def correlations(study: DataStudy) -> Mapping[str, float]:
    """Name of each of ``TERMS`` -> correlation of the levels with its ln over the settings."""
    logs = {name: np.log(study.terms[term].to_numpy(float)) for term, name in TERMS.items()}
    return {name: float(np.corrcoef(study.levels.to_numpy(), values)[0, 1]) for name, values in logs.items()}


def resampled(study: DataStudy, resamples: int, seed: int) -> pd.DataFrame:
    """``explained`` for resampled data sets (with all their variants) whose levels are moved as seeds and, in parts of
    the users, test users move them."""
    random, rows = np.random.default_rng(seed), []
    places = {name: np.flatnonzero(study.levels.index.get_level_values(0) == name) for name in study.datasets}
    spread = np.hypot(study.noise / np.sqrt(len(SKELETON)), _user_spread(study))
    for _ in range(resamples):
        drawn = np.concatenate([places[name] for name in random.choice(study.datasets, len(study.datasets))])
        if len(np.unique(drawn)) > 2:
            moved = study.levels.to_numpy() * (1 + spread * random.standard_normal(len(study.levels)))
            rows.append(explained(moved[drawn], study.terms.iloc[drawn]))
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Ablation:
    """R² of the levels on every data term, and what resampling the data sets says about D′.

    ``gains``: R² of each term of ``QUALITY`` less that of tokens; ``share``: of resamples in which one of them
    explains best.
    """

    r2: pd.Series
    gains: Mapping[str, Estimate]
    share: float

    @property
    def best(self) -> str:
        return str(self.r2.idxmax())


def ablate(study: DataStudy, resamples: int, seed: int) -> Ablation:
    """The paper's ablation of the data term, on levels that were measured instead of on fitted constants."""
    r2, draws = explained(study.levels.to_numpy(), study.terms), resampled(study, resamples, seed)
    gains = {}
    for term in QUALITY:
        limits = np.quantile((draws[term] - draws[TOKENS]).dropna(), [0.025, 0.975]).tolist()
        gains[term] = Estimate(float(r2[term] - r2[TOKENS]), *limits)
    best = draws.dropna(axis=1, how="all").dropna(how="all").idxmax(axis=1)
    return Ablation(r2, gains, float(best.isin(QUALITY).mean()))


def variants_against(study: DataStudy, term: str, dataset: str = "movielens-1m") -> list[Weights]:
    """Contrasts of every variant of ``dataset`` with the whole, below zero where the metric moves as ``term`` does."""
    whole, found = (dataset, 1.0, 0.0), []
    for one in _changed(study, dataset):
        sign = float(np.sign(study.terms.loc[one, term] - study.terms.loc[whole, term]))
        sides = ((setting(**_having(one)), -sign), (setting(**_having(whole)), sign))
        found.append({(at, shape): side / len(SKELETON) for at, side in sides for shape in SKELETON})
    return found


def _changed(study: DataStudy, dataset: str) -> list[Variant]:
    """The variants of ``dataset`` that can be held against the whole of it."""
    every = [one for one in study.levels.index if one[0] == dataset]
    whole = (dataset, 1.0, 0.0)
    return [one for one in every if one != whole] if whole in every else []


def variants_effects(study: DataStudy, term: str) -> list[Pair]:
    """``variants_against`` as effects at 95 % and at ``strict`` of their number.

    The intervals of parts of the users are wider by ``user_noise``.
    """
    dataset = "movielens-1m"
    contrasts = variants_against(study, term, dataset)
    levels, found = (0.95, strict(max(len(contrasts), 1))), []
    for one, weights in zip(_changed(study, dataset), contrasts, strict=True):
        users = user_noise(study.levels[one], one[1])
        found.append(tuple(_wider(study.cells.contrasts.contrast(weights, at), users, at) for at in levels))
    return found


def user_noise(mean: float, fraction: float) -> float:
    """Relative standard deviation of a level by who its test users are, at most; 0 for the whole data set.

    A part of the users is tested on fewer users than the whole, which moves its mean whatever it was trained on, and
    every seed alike. NDCG lies between 0 and 1, so that its variance between users is at most m(1 - m) at mean m.
    """
    return float(np.sqrt((1 - mean) / (mean * fraction * TEST_USERS))) if fraction < 1 else 0.0


def _wider(effect: Estimate, noise: float, level: float) -> Estimate:
    """``effect`` with independent normal ``noise`` added to its interval."""
    half = float(np.hypot(effect.ci_high - effect.value, stats.norm.ppf((1 + level) / 2) * noise))
    return Estimate(effect.value, effect.value - half, effect.value + half)


def points(study: DataStudy, term: str = D_PRIME) -> pd.DataFrame:
    """The cells of all settings: ``layers, width, term, value, dataset`` and a number for the ``setting``."""
    rows = []
    for number, one in enumerate(study.levels.index):
        data = study.terms.loc[one, term]
        for shape in SKELETON:
            value = study.cells.value(shape, **_having(one))
            rows.append((*shape, data, value, one[0], number))
    return pd.DataFrame(rows, columns=[*AXES, "term", "value", "dataset", "setting"]).astype({"layers": float})


def joint_fit(table: pd.DataFrame) -> Fit:
    """The joint law, its data term computed, through the cells of ``points``."""
    return laws.fit(laws.get(JOINT).with_values(**CONSTANTS), table[[*AXES, "term"]], table["value"])


@dataclass(frozen=True)
class Joint:
    """R² of the joint law and of a free mean a setting, and the probability that seeds explain the law's residuals.

    ``least``: no simulation left as much as the law does, so that the probability is at most the one given.
    """

    r2: float
    means: float
    explained_by_seeds: float
    least: bool = False

    @property
    def verdict(self) -> str:
        """ "holds" where seeds explain what the law leaves; "does not hold" where means blind to shape leave less."""
        if self.explained_by_seeds > 0.05:
            return "holds"
        return "does not hold" if self.means > self.r2 else "holds in part"


def joint(study: DataStudy, resamples: int, seed: int) -> Joint:
    """One law for all settings beside one mean for each.

    How much seeds alone leave is asked of tables made from the fitted law with their noise, of a size as uncertain as
    its degrees of freedom say, and with ``user_noise`` for parts of the users; the law is fitted to each again.
    """
    table, random = points(study), np.random.default_rng(seed)
    x, value = table[[*AXES, "term"]], table["value"].to_numpy()
    fit = joint_fit(table)
    predicted, spread, users = fit.predict(x), _spread(study), _user_spread(study)[table["setting"]]

    def left(y: Float[np.ndarray, " cells"], law: Float[np.ndarray, " cells"]) -> float:
        return float(((y / law - 1) ** 2 / (spread**2 + users**2)).sum())

    dof, measured, larger = study.cells.contrasts.dof, left(value, predicted), 0
    for _ in range(resamples):
        seeds = spread * np.sqrt(dof / random.chisquare(dof)) * random.standard_normal(len(table))
        drawn = users * random.standard_normal(len(study.levels))[table["setting"]]
        made = predicted * (1 + seeds + drawn)
        larger += left(made, joint_fit(table.assign(value=made)).predict(x)) >= measured
    means = table.groupby("setting")["value"].transform("mean")
    total = float(((value - value.mean()) ** 2).sum())
    free = 1 - float(((value - means) ** 2).sum()) / total
    return Joint(fit.r2, free, (1 + larger) / (1 + resamples), larger == 0)


def _spread(study: DataStudy) -> Float[np.ndarray, " cells"]:
    """Relative standard deviation by seeds of every row of ``points``."""
    contrasts = study.cells.contrasts
    runs = dict(zip(contrasts.names, np.diag(contrasts.gram), strict=False))
    counts = [runs[setting(**_having(one)), shape] for one in study.levels.index for shape in SKELETON]
    return study.noise / np.sqrt(counts)


def _user_spread(study: DataStudy) -> Float[np.ndarray, " settings"]:
    """``user_noise`` of every setting."""
    return np.array([user_noise(level, fraction) for (_, fraction, _), level in study.levels.items()])


def left_out(study: DataStudy) -> Mapping[str, tuple[Estimate, Estimate]]:
    """Data set -> error of the joint law that hasn't seen it less that of a law that knows shapes only (both relative
    to the data set's level): an effect below zero where D′ helps by more than the seeds explain.

    Over two depths by two widths every law that adds up depth and width is the straight line, so that one stands in.
    """
    table, found = points(study), {}
    for name in study.datasets:
        seen, held = table[table["dataset"] != name], table[table["dataset"] == name]
        with_data = joint_fit(seen).predict(held[[*AXES, "term"]])
        shape_only = laws.fit(LINE, seen[[*AXES]], seen["value"])
        errors = [
            float(np.sqrt(np.mean((values / held["value"] - 1) ** 2)))
            for values in (with_data, shape_only.predict(held[[*AXES]]))
        ]
        found[name] = tuple(_within(errors[0] - errors[1], study, len(held), level) for level in _levels(study))
    return found


def _levels(study: DataStudy) -> tuple[float, float]:
    return 0.95, strict(len(study.datasets))


def _within(value: float, study: DataStudy, runs: int, level: float) -> Estimate:
    half = least_significant_difference(study.noise, study.cells.contrasts.dof, runs, level)
    return Estimate(value, value - half, value + half)
