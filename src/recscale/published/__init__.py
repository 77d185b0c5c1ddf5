"""The papers' own numbers, refitted: one function a table of the book.

"Printed" is always what a paper says; everything else is computed here.
"""

from recscale.published.data import ablation, joint_law, joint_points, leverage, loss_curves, printed_data_terms
from recscale.published.panels import (
    AXES,
    EXACT,
    SETTING,
    disagreements,
    panel_models,
    panel_r2,
    panels,
    q1_profile,
)
from recscale.published.shapes import (
    claimed_optima,
    constrained_peak,
    distances,
    optima_margins,
    optima_rows,
    potential,
    potential_by_q1,
)
from recscale.published.tables import load
from recscale.published.wukong import (
    wukong_forty,
    wukong_law,
    wukong_models,
    wukong_pf_days,
    wukong_points,
)
