"""The list of references under the names that the text cites: "Wang et al., 2021a", in alphabetical order."""

from collections.abc import Iterable, Iterator

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style as Unsorted
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting import BaseSortingStyle

from recscale.book.references import authors

STYLE = "author-year"


def cited_as(entry: Entry) -> str:
    """``A, 2020``, ``A and B, 2020`` or ``A et al., 2020``, as the text writes it."""
    return f"{authors(entry)}, {entry.fields['year']}"


class AuthorYearLabels(BaseLabelStyle):
    """Labels of the list: ``cited_as``."""

    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        return map(cited_as, sorted_entries)


class AuthorYearSorting(BaseSortingStyle):
    """The order of the list: by label."""

    def sorting_key(self, entry: Entry) -> str:
        return cited_as(entry).lower()


class AuthorYear(Unsorted):
    """The entries as pybtex formats them, by author and year."""

    default_label_style = STYLE
    default_sorting_style = STYLE


def register_bibliography() -> None:
    """Make the style known to pybtex, for ``:style: author-year`` of a bibliography."""
    register_plugin("pybtex.style.labels", STYLE, AuthorYearLabels)
    register_plugin("pybtex.style.sorting", STYLE, AuthorYearSorting)
    register_plugin("pybtex.style.formatting", STYLE, AuthorYear)
