"""What a page loads: the small bundle of plotly.js or the whole one, in which order, and what the bundle is."""

import gzip
import json
import re
from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import plotly.graph_objects as go
import pytest

from recscale.book import assets
from recscale.figures import base

pytestmark = pytest.mark.usefixtures("unchecked")  # Sphinx is played by small stand-ins

BUNDLE = files("recscale.book") / "plotly"


class Script:
    """As Sphinx keeps one: a file and its attributes, none of which may be changed."""

    def __init__(self, filename, *, priority=500, **attributes):
        self.filename, self.priority, self.attributes = filename, priority, attributes


def page(body: str, pagename: str = "page") -> list[Script]:
    """The scripts of a page with this text, in the order in which Sphinx writes them."""
    names = ("documentation_options.js", "doctools.js", "mathjax/startup.js", "sphinx-thebe.js", "figures.js")
    scripts = [Script(f"_static/{name}") for name in names] + [Script(None, body="let x = 1;")]
    app = SimpleNamespace(builder=SimpleNamespace(format="html"))
    app.add_js_file = lambda name, **options: scripts.append(Script(f"_static/{name}", **options))
    assets.arrange_scripts(app, pagename, "page.html", {"body": body, "script_files": scripts, "css_files": []}, None)
    return sorted(scripts, key=lambda script: script.priority)


def names(scripts: list[Script]) -> list[str]:
    return [script.filename.split("/")[-1] if script.filename else "" for script in scripts]


def html(trace: go.Scatter) -> str:
    return base.Shown(go.Figure(trace), 1, "x", "").to_html()


def test_figures_are_drawn_before_anything_else_and_formulas_set_last():
    scripts = page(html(go.Scatter(y=[1])))
    order = ["documentation_options.js", "", "plotly-book.min.js", "figures.js", "doctools.js", "startup.js"]
    assert names(scripts) == order
    assert [bool(script.attributes.get("defer")) for script in scripts] == [False, False, True, True, True, True]


def test_a_page_without_a_figure_loads_no_plotly():
    assert "plotly" not in str(names(page("<p>text</p>")))


@pytest.mark.parametrize(("mark", "scripts"), assets.NEEDED.items())
def test_a_script_is_loaded_where_its_mark_stands(mark, scripts):
    def kept(body):
        made = {kind: [Script(f"_static/{name}") for name in scripts if name.endswith(kind)] for kind in ("js", "css")}
        app = SimpleNamespace(builder=SimpleNamespace(format="html"), add_js_file=lambda *_: None)
        context = {"body": body, "script_files": made["js"], "css_files": made["css"]}
        assets.arrange_scripts(app, "page", "page.html", context, None)
        return set(names(context["script_files"] + context["css_files"]))

    assert kept(f"<p {mark}>") == set(scripts)
    assert kept("<p>") == set()


def test_a_trace_outside_the_bundle_brings_the_whole_library():
    assert "plotly.min.js" in names(page(html(go.Scatter(y=[1])) + html(go.Surface(z=np.ones((2, 2))))))


def test_the_search_page_keeps_its_scripts_as_they_are():
    scripts = page("", "search")
    assert not any("defer" in script.attributes for script in scripts)
    assert "sphinx-thebe.js" not in names(scripts)


def test_the_bundle_is_of_the_wheel_s_version_and_has_the_traces_it_promises():
    code = gzip.decompress((BUNDLE / "plotly-book.min.js.gz").read_bytes()).decode()
    wheel = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")[:200]
    version = re.search(r"plotly\.js v([\d.]+)", wheel)[1]
    assert code.startswith(f"/* plotly.js v{version}, ")
    assert json.loads((BUNDLE / "package.json").read_text())["devDependencies"]["plotly.js"] == version
    source = (BUNDLE / "traces.js").read_text()
    assert {"scatter", *re.findall(r"lib/(\w+)\"", source)} - {"core"} == assets.BUNDLED
    for kind in assets.BUNDLED:
        assert f'"{kind}"' in code


@pytest.mark.parametrize("package", ["plotly.js", "@plotly/d3", "culori"])
def test_the_licences_of_what_is_inside_are_there(package):
    assert re.search(rf"^{re.escape(package)} [\d.]+ \(", (BUNDLE / "LICENSES.txt").read_text(), re.MULTILINE)


def test_the_theme_s_style_keeps_the_icons_that_are_shown(tmp_path):
    style = tmp_path / "_static" / "styles" / "pydata-sphinx-theme.css"
    style.parent.mkdir(parents=True)
    shown, other = '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}', '.fa-egg:before{content:"\\f7fb"}'
    style.write_text(f"a{{b:c}}{shown}{other}.fa-lg{{d:e}}")
    (tmp_path / "page.html").write_text('<i class="fa-lg fa-bars"></i>')
    assets.drop_icons(tmp_path)
    assert style.read_text() == f"a{{b:c}}{shown}.fa-lg{{d:e}}"


def test_a_bibliography_is_no_list_of_what_are_no_items():
    context = {"body": '<div role="list" class="citation-list"><div role="doc-biblioentry">x</div></div>'}
    assets.mend_roles(None, "page", "page.html", context, None)
    assert context["body"] == '<div class="citation-list"><div role="doc-biblioentry">x</div></div>'
