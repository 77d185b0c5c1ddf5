"""Rows of the report card that our own runs decide: a study adds its rows once its table is committed.

Verdicts follow seeds: a difference that the seeds can explain is none. So a table of single seeds adds no row either.
"""

from recscale.analysis import ablations, data_scaling
from recscale.claims.card import Claim
from recscale.runs.store import load_results
from recscale.runs.table import healthy, run_table


def knobs(resamples: int, seed: int) -> list[Claim]:
    """What doubling each knob of Wukong does (``wukong-knobs``; the paper's Fig. 5)."""
    return ablations.knob_claims(study) if (study := _judged("wukong-knobs", ablations)) else []


def components(resamples: int, seed: int) -> list[Claim]:
    """What each of Wukong's components is worth (``wukong-components``; the paper's Fig. 4)."""
    return ablations.component_claims(study) if (study := _judged("wukong-components", ablations)) else []


def data(resamples: int, seed: int) -> list[Claim]:
    """Three sizes on growing shares of the rows (``ctr-data``; the paper's appendix E)."""
    return data_scaling.claims(study) if (study := _judged("ctr-data", data_scaling)) else []


def _judged(name: str, module):
    """The committed study as ``module`` judges it; None without runs, or with one seed."""
    study = module.judge(healthy(run_table(load_results(name))))
    return study if study is not None and study.contrasts.dof else None
