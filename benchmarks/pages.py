"""Weights and first-figure times of the built pages by the clock, on an idle machine, held to the book's limits.

`python benchmarks/pages.py` runs `tests/book/test_speed.py` with each page opened a second time on a slow line.
"""

import os
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "pytest", "tests/book/test_speed.py"]
    sys.exit(subprocess.run(command, cwd=root, env=os.environ | {"RECSCALE_CLOCK": "1"}).returncode)
