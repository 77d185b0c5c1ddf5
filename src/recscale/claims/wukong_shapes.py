"""Rows of the report card that the full ``wukong-bridge`` study decides: the Performance Law over Wukong's (l, d).

No rows while the study isn't committed, has too few shapes, or no second seed tells the noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats

from recscale import laws
from recscale.analysis import shape_law as law
from recscale.analysis.shape_law import Panel
from recscale.claims.card import Claim, claims_on
from recscale.claims.performance_law_grid import NEEDED, decided_by
from recscale.runs.store import load_results
from recscale.runs.table import Columns, healthy, run_table
from recscale.stats.contrasts import Contrasts, indicators

_claim = claims_on("Performance Law", "performance-law-measured", "inferred")

STUDY = "wukong-bridge"
R2 = {law.LAW: 0.528, law.LINE: 0.479}
"""Wukong's AUC in Table 5 of P-Law (NeurIPS 2025), in sample; the paper gives neither the data nor the shapes."""
REFITS = 200


@dataclass(frozen=True, eq=False)
class Bridge(Panel):
    """A ``Panel`` of AUC whose runs of one seed and width begin with equal tables, and may err together.

    ``widths``: probability that seeds alone make such differences between widths, by what a seed does to whole widths;
    ``depths``: the same between depths of one width, by the noise that is left there. nan: not known.
    """

    widths: float = np.nan
    depths: float = np.nan

    @property
    def flat(self) -> bool:
        """Whether seeds explain all there is between the shapes; two tests, so each at half of ``SURE``."""
        return not (self.widths < law.SURE / 2 or self.depths < law.SURE / 2)


def bridge(resamples: int, seed: int) -> list[Claim]:
    """Every row for which the committed table has the runs."""
    return bridge_claims(panel(load_results(STUDY)), resamples, seed)


def runs(seeds: Sequence[int]) -> pd.DataFrame:
    """The committed runs that have one of ``seeds``."""
    table = load_results(STUDY)
    return table[table["seed"].isin(list(seeds))]


def panel(table: pd.DataFrame) -> Bridge:
    """Test AUC over (l, d): means over seeds of a ``wukong-bridge`` table's healthy runs on MovieLens-1M.

    Runs of one seed see the data in one order and err together. What they share is taken out of means and noise, as
    it moves no shape against another.
    """
    table = run_table(table[table["dataset"] == "movielens-1m"])
    runs = healthy(table)
    if runs.empty:
        return Bridge("auc", pd.DataFrame(columns=["layers", "width", "value", "seeds"]), np.nan, 0, len(table))
    shapes = list(zip(runs["l"].tolist(), runs[Columns.EMBEDDING_WIDTH].tolist(), strict=True))
    known = Contrasts.of(shapes, runs["seed"].tolist(), runs["test_auc"])
    counts = pd.Series(shapes).value_counts()
    cells = pd.DataFrame(list(known.names), columns=["layers", "width"])
    cells = cells.assign(value=np.exp(known.means[: len(cells)]), seeds=[int(counts[name]) for name in known.names])
    mean = float(runs["test_auc"].mean())
    cells["value"] += mean - np.average(cells["value"], weights=cells["seeds"])  # the level of all seeds, not of one
    chances = strata(shapes, runs["seed"].tolist(), runs["test_auc"].to_numpy(float))
    return Bridge("auc", cells, known.noise * mean, known.dof, len(table) - len(runs), *chances)


def strata(
    shapes: Sequence[tuple[int, int]], seeds: Sequence[int], y: Float[np.ndarray, " runs"]
) -> tuple[float, float]:
    """``Bridge.widths`` and ``Bridge.depths``: a split-plot analysis, (width, seed) the whole plots, depth within them.

    Whole plots are compared over the depths that all of them have.
    """
    runs = pd.DataFrame(shapes, columns=["depth", "width"]).assign(seed=seeds, y=y)
    runs["plot"] = list(zip(runs["width"], runs["seed"], strict=True))
    within = improvement(runs["y"], [runs["plot"]], [runs["plot"], pd.Series(list(shapes))])
    plots = runs.pivot_table(index=["width", "seed"], columns="depth", values="y").dropna(axis=1).mean(axis=1)
    plots = plots.dropna().rename("y").reset_index()
    return improvement(plots["y"], [plots["seed"]], [plots["seed"], plots["width"]]), within


def improvement(y: pd.Series, fewer: Sequence[pd.Series], more: Sequence[pd.Series]) -> float:
    """p of the F test of the factors ``more`` beside ``fewer`` of them; nan where nothing is left to test against."""
    if y.empty:
        return np.nan
    squares, ranks = [], []
    for factors in (fewer, more):
        design = np.concatenate([indicators(factor)[0] for factor in factors], axis=1)
        squares.append(float(((y - design @ (np.linalg.pinv(design) @ y)) ** 2).sum()))
        ranks.append(int(np.linalg.matrix_rank(design)))
    added, rest = ranks[1] - ranks[0], len(y) - ranks[1]
    if added < 1 or rest < 1:
        return np.nan
    return float(stats.f.sf((squares[0] - squares[1]) / added / (squares[1] / rest), added, rest))


def bridge_claims(found: Bridge, resamples: int, seed: int) -> list[Claim]:
    """The rows of a ``panel``."""
    if not found.usable:
        return []
    low, high = r2_limits(found, min(resamples, REFITS), seed)
    outcome = "holds" if low >= R2[law.LAW] else "does not hold" if high < R2[law.LAW] else "can't be known"
    rows = [
        _claim("measured: R² of the law on Wukong's AUC (at least as printed)", R2[law.LAW], found.fits[law.LAW].r2,
               "can't be known" if found.flat else outcome, f"{where(found)}; interval over other seeds, in sample as "
               "the paper's number, whose data and shapes aren't given", (low, high), source="successor"),
    ]  # fmt: skip
    rows.append(
        _claim("measured: Wukong's AUC changes with depth or width", None,
               f"width p = {found.widths:.2g}, depth p = {found.depths:.2g}",
               "can't be known" if found.flat else "holds",
               "probability that seeds alone make such differences: of widths, by what a seed does to all depths of a "
               f"width; of depths, by the noise within a width; one below {law.SURE / 2} needed"),
    )  # fmt: skip
    for rival, said, printed, source in (
        (law.LINE, "the law's decay terms are needed for Wukong's AUC, beside a straight line in logs",
         f"{R2[law.LAW]} against {R2[law.LINE]} (R²)", "successor"),
        (law.QUADRATIC, "no plainer curve does as well for Wukong's AUC, beside a quadratic in logs", None,
         "inferred"),
    ):  # fmt: skip
        fitted = f"R² of the {law.NAMES[rival]} {found.fits[rival].r2:.3f}"
        why = f"{fitted}; {NEEDED[rival]}; AICc gained by the law in brackets"
        outcome = law.needed(found, rival)
        rows.append(_claim(f"measured: {said}", printed, decided_by(found, rival), outcome, why, source=source))
    return rows


def where(found: Bridge) -> str:
    """What a row rests on, how far a seed moves it, and how many runs are left out."""
    return (
        f"MovieLens-1M, {len(found.cells)} shapes of Wukong, one seed ± {found.noise:.5f} beside what it does to all "
        f"shapes, {found.excluded} diverged runs left out"
    )


def r2_limits(found: Bridge, resamples: int, seed: int) -> tuple[float, float]:
    """95 % interval of the law's R² if the cells were measured again with as many other seeds.

    The truth is taken to be the fitted law and what of its residuals the seeds leave unexplained. Noise of a size as
    uncertain as its degrees of freedom say is drawn on top, and the law refitted.
    """
    cells, fit, random = found.cells, found.fits[law.LAW], np.random.default_rng(seed)
    x, error = cells[["layers", "width"]].astype(float), found.noise / np.sqrt(cells["seeds"].to_numpy(float))
    fitted = fit.predict(x)
    residual = cells["value"].to_numpy() - fitted
    by_seeds = (len(cells) - fit.law.free) * (error**2).mean() / max((residual**2).sum(), np.finfo(float).tiny)
    truth = fitted + residual * np.sqrt(max(0.0, 1 - by_seeds))
    scale = np.sqrt(found.dof / random.chisquare(found.dof, (resamples, 1)))
    drawn = truth + error * scale * random.standard_normal((resamples, len(cells)))
    refitted = [laws.fit(law.LAW, x, values).r2 for values in drawn]
    low, high = np.quantile(refitted, [0.025, 0.975], method="weibull")
    return float(low), float(high)
