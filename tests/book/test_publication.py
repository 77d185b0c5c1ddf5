"""One place says where the book is published; without it nothing names an address."""

import pytest

from recscale.book.site import Publication, publication
from recscale.settings import REPOSITORY


def config(tmp_path, text):
    (tmp_path / "_config.yml").write_text(text)
    return tmp_path / "_config.yml"


def test_addresses_of_a_published_book(tmp_path):
    text = "repository: {url: 'https://github.com/a/b.git', branch: dev}\nhtml: {baseurl: 'https://a.example/b/'}\n"
    book = publication(config(tmp_path, text + "sphinx: {config: {html_context: {doi: 10.5281/zenodo.1}}}\n"))
    assert book.colab("x") == "https://colab.research.google.com/github/a/b/blob/notebooks/x.ipynb"
    assert book.binder("x") == "https://mybinder.org/v2/gh/a/b/dev?urlpath=lab/tree/notebooks/x.ipynb"
    assert book.page("x", "y") == "https://a.example/b/x.html#y"
    assert book.doi == "10.5281/zenodo.1"


def test_what_is_empty_has_no_address(tmp_path):
    book = publication(config(tmp_path, "repository: {url: ''}\nhtml: {}\n"))
    assert book == Publication()
    assert book.colab("x") == book.binder("x") == book.page("x") == ""


def test_only_github_opens_in_colab_and_binder():
    assert Publication(repository="https://gitlab.com/a/b").colab("x") == ""


def test_an_address_is_one(tmp_path):
    with pytest.raises(ValueError, match=r"repository\.url of _config\.yml is 'github/a'; it is an https address"):
        publication(config(tmp_path, "repository: {url: github/a}\n"))


def test_the_book_s_own_configuration_is_read():
    assert publication(REPOSITORY / "_config.yml").branch == "main"
