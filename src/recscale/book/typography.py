"""Numbers in running text as print sets them: a true minus, and no line break between a number and its unit."""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

_UNITS = r"(?:%|GFLOP|MFLOP|FLOP|PF-days|nats|ms)(?!\w)"
MINUS = re.compile(r"(?<![\w.\-–])-(?=\.?\d)")
AFTER_NUMBER = re.compile(rf"(?<=[\d\]]) (?={_UNITS})")
AT_START = re.compile(rf"^ (?={_UNITS})")


def set_numbers(text: str, follows_number: bool = False) -> str:
    """``-0.2 %`` with a minus and a no-break space; ``follows_number``: what stands before ``text`` ends in a digit."""
    text = AFTER_NUMBER.sub("\u00a0", MINUS.sub("−", text))
    return AT_START.sub("\u00a0", text) if follows_number else text


class Numbers(SphinxPostTransform):
    """Runs when glued numbers stand in the text; code and formulas stay as they are."""

    default_priority = 900

    def run(self, **options) -> None:
        before = ""
        for node in list(self.document.findall(nodes.Text)):
            if isinstance(node.parent, nodes.literal | nodes.literal_block | nodes.math | nodes.math_block | nodes.raw):
                before = ""
                continue
            text = set_numbers(str(node), before[-1:].isdigit() or before.endswith("]"))
            if text != str(node):
                node.parent.replace(node, nodes.Text(text))
            before = text
