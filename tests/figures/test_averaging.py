"""The protocol's figure shows every row of its table, one line per batch size and schedule."""

from itertools import product

import pandas as pd

from recscale.figures import averaging, show

ROWS = product((256, 1024), ("constant", "linear"), (0.0, 0.2, 0.5))
PROTOCOLS = pd.DataFrame(ROWS, columns=["batch_size", "schedule", "share"]).assign(excess=0.1, noise=0.2)


def test_every_protocol_is_a_mark_and_every_batch_size_with_a_schedule_a_line():
    fig = averaging.protocol_figure(PROTOCOLS)
    assert show(fig, points=len(PROTOCOLS))
    assert [trace.name for trace in fig.data] == [
        "batch 256, constant rate",
        "batch 256, rate falling to zero",
        "batch 1024, constant rate",
        "batch 1024, rate falling to zero",
    ]
    assert list(fig.data[0].x) == [0, 20, 50]
