"""A chapter's parameters as a person meets them: texts on the command line, read by the types of the chapter's model,
and in the panel "Rerun this page" under a chapter's title.

Nothing guesses what a text means: ``010`` is 10 for an ``int``, and a data set called ``010`` keeps its name.
"""

import json
import shlex
from collections.abc import Collection, Iterator, Mapping
from html import escape
from typing import Any, Literal, get_args, get_origin

from recscale.book.parameters import (
    CHAPTERS,
    CTRChapter,
    DataChapter,
    Parameters,
    allowed_values,
    check_parameters,
    plain_type,
)
from recscale.book.site import Publication
from recscale.datasets import dataset_names
from recscale.datasets.cards import book_cards, find_card
from recscale.settings import absolute

READERS = {int: int, float: float, list: json.loads}


def checked_arguments(chapter: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Parameter -> value for ``texts`` (parameter -> text), checked together with the notebook's defaults.

    A data set's card is a file seen from the working folder of now: the chapter runs in another one. Raises
    ``ParameterError`` on a name the chapter doesn't have and on a text that is no value of its parameter, and
    ``ValueError`` on a data set that isn't there.
    """
    fields = CHAPTERS[chapter].model_fields
    values = {name: _value(fields[name].annotation, text) if name in fields else text for name, text in texts.items()}
    check_parameters(chapter, values)
    if issubclass(CHAPTERS[chapter], DataChapter) and "dataset" in values:
        if values["dataset"].endswith(".toml"):
            values["dataset"] = str(absolute(values["dataset"]))
        find_card(values["dataset"])
    return values


def book_arguments(
    defaults: Mapping[str, Mapping[str, Any]], dataset: str | None, profile: str | None
) -> dict[str, dict[str, Any]]:
    """Chapter -> the parameters to give it, so that the whole book is about ``dataset`` or trained in ``profile``.

    ``defaults`` are every chapter's own. A chapter that can't read the data set, or has no such parameter, is left out.
    Raises ``ValueError`` where a value fits no chapter.
    """
    given: dict[str, dict[str, Any]] = {}
    for name, text in (("dataset", dataset), ("profile", profile)):
        if text is None:
            continue
        value = str(absolute(text)) if name == "dataset" and text.endswith(".toml") else text
        # a data set that has no card can be one of those that chapters list by a name of their own
        has_card = name == "dataset" and (value in dataset_names() or value not in _choices(name))
        kinds = find_card(value).kinds if has_card else ()
        fitting = [chapter for chapter in defaults if _fits(CHAPTERS[chapter], name, value, kinds)]
        if not fitting:
            raise ValueError(f"no chapter has {text!r} for its {name}; allowed are {', '.join(_choices(name))}")
        for chapter in fitting:
            if defaults[chapter][name] != value:
                given.setdefault(chapter, {})[name] = value
    return given


def _fits(model: type[Parameters], name: str, value: str, kinds: Collection[str]) -> bool:
    """Whether a chapter with this model can be given ``value``; a data set has data of these ``kinds``."""
    if name not in model.model_fields:
        return False
    annotation = model.model_fields[name].annotation
    if get_origin(annotation) is Literal:
        return value in get_args(annotation)
    return ("ctr" if issubclass(model, CTRChapter) else "sequences") in kinds


def _choices(name: str) -> list[str]:
    """The values that chapters list for their parameter ``name``."""
    annotations = (model.model_fields[name].annotation for model in CHAPTERS.values() if name in model.model_fields)
    return list(dict.fromkeys(value for one in annotations if get_origin(one) is Literal for value in get_args(one)))


def command_line(chapter: str, given: Mapping[str, Any]) -> str:
    """What a person types to run ``chapter`` with the parameters ``given``."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    return " ".join(["recscale chapter run", chapter, *(f"-p {name} {shlex.quote(texts[name])}" for name in given)])


def _value(annotation: Any, text: str) -> Any:
    """``text`` as a value of the type; as it is where it is none, for the check to say what is allowed."""
    if get_origin(annotation) is Literal:
        return next((value for value in get_args(annotation) if str(value) == text), text)
    try:
        return READERS.get(get_origin(annotation) or annotation, str)(text)
    except ValueError:
        return text


def panel(chapter: str, values: Mapping[str, Any], download: str, publication: Publication) -> str:
    """HTML of the panel; ``values`` are the page's parameters, ``download`` is the address of its notebook."""
    rows = "".join(_row(*cells) for cells in _parameters(chapter, values))
    head = "".join(f'<th scope="col">{name}</th>' for name in ("parameter", "type", "this page", "meaning", "allowed"))
    links = "".join(
        f'<li><a href="{escape(address)}"{extra}>{name}</a></li>'
        for name, address, extra in (
            ("Notebook with figures and numbers (.ipynb)", download, " download"),
            ("Open in Colab", publication.colab(chapter), ""),
            ("Open in Binder", publication.binder(chapter), ""),
        )
        if address
    )
    return (
        '<details class="rerun-panel"><summary>Rerun this page</summary>'
        "<p>Change a value in this line and run it:</p>"
        f'<div class="highlight-text notranslate"><div class="highlight"><pre>{escape(command_line(chapter, values))}'
        f'</pre></div></div><div class="rerun-parameters" tabindex="0" role="region" aria-label="Parameters"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div><ul>{links}</ul></details>"
    )


def _row(name: str, *cells: str) -> str:
    columns = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row"><code>{escape(name)}</code></th>{columns}</tr>'


def _parameters(chapter: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """Name, type, this page's value, meaning and allowed values of each parameter."""
    model = CHAPTERS[chapter]
    for name, field in model.model_fields.items():
        allowed = allowed_values(field)
        if name == "dataset" and not allowed:
            kind = "ctr" if issubclass(model, CTRChapter) else "sequences"
            allowed = ", ".join(name for name, card in book_cards().items() if kind in card.kinds)
        yield name, plain_type(field), str(values.get(name, "")), field.description or "", allowed
