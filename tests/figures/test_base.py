"""The book's figure helper: what is counted, what reaches the page, and the look shared by all."""

import base64
import json
import math
import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from recscale.figures import base
from recscale.models import CTR_MODELS


def two_models() -> go.Figure:
    fig = base.figure("Loss <b>falls</b>", x="FLOP", y="loss", log_x=True)
    base.points(fig, np.array([1.0, 10.0, 100.0]), [3.0, 2.0, 1.0], "Wukong")
    base.points(fig, [1, 10], [3.5, 3.0], "DLRM")
    base.line(fig, np.linspace(1, 100, 50), np.linspace(3, 1, 50), "fit")
    base.band(fig, [1, 100], [2, 1], [3, 2], "95 %", base.PALETTE[0])
    return fig


def page_content(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL).group(1))


def test_only_data_traces_are_counted():
    assert base.count_points(two_models().to_dict()["data"]) == 5


def test_show_accepts_the_table_s_number_of_points():
    assert base.show(two_models(), points=5).points == 5


@pytest.mark.parametrize("points", [4, 6, 57, 0, -1])
def test_show_refuses_any_other_number(points):
    with pytest.raises(ValueError, match="point"):
        base.show(two_models(), points=points)


def test_points_without_a_coordinate_are_not_drawn():
    fig = base.figure()
    base.points(fig, [1.0, 2.0, math.nan], [1.0, None, 3.0], "Wukong")
    with pytest.raises(ValueError, match="has 3 points, but its data traces draw 1"):
        base.show(fig, points=3)


@pytest.mark.parametrize(
    ("trace", "count"),
    [
        (go.Heatmap(z=np.array([[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]]), meta=base.DATA), 5),
        (go.Heatmap(z=[[1, 2, None]], meta=base.DATA), 2),
        (go.Surface(z=np.ones((3, 4)), meta=base.DATA), 12),
        (go.Scatter3d(x=[1, 2], y=[1, 2], z=[1, 2], meta=base.DATA), 2),
        (go.Bar(x=["a", "b"], y=[1, 2], meta=base.DATA), 2),
        (go.Bar(y=[1, 2, 3], meta=base.DATA), 3),
        (go.Scatter(x=[1, 2], y=[1, 2]), 0),
    ],
)
def test_kinds_of_traces(trace, count):
    assert base.count_points([trace.to_plotly_json()]) == count
    assert base.count_points(go.Figure(trace).to_dict()["data"]) == count


def test_page_holds_the_data_and_no_library():
    html = base.show(two_models(), points=5, caption="A caption").to_html()
    assert 'data-points="5"' in html
    assert 'data-figure="loss-falls"' in html
    assert "<figcaption>A caption</figcaption>" in html
    assert "src=" not in html
    assert len(html) < 20_000
    content = page_content(html)
    assert base.count_points(content["data"]) == 5
    assert content["config"]["responsive"] is True


def test_text_in_a_figure_can_t_end_its_script():
    fig = base.figure("</script><b>bold")
    base.points(fig, [1], [1], "Wukong", text=["</script>"])
    html = base.show(fig, points=1).to_html()
    assert html.count("</script>") == 1
    assert page_content(html)["layout"]["title"]["text"] == "</script><b>bold"


HOSTILE = "<img src=x onerror=alert(1)>\"'& <script>alert(2)</script>"


def test_text_of_a_reader_s_card_is_text_wherever_it_enters_a_page(monkeypatch):
    displayed = []
    fig = base.figure(f"Users of {HOSTILE}", x=HOSTILE)
    base.points(fig, [1], [1], HOSTILE)
    shown = base.show(fig, points=1, caption=f"Users of {HOSTILE}.", name=HOSTILE)
    monkeypatch.setattr("recscale.figures.base.display", displayed.append)
    monkeypatch.setattr(go.Figure, "show", lambda self, **options: None)
    shown._ipython_display_()
    for html in (shown.to_html(), displayed[0].data):
        assert "<img" not in html
        assert "<script>" not in html
        assert html.count("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;") == 1


def test_no_figure_offers_an_upload(monkeypatch):
    options = []
    monkeypatch.setattr(go.Figure, "show", lambda self, **given: options.append(given["config"]))
    shown = base.show(two_models(), points=5)
    shown._ipython_display_()
    for config in (page_content(shown.to_html())["config"], *options):
        assert config["showSendToCloud"] is False
        assert not config["plotlyServerURL"]


def test_same_figure_gives_the_same_page():
    assert base.show(two_models(), points=5).to_html() == base.show(two_models(), points=5).to_html()


def test_book_build_displays_html_and_a_notebook_its_own_renderer(monkeypatch):
    displayed, shown = [], []
    monkeypatch.setattr("recscale.figures.base.display", displayed.append)
    monkeypatch.setattr(go.Figure, "show", lambda self, **options: shown.append(options))
    result = base.show(two_models(), points=5)
    monkeypatch.setenv(base.BOOK_BUILD, "1")
    result._ipython_display_()
    assert "recscale-figure" in displayed[0].data
    assert not shown
    monkeypatch.delenv(base.BOOK_BUILD)
    result._ipython_display_()
    assert len(shown) == 1


def test_every_model_has_a_colour_of_the_palette_and_families_don_t_collide():
    ctr = list(CTR_MODELS)
    assert set(base.MODEL_COLOURS) == {*ctr, "sasrec", "hstu", "llama"}
    assert len({base.colour(name) for name in ctr}) == len(ctr)
    assert len({base.symbol(name) for name in ctr}) == len(ctr)
    assert base.colour("Wukong") == base.colour("wukong")
    assert base.colour("something else") == base.NEUTRAL


@pytest.mark.parametrize("hue", [*base.PALETTE, base.NEUTRAL])
def test_colours_stand_out_on_light_and_on_dark(hue):
    """WCAG asks a contrast of 3 for graphics; on white and on the theme's dark #14181E."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for background in ("#FFFFFF", "#14181E"):
        bright, dark = sorted((luminance(hue), luminance(background)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 3


def test_translucent():
    assert base.translucent("#0072B2", 0.5) == "rgba(0,114,178,0.5)"


def test_rows_of_a_table_are_drawn_with_their_look_and_their_interval():
    table = pd.DataFrame({"size": [1, 2], "loss": [0.5, 0.4], "low": [0.4, np.nan], "high": [0.7, 0.5]})
    ends = {"y_ends": ("low", "high"), "bar": {"width": 3}}
    base.draw(base.figure(), table, "size", "loss", "Wukong", **ends)
    fig = base.draw(base.figure(), table, "size", "loss", "other", place=11, joined=2, data=["low"], **ends)
    base.show(fig, points=2)
    (trace,) = fig.data
    assert (trace.marker.color, trace.marker.symbol) == (base.PALETTE[1], "square")
    assert trace.line.color == base.PALETTE[1]
    assert trace.mode == "lines+markers"
    np.testing.assert_allclose(trace.error_y.array, [0.2, 0.1])
    np.testing.assert_allclose(trace.error_y.arrayminus, [0.1, 0])
    assert trace.error_y.width == 3
    assert np.asarray(trace.customdata).shape == (2, 1)


def test_a_level_spans_the_range():
    (trace,) = base.level(base.figure(), [3, 1, 2], 0.5, "printed").data
    assert (list(trace.x), list(trace.y), trace.line.dash) == ([1, 3], [0.5, 0.5], "dot")
    assert trace.meta is None


def test_numbers_keep_seven_digits_on_their_way_to_the_page():
    x = np.array([1.23456789e15, 1e-12 / 3, np.nan])
    fig = base.points(base.figure(), x, [0.123456789, 2.0, 3], "Wukong", customdata=[[1 / 3, "text", None]] * 3)
    (trace,) = page_content(base.Shown(fig, 2, "x", "").to_html())["data"]
    assert trace["x"]["dtype"] == "f4"
    assert base._present(trace["x"]).tolist() == [True, True, False]
    np.testing.assert_allclose(np.frombuffer(base64.b64decode(trace["x"]["bdata"]), "f4"), x, rtol=6e-8)
    assert trace["y"] == [0.1234568, 2.0, 3]
    assert trace["customdata"][0] == [0.3333333, "text", None]


def test_what_a_hover_label_shows_stays_decimal():
    fig = base.points(base.figure(), [1, 2], [1, 2], "Wukong", customdata=np.array([[0.1, 2.0], [1 / 3, np.nan]]))
    (trace,) = page_content(base.Shown(fig, 2, "x", "").to_html())["data"]
    assert trace["customdata"] == [[0.1, 2.0], [0.3333333, None]]


def test_a_column_too_large_for_single_precision_stays_double():
    column = {"dtype": "f8", "bdata": base64.b64encode(np.array([1e300, 1.0]).tobytes()).decode()}
    assert base.trimmed(column) == column
