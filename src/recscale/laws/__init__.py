"""Scaling laws: their forms and an exact fitter with honest uncertainty.

NumPy, SciPy and pandas only. Start with ``fit = laws.fit("power-law-floor", x, y)``, ``print(laws.report(fit))`` and
``laws.compare(x, y)``.
"""

from recscale.laws import forms, performance  # they register their laws
from recscale.laws.compare import compare
from recscale.laws.fit import Fit, fit
from recscale.laws.law import LAWS, GridConstant, Law, Parameter, get, register
from recscale.laws.report import report, to_json, warnings_of
