"""More data or a larger model: sizes of one model on nested shares of the training rows, and which is the better buy.

One pass over the rows: an example is seen once, so that rows, examples and updates are the same axis. Fewer rows also
mean fewer updates, at rates searched on all rows; the two can't be told apart here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import stats

from recscale import laws
from recscale.claims.card import COUNTED, Claim, claims_on
from recscale.runs.study import Study
from recscale.runs.table import Columns, run_table, single_dataset
from recscale.stats.contrasts import Contrasts
from recscale.stats.estimate import Estimate

_claim = claims_on("Wukong", "data-scaling-wukong")
DECADE = float(np.log(10))
Cell = tuple[str, str]  # (size, share)


@dataclass(frozen=True, eq=False)
class DataStudy:
    """Every size on every share of one data set's rows.

    ``table``: one row a cell: ``size`` and ``share`` (names), ``rows`` seen in the one pass, FLOP per example, training
    FLOP, dense parameters, mean ``test_logloss``, the same ``relative`` to the first row (%), ``seeds``; by size, then
    by rows. ``contrasts`` compares any cells, ``paired`` those of one share: with one seed they read the same rows in
    the same order.
    """

    dataset: str
    table: pd.DataFrame
    contrasts: Contrasts
    paired: Contrasts
    epochs: int

    @property
    def sizes(self) -> list[str]:
        """Names of the sizes, small to large."""
        return self.table["size"].drop_duplicates().tolist()

    @property
    def shares(self) -> list[str]:
        """Names of the shares, few rows to many."""
        return self.table.sort_values("rows")["share"].drop_duplicates().tolist()

    @property
    def complete(self) -> bool:
        """Whether every size has run on every share, and there are at least two of each."""
        cells = len(self.sizes) * len(self.shares)
        return len(self.table) == cells and min(len(self.sizes), len(self.shares)) > 1

    @property
    def half(self) -> np.ndarray:
        """Half of the 95 % interval of every cell's mean, in %, from the pooled noise of seeds."""
        known = self.contrasts
        return 100 * stats.t.ppf(0.975, known.dof) * known.noise / np.sqrt(self.table["seeds"].to_numpy(float))

    def of(self, size: str) -> pd.DataFrame:
        return self.table[self.table["size"] == size]

    def slope(self, size: str) -> dict[Cell, float]:
        """Weights whose contrast is d ln L / d ln rows of one size: minus the exponent β, by least squares."""
        return _slope([(size, share) for share in self.of(size)["share"]], self.of(size)["rows"])

    def growth(self, share: str) -> dict[Cell, float]:
        """Weights whose contrast is d ln L / d ln (FLOP per example) at one share."""
        part = self.table[self.table["share"] == share]
        return _slope([(size, share) for size in part["size"]], part["flop"])


def judge(runs: pd.DataFrame) -> DataStudy | None:
    """The cells among ``runs`` (one data set, ``ctr_tables.prepared``); None where there are none.

    ValueError: runs of several data sets.
    """
    if runs.empty:
        return None
    dataset, runs = single_dataset(runs), run_table(runs)
    runs = runs.assign(
        size=[f"{flop / 1e6:.2g} MFLOP" for flop in runs[Columns.FLOP]],
        share=[f"{100 * fraction:.3g} %" for fraction in runs["fraction"]],
    )
    columns = {"examples_seen": "rows", Columns.FLOP: "flop"}
    keys = ["size", "share", "examples_seen", Columns.FLOP, "training_flop", "dense_parameters"]
    table = runs.groupby(keys, sort=False)["test_logloss"].agg(["mean", "count"]).reset_index()
    table = table.rename(columns={**columns, "mean": "test_logloss", "count": "seeds"})
    table = table.sort_values(["flop", "rows"], ignore_index=True)
    table["relative"] = 100 * (table["test_logloss"] / table["test_logloss"].iloc[0] - 1)
    cells = list(zip(runs["size"], runs["share"], strict=True))
    paired = Contrasts.of(cells, list(zip(runs["seed"], runs["share"], strict=True)), runs["test_logloss"])
    free = Contrasts.of(cells, [0] * len(cells), runs["test_logloss"])
    epochs = int(runs["epochs"].max())
    return DataStudy(dataset, table, free, paired, epochs)


def _slope(cells: Sequence[Cell], x: Sequence[float]) -> dict[Cell, float]:
    centred = np.log(np.asarray(x, float)) - np.log(np.asarray(x, float)).mean()
    return dict(zip(cells, centred / (centred**2).sum(), strict=True))


def _less(first: dict[Cell, float], second: dict[Cell, float]) -> dict[Cell, float]:
    return {cell: first.get(cell, 0.0) - second.get(cell, 0.0) for cell in {**first, **second}}


def _mean(parts: Sequence[dict[Cell, float]]) -> dict[Cell, float]:
    weights: dict[Cell, float] = {}
    for part in parts:
        for cell, weight in part.items():
            weights[cell] = weights.get(cell, 0.0) + weight / len(parts)
    return weights


def exponents(study: DataStudy) -> pd.DataFrame:
    """For each size ``L = A D^-β`` through its seed means: β, its interval from the scatter around the law and from
    the noise of seeds, and what ten times the rows take off the loss (%)."""
    rows = {}
    for size in study.sizes:
        cells = study.of(size)
        if len(cells) < 2:
            continue
        fit = laws.fit("power-law", cells[["rows"]], cells["test_logloss"])
        seeds = study.contrasts.contrast(study.slope(size))
        rows[size] = {
            "shares": len(cells),
            "β": fit.parameters["α"],
            "law, low": fit.intervals["α"][0],
            "law, high": fit.intervals["α"][1],
            "seeds, low": -seeds.ci_high,
            "seeds, high": -seeds.ci_low,
            "% for ten times the rows": 100 * np.expm1(-DECADE * fit.parameters["α"]),
        }
    return pd.DataFrame(rows).T.astype({"shares": int}) if rows else pd.DataFrame()


def joint(study: DataStudy, form: str = "chinchilla") -> laws.Fit | str:
    """``E + A/N^α + B/D^β`` through all cells, N dense parameters and D rows; or why it can't be fitted, in words."""
    x = study.table[["dense_parameters", "rows"]].astype(float).set_axis(["N", "D"], axis=1)
    try:
        return laws.fit(form, x, study.table["test_logloss"])
    except ValueError as error:
        return str(error)


def known(fit: laws.Fit) -> pd.DataFrame:
    """The fit's symbols with their intervals. ``value`` is nan where the points don't tell it: where the interval is
    missing or wider than half the value, and everywhere once one symbol is held at a bound, as intervals then suppose
    it known."""
    rows = {}
    bound = bool(fit.parameters_at_bound)
    for name, value in fit.parameters.items():
        low, high = fit.intervals[name]
        told = not bound and np.isfinite([low, high]).all() and high - low < abs(value) / 2
        rows[name] = {"value": value if told else np.nan, "low": low, "high": high, "meaning": fit.law.symbols[name]}
    return pd.DataFrame(rows).T


def said(fit: laws.Fit | str) -> str:
    """What can be known from the joint fit, as text to print: values that are told, then every warning."""
    if isinstance(fit, str):
        return f"not fitted: {fit}"
    lines = [fit.law.equation, "  N: dense parameters, D: rows", ""]
    for name, row in known(fit).iterrows():
        text = "not told by these points" if np.isnan(row["value"]) else f"{row['value']:.4g}"
        limits = f"  [{row['low']:.3g}, {row['high']:.3g}]" if np.isfinite([row["low"], row["high"]]).all() else ""
        lines.append(f"  {name}  {text}{limits}")
    return "\n".join([*lines, "", "warnings", *(f"  - {warning}" for warning in laws.warnings_of(fit) or ("none",))])


def told_words(fit: laws.Fit | str) -> str:
    """The joint fit in half a sentence."""
    if isinstance(fit, str):
        return "there are too few cells to fit the joint form at all"
    table = known(fit)
    told = table.index[table["value"].notna()].tolist()
    if not told:
        return f"none of its {len(table)} numbers is told by these cells"
    if len(told) == len(table):
        return f"all its {len(table)} numbers are told by these cells"
    return f"of its {len(table)} numbers the cells tell {', '.join(told)} alone"


@dataclass(frozen=True)
class MarginalReturn:
    """What tenfold compute brings, spent on rows and spent on the model; ``better``: the first less the second."""

    rows: Estimate
    model: Estimate
    better: Estimate


def marginal_return(study: DataStudy) -> MarginalReturn | None:
    """The marginal return to compute, a mean over the whole grid; None where it isn't complete.

    Training FLOP = FLOP per example x rows, so that a factor of either costs the same compute.
    """
    if not study.complete:
        return None
    rows = _mean([study.slope(size) for size in study.sizes])
    model = _mean([study.growth(share) for share in study.shares])
    scaled = [{cell: DECADE * weight for cell, weight in part.items()} for part in (rows, model, _less(rows, model))]
    return MarginalReturn(*(study.contrasts.contrast(part) for part in scaled))


def steps(study: DataStudy) -> pd.DataFrame:
    """Each step to the next share or the next size: by how much compute grows, and what that takes off the loss.

    ``change`` and its 95 % interval are in %, ``a decade`` is the change for ten times the compute. Steps between sizes
    are paired by seed.
    """
    found = []
    for size in study.sizes:
        cells = study.of(size).to_dict("records")
        for before, after in pairwise(cells):
            found.append(_step("rows", before, after, study.contrasts))
    for share in study.shares:
        cells = study.table[study.table["share"] == share].to_dict("records")
        for before, after in pairwise(cells):
            found.append(_step("model", before, after, study.paired))
    return pd.DataFrame(found, columns=["more", "from", "to", "compute", "change", "low", "high", "a decade"])


def _step(what: str, before: dict, after: dict, contrasts: Contrasts) -> dict:
    effect = contrasts.difference((after["size"], after["share"]), (before["size"], before["share"]))
    factor = after["training_flop"] / before["training_flop"]
    value, low, high = effect.percent
    names = (f"{cell['size']}, {cell['share']}" for cell in (before, after))
    decade = 100 * np.expm1(effect.value / np.log10(factor))
    values = (what, *names, factor, value, low, high, decade)
    return dict(zip(("more", "from", "to", "compute", "change", "low", "high", "a decade"), values, strict=True))


def change(effect: Estimate) -> str:
    """ "lowers the loss by 3.10 % (2.90 to 3.30)", or that it can't be told from noise."""
    value, low, high = effect.percent
    if np.isnan(low):
        return f"changes the loss by {value:+.2f} % (one seed, so no interval)"
    if not (effect.is_negative or effect.is_positive):
        return f"changes the loss by an amount that can't be told from 0 ({low:+.2f} to {high:+.2f} %)"
    least, most = sorted((abs(low), abs(high)))
    return f"{'lowers' if effect.is_negative else 'raises'} the loss by {abs(value):.2f} % ({least:.2f} to {most:.2f})"


def buy_words(found: MarginalReturn | None) -> str:
    """Which is the better buy, in a sentence."""
    if found is None:
        return "Which is the better buy can't be said yet: not every size has run on every share."
    first = f"Ten times the compute spent on rows {change(found.rows)}, spent on the model it {change(found.model)}"
    if found.better.is_negative:
        return f"{first}: over this range rows are the better buy."
    if found.better.is_positive:
        return f"{first}: over this range a larger model is the better buy."
    return f"{first}: which is the better buy can't be told from the noise of seeds."


def last_steps_words(study: DataStudy) -> str:
    """What the last step in rows and the last step in size brought, where both lead to the dearest cell."""
    table = steps(study)
    last = table[table["to"] == f"{study.sizes[-1]}, {study.shares[-1]}"].set_index("more")
    if len(last) < 2:
        return "The largest model has not run on all rows yet."
    parts = []
    for what in ("rows", "model"):
        step = last.loc[what]
        limits = f" ({step['low']:+.2f} to {step['high']:+.2f})" if np.isfinite(step["low"]) else ""
        parts.append(f"{step['compute']:.1f} times the compute changed the loss by {step['change']:+.2f} %{limits}")
    rows, size = parts
    return f"In the last step to all rows of the largest model {rows}; in the last step in size, on all rows, {size}."


def unique_words(study: DataStudy) -> str:
    """Are the examples on the axis all different?"""
    if study.epochs == 1:
        return "Every run passes once over its rows, so every example it sees is a new one."
    return f"Runs pass up to {study.epochs} times over their rows, so part of the examples are repeats."


def repeated(plan: Study) -> Study:
    """Fewer rows or fewer updates? The smallest model of ``plan`` on the smallest share, passed over as often as gives
    it as many examples as one pass over the largest share."""
    first = plan.runs[0].model
    runs = [run for run in plan.runs if run.model == first]
    few, many = min(run.fraction for run in runs), max(run.fraction for run in runs)
    ends = [run for run in runs if run.fraction in (few, many)]
    training = replace(ends[0].training, epochs=round(many / few))
    again = [replace(run, training=training) for run in ends if run.fraction == few]
    return replace(plan, name=f"{plan.name}-repeated", runs=(*ends, *again))


def passes(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of ``repeated``: different rows, passes over them, examples, and the mean log loss with its seeds."""
    keys = ["different rows", "passes", "examples"]
    found = _with_passes(runs).groupby(keys)["test_logloss"].agg(["mean", "count"]).reset_index()
    return found.rename(columns={"mean": "log-loss on test", "count": "seeds"})


def _with_passes(runs: pd.DataFrame) -> pd.DataFrame:
    epochs = run_table(runs)["epochs"].to_numpy()
    seen = runs["examples_seen"]
    return runs.assign(passes=epochs, examples=seen, **{"different rows": seen // epochs})


def passes_words(runs: pd.DataFrame) -> str:
    """Do repeats of few rows stand in for more rows? Two sentences about the runs of ``repeated``."""
    table = _with_passes(runs)
    few, many = table["different rows"].min(), table["different rows"].max()
    repeats = table["passes"].max()
    cells = list(zip(table["different rows"], table["passes"], strict=True))
    contrasts = Contrasts.of(cells, [0] * len(cells), runs["test_logloss"])
    again = contrasts.difference((few, repeats), (few, 1))
    more = contrasts.difference((many, 1), (few, repeats))
    return (
        f"To pass {repeats} times over {few:,} rows instead of once {change(again)}. To pass once over {many:,} rows "
        f"instead, which are as many examples, {change(more)}."
    )


def claims(study: DataStudy) -> list[Claim]:
    """The paper's statements on data (appendix E); none while the grid is incomplete."""
    if not study.complete:
        return []
    sizes, shares = study.sizes, study.shares
    last = [{(size, shares[-1]): 1.0, (size, shares[-2]): -1.0} for size in sizes]
    falls = study.contrasts.reached(last)
    still = f"from {shares[-2]} of the rows to {shares[-1]}, beyond the noise of seeds; the paper: at 146 billion"
    steeper = _less(study.slope(sizes[-1]), study.slope(sizes[0]))
    beta = study.paired.contrast(steeper)
    gain = Estimate(-beta.value, -beta.ci_high, -beta.ci_low)
    ahead = [{(sizes[-1], share): 1.0, (sizes[0], share): -1.0} for share in shares]
    leads = study.paired.reached(ahead)
    return [
        _claim("all sizes still improve with data" + COUNTED, len(sizes), falls, study.contrasts.verdict(last), still),
        _claim(
            "larger models are steeper in data (exponent β)",
            None,
            gain.value,
            study.paired.verdict([steeper]),
            f"β of the largest size ({sizes[-1]}) less β of the smallest; positive is steeper",
            None if np.isnan(gain.ci_low) else (gain.ci_low, gain.ci_high),
        ),
        _claim(
            "larger models are more data-efficient" + COUNTED,
            len(shares),
            leads,
            study.paired.verdict(ahead),
            f"shares at which {sizes[-1]} has less loss than {sizes[0]} on the same rows, beyond the noise of seeds",
        ),
    ]
