"""Tables written by others come back as they were written, or are refused in one sentence."""

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recscale.datasets import reading
from recscale.datasets.reading import column_names, numbers, read_table

WORDS = st.one_of(
    st.sampled_from(
        ["NA", "null", "None", "n/a", "007", '"', '""', "a,b", 'say "hi"', "two\nlines", "é", "1e5", "nan"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
)
ROWS = st.lists(
    st.tuples(
        WORDS,
        WORDS,
        st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        st.integers(-(2**62), 2**62),
    ),
    min_size=1,
    max_size=8,
)
NAMES = ["user", "item", "price", "time"]


def as_text(rows: list[tuple], separator: str) -> bytes:
    """As Python writes a CSV; between tabs without any quoting."""
    if separator == "\t":
        lines = ["\t".join("" if cell is None else str(cell) for cell in row) for row in [NAMES, *rows]]
        return ("\n".join(lines) + "\n").encode()
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator).writerows([NAMES, *rows])
    return stream.getvalue().encode()


def written(path: Path, rows: list[tuple]) -> Path:
    if path.suffix in (".parquet", ".pq", ".PARQUET"):
        columns = [[cell if cell != "" else None for cell in column] for column in zip(*rows, strict=True)]
        types = (pa.string(), pa.string(), pa.float64(), pa.int64())
        arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
        pa.parquet.write_table(pa.table(arrays, names=NAMES), path)
        return path
    content = as_text(rows, "\t" if ".tsv" in path.suffixes else ",")
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.tsv.gz", "t.parquet", "t.pq", "t.PARQUET"])
@settings(derandomize=True, max_examples=60, deadline=None)
@given(rows=ROWS)
def test_what_is_written_is_read(tmp_path_factory, name, rows):
    if ".tsv" in name:  # a cell between tabs holds neither tabs nor line breaks
        bare = str.maketrans("\t\n\r", "   ")
        rows = [(user.translate(bare), item.translate(bare), *rest) for user, item, *rest in rows]
    path = written(tmp_path_factory.mktemp("tables") / name, rows)
    frame = read_table(path, ["time", "user", "item", "price"], text=("user", "item"))
    assert list(frame) == ["time", "user", "item", "price"]
    assert len(frame) == len(rows)
    for name, expected in zip(NAMES, zip(*rows, strict=True), strict=True):
        values = [None if pd.isna(value) else value for value in frame[name]]
        assert values == [None if value == "" else value for value in expected]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2,\n3,4,\n", r"line 2 has 3 cells, its header 2 \(a, b\)"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 cells"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells"),
        ("a;b\n1;2\n", "has no column a, b; it has a;b"),
        ('a,b\n1,"x\n2,y\n', "line 3: unexpected end of data"),
        ('a,b\n1,2\n2,"y\n', "line 3: unexpected end of data"),
        (b"a,b\n1,2\n3,\xb6,5\n", "line 3 isn't UTF-8"),
        ('a,b\n1,"x\n2,"y",\n3,z\n', "not a table|expected after"),
        ("a,b,a\n1,2,3\n", "more than one column a"),
        ("a, a,b\n1,2,3\n", "more than one column a"),
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n1,\xe9\n".encode("latin-1"), "line 2 isn't UTF-8 text; save the file as UTF-8"),
        ("\xe9,b\n1,2\n".encode("latin-1"), "header isn't UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "header isn't UTF-8"),
        (gzip.compress(b"a,b\n" + b"1,2\n" * 999, mtime=0)[:-20], "damaged or cut short"),
        (b"PAR1 and no Parquet", "as Parquet"),
    ],
)
def test_what_is_no_table_is_refused_by_its_line(tmp_path, content, message):
    path = tmp_path / "points.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as caught:
        read_table(path, ["a", "b"], text=("b",))
    assert "points.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_stray_quotes_swallow_no_lines(tmp_path):
    tabs = tmp_path / "events.tsv"
    tabs.write_text('user\ttitle\nu1\t"Long day\nu1\tPlain\nu2\tEnd"\n')
    assert read_table(tabs, ["user", "title"])["title"].tolist() == ['"Long day', "Plain", 'End"']
    commas = tmp_path / "events.csv"
    commas.write_text('user,title,at\nu1,"Long day,1\nu1,Plain,2\nu2,"End",1\n')
    with pytest.raises(ValueError, match=r"can't read .*events.csv as CSV: line 4"):
        read_table(commas, ["user"])
    commas.write_text('user,size\nu1,5" disk\n\nu2,"two\nlines"\n')
    assert read_table(commas, ["user", "size"])["size"].tolist() == ['5" disk', "two\nlines"]


def test_headers_lose_blanks_byte_order_marks_and_unnamed_columns(tmp_path):
    path = tmp_path / "points.csv"
    path.write_bytes("\ufeff\r\n,flop, loss ,\r\n0,1,2,\r\n1,3,4,\r\n".encode())
    assert column_names(path) == ["", "flop", "loss", ""]
    assert read_table(path, ["loss", "flop"]).values.tolist() == [[2, 1], [4, 3]]


def test_a_file_is_what_its_first_bytes_say(tmp_path):
    frame = pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})
    frame.to_parquet(tmp_path / "parquet.csv")
    frame.to_csv(tmp_path / "csv.txt", index=False)
    for suffix, compression in ((".gz", "gzip"), (".bz2", "bz2"), (".xz", "xz"), (".zip", "zip")):
        frame.to_csv(tmp_path / f"packed{suffix}.csv", index=False, compression=compression)
    for path in tmp_path.iterdir():
        assert read_table(path, ["a", "b"]).values.tolist() == [["x", 1], ["y", 2]], path


def test_a_cell_longer_than_a_block_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_BLOCK", 256)
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "x" * 5000 + ",1\ny,2\n")
    assert read_table(path, ["a", "b"])["a"].str.len().tolist() == [5000, 1]


def test_parquets_integers_dictionaries_and_indices(tmp_path):
    big = 2**63 + 1
    columns = {"id": pa.array([big, None, big + 1], pa.uint64()), "kind": pa.array(["b", "a", "b"]).dictionary_encode()}
    pa.parquet.write_table(pa.table(columns), tmp_path / "t.pq")
    frame = read_table(tmp_path / "t.pq", ["id", "kind"])
    assert frame["id"].tolist()[::2] == [big, big + 1]
    assert frame["kind"].tolist() == ["b", "a", "b"]
    pd.DataFrame({"x": [1, 2]}, index=pd.Index(["u", "v"], name="user")).to_parquet(tmp_path / "indexed.parquet")
    assert read_table(tmp_path / "indexed.parquet", ["user"])["user"].tolist() == ["u", "v"]


@pytest.mark.parametrize("value", [{"a": 1}, [[1, 2]], [{"a": 1}]])
def test_nested_columns_are_refused(tmp_path, value):
    pa.parquet.write_table(pa.table({"x": pa.array([value])}), tmp_path / "t.parquet")
    with pytest.raises(ValueError, match="the column 'x' is nested"):
        read_table(tmp_path / "t.parquet", ["x"], lists=("x",))


def test_lists_are_refused_where_a_value_belongs(tmp_path):
    pa.parquet.write_table(pa.table({"x": pa.array([[1, 2], []])}), tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=r"t.parquet: the column 'x' holds lists"):
        read_table(tmp_path / "t.parquet", ["x"])
    assert read_table(tmp_path / "t.parquet", ["x"], lists=("x",))["x"].map(list).tolist() == [[1, 2], []]


def test_numbers_say_the_row_and_the_value():
    assert np.isnan(numbers(pd.Series(["1", "NA", None, "2.5"]))).tolist() == [False, True, True, False]
    assert numbers(pd.Series([True, False])).tolist() == [1, 0]
    for cells, value in ((["1", "cheap"], "'cheap'"), ([1.0, np.inf], "inf"), (["1", "-inf"], "'-inf'")):
        with pytest.raises(ValueError, match=f"p.csv: the column 'x' must hold finite numbers; row 2 has {value}"):
            numbers(pd.Series(cells, name="x"), "p.csv")
    with pytest.raises(ValueError, match="the column 'x' must hold numbers; it holds dates"):
        numbers(pd.Series(pd.to_datetime(["2024-01-01", None]), name="x"))
