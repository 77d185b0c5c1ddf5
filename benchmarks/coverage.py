"""How often the 95 % bands hold the truth: many noisy simulations of laws whose constants are known.

    python benchmarks/coverage.py [--simulations 1000] [--resamples 200] [--out benchmarks/results/coverage.csv]

For every law: the share of simulations whose band of the law holds the true value, and whose band of one new
measurement holds a new measurement, at the largest measured size and at twice it, for both kinds of band.

    python benchmarks/coverage.py --searched [--out benchmarks/results/coverage_searched.csv]

The same for the Performance Law with its peak in the middle of the grid and several true values of its searched
constant q₁, one of them drawn anew from the list in every simulation: bands averaged over q₁ beside those by profile.
"""

import argparse
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from recscale import laws
from recscale.laws.fit import BANDS

LEVEL = 0.95


def grid(*axes: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(a.reshape(-1) for a in np.meshgrid(*axes, indexing="ij"))


def quadratic(x):
    a, b = np.log(x[0]), np.log(x[1])
    return -0.3 + 0.05 * a + 0.28 * b - 0.01 * a**2 - 0.036 * b**2


def performance(x):
    depth, width = (w * np.log(v) + 0.2 * v**-w for v, w in zip(x, (-0.55, -0.39), strict=True))
    return 0.0375 - 0.03 * depth - 0.2 * width


def peaked(q):
    """A Performance Law with its peak at 18.7 layers and width 62, where the published panels have theirs."""

    def law(x):
        axes = zip(x, (0.0165, 0.078), (18.7, 62.0), strict=True)
        return 0.0375 + sum(slope * (np.log(v) + _decay(v, -np.log(q) / np.log(peak), q)) for v, slope, peak in axes)

    return law


def _decay(x, w, q):
    return x**-w / (q * w)


def outside(x):
    depth, width = (np.log(v) - 12 * v**-w for v, w in zip(x, (0.5, 0.7), strict=True))
    return 0.03 + 0.02 * depth + 0.03 * width


def joint(x):
    return performance(x[:2]) + 0.02 * np.log(x[2]) + x[2] ** -0.02 / 3


def kaplan(x):
    return ((8.8e13 / x[0]) ** (0.076 / 0.095) + 5.4e13 / x[1]) ** 0.095


def chinchilla(x):
    return 1.8172 + 482.01 * x[0] ** -0.3478 + 2085.43 * x[1] ** -0.3658


SIZES = np.geomspace(1e6, 1e9, 12)
WUKONG = np.array([0.53, 1.25, 2.12, 5.6, 22.23, 61, 108])
PANEL = grid(np.array([4.0, 8, 12, 16, 24, 32]), np.array([25.0, 50, 75, 100]))
LANGUAGE = grid(np.geomspace(5e7, 1e10, 6), np.geomspace(1e9, 2e11, 6))
DATA_SETS = grid(np.array([4.0, 8, 16, 32]), np.array([25.0, 50, 100]), np.array([1e5, 1e6, 1e7, 2e8]))
# Law: measured x, true values, noise (relative on the log scale, absolute on y).
TRUTHS = {
    "power-law": ((SIZES,), lambda x: 2.0 * x[0] ** -0.1, 0.01),
    "power-law-floor": ((SIZES,), lambda x: 0.4 + 3.0 * x[0] ** -0.25, 0.002),
    "log-linear": ((SIZES,), lambda x: 0.9 - 0.02 * np.log(x[0]), 0.01),
    "log-quadratic": (PANEL, quadratic, 0.002),
    "wukong": ((WUKONG,), lambda x: -100 + 99.56 * x[0] ** -0.00071, 0.0003),
    "kaplan": (LANGUAGE, kaplan, 0.005),
    "chinchilla": (LANGUAGE, chinchilla, 0.005),
    "loss-law": ((np.geomspace(1, 64, 12),), lambda x: 2.2 * (1 / x[0] + 0.05) ** 0.1, 0.002),
    "performance-law": (PANEL, performance, 0.001),
    "performance-law-outside": (PANEL, outside, 0.001),
    "performance-law-joint": (DATA_SETS, joint, 0.001),
}
TRUE_Q1 = (2, 3, 5, 8, 12, 20, 32, "drawn")


def simulate(name: str, simulations: int, resamples: int, seed: int = 0) -> pd.DataFrame:
    """Coverage of one law's bands: one row a band and size."""
    x, truth, noise = TRUTHS[name]
    law = laws.get(name)
    rng = np.random.default_rng(seed)
    top = tuple(np.array([column.max(), 2 * column.max()]) for column in x)
    exact = truth(top)
    shift = 0.0 if law.offset is None else -100.0

    def measured(value):
        error = noise * rng.standard_normal(value.shape)
        return shift + (value - shift) * np.exp(error) if law.scale == "log" else value + error

    hits: dict[tuple[str, str], np.ndarray] = {}
    methods = {"linearised": 0} | ({"bootstrap": resamples} if resamples else {})
    for number in range(simulations):
        y, new = measured(truth(x)), measured(exact)
        columns = {f"x{i}": part for i, part in enumerate(x)}
        future = dict(zip(columns, top, strict=True))
        for method, draws in methods.items():
            fit = laws.fit(law, columns, y, bootstrap=draws, seed=number)
            for band, target, observation in (("law", exact, False), ("measurement", new, True)):
                low, high = fit.band(future, LEVEL, observation)
                hits[method, band] = hits.get((method, band), 0) + ((low <= target) & (target <= high))
    rows = [
        {
            "law": name,
            "method": method,
            "resamples": methods[method],
            "band": band,
            "at": at,
            "simulations": simulations,
            "coverage": share,
        }
        for (method, band), count in hits.items()
        for at, share in zip(("largest", "twice"), count / simulations, strict=True)
    ]
    return pd.DataFrame(rows)


def searched(simulations: int, seed: int = 0) -> pd.DataFrame:
    """Coverage of the Performance Law's two kinds of band: one row a true q₁, kind, band and size."""
    law, noise = laws.get("performance-law"), TRUTHS["performance-law"][2]
    names = dict(zip(("H", "d"), PANEL, strict=True))
    top = tuple(np.array([column.max(), 2 * column.max()]) for column in PANEL)
    future = dict(zip(names, top, strict=True))
    rows = []
    for true in TRUE_Q1:
        rng, hits = np.random.default_rng(seed), {}
        for _ in range(simulations):
            truth = peaked(rng.integers(2, 33) if true == "drawn" else true)
            y, exact = truth(PANEL) + noise * rng.standard_normal(PANEL[0].shape), truth(top)
            new = exact + noise * rng.standard_normal(2)
            fit = laws.fit(law, names, y)
            for kind, (band, target) in product(BANDS, (("law", exact), ("measurement", new))):
                low, high = fit.band(future, LEVEL, band == "measurement", kind)
                hits[kind, band] = hits.get((kind, band), 0) + ((low <= target) & (target <= high))
        for (kind, band), count in hits.items():
            for at, share in zip(("largest", "twice"), count / simulations, strict=True):
                rows.append(
                    {"q1": true, "kind": kind, "band": band, "at": at, "simulations": simulations, "coverage": share}
                )
        print(pd.DataFrame(rows[-8:]).to_string(index=False), flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--laws", default=",".join(TRUTHS))
    parser.add_argument("--searched", action="store_true", help="the Performance Law at several true q1")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    name = "coverage_searched.csv" if given.searched else "coverage.csv"
    out = given.out or Path(__file__).parent / "results" / name
    tables = [searched(given.simulations)] if given.searched else []
    for name in () if given.searched else given.laws.split(","):
        started = time.perf_counter()
        tables.append(simulate(name, given.simulations, given.resamples))
        print(tables[-1].to_string(index=False), f"\n{time.perf_counter() - started:.0f} s\n", flush=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(tables, ignore_index=True).to_csv(out, index=False)
    print(f"written: {out}", file=sys.stderr)


if __name__ == "__main__":
    main()
