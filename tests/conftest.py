"""For the whole suite: one thread a worker, set before anything imports torch."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
