"""Interactive figures: one function a figure, tables and fits in, a Plotly figure out."""

from recscale.figures.base import show
