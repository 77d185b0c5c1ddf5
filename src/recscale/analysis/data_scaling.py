"""More data or a larger model: sizes of one model on nested shares of the training rows, and what compute buys on each.

One pass over the rows: an example is seen once, so that rows, examples and updates are the same axis. Fewer rows also
mean fewer updates, at rates searched on all rows; the two can't be told apart here.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import stats

from recscale import laws
from recscale.runs.study import Study
from recscale.runs.table import Columns, core_hours_per_seed, run_table, single_dataset
from recscale.stats import Contrasts, Estimate, combined

DECADE = float(np.log(10))
GridCell = tuple[str, str]
"""(size, share)"""


@dataclass(frozen=True, eq=False)
class DataGrid:
    """Every size of a model on every share of one data set's training rows.

    ``table`` has one row per cell, by size, then by rows:

    size, share              names: "1.1 MFLOP", "30 %"
    rows                     training rows, each seen once
    flop, training_flop      training FLOP per example, and of the run
    dense_parameters, seeds
    test_logloss             mean over seeds, nats
    relative                 the same against the first row, %
    ci_low, ci_high          95 % interval of ``relative`` by the pooled noise of seeds; nan with one seed

    ``contrasts`` holds ln(test log loss) by cell; ``paired`` the same in blocks of one seed on one share, whose runs
    read the same rows in the same order. ``core_hours_per_seed``: of all cells together.
    """

    table: pd.DataFrame
    contrasts: Contrasts
    paired: Contrasts
    core_hours_per_seed: float

    @property
    def sizes(self) -> list[str]:
        """Names of the sizes, small to large."""
        return self.table["size"].drop_duplicates().tolist()

    @property
    def shares(self) -> list[str]:
        """Names of the shares, few rows to many."""
        return self.table.sort_values("rows")["share"].drop_duplicates().tolist()

    @property
    def seeds(self) -> int:
        """The fewest seeds that any cell has."""
        return int(self.table["seeds"].min())

    def of_size(self, size: str) -> pd.DataFrame:
        """The rows of ``table`` of one size."""
        return self.table[self.table["size"] == size]


def data_grid(runs: pd.DataFrame) -> DataGrid:
    """The cells among ``runs``, a run table of one data set.

    ``ValueError``: runs of several data sets, or sizes that were not trained on the same two or more shares.
    """
    single_dataset(runs)
    runs = run_table(runs)
    runs["size"] = [f"{flop / 1e6:.2g} MFLOP" for flop in runs[Columns.FLOP]]
    runs["share"] = [f"{100 * fraction:.3g} %" for fraction in runs[Columns.FRACTION]]
    cells = list(zip(runs["size"], runs["share"], strict=True))
    sizes, shares = runs["size"].nunique(), runs["share"].nunique()
    if len(set(cells)) < sizes * shares or min(sizes, shares) < 2:
        raise ValueError(
            f"{sizes} sizes on {shares} shares of the rows have {len(set(cells))} cells with a run: "
            "a grid takes two or more of each, and every size on every share"
        )
    paired = Contrasts.of(cells, list(zip(runs["seed"], runs["share"], strict=True)), runs["test_logloss"])
    contrasts = Contrasts.of(cells, [0] * len(cells), runs["test_logloss"])
    keys = ["size", "share", Columns.EXAMPLES, Columns.FLOP, Columns.TRAINING_FLOP, Columns.DENSE_PARAMETERS]
    table = runs.groupby(keys, sort=False)["test_logloss"].agg(test_logloss="mean", seeds="count").reset_index()
    table = table.rename(columns={Columns.EXAMPLES: "rows", Columns.FLOP: "flop"})
    table = table.sort_values(["flop", "rows"], ignore_index=True)
    relative = 100 * (table["test_logloss"] / table["test_logloss"].iloc[0] - 1)
    t = stats.t.ppf(0.975, contrasts.dof) if contrasts.dof else np.nan
    half_width = 100 * t * contrasts.noise / np.sqrt(table["seeds"])
    table = table.assign(relative=relative, ci_low=relative - half_width, ci_high=relative + half_width)
    return DataGrid(table, contrasts, paired, core_hours_per_seed(runs))


def _slope(part: pd.DataFrame, variable: str) -> dict[GridCell, float]:
    """Weights whose contrast is d ln L / d ln ``variable`` over some rows of a grid's table."""
    logs = np.log(part[variable].to_numpy(float))
    centred = logs - logs.mean()
    return dict(zip(zip(part["size"], part["share"], strict=True), centred / (centred**2).sum(), strict=True))


def power_laws(grid: DataGrid) -> dict[str, laws.Fit]:
    """Size -> ``L = A D^-α`` fitted to its seed means over its rows D."""
    sizes = grid.table.groupby("size", sort=False)
    return {size: laws.fit("power-law", part[["rows"]], part["test_logloss"]) for size, part in sizes}


def row_exponents(grid: DataGrid) -> pd.DataFrame:
    """The exponent β of ``power_laws``, one row per size.

    β                          ln L falls by β per ln rows
    law_low, law_high          its 95 % interval from the scatter around the law
    seeds_low, seeds_high      its 95 % interval from the noise of seeds, given that the law holds
    per_decade                 change of the loss for ten times the rows, %
    """
    table = {}
    for size, fit in power_laws(grid).items():
        beta, (_, *seeds) = fit.parameters["α"], -grid.contrasts.contrast(_slope(grid.of_size(size), "rows"))
        table[size] = (beta, *fit.intervals["α"], *seeds, 100 * np.expm1(-DECADE * beta))
    columns = ["β", "law_low", "law_high", "seeds_low", "seeds_high", "per_decade"]
    return pd.DataFrame.from_dict(table, orient="index", columns=columns).rename_axis("size")


def steepening(grid: DataGrid) -> Estimate:
    """β of the largest size less β of the smallest, paired by seed: positive where the larger model is steeper."""
    first, last = (_slope(grid.of_size(grid.sizes[place]), "rows") for place in (0, -1))
    return -grid.paired.contrast(combined((1, last), (-1, first)))


def joint(grid: DataGrid, form: str = "chinchilla") -> laws.Fit:
    """``E + A/N^α + B/D^β`` through all cells, N dense parameters and D rows. ``ValueError`` with too few cells."""
    return laws.fit(form, joint_inputs(grid), grid.table["test_logloss"])


def joint_inputs(grid: DataGrid) -> pd.DataFrame:
    """Columns N (dense parameters) and D (training rows), one row per cell."""
    return grid.table[["dense_parameters", "rows"]].astype(float).set_axis(["N", "D"], axis=1)


def identified(fit: laws.Fit) -> pd.DataFrame:
    """The fit's parameters and which of them the points determine, one row per symbol.

    value               the estimate
    ci_low, ci_high     its 95 % interval
    determined          the interval is finite and narrower than half the value; False everywhere once one parameter is
                        at a bound, since the intervals then suppose it known
    """
    rows = {name: (value, *fit.intervals[name]) for name, value in fit.parameters.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "ci_low", "ci_high"])
    narrow = table["ci_high"] - table["ci_low"] < table["value"].abs() / 2
    return table.assign(determined=narrow & (not fit.parameters_at_bound))


@dataclass(frozen=True)
class MarginalReturn:
    """Change of ln L for ten times the compute, spent on rows and spent on the model; ``difference``: the first less
    the second."""

    rows: Estimate
    model: Estimate
    difference: Estimate


def marginal_return(grid: DataGrid) -> MarginalReturn:
    """The marginal return to compute, a mean over the whole grid.

    Training FLOP = FLOP per example × rows, so that a factor of either costs the same compute.
    """
    rows, model = (
        combined(*((DECADE / grid.table[axis].nunique(), _slope(part, name)) for _, part in grid.table.groupby(axis)))
        for axis, name in (("size", "rows"), ("share", "flop"))
    )
    both = rows, model, combined((1, rows), (-1, model))
    return MarginalReturn(*map(grid.contrasts.contrast, both))


def steps(grid: DataGrid) -> pd.DataFrame:
    """Every step to the next share or the next size, one row per step.

    spent_on            "rows" or "model"
    start, end          (size, share) before and after, joined by ", "
    compute             by what factor the training FLOP grow
    change              of the log loss, %
    ci_low, ci_high     its 95 % interval; steps between sizes are paired by seed
    per_decade          the change for ten times the compute, %
    """
    table = []
    for spent_on, axis, contrasts in (("rows", "size", grid.contrasts), ("model", "share", grid.paired)):
        for _, part in grid.table.groupby(axis, sort=False):
            for before, after in pairwise(part.to_dict("records")):
                cells = [(row["size"], row["share"]) for row in (before, after)]
                effect, factor = contrasts.difference(*cells[::-1]), after["training_flop"] / before["training_flop"]
                per_decade = 100 * np.expm1(effect.value / np.log10(factor))
                table.append((spent_on, *map(", ".join, cells), factor, *effect.percent, per_decade))
    columns = ["spent_on", "start", "end", "compute", "change", "ci_low", "ci_high", "per_decade"]
    return pd.DataFrame(table, columns=columns)


def repeated(plan: Study) -> Study:
    """Fewer rows or fewer updates? The smallest model of ``plan`` on the smallest share, passed over as often as gives
    it as many examples as one pass over the largest share."""
    runs = [run for run in plan.runs if run.model == plan.runs[0].model]
    few, *_, many = sorted({run.fraction for run in runs})
    ends = [run for run in runs if run.fraction in (few, many)]
    training = replace(ends[0].training, epochs=round(many / few))
    again = [replace(run, training=training) for run in ends if run.fraction == few]
    return replace(plan, name=f"{plan.name}-repeated", runs=(*ends, *again))


def passes(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of ``repeated``, one row per number of different rows and passes over them.

    rows, passes, examples     rows × passes = examples
    test_logloss               mean over seeds, nats
    change, ci_low, ci_high    of the log loss against one pass over the fewest rows, %; nan in the first row
    seeds
    """
    runs = run_table(runs).rename(columns={"epochs": "passes", Columns.EXAMPLES: "examples"})
    runs["rows"] = runs["examples"] // runs["passes"]
    keys = ["rows", "passes", "examples"]
    table = runs.groupby(keys)["test_logloss"].agg(test_logloss="mean", seeds="count").reset_index()
    cells = list(zip(runs["rows"], runs["passes"], strict=True))
    contrasts = Contrasts.of(cells, [0] * len(cells), runs["test_logloss"])
    first, *others = zip(table["rows"], table["passes"], strict=True)
    changes = [(np.nan,) * 3, *(contrasts.difference(cell, first).percent for cell in others)]
    table[["change", "ci_low", "ci_high"]] = [tuple(change) for change in changes]
    return table[["rows", "passes", "examples", "test_logloss", "change", "ci_low", "ci_high", "seeds"]]
