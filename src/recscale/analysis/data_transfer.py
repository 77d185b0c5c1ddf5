"""Does D′ carry the Performance Law from one data set to the next? The same few cells on data that differs.

A setting is a data set, whole or a variant: fewer users, or histories partly repeated. Its level is the mean of one
metric over ``SKELETON``; its data terms are those of ``data_quality`` at windows of 2 and histories of 50, as computed
for the chapter on data quality or, for a variant, here. Noise is the seeds' of MovieLens-1M, relative to the metric;
without a second seed there, intervals are nan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats

from recscale import laws
from recscale.analysis.data_quality import LENGTH, WINDOW
from recscale.analysis.shape_contrasts import SETTING_KEYS, CellMeans, Weights, difference, setting
from recscale.analysis.shape_fits import Q1
from recscale.analysis.shape_law import AXES, LINE
from recscale.datasets import load_sequences
from recscale.entropy.experiments import readings
from recscale.laws import Fit
from recscale.plans.sequential import SKELETON
from recscale.runs.spec import variant
from recscale.settings import results_folder
from recscale.stats import UNKNOWN, Estimate, Pair, bonferroni_level, both_levels, combined, wilson
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
_CONSTANTS = {"q1": Q1[1:], "q2": (1, 2, 4, 8, 16, 32)}

VARIES = ("dataset", "fraction", "repeated")
Variant = tuple[str, float, float]
"""(data set, fraction of its users, share of every history that is repeated)."""
_VARIED = ("movielens-1m", 1.0, 0.0)
"""The whole of the data set that has variants."""


@dataclass(frozen=True, eq=False)
class DataStudy:
    """``levels``: the mean metric of every ``Variant``; ``terms``: the same rows, one column per data term; ``cells``
    compares runs."""

    cells: CellMeans
    levels: pd.Series
    terms: pd.DataFrame

    @property
    def datasets(self) -> list[str]:
        return list(dict.fromkeys(name for name, _, _ in self.levels.index))


def data_study(data: pd.DataFrame, grid: pd.DataFrame, metric: str, terms: pd.DataFrame | None = None) -> DataStudy:
    """From the tables of ``sequential-data`` and ``sequential-grid``, which holds the seeds.

    ``terms`` replaces those computed from the data. ``ValueError`` with too few settings or data sets to compare.
    """
    runs = pd.concat([data, grid], ignore_index=True).drop_duplicates("run_id")
    cells = CellMeans.from_runs(runs, f"test_{metric}")
    places = [SETTING_KEYS.index(key) for key in VARIES]
    variants = dict.fromkeys(tuple(at[place] for place in places) for at, _ in cells.means)
    trained = [one for one in variants if set(SKELETON) <= cells.shapes(**_having(one))]
    known = measured_data_terms(trained) if terms is None else terms
    shared = [one for one in trained if one in known.index]
    datasets = {name for name, _, _ in shared}
    if len(shared) < LEAST_SETTINGS or len(datasets) < LEAST_DATASETS:
        raise ValueError(
            f"the runs cover {len(shared)} settings of {len(datasets)} data sets; data terms are compared over at "
            f"least {LEAST_SETTINGS} settings of {LEAST_DATASETS} data sets"
        )
    levels = [cells.values(SKELETON, **_having(one)).mean() for one in shared]
    return DataStudy(cells, pd.Series(levels, index=known.loc[shared].index), known.loc[shared])


def _having(variant: Variant) -> dict[str, object]:
    return dict(zip(VARIES, variant, strict=True))


def measured_data_terms(variants: Sequence[Variant]) -> pd.DataFrame:
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
    """The tables of ``analysis.data_quality``: one row per ``Variant``, one column per data term."""
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


def level_table(study: DataStudy) -> pd.DataFrame:
    """The levels with the paper's data terms: ``dataset, fraction, repeated, level``, and a column for each of
    ``TERMS`` under its name there."""
    table = pd.DataFrame(list(study.levels.index), columns=list(VARIES)).assign(level=study.levels.to_numpy())
    return table.assign(**{name: study.terms[term].to_numpy(float) for term, name in TERMS.items()})


def correlations(study: DataStudy) -> Mapping[str, float]:
    """Name of each of ``TERMS`` -> correlation of the levels with its ln over the settings."""
    logs = {name: np.log(study.terms[term].to_numpy(float)) for term, name in TERMS.items()}
    return {name: float(np.corrcoef(study.levels.to_numpy(), values)[0, 1]) for name, values in logs.items()}


def _resampled(study: DataStudy, resamples: int, seed: int) -> pd.DataFrame:
    """``explained`` for resampled data sets (with all their variants) whose levels are moved as seeds and, in parts of
    the users, test users move them."""
    random, rows = np.random.default_rng(seed), []
    places = {name: np.flatnonzero(study.levels.index.get_level_values(0) == name) for name in study.datasets}
    spread = np.hypot(study.cells.contrasts.noise / np.sqrt(len(SKELETON)), _user_spread(study))
    for _ in range(resamples):
        drawn = np.concatenate([places[name] for name in random.choice(study.datasets, len(study.datasets))])
        if len(np.unique(drawn)) > 2:
            moved = study.levels.to_numpy() * (1 + spread * random.standard_normal(len(study.levels)))
            rows.append(explained(moved[drawn], study.terms.iloc[drawn]))
    return pd.DataFrame(rows)


def ablate(study: DataStudy, resamples: int, seed: int) -> tuple[Mapping[str, Estimate], Estimate]:
    """The paper's ablation of the data term, on levels that were measured instead of on fitted constants.

    Term of ``QUALITY`` -> its R² (``explained``) less that of tokens; and R² of the better of ``QUALITY`` less that of
    the best other term. Intervals come from resampled data sets.
    """
    r2, draws = explained(study.levels.to_numpy(), study.terms), _resampled(study, resamples, seed)
    others = [term for term in r2.index if term not in QUALITY]

    def lead(table: pd.DataFrame) -> pd.Series:
        return table[list(QUALITY)].max(axis=1) - table[others].max(axis=1)

    gains = {term: _with_limits(r2[term] - r2[TOKENS], draws[term] - draws[TOKENS]) for term in QUALITY}
    return gains, (_with_limits(lead(r2.to_frame().T).iloc[0], lead(draws)))


def _with_limits(value: float, draws: pd.Series) -> Estimate:
    """``value`` with the middle 95 % of ``draws``."""
    known = draws.dropna()
    return Estimate(float(value), *np.quantile(known, [0.025, 0.975]).tolist()) if len(known) else Estimate(value)


def variants_against(study: DataStudy, term: str) -> dict[Variant, Weights]:
    """Variant of ``_VARIED`` -> its contrast with the whole, below zero where the metric moves as ``term`` does."""
    terms, whole, contrasts = study.terms[term], setting(**_having(_VARIED)), {}
    for one in study.levels.index:
        if one[0] == _VARIED[0] and one != _VARIED and _VARIED in study.levels.index:
            apart = difference(setting(**_having(one)), whole, SKELETON)
            contrasts[one] = combined((-float(np.sign(terms[one] - terms[_VARIED])), apart))
    return contrasts


def variants_effects(study: DataStudy, term: str) -> list[Pair]:
    """``variants_against`` as effects at 95 % and at ``bonferroni_level`` of their number."""
    contrasts = variants_against(study, term)
    return [both_levels(partial(_effect, study, *one), len(contrasts)) for one in contrasts.items()]


def _effect(study: DataStudy, variant: Variant, weights: Weights, level: float) -> Estimate:
    """A contrast whose interval is wider by independent normal ``user_noise`` of a part of the users."""
    effect = study.cells.contrasts.contrast(weights, level)
    users = stats.norm.ppf((1 + level) / 2) * user_noise(study.levels[variant], variant[1])
    return Estimate.around(effect.value, np.hypot(effect.ci_high - effect.value, users))


def user_noise(mean: float, fraction: float) -> float:
    """Relative standard deviation of a level by who its test users are, at most; 0 for the whole data set.

    A part of the users is tested on fewer users than the whole, which moves its mean whatever it was trained on, and
    every seed alike. NDCG lies between 0 and 1, so that its variance between users is at most m(1 - m) at mean m.
    """
    return float(np.sqrt((1 - mean) / (mean * fraction * TEST_USERS))) if fraction < 1 else 0.0


def term_points(study: DataStudy, term: str = D_PRIME) -> pd.DataFrame:
    """The cells of all settings: ``layers, width, term, value, dataset`` and a number for the ``setting``."""
    shapes, tables = pd.DataFrame(SKELETON, columns=list(AXES)).astype({"layers": float}), []
    for number, (one, data) in enumerate(study.terms[term].items()):
        value = study.cells.values(SKELETON, **_having(one))
        tables.append(shapes.assign(term=data, value=value, dataset=one[0], setting=number))
    return pd.concat(tables, ignore_index=True)


def joint_fit(table: pd.DataFrame) -> Fit:
    """The joint law, its data term computed, through the cells of ``term_points``."""
    return laws.fit(laws.get("performance-law-joint").with_values(**_CONSTANTS), table[[*AXES, "term"]], table["value"])


def joint_law_test(study: DataStudy, resamples: int, seed: int) -> Estimate:
    """Probability that seeds (and, in parts of the users, test users) alone leave as much as the joint law does; its
    interval is that of the simulation.

    How much seeds alone leave is asked of tables made from the fitted law with their noise, of a size as uncertain as
    its degrees of freedom say, and with ``user_noise`` for parts of the users; the law is fitted to each again.
    """
    if not (dof := study.cells.contrasts.dof):
        return UNKNOWN
    table, random = term_points(study), np.random.default_rng(seed)
    x, value = table[[*AXES, "term"]], table["value"].to_numpy()
    predicted, users = joint_fit(table).predict(x), _user_spread(study)[table["setting"]]
    spread = np.concatenate([study.cells.spread(SKELETON, **_having(one)) for one in study.levels.index])

    def left(y: Float[np.ndarray, " cells"], law: Float[np.ndarray, " cells"]) -> float:
        return float(((y / law - 1) ** 2 / (spread**2 + users**2)).sum())

    measured, larger = left(value, predicted), 0
    for _ in range(resamples):
        seeds = spread * np.sqrt(dof / random.chisquare(dof)) * random.standard_normal(len(table))
        drawn = users * random.standard_normal(len(study.levels))[table["setting"]]
        made = predicted * (1 + seeds + drawn)
        larger += left(made, joint_fit(table.assign(value=made)).predict(x)) >= measured
    return replace(wilson(int(larger), resamples), value=(1 + larger) / (1 + resamples))


def _user_spread(study: DataStudy) -> Float[np.ndarray, " settings"]:
    """``user_noise`` of every setting."""
    return np.array([user_noise(level, fraction) for (_, fraction, _), level in study.levels.items()])


def left_out(study: DataStudy) -> Mapping[str, Pair]:
    """Data set -> error of the joint law that hasn't seen it less that of a law that knows shapes only (both relative
    to the data set's level): an effect below zero where D′ helps by more than the seeds explain.

    Over two depths by two widths every law that adds up depth and width is the straight line, so that one stands in.
    """
    table, contrasts, effects = term_points(study), study.cells.contrasts, {}
    levels = 0.95, bonferroni_level(len(study.datasets))
    for name in study.datasets:
        seen, unseen = table[table["dataset"] != name], table[table["dataset"] == name]
        with_data = joint_fit(seen).predict(unseen[[*AXES, "term"]])
        shape_only = laws.fit(LINE, seen[[*AXES]], seen["value"]).predict(unseen[[*AXES]])
        errors = [float(np.sqrt(np.mean((v / unseen["value"] - 1) ** 2))) for v in (with_data, shape_only)]
        least = (least_significant_difference(contrasts.noise, contrasts.dof, len(unseen), level) for level in levels)
        effects[name] = tuple(Estimate.around(errors[0] - errors[1], half) for half in least)
    return effects
