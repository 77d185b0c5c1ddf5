"""Explorers: parts of a page that a reader drives, drawn by a script of the book from the JSON they carry.

Where the script doesn't run, as in a notebook, the table stands in its place.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd


@dataclass(frozen=True, eq=False)
class Explorer:
    """``kind`` names the script that builds it, ``title`` what it is called, ``content`` is its data."""

    kind: str
    title: str
    content: Mapping[str, Any]
    table: pd.DataFrame

    def _repr_html_(self) -> str:
        content = json.dumps(self.content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        content = content.replace("<", "\\u003c")  # text in the data can't end the script element
        return (
            f'<div class="recscale-explorer" data-explorer="{self.kind}" role="group" '
            f'aria-label="{escape(self.title)}"><script type="application/json">{content}</script>'
            f"{self.table.to_html(border=0)}</div>"
        )
