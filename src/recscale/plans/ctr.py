"""The CTR studies: which Wukongs and rivals are trained on which data to measure, and to test, Wukong's scaling law.

Every function takes ``(profile, dataset, seeds)`` and returns a ``Study`` whose runs stand in the order of their use:
seed by seed, within a seed curve by curve, within a curve cheap before dear. Stopped anywhere, the finished ones are
already a table worth fitting. ``smoke`` runs on synthetic impressions in seconds, ``quick`` on MovieLens-100K in about
half a minute, ``full`` is what ``data/results/`` holds. The names of smoke and quick studies end in the profile's name.

Learning rates. ``ctr-learning-rate`` searches the dense rate on validation data at three sizes of every model, with a
seed no other study uses, and the tables' rate at the middle one; on KuaiRand-Pure, where a run takes seconds, both at
every searched size of the models trained there. A full study takes the best of its model on its data set (on
MovieLens-1M where that wasn't searched), the dense one interpolated in log FLOP per example (beyond the searched sizes:
the nearest one's), and waits for the search where that isn't committed. Smaller profiles use one fixed pair.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from recscale.datasets import Field, load_ctr
from recscale.models.accounting import account_ctr
from recscale.models.ctr_presets import Preset, dcnv2_sizes, dlrm_sizes, preset, rival_sizes, wukong_sizes
from recscale.models.dcnv2 import DCNv2Config
from recscale.models.dlrm import DLRMConfig
from recscale.models.embeddings import EmbeddingConfig
from recscale.models.wukong import WukongConfig
from recscale.plans import rate_search as ctr_search
from recscale.plans.rate_search import MODELS, OTHERS
from recscale.runs.spec import RunSpec
from recscale.runs.store import load_results
from recscale.runs.study import NotYetPlanned, Study
from recscale.runs.table import Columns
from recscale.training.bars import bars_training
from recscale.training.ctr import CTRTraining

Training = Callable[[str, Any], CTRTraining]  # (data set, model configuration) -> how it is trained
Seeds = tuple[int, ...]

FIXED_RATES = {"dense_learning_rate": 2e-3, "sparse_learning_rate": 3e-2}

SPLITS = {"frappe": "official", "kuairand-pure": "official"}
BATCH_SIZES = {"movielens-1m": 1024, "movielens-100k": 512, "kuairand-pure": 256}
MOST_ROWS = {"smoke": 16_000, "quick": None, "full": None}
"""Training rows a profile uses at most, whatever the data set."""

USUAL_EMBEDDING = EmbeddingConfig()


@dataclass(frozen=True)
class Part:
    """One curve of a study: ``models`` in ascending cost on one split, each with every one of ``seeds``."""

    dataset: str
    models: tuple
    training: Training
    seeds: Seeds
    split: str = ""
    fraction: float = 1.0
    most_rows: int | None = None

    def runs(self, seed: int) -> Iterable[RunSpec]:
        split = self.split or SPLITS.get(self.dataset, "random")
        for model in self.models:
            yield RunSpec(self.dataset, split, model, self.training(self.dataset, model), seed, fraction=self.share)

    @property
    def share(self) -> float:
        """Of the training rows: ``fraction`` of what ``most_rows`` leaves."""
        if self.most_rows is None:
            return self.fraction
        return self.fraction * min(1.0, round(self.most_rows / (0.8 * len(load_ctr(self.dataset))), 4))


def study_of(name: str, profile: str, parts: Sequence[Part], dataset: str | None, seeds: Seeds | None) -> Study:
    """The parts' runs, seed by seed. ``dataset`` keeps the parts on that set; if none are, the first moves to it."""
    if dataset is not None:
        first = parts[0].dataset, parts[0].split
        own = [part for part in parts if part.dataset == dataset]
        parts = own or [
            replace(part, dataset=dataset, split="") for part in parts if (part.dataset, part.split) == first
        ]
    if seeds is not None:
        parts = [replace(part, seeds=seeds) for part in parts]
    rounds = range(max(len(part.seeds) for part in parts))
    runs = [run for turn in rounds for part in parts for seed in part.seeds[turn : turn + 1] for run in part.runs(seed)]
    return Study(_named(name, profile), tuple(runs))


def _named(name: str, profile: str) -> str:
    return name if profile == "full" else f"{name}-{profile}"


def one_pass(dataset: str, **changes) -> CTRTraining:
    """The paper's one pass at constant rates after the warm-up, at a batch size that leaves some hundred steps."""
    batch_size = BATCH_SIZES.get(dataset, 512)
    return CTRTraining(**{"batch_size": batch_size, "schedule": "constant"} | FIXED_RATES | changes)


def fixed(dataset: str, model: Any, embedding: EmbeddingConfig = USUAL_EMBEDDING) -> CTRTraining:
    return one_pass(dataset, embedding=embedding)


def tuned(dataset: str, model: Any, embedding: EmbeddingConfig = USUAL_EMBEDDING) -> CTRTraining:
    """One pass at the rates that the search found best for this model, the dense one interpolated in log FLOP.

    All of it was searched with the usual ``embedding``; another one moves the model along the FLOP axis alone.

    ``NotYetPlanned`` while a searched run of this model is missing from the committed table: a plan whose rates changed
    with every row of it would orphan what was already trained.
    """
    table = load_results("ctr-learning-rate")
    searched = _searched_ids(ctr_search.searched_on(dataset, model.model), model.model)
    table = table[table["run_id"].isin(searched)]
    if len(table) < len(searched):
        missing = len(searched) - len(table)
        raise NotYetPlanned(
            f"waits for ctr-learning-rate: {missing} of its {len(searched)} {model.model} runs are missing"
        )
    sparse = tables_rate(table)
    best = best_rates(beside(table, sparse))
    account = account_ctr(model, *_inputs(dataset), embedding)
    at, known = np.log(account.training_flop_per_example), np.log(best[Columns.FLOP])
    dense = float(f"{np.exp(np.interp(at, known, np.log(best['dense_learning_rate']))):.3g}")
    return one_pass(dataset, dense_learning_rate=dense, sparse_learning_rate=sparse, embedding=embedding)


@cache
def _searched_ids(dataset: str, model: str) -> frozenset[str]:
    pairs = (*ctr_search.grid(dataset), *ctr_search.beyond(dataset, model))
    return frozenset(run.run_id for run in _search(dataset, model, pairs))


@cache
def _inputs(dataset: str) -> tuple[tuple[Field, ...], int, int]:
    """Fields, dense features and tasks: what decides a model's size. A plan asks for them dozens of times."""
    data = load_ctr(dataset)
    return data.fields, len(data.dense_names), len(data.tasks)


def with_rates(table: pd.DataFrame) -> pd.DataFrame:
    """A search table with the two rates of every run."""
    trained = [json.loads(config)["training"] for config in table["config"]]
    return table.assign(**{name: [training[name] for training in trained] for name in FIXED_RATES})


def tables_rate(table: pd.DataFrame) -> float:
    """The tables' rate of one model's search: the best one at the middle size, as tables are equal at every size."""
    best = best_rates(table)
    return float(best["sparse_learning_rate"].iloc[len(best) // 2])


def beside(table: pd.DataFrame, sparse: float) -> pd.DataFrame:
    """Of one model's search, the runs with this tables' rate; at a size where it wasn't tried, all of them."""
    trained = with_rates(table)
    tried = trained["sparse_learning_rate"] == sparse
    return table[tried | ~tried.groupby(table[Columns.FLOP]).transform("any")]


def best_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Of a search table: for every model and size the row with the lowest validation log loss, and its two rates."""
    healthy = table[~table["diverged"].astype(bool)]
    best = healthy.loc[healthy.groupby(["model", Columns.FLOP])["valid_logloss"].idxmin()]
    return with_rates(best).reset_index(drop=True)


def _searched(model: str) -> tuple:
    """The ``ctr_search.SIZES`` searched sizes of a ladder: the smallest, a middle one and the largest but one."""
    ladder = rival_sizes(model)
    return (ladder[0], ladder[len(ladder) // 2 - 1], ladder[-2])


def _search(dataset: str, model: str, pairs: Iterable[tuple[int, float, float]]) -> list[RunSpec]:
    """Runs of a model's searched sizes at pairs of rates: (which of the sizes, dense, tables)."""
    sizes, split = _searched(model), SPLITS.get(dataset, "random")
    return [
        RunSpec(
            dataset,
            split,
            sizes[size],
            one_pass(dataset, dense_learning_rate=dense, sparse_learning_rate=sparse),
            ctr_search.SEED,
        )
        for size, dense, sparse in pairs
    ]


def ctr_learning_rate(profile: str, dataset: str | None, seeds: Seeds | None) -> Study:
    """Learning rates of the dense part and of the tables for every model, judged on validation data."""
    sizes = {"smoke": 1, "quick": 2, "full": ctr_search.SIZES}[profile]
    searches = ctr_search.SEARCHED if profile == "full" else {BASES[profile]: MODELS[:1]}
    if dataset is not None:
        searches = {dataset: searches.get(dataset, searches[BASES[profile]])}
    searched = [(base, model) for base, models in searches.items() for model in models]
    runs = [run for at in searched for run in _search(*at, ctr_search.grid(at[0], sizes))]
    if profile == "full":
        runs += [run for at in searched for run in _search(*at, ctr_search.beyond(*at))]
    if seeds is not None:
        runs = [replace(run, seed=seed) for seed in seeds for run in runs]
    return Study(_named("ctr-learning-rate", profile), tuple(runs))


BASES = {"smoke": "synthetic-ctr", "quick": "movielens-100k", "full": "movielens-1m"}
"""The data set a profile's studies run on unless they are asked for another."""
TRAININGS: dict[str, Training] = {"smoke": fixed, "quick": fixed, "full": tuned}


def _scaling_smoke(dataset: str, seeds: Seeds) -> list[Part]:
    wukong = wukong_sizes()
    curves = (wukong[0], wukong[2], wukong[3], wukong[4]), dlrm_sizes()[1:2]
    parts = [Part(dataset, curve, fixed, seeds, most_rows=MOST_ROWS["smoke"]) for curve in curves]
    return [*parts, replace(parts[0], models=wukong[:1], seeds=(max(seeds) + 1,))]


def _scaling_quick(dataset: str, seeds: Seeds) -> list[Part]:
    """2.6 decades of Wukong and 1.3 of two rivals; the smallest Wukong twice more, to see the noise of a seed."""
    wukong, dlrm, dcnv2 = wukong_sizes(), dlrm_sizes(), dcnv2_sizes()
    again = (max(seeds) + 1, max(seeds) + 2)
    return [
        Part(dataset, tuple(wukong[i] for i in (0, 2, 3, 5, 7, 9)), fixed, seeds),
        Part(dataset, dlrm[:3], fixed, seeds),
        Part(dataset, dcnv2[:3], fixed, seeds),
        Part(dataset, wukong[:1], fixed, again),
    ]


def scaling_parts() -> list[Part]:
    """The curves of the full ctr-scaling study. Their models and seeds need neither data nor searched rates."""
    wukong, dlrm, dcnv2 = wukong_sizes(), dlrm_sizes(), dcnv2_sizes()
    third = tuple(wukong[i] for i in (0, 3, 6, 8, 10))
    six = tuple(wukong[i] for i in (0, 2, 4, 6, 8, 9))
    return [
        Part("movielens-1m", wukong, tuned, (0, 1, 2)),
        Part("movielens-1m", dlrm, tuned, (0, 1)),
        Part("movielens-1m", dcnv2, tuned, (0, 1)),
        *(Part("movielens-1m", rival_sizes(name), tuned, (0, 1)) for name in OTHERS),
        Part("movielens-1m", third, tuned, (0, 1, 2), split="time"),
        Part("kuairand-pure", six, tuned, (0, 1)),
        Part("kuairand-pure", dlrm[:4], tuned, (0, 1)),
        Part("kuairand-pure", dcnv2[:4], tuned, (0, 1)),
    ]


def ctr_scaling(profile: str, dataset: str | None, seeds: Seeds | None) -> Study:
    """Loss against compute: Wukong and its rivals along their ladders, tables and d the same at every size."""
    if profile == "full":
        return study_of("ctr-scaling", profile, scaling_parts(), dataset, seeds)
    parts = {"smoke": _scaling_smoke, "quick": _scaling_quick}[profile]
    return study_of("ctr-scaling", profile, parts(dataset or BASES[profile], seeds or (0,)), None, None)


def wukong_knobs(profile: str, dataset: str | None, seeds: Seeds | None) -> Study:
    """Each knob of a middle-sized Wukong doubled alone, and n_F, n_L and k together (the paper's Fig. 5)."""
    base = middle(profile)
    knobs = (("l",), ("n_F",), ("n_L",), ("k",), ("mlp_width",), ("n_F", "n_L", "k"))
    doubled = [replace(base, **{knob: 2 * getattr(base, knob) for knob in names}) for names in knobs]
    parts = [usual_part(profile, (base, *doubled))]
    return study_of("wukong-knobs", profile, parts, dataset, seeds)


def wukong_components(profile: str, dataset: str | None, seeds: Seeds | None) -> Study:
    """A middle-sized Wukong without each of its components (the paper's Fig. 4), with attentive Y, with more units."""
    base = middle(profile)
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"fmb": False},
        {"lcb": False},
        {"residual": False},
        {"lcb": False, "residual": False},
        {"fm": "attentive"},
    )
    part = usual_part(profile, tuple(replace(base, **change) for change in changes))

    def units(dataset: str, model: Any) -> CTRTraining:
        first, second = (field.name for field in _inputs(dataset)[0][:2])
        return replace(part.training(dataset, model), embedding=EmbeddingConfig(units=((first, 2), (second, 2))))

    parts = [part, replace(part, models=(base,), training=units)]
    return study_of("wukong-components", profile, parts, dataset, seeds)


def ctr_data(profile: str, dataset: str | None, seeds: Seeds | None) -> Study:
    """Three sizes of Wukong on nested shares of the training rows (the paper's appendix E)."""
    wukong = wukong_sizes()
    chosen = {"smoke": (0, 3), "quick": (0, 3, 6), "full": (0, 6, 9)}[profile]
    part = usual_part(profile, tuple(wukong[i] for i in chosen))
    parts = [replace(part, fraction=fraction) for fraction in (0.1, 0.3, 1.0)]
    return study_of("ctr-data", profile, parts, dataset, seeds)


def middle(profile: str) -> WukongConfig:
    """The Wukong that studies of one size vary: four layers; 1.1 training MFLOP per example at ``full``."""
    return wukong_sizes()[{"smoke": 2, "quick": 4, "full": 6}[profile]]


def usual_part(profile: str, models: tuple) -> Part:
    """``models`` on the profile's data set, with its rates and seeds."""
    seeds = {"smoke": (0,), "quick": (0,), "full": (0, 1)}[profile]
    return Part(BASES[profile], models, TRAININGS[profile], seeds, most_rows=MOST_ROWS[profile])


FRAPPE_WUKONG = Preset(
    WukongConfig(l=2, n_F=8, n_L=8, k=8, mlp_layers=1, mlp_width=256, head=(256,), dropout=0.4),
    width=128,
    embedding_l2=0.05,
)
"""The best of ``FRAPPE_TRIED``."""

FRAPPE_TRIED = (
    (10, 3, 0.05, 0.2, False, 0.9813),
    (16, 3, 0.05, 0.2, False, 0.9845),
    (64, 2, 0.05, 0.2, False, 0.9876),
    (64, 2, 0.05, 0.4, True, 0.9871),
    (64, 2, 0.1, 0.4, False, 0.9883),
    (128, 2, 0.05, 0.4, False, 0.9891),
)
"""Settings of Wukong tried on Frappe: d, l, λ, dropout, batch norm, and AUC on valid (seed 1000, test untouched).

The wider ones are the better ones; why isn't known, as depth and dropout changed along with the width.
"""


def bars(strong: Preset, epochs: int) -> Training:
    """The BARS protocol for one model: Adam on everything, L2 on the tables, early stopping on AUC."""
    plan = replace(bars_training(strong), epochs=epochs)
    return lambda dataset, model: plan


def frappe_quality(profile: str, dataset: str | None, seeds: Seeds | None) -> Study:
    """Every model in the strong configuration of its BARS leaderboard row. Frappe's training negatives are redrawn.

    FinalMLP's selected fields are Frappe's own, so the smaller profiles, on other data, have DLRM and DCNv2 alone. At
    ``full`` one more AFN+ starts its exponents as the benchmark's library does, to see whether that explains a gap.
    """
    epochs = {"smoke": 1, "quick": 3, "full": 100}[profile]
    base = dataset or ("frappe" if profile == "full" else BASES[profile])
    rivals = MODELS[1:] if profile == "full" else MODELS[1:3]
    presets = (FRAPPE_WUKONG, *(preset(name, "bars") for name in rivals))
    own_seeds = (0, 1, 2) if profile == "full" else (0,)
    parts = [Part(base, (strong.config,), bars(strong, epochs), seeds or own_seeds) for strong in presets]
    if profile == "full":
        afn = preset("afn+", "bars")
        parts.append(Part(base, (replace(afn.config, xavier_exponents=True),), bars(afn, epochs), own_seeds[:1]))
    return study_of("frappe-quality", profile, parts, None, None)


def training_comparison(
    profile: str, dataset: str, seeds: Seeds, *, split: str, layers: int, **training: Any
) -> tuple[RunSpec, ...]:
    """Wukong with ``layers`` layers, DLRM and DCNv2 of about its size, seed by seed: the runs a chapter trains live."""
    width, evaluations = {"smoke": (16, 2), "quick": (64, 8), "full": (128, 16)}[profile]
    wukong = WukongConfig(l=layers, n_F=8, n_L=8, k=8, mlp_width=width, head=(width,))
    rivals = DLRMConfig(top=(4 * width, 2 * width)), DCNv2Config(cross_layers=2, rank=width, deep=(2 * width, width))
    plan = one_pass(dataset, evaluations=evaluations, **training)
    part = Part(dataset, (wukong, *rivals), lambda *_: plan, seeds, split=split, most_rows=MOST_ROWS[profile])
    return study_of("training-wukong", profile, [part], None, None).runs


PLANS: dict[str, Callable[[str, str | None, Seeds | None], Study]] = {
    "ctr-learning-rate": ctr_learning_rate,
    "ctr-scaling": ctr_scaling,
    "wukong-knobs": wukong_knobs,
    "wukong-components": wukong_components,
    "ctr-data": ctr_data,
    "frappe-quality": frappe_quality,
}
