"""Serving time against model size: one user's candidates scored by every size of Wukong, DLRM and DCNv2.

    python benchmarks/serving.py [--threads 1] [--repeats 500]
    python benchmarks/serving.py --write        # replaces data/results/serving.csv, which the book shows

Untrained models on MovieLens-1M's fields, one after the other in this process; see ``recscale.training.serving`` for
what is timed. Run it on a machine with nothing else to do, or p99 measures the neighbours.
"""

import argparse
import sys

import pandas as pd

from recscale.analysis import serving
from recscale.settings import results_folder, write_atomically
from recscale.training.serving import Request


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="movielens-1m")
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", help="models whose name contains this")
    parser.add_argument("--sizes", type=int, help="the smallest so many of each ladder")
    parser.add_argument("--write", action="store_true", help="replace serving.csv in the results folder")
    given = parser.parse_args()
    how = Request(given.candidates, given.repeats, max(1, given.repeats // 20), given.threads)
    tables = []
    for model in serving.MODELS:
        if given.only and given.only not in model:
            continue
        ladder = [config for config in serving.ladders() if config.model == model][: given.sizes]
        tables.append(serving.measure(given.dataset, ladder, how))
        print(tables[-1].drop(columns=["torch_version", "cpu", "finished_at"]).to_string(index=False), flush=True)
    if given.write:
        path = results_folder() / "serving.csv"
        write_atomically(path, pd.concat(tables).to_csv(index=False))
        print(f"written: {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
