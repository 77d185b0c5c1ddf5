"""Fitting speed: one Performance Law panel, a thousand bootstrap refits, and the same quality from multi-start
``curve_fit``.

    OMP_NUM_THREADS=1 python benchmarks/fit.py [--panel "HR@10,kuairand-pure,50"]

The peer tries every integer q₁ of 1…32 as well, from as many random starts each as it needs to reach the same optimum.
Times are CPU seconds of this process (the machine may be busy); one thread.
"""

import argparse
import time
import warnings
from functools import partial

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

from recscale import laws
from recscale.laws.solve import refit
from recscale.laws.uncertainty import bootstrap_rows
from recscale.published import AXES, panels

Q_VALUES = range(1, 33)
QUALITY = 1e-4  # the peer has the same quality when its objective is within this share of ours
RESAMPLES = 1000


def timed(work, repeats: int = 1) -> tuple[float, object]:
    """Median CPU seconds and the last result."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds)), result


def peer(x: tuple[np.ndarray, np.ndarray], y: np.ndarray, starts: int, seed: int = 0) -> float:
    """The least sum of squares ``curve_fit`` finds over every q₁ with so many random starts each."""
    rng, best = np.random.default_rng(seed), np.inf
    for q in Q_VALUES:

        def law(x, w1, w2, w3, w4, b, q=q):
            h, d = (w * np.log(v) + v**-w / q for v, w in zip(x, (w3, w4), strict=True))
            return w1 * h + w2 * d + b

        for _ in range(starts):
            start = [*rng.normal(0, 0.1, 2), *rng.uniform(-2, 1, 2), y.mean()]
            try:
                found, _ = curve_fit(law, x, y, start, maxfev=20_000, ftol=1e-12, xtol=1e-12)
            except RuntimeError:
                continue
            best = min(best, float(((y - law(x, *found)) ** 2).sum()))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panel", default="HR@10,kuairand-pure,50")
    metric, dataset, length = parser.parse_args().panel.split(",")
    points = panels()[metric, dataset, int(length)]
    x, y = points[AXES], points["value"].to_numpy()
    laws.fit("performance-law", x, y)
    seconds, fit = timed(lambda: laws.fit("performance-law", x, y), 15)
    print(f"one panel of {len(y)} points, global optimum over q1 = 1…32: {1e3 * seconds:.0f} ms (goal: 50)")
    rows = bootstrap_rows(fit.problem, fit.best, RESAMPLES, seed=0)
    many, _ = timed(lambda: refit(fit.problem, fit.best, rows))
    print(f"{RESAMPLES} bootstrap refits: {many:.1f} s (goal: 10), {1e3 * many / RESAMPLES:.1f} ms each")
    columns = tuple(x[name].to_numpy(float) for name in AXES)
    starts = 1
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", OptimizeWarning)
        while True:
            taken, objective = timed(partial(peer, columns, y, starts))
            excess = objective / fit.objective - 1
            print(f"curve_fit, {starts} start(s) at every q1: {taken:.1f} s, objective {excess:+.1e} of ours")
            if excess <= QUALITY or starts >= 16:
                break
            starts *= 2
    print(f"one refit: {taken / (many / RESAMPLES):.0f}x faster than curve_fit (goal: 50)")
    print(f"one panel: {taken / seconds:.0f}x faster than curve_fit")


if __name__ == "__main__":
    main()
