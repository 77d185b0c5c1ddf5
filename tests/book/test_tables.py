import re

import numpy as np
import pandas as pd
from IPython.core.interactiveshell import InteractiveShell

from recscale.book import tables
from recscale.book.tables import COLUMN_TITLES, show_readable, table_html


def heads(text: str) -> list[str]:
    (head,) = re.findall(r"<thead>(.*?)</thead>", text, re.DOTALL)
    rows = re.findall(r"<tr.*?>(.*?)</tr>", head, re.DOTALL)
    assert len(rows) == 1
    return [re.sub("<.*?>", "", cell) for cell in re.findall(r"<th.*?>(.*?)</th>", rows[0], re.DOTALL)]


def rows(text: str) -> list[list[str]]:
    body = text[text.index("<tbody>") :]
    return [
        re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


def test_heads_are_words_in_one_row_and_keep_the_name_in_code():
    table = pd.DataFrame({"delta_aicc": [0.5], "free": [3]}, index=pd.Index(["line"], name="law"))
    text = table_html(table)
    assert heads(text) == ["law", "ΔAICc", "free numbers"]
    assert '<span title="delta_aicc">ΔAICc</span>' in text
    assert list(table.columns) == ["delta_aicc", "free"]


def test_a_name_of_the_columns_fills_the_corner_of_an_unnamed_index():
    table = pd.DataFrame({"a": [1.5]}, index=["x"]).rename_axis(columns="candidates")
    assert heads(table_html(table)) == ["candidates", "a"]


def test_cells_without_a_value_have_a_dash_and_truth_is_yes_or_no():
    table = pd.DataFrame(
        {
            "t": [True, False],
            "n": [4.0, np.nan],
            "x": [0.25, np.nan],
            "s": ["a<b", None],
            "z": [-0.0, 0.5],
            "i": [np.inf, 1.5],
        },
        index=["p", "q"],
    )
    assert rows(table_html(table)) == [
        ["p", "yes", "4", "0.25", "a&lt;b", "0.0", "∞"],
        ["q", "no", "–", "–", "–", "0.5", "1.5"],
    ]


def test_large_whole_numbers_have_their_thousands_apart():
    table = pd.DataFrame({"n": [352128, 900], "x": [2e6, np.nan], "y": [12345.5, 0.5]}, index=["a", "b"])
    assert rows(table_html(table)) == [["a", "352,128", "2,000,000", "12345.5"], ["b", "900", "–", "0.5"]]


def test_a_minus_is_one_and_the_knobs_have_their_subscripts():
    text = table_html(pd.DataFrame({"n_F, n_L": [-0.5]}, index=["2 × n_F"]))
    assert rows(text) == [["2 × n<sub>F</sub>", "−0.5"]]
    assert "n<sub>F</sub>, n<sub>L</sub>" in text


def test_an_index_that_only_counts_rows_is_left_out_but_not_one_with_a_name():
    table = pd.DataFrame({"a": ["x", "y"]}, index=[482, 481])
    assert rows(table_html(table)) == [["x"], ["y"]]
    assert rows(table_html(table.rename_axis("layers"))) == [["482", "x"], ["481", "y"]]


def test_every_row_repeats_its_groups():
    index = pd.MultiIndex.from_product([["ML-1M", "Books"], [50, 100]], names=["dataset", "max_length"])
    text = table_html(pd.DataFrame({"r2": [0.1, 0.2, 0.3, 0.4]}, index=index))
    assert heads(text) == ["data set", "longest history", "R²"]
    assert [row[:2] for row in rows(text)] == [["ML-1M", "50"], ["ML-1M", "100"], ["Books", "50"], ["Books", "100"]]


def test_columns_of_two_levels_are_titled_on_both():
    columns = pd.MultiIndex.from_tuples([("NDCG@10", "ci_low"), ("NDCG@10", "ci_high")])
    text = table_html(pd.DataFrame([[0.1, 0.2]], index=["a"], columns=columns))
    assert re.findall("95 % (from|to)", text) == ["from", "to"]
    assert ">ci_" not in text


def test_titles_are_words():
    assert not [title for title in COLUMN_TITLES.values() if "_" in title]


def test_a_kernel_shows_frames_so(monkeypatch):
    shell = InteractiveShell()
    monkeypatch.setattr(tables, "get_ipython", lambda: shell)
    show_readable()
    table = pd.DataFrame({"delta_aicc": [0.5]}, index=["line"])
    assert shell.display_formatter.formatters["text/html"](table) == table_html(table)
