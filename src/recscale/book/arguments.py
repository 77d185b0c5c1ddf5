"""A chapter's parameters as a person writes them on the command line: texts, read by the types of the chapter's model.

Nothing guesses what a text means: ``010`` is 10 for an ``int``, and a data set called ``010`` keeps its name.
"""

import json
import shlex
from collections.abc import Collection, Mapping
from typing import Any, Literal, get_args, get_origin

from recscale.book.parameters import CHAPTERS, CTRChapter, DataChapter, Parameters, check_parameters
from recscale.datasets import dataset_names
from recscale.datasets.cards import find_card
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
