"""Time the two commands as a newcomer meets them: a fresh clone, an empty cache, `make book` twice and `make test`.

Run it from anywhere inside the repository: `python benchmarks/book.py [--keep]`. Only what is committed is cloned. The
installation is timed apart, as it depends on the network and not on the book.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STEPS = (("install", None), ("book", 15 * 60), ("book", 60), ("test", 10 * 60))
"""Make targets in order, each with the seconds it may take on two cores."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the clone where it is")
    keep = parser.parse_args().keep
    repository = Path(__file__).resolve().parents[1]
    folder = Path(tempfile.mkdtemp(prefix="recscale-"))
    subprocess.run(["git", "clone", "--quiet", str(repository), str(folder / "clone")], check=True)
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment = {name: value for name, value in environment.items() if not name.startswith("RECSCALE_")}
    environment["XDG_CACHE_HOME"] = str(folder / "cache")
    late = 0
    for target, allowed in STEPS:
        start = time.perf_counter()
        log = folder / f"{target}.log"
        with log.open("w") as stream:
            code = subprocess.run(
                ["make", target], cwd=folder / "clone", env=environment, stdout=stream, stderr=stream
            ).returncode
        seconds = time.perf_counter() - start
        verdict = "failed" if code else "too slow" if allowed and seconds > allowed else "ok"
        late += verdict != "ok"
        print(f"make {target:8s} {seconds:7.1f} s  (at most {allowed or '-'})  {verdict}")
        if code:
            print(log.read_text()[-2000:])
            return 1
    if keep:
        print(folder)
    else:
        shutil.rmtree(folder)
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
