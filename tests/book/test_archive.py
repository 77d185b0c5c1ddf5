"""What is published: one archive, the same bytes for the same pages; the citation follows the configuration."""

import tarfile

import yaml

from recscale.book.build import STAMP, write_archive
from recscale.book.site import Publication, cited, publication
from recscale.settings import REPOSITORY


def test_the_archive_holds_the_pages_and_what_github_needs(tmp_path):
    html = tmp_path / "html"
    (html / "_static").mkdir(parents=True)
    (html / "_static" / "a.css").write_text("a {}")
    (html / "index.html").write_text("<p>é</p>")
    (html / STAMP).write_text("key")
    write_archive(html, tmp_path / "one.tar.gz")
    (html / "index.html").touch()
    write_archive(html, tmp_path / "two.tar.gz")
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "one.tar.gz") as archive:
        assert archive.getnames() == [".nojekyll", "_static/a.css", "index.html"]
        assert archive.extractfile("index.html").read().decode() == "<p>é</p>"


def test_a_citation_gets_the_addresses_and_loses_old_ones():
    text = "cff-version: 1.2.0\nurl: https://old.example\nversion: 0.1.0\nauthors: [] # kept\n"
    book = Publication(repository="https://github.com/a/b", site="https://a.example", doi="10.1/x")
    filled = cited(text, book)
    assert filled.splitlines() == [
        "cff-version: 1.2.0",
        "repository-code: https://github.com/a/b",
        "url: https://a.example",
        "doi: 10.1/x",
        "version: 0.1.0",
        "authors: [] # kept",
    ]
    assert cited(filled, book) == filled
    assert "https" not in cited(filled, Publication())


def test_the_committed_citation_says_what_the_configuration_says():
    text = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    assert cited(text, publication(REPOSITORY / "_config.yml")) == text
    yaml.safe_load(text)
