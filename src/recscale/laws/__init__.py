"""Scaling laws: their forms, an exact fitter with honest uncertainty, and the entropies that stand for data quality.

NumPy, SciPy and pandas only. Start with ``LAWS["power-law-floor"].fit(x, y).report()`` and ``compare(x, y)``.
"""

from recscale.laws import forms, performance  # the last two register their laws
from recscale.laws.compare import compare
from recscale.laws.fit import Fit
from recscale.laws.law import LAWS, Law, Listed, Parameter, get, register

__all__ = ["LAWS", "Fit", "Law", "Listed", "Parameter", "compare", "forms", "get", "performance", "register"]
