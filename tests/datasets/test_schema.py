"""Settings that no card may have are refused where they are made."""

import pytest

from recscale.datasets.schema import Card, CTRColumns, File, SequenceColumns, Source

TABLE = {"name": "own", "format": "table", "files": (File("a.csv"),)}


@pytest.mark.parametrize(
    "pip",
    ["../folder", "/folder", ".", "x @ http://localhost/x.tar.gz", "git+https://x/y", "x", "x>=1", "x==1.*", "--log=/x",
     "-rlist.txt", "x==1 --index-url=http://x", "x==1\n", "x[extra]==1", "x==1; python_version>'3'"],
)  # fmt: skip
def test_a_package_is_a_name_and_a_version(pip):
    with pytest.raises(ValueError, match="pip must be name==version and nothing else"):
        File("x.whl", pip=pip)
    assert File("x.whl", pip="recbole==1.2.1").pip == "recbole==1.2.1"


@pytest.mark.parametrize("name", ["", ".", "..", "../a.csv", "a/../../b", "a\\b", "a\0b"])
def test_a_file_stays_in_its_folder(name):
    with pytest.raises(ValueError, match=r"a file's name must be a path without"):
        File(name)
    assert File("ctr/frappe.parquet").name == "ctr/frappe.parquet"


@pytest.mark.parametrize(
    "name", ["", ".", ".hidden", "../../up", "/tmp/x", "a/b", "a\\b", "a b", "a\0", "-x", "x" * 101]
)
def test_a_name_is_plain(name):
    with pytest.raises(ValueError, match="a name must be letters, digits"):
        Card(name, "title")
    assert Card("Café-2024.v1_b", "title").name == "Café-2024.v1_b"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CTRColumns(("a",), labels=()), "labels must name at least one column"),
        (lambda: CTRColumns(()), "must name at least one column"),
        (lambda: CTRColumns(("a", "a")), "a column may stand once .* a stands more often"),
        (lambda: CTRColumns(("a",), dense=("a",)), "a stands more often"),
        (lambda: CTRColumns(("a", "click"), labels=("click",)), "click stands more often"),
        (lambda: CTRColumns(("a",), split="a"), "a stands more often"),
        (lambda: CTRColumns(("a",), multi_hot={"b": ""}), "multi_hot must say what separates the values of b"),
        (lambda: CTRColumns(("a",), rows=-1), "rows must be above 0; it is -1"),
        (lambda: SequenceColumns(True, user="a", item="a"), "a stands more often"),
        (lambda: SequenceColumns(True, users=0), "users must be above 0"),
        (lambda: Source(**TABLE, k_core=-1), "k_core must be 0 or more; it is -1"),
        (lambda: Source(**TABLE, separator=""), "separator must be one character"),
        (lambda: Source(**TABLE, separator='"'), "separator must be one character"),
        (lambda: Source("own", "table", ()), "the source 'own' names no file"),
        (lambda: File("a", url="file:///etc/passwd"), "a url must begin with https://"),
        (lambda: File("a", md5="0" * 31), "md5 must be 32 digits"),
    ],
)
def test_settings_are_checked_by_their_owner(make, message):
    with pytest.raises(ValueError, match=message):
        make()
