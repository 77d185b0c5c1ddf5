"""How often the 95 % bands hold the truth: many noisy simulations of laws whose constants are known.

    python benchmarks/coverage.py [--simulations 1000] [--resamples 200] [--out benchmarks/results/coverage.csv]

For every law: the share of simulations whose band of the law holds the true value, and whose band of one new
measurement holds a new measurement, at the largest measured size and at twice it, for both kinds of band.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from recscale.laws import LAWS

LEVEL = 0.95


def grid(*axes: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(a.reshape(-1) for a in np.meshgrid(*axes, indexing="ij"))


def quadratic(x):
    a, b = np.log(x[0]), np.log(x[1])
    return -0.3 + 0.05 * a + 0.28 * b - 0.01 * a**2 - 0.036 * b**2


def performance(x):
    depth, width = (w * np.log(v) + 0.2 * v**-w for v, w in zip(x, (-0.55, -0.39), strict=True))
    return 0.0375 - 0.03 * depth - 0.2 * width


def chinchilla(x):
    return 1.8172 + 482.01 * x[0] ** -0.3478 + 2085.43 * x[1] ** -0.3658


SIZES = np.geomspace(1e6, 1e9, 12)
WUKONG = np.array([0.53, 1.25, 2.12, 5.6, 22.23, 61, 108])
PANEL = grid(np.array([4.0, 8, 12, 16, 24, 32]), np.array([25.0, 50, 75, 100]))
# Law: measured x, true values, noise (relative on the log scale, absolute on y).
TRUTHS = {
    "power-law": ((SIZES,), lambda x: 2.0 * x[0] ** -0.1, 0.01),
    "power-law-floor": ((SIZES,), lambda x: 0.4 + 3.0 * x[0] ** -0.25, 0.002),
    "log-linear": ((SIZES,), lambda x: 0.9 - 0.02 * np.log(x[0]), 0.01),
    "log-quadratic": (PANEL, quadratic, 0.002),
    "wukong": ((WUKONG,), lambda x: -100 + 99.56 * x[0] ** -0.00071, 0.0003),
    "chinchilla": (grid(np.geomspace(5e7, 1e10, 6), np.geomspace(1e9, 2e11, 6)), chinchilla, 0.005),
    "performance-law": (PANEL, performance, 0.001),
}


def simulate(name: str, simulations: int, resamples: int, seed: int = 0) -> pd.DataFrame:
    """Coverage of one law's bands: one row a band and size."""
    x, truth, noise = TRUTHS[name]
    law = LAWS[name]
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
            fit = law.fit(columns, y, bootstrap=draws, seed=number)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--laws", default=",".join(TRUTHS))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "coverage.csv")
    given = parser.parse_args()
    tables = []
    for name in given.laws.split(","):
        started = time.perf_counter()
        tables.append(simulate(name, given.simulations, given.resamples))
        print(tables[-1].to_string(index=False), f"\n{time.perf_counter() - started:.0f} s\n", flush=True)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(tables, ignore_index=True).to_csv(given.out, index=False)
    print(f"written: {given.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
