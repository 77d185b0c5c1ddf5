"""The typed edge of the book: what each chapter can be rerun with.

Papermill writes whatever it is given above a chapter and only warns about a name it doesn't know. So the first call of
every chapter is ``chapter_settings``: one pydantic model a chapter, nothing coerced, nothing extra, and one sentence
that lists the allowed names when something is wrong.
"""

import ast
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

import nbformat
from IPython import get_ipython
from nbformat import NotebookNode
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from recscale.book.tables import show_readable
from recscale.settings import BOOK

INJECTED = "injected-parameters"
"""Tag of the cell that papermill writes."""


def _different(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("every seed may be named once")
    return seeds


Resamples = Annotated[int, Field(ge=100, le=10_000, description="bootstrap resamples behind the intervals")]
SeedList = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1), AfterValidator(_different)]

PaperData = Literal["ml-1m", "kuairand-pure", "amazon-books", "industrial"]
Noise = Annotated[float, Field(gt=0, le=0.1, description="noise of a simulated run, as a share of its loss")]


class ParameterError(ValueError):
    """A chapter got a parameter it doesn't have, or one of the wrong type. A notebook shows the sentence alone."""

    def _render_traceback_(self) -> list[str]:
        return [f"ParameterError: {self}"]


class Parameters(BaseModel):
    """A chapter's parameters: names and types. The defaults are in the notebook, where a reader sees them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Chapter(Parameters):
    """A chapter that computes something of its own."""

    profile: Literal["smoke", "quick", "full"] = Field(description="how much is trained: seconds, minutes or hours")
    seeds: SeedList = Field(description="seeds of the runs; more of them narrow the intervals")


class DataChapter(Chapter):
    """A chapter that reads one data set."""

    dataset: str = Field(description="a data set with a card, or the path of a card of your own")


class CTRChapter(DataChapter):
    """A chapter about impressions and clicks."""


class SequenceChapter(DataChapter):
    """A chapter about users' items in time order."""


def _chapter(base: type[Parameters], **fields: Any) -> type[Parameters]:
    """A chapter's model: what ``base`` has and ``fields``, each a type with its meaning and limits."""
    return create_model(base.__name__, __base__=base, **fields)


CHAPTERS: dict[str, type[Parameters]] = {
    "intro": _chapter(
        Parameters,
        task=(Literal[1, 2], Field(description="which task of Wukong's table")),
        dataset=(PaperData, Field(description="which data set of the Performance Law's")),
    ),
    "how-we-fit": _chapter(Chapter, noise=Noise),
    "wukong-published": _chapter(
        Chapter,
        task=(Literal[1, 2], Field(description="which task of Wukong's table")),
        drop_smallest=(int, Field(ge=0, le=2, description="how many of Wukong's smallest sizes are left out")),
        bootstrap=Resamples,
    ),
    "wukong-model": _chapter(
        CTRChapter,
        layers=(int, Field(ge=1, le=8, description="Wukong layers")),
        n_F=(int, Field(ge=1, description="embeddings that a layer's factorization machine block makes")),
        n_L=(int, Field(ge=1, description="embeddings that its linear compression block passes on")),
        k=(int, Field(ge=1, description="columns the pairwise products are compressed to")),
        mlp_width=(int, Field(ge=1, description="width of the block's MLP")),
        fm=(Literal["optimised", "attentive", "plain"], Field(description="how the pairwise products are compressed")),
    ),
    "training-wukong": _chapter(
        CTRChapter,
        split=(Literal["random", "time"], Field(description="test rows drawn at random, or the latest ones")),
        layers=(int, Field(ge=1, le=8, description="Wukong layers")),
        dense_learning_rate=(float, Field(gt=0, description="rate of everything but the embeddings")),
        sparse_learning_rate=(float, Field(gt=0, description="rate of the embeddings")),
    ),
    "scaling-wukong": _chapter(
        CTRChapter,
        size=(
            Literal["training_flop_per_example", "dense_parameters", "parameters"],
            Field(description="what stands on the law's axis"),
        ),
        hold_out=(int, Field(ge=1, le=3, description="how many of the largest sizes the law must predict")),
    ),
    "wukong-law-measured": _chapter(
        Chapter,
        dataset=(Literal["movielens-1m", "kuairand-pure"], Field(description="which curve of the full study")),
        split=(Literal["main", "time"], Field(description="how its test rows are chosen")),
        task=(Literal[1, 2], Field(description="which label is predicted")),
        size=(
            Literal["training_flop_per_example", "dense_parameters", "parameters", "pf_days"],
            Field(description="what stands on the law's axis"),
        ),
        hold_out=(int, Field(ge=1, le=4, description="how many of the largest sizes the law must predict")),
        bootstrap=Resamples,
    ),
    "ablations-wukong": CTRChapter,
    "data-scaling-wukong": CTRChapter,
    "quality-wukong": _chapter(
        CTRChapter,
        candidates=(int, Field(ge=1, le=100_000, description="candidates that one request scores")),
        threads=(int, Field(ge=1, le=64, description="threads that score them")),
    ),
    "planted-world": _chapter(
        Chapter,
        decay=(float, Field(ge=0.25, le=4, description="how fast the interactions' strengths fall")),
        interactions=(int, Field(ge=50, le=1000, description="how many interactions the world has")),
        worlds=(int, Field(ge=2, le=100, description="worlds that the ideal learner is tried on")),
    ),
    "sequential-model": _chapter(
        SequenceChapter,
        layers=(int, Field(ge=1, le=8, description="layers of the model")),
        width=(int, Field(ge=1, le=256, description="width of the model")),
        max_length=(int, Field(ge=2, description="events of a history that the model reads")),
        loss=(Literal["softmax", "sampled-softmax", "bce", "gbce"], Field(description="the loss it is trained with")),
    ),
    "losses-and-metrics": _chapter(
        SequenceChapter,
        negatives=(int, Field(ge=1, description="items that a sampled loss draws")),
        budget=(float, Field(gt=0, le=100, description="epochs, as a multiple of the profile's")),
        draws=(int, Field(ge=2, le=1000, description="simulated evaluations")),
    ),
    "data-quality": _chapter(
        SequenceChapter,
        m=(int, Field(ge=1, le=8, description="window length of the entropies")),
        max_length=(int, Field(ge=0, description="where histories are cut; 0: nowhere")),
        length=(int, Field(ge=10, le=5000, description="length of the simulated histories")),
    ),
    "performance-law-published": _chapter(
        Chapter,
        metric=(Literal["HR@10", "NDCG@10"], Field(description="metric of the panel")),
        dataset=(PaperData, Field(description="data set of the panel")),
        max_length=(int, Field(ge=25, le=200, description="history length of the panel")),
        largest_q1=(int, Field(ge=4, le=64, description="the largest constant q₁ that is searched")),
    ),
    "performance-law": _chapter(
        SequenceChapter,
        metric=(
            Literal["ndcg@10", "hr@10", "ndcg@50", "hr@50", "mrr"],
            Field(description="the metric the law is fitted to"),
        ),
        hold_out=(int, Field(ge=1, le=2, description="how many of the largest shapes the law must predict")),
    ),
    "planner": _chapter(
        SequenceChapter,
        kind=(Literal["none", "product", "parameters", "flop", "layers"], Field(description="what the budget limits")),
        budget=(float, Field(gt=0, description="the budget, in units of its kind")),
        resamples=(int, Field(ge=100, le=2000, description="refits behind every interval")),
    ),
    "performance-law-measured": _chapter(
        Chapter,
        metric=(Literal["ndcg@10", "hr@10"], Field(description="the metric the law is fitted to")),
        bootstrap=Resamples,
    ),
    "report-card": _chapter(Chapter, bootstrap=Resamples),
    "fitting-honestly": _chapter(
        Chapter, noise=Noise, decades=(float, Field(ge=0.5, le=6, description="decades of compute that the runs span"))
    ),
}
"""Chapter (the notebook's name without its ending) -> its parameters, in reading order."""


def chapter_settings(chapter: str, /, **given: Any) -> Any:
    """The typed settings of ``chapter`` from the values in its ``parameters`` cell.

    Called in the cell after ``parameters`` with every one of them. Raises ``ParameterError`` on a name the chapter
    doesn't have (also one that papermill injected above and the call doesn't pass on) and on a value of another type.
    """
    show_readable()
    return _validated(chapter, _injected() | given)


def check_parameters(chapter: str, given: Mapping[str, Any]) -> None:
    """Check ``given``, laid over the notebook's defaults, before anything runs."""
    defaults = parameter_defaults((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    _validated(chapter, defaults | dict(given))


def allowed(chapter: str) -> str:
    """The parameters of a chapter in words: ``dataset (str), seeds (list[int]), …``."""
    fields = CHAPTERS[chapter].model_fields
    return ", ".join(f"{name} ({type_of(field.annotation)})" for name, field in fields.items())


def _validated(chapter: str, values: Mapping[str, Any]) -> Parameters:
    model = CHAPTERS.get(chapter)
    if model is None:
        raise ParameterError(f"no chapter is called {chapter!r}; the chapters are {', '.join(CHAPTERS)}")
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        problem = f"{chapter} has no parameter {name!r}"
    elif first["type"] == "missing":
        problem = f"{chapter} needs a value for its parameter {name!r}"
    else:
        problem = f"{values[name]!r} is no value for {name!r} of {chapter} ({first['msg'].lower()})"
    raise ParameterError(f"{problem}; its parameters are {allowed(chapter)}")


def _injected() -> dict[str, Any]:
    """What papermill wrote above this chapter: the cells of this kernel's history that open with its comment."""
    shell = get_ipython()
    history = shell.user_ns.get("In", []) if shell else []
    return {
        name: value for cell in history if cell.startswith("# Parameters\n") for name, value in assigned(cell).items()
    }


_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def type_of(annotation: Any) -> str:
    """A type as a reader writes it: ``str``, ``list[int]``, ``'smoke' or 'quick'``."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_of(inner[0])
    if origin is Literal:
        return " or ".join(map(repr, inner))
    return f"{origin.__name__}[{', '.join(map(type_of, inner))}]" if origin else annotation.__name__


def plain_type(field: FieldInfo) -> str:
    """The type alone; that of a choice is the type of its values."""
    if get_origin(field.annotation) is Literal:
        return " or ".join(dict.fromkeys(type(value).__name__ for value in get_args(field.annotation)))
    return type_of(field.annotation)


def allowed_values(field: FieldInfo) -> str:
    """ "1, 2", "≥ 1, ≤ 8", or nothing where the type allows all; a list's limits are also those of its elements."""
    inner = get_args(field.annotation)
    if get_origin(field.annotation) is Literal:
        return ", ".join(map(str, inner))
    limits = [*field.metadata, *(limit for part in inner for one in get_args(part)[1:] for limit in one.metadata)]
    found = [(sign, getattr(limit, name)) for name, sign in _SIGNS.items() for limit in limits if hasattr(limit, name)]
    return ", ".join(f"{sign} {value:,g}" for sign, value in found)


def parameter_defaults(notebook: str) -> dict[str, Any]:
    """Name -> default in the cell tagged ``parameters`` of a notebook, given as JSON text."""
    cell = _parameters_cell(nbformat.reads(notebook, as_version=4))
    return assigned(cell.source) if cell else {}


def assigned(source: str) -> dict[str, Any]:
    """Name -> value of the assignments in a cell. Anything but a literal counts as None: the name is what matters."""
    values: dict[str, Any] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            try:
                value = ast.literal_eval(node.value)
            except ValueError:
                value = None
            values |= {target.id: value for target in targets if isinstance(target, ast.Name)}
    return values


def write_parameters(notebook: NotebookNode, given: Mapping[str, Any]) -> None:
    """Put ``given`` into the parameters cell of a rerun, in place of the cell that papermill injected below it."""
    notebook.cells = [cell for cell in notebook.cells if INJECTED not in cell.metadata.get("tags", [])]
    if cell := _parameters_cell(notebook):
        cell.source = "\n".join(_with_value(line, given) for line in cell.source.split("\n"))


def _with_value(line: str, given: Mapping[str, Any]) -> str:
    name = line.partition(":")[0].partition("=")[0].strip()
    return f"{line.partition('=')[0].rstrip()} = {given[name]!r}" if name in given and "=" in line else line


def _parameters_cell(notebook: NotebookNode) -> NotebookNode | None:
    return next((cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])), None)
