"""The Performance Law on a grid of our own runs: form, held-out sizes and best shape, each beside the noise of seeds.

Seeds of a cell are averaged before anything is fitted. How far one seed moves a run is told by the cells that have
several; without any, nothing here can be judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import stats

from recscale import laws
from recscale.analysis import ctr_scaling as ctr_law
from recscale.analysis.shape_fits import FORMS, GRID, Q1, fit_forms, left_out, peaks, shapes
from recscale.laws import Fit
from recscale.stats.seeds import least_significant_difference, seed_noise

LAW, LINE, QUADRATIC = "performance-law", "log-linear", "log-quadratic"
OWN = (LAW, "performance-law-outside")
"""The law in its two forms."""
CONSTANTS: Mapping[str, tuple[int, ...]] = {LAW: Q1, OWN[1]: (*(-q for q in Q1), *Q1)}
"""Values of q₁ (exponent inside) and of p₁ (outside, either sign) over which a prediction is profiled."""
NAMES: Mapping[str, str] = {
    LAW: "Performance Law",
    "performance-law-outside": "the same, exponent outside the log",
    QUADRATIC: "quadratic in logs",
    LINE: "straight line in logs",
    "constant": "constant",
}
NO_GAIN = "no further gain"
LEAST_CELLS = 9
SURE = 0.05
"""A misfit counts where seeds explain it with less than this probability."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One metric over (layers, width). ``cells``: ``layers, width, value`` (mean), ``seeds``; ``noise``: standard
    deviation of one run over its seeds, with ``dof`` degrees of freedom; ``excluded``: runs left out as collapsed or
    diverged.
    """

    metric: str
    cells: pd.DataFrame
    noise: float
    dof: int
    excluded: int

    @classmethod
    def of(cls, runs: pd.DataFrame, metric: str, **having: object) -> "Panel":
        """From a table of records; ``having`` replaces or adds to what ``GRID`` holds the same."""
        chosen = {**GRID, **having}
        if runs.empty:
            return cls(metric, pd.DataFrame(columns=["layers", "width", "value", "seeds"]), np.nan, 0, 0)
        table = shapes(runs, **chosen)
        grouped = table.groupby(["layers", "width"])
        table = table.assign(configuration=grouped.ngroup())
        cells = grouped[f"test_{metric}"].agg(["mean", "count"]).reset_index()
        cells = cells.rename(columns={"mean": "value", "count": "seeds"})
        noise, dof = seed_noise(table, f"test_{metric}") if len(table) else (np.nan, 0)
        return cls(metric, cells, noise, dof, left_out(runs, **chosen))

    @property
    def usable(self) -> bool:
        """Enough cells for the law and its controls, and seeds to judge by."""
        cells = self.cells
        return len(cells) >= LEAST_CELLS and self.dof > 0 and cells[["layers", "width"]].nunique().min() > 2

    def least(self, runs: int = 1) -> float:
        """The least difference between two means over ``runs`` runs that seeds can't explain."""
        return least_significant_difference(self.noise, self.dof, runs)

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """``laws.compare`` of the law in both forms and its three controls."""
        return laws.compare(self.cells[["layers", "width"]].astype(float), self.cells["value"], list(FORMS))

    @cached_property
    def fits(self) -> Mapping[str, Fit]:
        return dict(zip(self.comparison["law"], self.comparison["fit"], strict=True))

    def lack_of_fit(self, form: str) -> float:
        """Probability that seeds alone leave residuals as large as those of ``form`` (F test against pure error).

        Here ``form`` is fitted with a weight of one a run, so that what it leaves is what the test's null expects.
        """
        square, free = self._left(form)
        return self._by_seeds(square, len(self.cells) - free)

    def extra_sum_of_squares(self, plainer: str) -> float:
        """Probability that seeds alone make the law fit as much better than ``plainer``, a form it contains (extra sum
        of squares against pure error)."""
        (less, free), (more, fewer) = self._left(LAW), self._left(plainer)
        return self._by_seeds(max(more - less, 0.0), free - fewer)

    def _left(self, form: str) -> tuple[float, int]:
        """Sum of squares that ``form`` leaves, fitted with a weight of one a run, and its free numbers."""
        runs = self.cells.loc[self.cells.index.repeat(self.cells["seeds"])].reset_index(drop=True)
        fit = fit_forms(runs, "value", forms=[form])[form]
        return float((fit.residuals["residual"] ** 2).sum()), fit.law.free

    def _by_seeds(self, square: float, terms: int) -> float:
        """Probability that seeds alone make so large a sum of squares over ``terms`` degrees of freedom."""
        return float(stats.f.sf(square / terms / self.noise**2, terms, self.dof)) if self.noise else 0.0

    def refuted(self, form: str) -> bool:
        """Whether ``form`` misses the cells by more than seeds explain."""
        return self.lack_of_fit(form) < SURE

    @property
    def flat(self) -> bool:
        """Whether seeds explain all there is between the cells, so that no form can be told from another."""
        return not self.refuted("constant")

    def aicc_over(self, rival: str) -> float:
        """AICc of ``rival`` less the law's: positive where the law describes the cells better."""
        aicc = self.comparison.set_index("law")["aicc"]
        return float(aicc[rival] - aicc[LAW])


def needed(panel: Panel, rival: str) -> str:
    """Is the law needed beside ``rival``? A verdict.

    Beside the line, which the law contains, it "holds" where the added terms explain more than seeds would; that they
    aren't needed can't be shown. Beside another form it "holds" where that form misses the cells by more than seeds
    explain and the law doesn't, and "does not hold" the other way round. AICc doesn't decide: with so few cells it
    charges the law so much for its six numbers that the plainer form wins even where the law is the truth.
    """
    if rival == LINE:
        return "holds" if not panel.flat and panel.extra_sum_of_squares(rival) < SURE else "can't be known"
    law_missed, rival_missed = panel.refuted(LAW), panel.refuted(rival)
    if panel.flat or law_missed == rival_missed:
        return "can't be known"
    return "does not hold" if law_missed else "holds"


def deciding(panel: Panel, rival: str) -> dict[tuple[int, int], str]:
    """Every shape without which ``needed`` would say something else, and what: a verdict that one of them makes can't
    be known."""
    verdict, found = needed(panel, rival), {}
    for index, cell in panel.cells.iterrows():
        rest = replace(panel, cells=panel.cells.drop(index=index).reset_index(drop=True))
        if rest.usable and (other := needed(rest, rival)) != verdict:
            found[int(cell["layers"]), int(cell["width"])] = other
    return found


def form_verdict(panel: Panel) -> str:
    """Do the cells follow the Performance Law, in either of its forms, and none of the controls?

    "holds": seeds explain what the law misses in one of its forms, and don't explain what any control misses. "does not
    hold": they explain what it misses in neither form.
    """
    if panel.flat:
        return "can't be known"
    if all(panel.refuted(form) for form in OWN):
        return "does not hold"
    return "holds" if all(panel.refuted(form) for form in FORMS if form not in OWN) else "can't be known"


def form_words(panel: Panel) -> str:
    """The forms within 2 of the best AICc."""
    names = [NAMES[name] for name in ctr_law.tied(panel.comparison)]
    return f"tie: {ctr_law.listed(names)}" if len(names) > 1 else names[0] if names else "too few cells"


@dataclass(frozen=True)
class HeldOut:
    """Root mean square errors at the largest size of an axis, which no fit has seen. ``least``: what seeds explain.

    ``ranges``: for the law in each form the least and the largest error over those of its ``CONSTANTS`` that the fitted
    cells don't reject.
    """

    size: int
    cells: int
    errors: Mapping[str, float]
    ranges: Mapping[str, tuple[float, float]]
    least: float

    def gain(self, form: str) -> tuple[float, float]:
        """By how much ``form`` errs less than who expects no further gain, at worst and at best over its constants."""
        low, high = self.ranges[form]
        return self.errors[NO_GAIN] - high, self.errors[NO_GAIN] - low

    @property
    def verdict(self) -> str:
        """ "holds": one form errs less than "no further gain" by more than seeds explain, whatever its constant.
        "does not hold": both err more by as much, whatever their constants. Else it isn't decided."""
        if any(self.gain(form)[0] > self.least for form in OWN):
            return "holds"
        return "does not hold" if all(self.gain(form)[1] < -self.least for form in OWN) else "can't be known"


def hold_out(panel: Panel, axis: str) -> HeldOut | None:
    """The cells at the largest ``axis`` predicted from all others; None where too few are left.

    ``NO_GAIN`` takes each one's value at the next smaller size.
    """
    cells, size = panel.cells, panel.cells[axis].max()
    seen, held = cells[cells[axis] < size], cells[cells[axis] == size]
    other = "width" if axis == "layers" else "layers"
    before = seen.sort_values(axis).drop_duplicates(other, keep="last").set_index(other)["value"].reindex(held[other])
    if len(seen) < laws.get(LAW).free or seen[["layers", "width"]].nunique().min() < 2 or before.isna().any():
        return None
    fits = fit_forms(seen, "value", forms=(*OWN, QUADRATIC, LINE))
    x = held[["layers", "width"]].astype(float)
    said = {name: fit.predict(x) for name, fit in fits.items()} | {NO_GAIN: before.to_numpy()}
    errors = {name: _error(held, values) for name, values in said.items()}
    profiles = {form: _profile(form, seen, held)["error"] for form in OWN}
    ranges = {form: (float(found.min()), float(found.max())) for form, found in profiles.items()}
    return HeldOut(int(size), len(held), errors, ranges, panel.least(int(held["seeds"].sum())))


def _profile(form: str, seen: pd.DataFrame, held: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Errors of ``form`` at ``held``, refitted to ``seen`` at every one of ``CONSTANTS``, without the values that
    ``seen`` rejects: those whose sum of squares exceeds the least by the factor 1 + t²/(n - free)."""
    law, rows = laws.get(form), {}
    x, unseen = (part[["layers", "width"]].astype(float) for part in (seen, held))
    for value in CONSTANTS[form]:
        fit = laws.fit(law.with_values(**{law.grid_constants[0].name: [value]}), x, seen["value"])
        square = float((fit.residuals["residual"] ** 2).sum())
        rows[value] = {"square": square, "error": _error(held, fit.predict(unseen))}
    table = pd.DataFrame(rows).T
    dof = max(len(seen) - law.free, 1)
    limit = table["square"].min() * (1 + stats.t.ppf((1 + level) / 2, dof) ** 2 / dof)
    return table[table["square"] <= limit]


def _error(held: pd.DataFrame, said: np.ndarray) -> float:
    return float(np.sqrt(np.mean((held["value"].to_numpy() - said) ** 2)))


@dataclass(frozen=True)
class Peak:
    """The law's best ``axis`` (nan: none) with its interval, what was measured, and how far the law ``falls`` from
    there to the largest size. ``least``: a fall that seeds can't explain."""

    peak: float
    interval: tuple[float, float] | None
    measured: tuple[int, int]
    inside: bool
    falls: float
    least: float

    @property
    def identified(self) -> bool:
        """Inside the measured range with its whole interval, and followed by a fall that seeds can't explain."""
        return self.inside and self.falls > self.least

    @property
    def shown(self) -> float | str:
        """To three digits, or on which side of what was measured it lies; "none"."""
        first, last = self.measured
        if np.isnan(self.peak):
            return "none"
        if first <= self.peak <= last:
            return float(f"{self.peak:.3g}")
        return f"beyond {last}" if self.peak > last else f"below {first}"


def peak(panel: Panel, axis: str, resamples: int, seed: int) -> Peak:
    """Where the law fitted to all cells peaks along ``axis``."""
    row = peaks(panel.cells, "value", LAW, resamples=resamples, seed=seed).loc[axis]
    first, last = int(panel.cells[axis].min()), int(panel.cells[axis].max())
    at_end = panel.cells[panel.cells[axis] == last]
    spot = at_end.iloc[[0]][["layers", "width"]].astype(float)
    falls, known = np.nan, np.isfinite([row["low"], row["high"]]).all()
    if np.isfinite(row["peak"]):
        top = panel.fits[LAW].predict(spot.assign(**{axis: row["peak"]}))[0]
        falls = float(top - panel.fits[LAW].predict(spot)[0]) if row["peak"] < last else 0.0
    limits = (float(row["low"]), float(row["high"])) if known else None
    return Peak(
        float(row["peak"]), limits, (first, last), row["inside"], falls, panel.least(int(at_end["seeds"].sum()))
    )
