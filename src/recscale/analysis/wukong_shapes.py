"""The Performance Law on Wukong: test AUC over layers l and embedding width d of the study ``wukong-bridge``."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recscale import laws
from recscale.analysis.shape_law import AXES, LAW, SIGNIFICANCE, ShapeGrid
from recscale.runs.table import Columns, healthy, run_table
from recscale.stats import UNTESTED, Contrasts, Estimate, FTest, split_plot


@dataclass(frozen=True, eq=False)
class WukongShapes(ShapeGrid):
    """A ``ShapeGrid`` of AUC whose runs of one seed and width begin with equal tables, and may err together.

    ``width_test``: are there differences between widths beyond what a seed does to whole widths? ``depth_test``:
    between the depths of a width, beyond the noise that is left there? A split-plot analysis (``stats.anova``).
    """

    width_test: FTest = UNTESTED
    depth_test: FTest = UNTESTED

    @property
    def is_flat(self) -> bool:
        """Whether seeds explain all differences between the shapes; two tests, so each at half of ``SIGNIFICANCE``."""
        return not any(test.rejects(SIGNIFICANCE / 2) for test in (self.width_test, self.depth_test))


def wukong_shapes(records: pd.DataFrame) -> WukongShapes:
    """Means over seeds of a ``wukong-bridge`` table's healthy runs on MovieLens-1M.

    Runs of one seed see the data in one order and err together. What they share is taken out of means and noise, as it
    moves no shape against another.
    """
    runs = healthy(run_table(records[records["dataset"] == "movielens-1m"]))
    layers, widths = (runs[column].astype(int).tolist() for column in ("l", Columns.EMBEDDING_WIDTH))
    shapes = list(zip(layers, widths, strict=True))
    if not shapes:
        raise ValueError("the table holds no healthy run of Wukong on movielens-1m")
    known = Contrasts.of(shapes, runs["seed"].tolist(), runs["test_auc"])
    cells = pd.DataFrame(known.names, columns=list(AXES))
    cells = cells.assign(value=np.exp(known.means[: len(cells)]), seeds=[shapes.count(name) for name in known.names])
    mean = float(runs["test_auc"].mean())
    cells["value"] += mean - np.average(cells["value"], weights=cells["seeds"])  # the level of all seeds, not of one
    tests = split_plot(widths, layers, runs["seed"].tolist(), runs["test_auc"].to_numpy(float))
    return WukongShapes(cells, known.noise * mean, known.dof, *tests)


def r2(grid: WukongShapes, resamples: int, seed: int) -> Estimate:
    """R² of the law, with the 95 % interval over the same shapes measured again with as many other seeds.

    The truth is taken to be the fitted law and what of its residuals the seeds leave unexplained. Noise of a size as
    uncertain as its degrees of freedom say is drawn on top, and the law refitted. Without an interval where seeds
    explain all differences between the shapes, or their noise isn't known: R² then says how well a law follows noise.
    """
    cells, fit, random = grid.cells, grid.fits[LAW], np.random.default_rng(seed)
    if not grid.dof or grid.is_flat:
        return Estimate(fit.r2)
    x, error = cells[list(AXES)].astype(float), grid.noise / np.sqrt(cells["seeds"].to_numpy(float))
    fitted = fit.predict(x)
    residual = cells["value"].to_numpy() - fitted
    by_seeds = (len(cells) - fit.law.free) * (error**2).mean() / max((residual**2).sum(), np.finfo(float).tiny)
    truth = fitted + residual * np.sqrt(max(0.0, 1 - by_seeds))
    scale = np.sqrt(grid.dof / random.chisquare(grid.dof, (resamples, 1)))
    drawn = truth + error * scale * random.standard_normal((resamples, len(cells)))
    refitted = [laws.fit(LAW, x, values).r2 for values in drawn]
    low, high = np.quantile(refitted, [0.025, 0.975], method="weibull")
    return Estimate(fit.r2, float(low), float(high))
