"""SVG drawings of a page as files that stand alone: with the page's styles inside, in its light colours, on white."""

import re
from pathlib import Path

_STYLES = re.compile(r"html(?:\[data-theme=\"light\"\])?\s*\{(?P<body>[^}]*)\}")
VARIABLE = re.compile(r"(?P<name>--[\w-]+)\s*:\s*(?P<value>[^;}]+)")
USED = re.compile(r"var\(\s*(?P<name>--[\w-]+)\s*(?:,\s*(?P<fallback>[^()]*))?\)")
NAMESPACE = "http://www.w3.org/2000/svg"


def drawing(svg: str, book: Path) -> str:
    """The first ``<svg>`` in the text as an image file.

    It gets the rules of ``_static/diagrams.css``; CSS variables get the values of the book's light theme, since an
    image has no page to take them from.
    """
    inside = re.search(r"<svg\b.*</svg>", svg, re.DOTALL)
    if inside is None:
        raise ValueError("a drawing holds no <svg>")
    text = inside[0] if "xmlns=" in inside[0] else inside[0].replace("<svg", f'<svg xmlns="{NAMESPACE}"', 1)
    sheet = book / "_static" / "diagrams.css"
    rules = sheet.read_text(encoding="utf-8") if sheet.exists() else ""
    colours = _colours(book)
    text, rules = (USED.sub(lambda use: _value(use, colours), one) for one in (text, rules))
    style = f"<style><![CDATA[svg{{background:#fff;color:#24292f;font-family:sans-serif}}{rules}]]></style>"
    opening = re.match(r"<svg\b[^>]*>", text)[0]
    box = re.search(r'viewBox="([^"]*)"', opening)
    width, height = map(float, re.split(r"[\s,]+", box[1].strip())[2:]) if box else (600, 400)
    sized = re.sub(r'\s(?:class|width|height|style)="[^"]*"', "", opening)
    sized = sized.replace("<svg", f'<svg class="recscale-diagram" width="{width:g}" height="{height:g}"', 1)
    return sized + style + text.removeprefix(opening)


def _colours(book: Path) -> dict[str, str]:
    """CSS variable -> value in the book's light theme."""
    colours: dict[str, str] = {"--pst-color-text-base": "#24292f", "--pst-color-text-muted": "#59636e"}
    for sheet in sorted((book / "_static").glob("*.css")):
        for rule in _STYLES.finditer(sheet.read_text(encoding="utf-8")):
            colours |= {one["name"]: one["value"].strip() for one in VARIABLE.finditer(rule["body"])}
    return colours


def _value(use: re.Match[str], colours: dict[str, str]) -> str:
    return colours.get(use["name"]) or (use["fallback"] or "").strip() or "currentColor"
