"""Quality on Frappe: our runs beside what the benchmark BARS and the Wukong paper print.

A rival is compared with its benchmark figure, Wukong, which the benchmark lacks, with the paper's. Published figures
are single runs rounded to four decimals, without an interval of their own.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from recscale import published
from recscale.datasets.cards import find_card
from recscale.models import EmbeddingConfig, account_ctr
from recscale.models.ctr_presets import frappe_fields, preset
from recscale.plans.frappe import FRAPPE_TRIED
from recscale.plans.rate_search import COMPARED_MODELS as MODELS
from recscale.runs.table import Columns, healthy, run_table
from recscale.stats import Estimate, mean_half_width

AUC, LOG_LOSS = "test_auc", "test_logloss"

CLOSE = 0.001
"""How far from a published AUC counts as close."""

ROUNDING = 5e-5
"""Half of the last printed digit."""

RIVALS = MODELS[1:]

DECODED = {
    "dlrm": "the benchmark's, d = 128",
    "dcnv2": "4 cross layers, no MLP, d = 128",
    "autoint+": "6 attention layers, no MLP",
    "finalmlp": "the benchmark's, d = 128",
    "masknet": "3 blocks of 100, d = 128",
    "afn+": "none that we tried",
    "xdeepfm": "3 CIN layers, no MLP",
}
"""What the parameter count printed for a rival is the count of."""


def printed() -> pd.DataFrame:
    """Published figures on Frappe, one row per model of ours.

    Columns: ``name``; ``benchmark``, ``paper`` (AUC); ``benchmark_logloss``, ``paper_logloss``;
    ``parameters_benchmark``, ``parameters_paper``; ``fuxictr``, the library version that fixes how many table rows
    there are. The benchmark's are NaN for Wukong.
    """
    paper = published.load("wukong_table2_table3_public").query("dataset == 'frappe'")
    bars, paper = (
        table.set_index(table["model"].str.lower().rename("key")).reindex(MODELS).rename_axis("model")
        for table in (published.load("bars_frappe"), paper)
    )
    columns = {"name": paper["model"], "benchmark": bars["auc"], "paper": paper["auc"]}
    columns |= {"benchmark_logloss": bars["logloss"], "paper_logloss": paper["logloss"]}
    columns |= {"parameters_benchmark": bars["parameters"], "parameters_paper": paper["parameters"]}
    return pd.DataFrame({**columns, "fuxictr": bars["fuxictr"]})


def tried() -> pd.DataFrame:
    """The settings among which Wukong's was chosen, with their AUC on valid; indexed by the embedding width ``d``.

    Columns: ``l``, ``λ`` (the tables' L2 penalty), ``dropout``, ``batch norm``, ``AUC on valid``.
    """
    table = pd.DataFrame(FRAPPE_TRIED, columns=["d", "l", "λ", "dropout", "batch norm", "AUC on valid"])
    return table.replace({"batch norm": {True: "yes", False: "no"}}).set_index("d")


def plain_mlp() -> float:
    """The benchmark's AUC of a plain MLP on Frappe: what interactions have to beat."""
    return float(published.load("bars_frappe").set_index("model").loc["DNN", "auc"])


def comparison(runs: pd.DataFrame) -> pd.DataFrame:
    """Our AUC beside the published one, one row per model.

    Columns: ``name``; ``seeds`` (healthy runs on Frappe); ``auc``, their mean, and ``auc_half_width``, half of its 95 %
    interval; ``benchmark`` and ``paper`` as printed; ``difference`` to the benchmark, for Wukong to the paper, and
    ``difference_half_width``, √(1 + seeds) times as wide, since the published figure is one run that moves with a seed
    as one of ours does; ``close``: whether the difference is at most ``CLOSE``. NaN and False without runs.
    """
    groups = preset_runs(runs).groupby("model")[AUC]
    table = printed()[["name", "benchmark", "paper"]]
    table.insert(1, "seeds", groups.size().reindex(MODELS, fill_value=0))
    table.insert(2, "auc", groups.mean().reindex(MODELS).astype(float))
    table.insert(3, "auc_half_width", _half_widths(groups))
    table["difference"] = table["auc"] - table["benchmark"].fillna(table["paper"])
    table["difference_half_width"] = table["auc_half_width"] * (1 + table["seeds"]) ** 0.5
    return table.assign(close=table["difference"].abs() <= CLOSE + ROUNDING)


def log_losses(runs: pd.DataFrame) -> pd.DataFrame:
    """Log-loss and AUC on Frappe, one row per model title, the best by AUC first.

    Columns: ``d`` (embedding width); ``auc`` and ``logloss`` (means over seeds); ``logloss_half_width`` (of its 95 %
    interval); ``worst_seed`` (the largest log-loss); ``place_by_auc`` and ``place_by_logloss`` (1: best);
    ``benchmark`` and ``paper`` (log-loss as printed). NaN without runs.
    """
    groups, figures = preset_runs(runs).groupby("model"), printed()
    table, loss = figures[["name"]], groups[LOG_LOSS]
    table["d"] = groups[Columns.EMBEDDING_WIDTH].max().astype(float)
    table["auc"], table["logloss"] = groups[AUC].mean().astype(float), loss.mean().astype(float)
    table["logloss_half_width"], table["worst_seed"] = _half_widths(loss), loss.max().astype(float)
    table["place_by_auc"], table["place_by_logloss"] = table["auc"].rank(ascending=False), table["logloss"].rank()
    table["benchmark"], table["paper"] = figures["benchmark_logloss"], figures["paper_logloss"]
    return table.set_index("name").rename_axis("model").sort_values("place_by_auc")


@dataclass(frozen=True)
class FrappePlace:
    """Where Wukong stands among the ``of`` models by one metric: its ``rank`` (1: best), and ``gap``, its mean less
    that of the best ``rival`` (a model's key). The interval is Welch's at 95 %, as some models are far noisier than
    others; limits nan where either has one seed."""

    rank: int
    of: int
    rival: str
    gap: Estimate


def standing(runs: pd.DataFrame, metric: str = AUC) -> FrappePlace:
    """Wukong's place by ``AUC`` or ``LOG_LOSS`` among the models of ``runs``, healthy runs on one data set.

    ``ValueError`` where Wukong or every rival is absent.
    """
    samples = {model: rows.to_numpy(float) for model, rows in runs.groupby("model")[metric]}
    if "wukong" not in samples or len(samples) < 2:
        raise ValueError(f"a standing takes runs of Wukong and of a rival, got those of {list(samples)}")
    means = pd.Series({model: sample.mean() for model, sample in samples.items()})
    ranks = means.rank(ascending=metric != AUC, method="min")
    rival, limits = ranks.drop("wukong").idxmin(), ()
    own, other = samples["wukong"], samples[rival]
    if min(len(own), len(other)) > 1:
        limits = map(float, stats.ttest_ind(own, other, equal_var=False).confidence_interval())
    return FrappePlace(int(ranks["wukong"]), len(means), rival, Estimate(float(own.mean() - other.mean()), *limits))


def against_one_run(sample: np.ndarray) -> Estimate:
    """The mean of ``sample`` (seeds,) with the 95 % interval of its difference to one further run: s·t·√(1 + 1/n)."""
    return Estimate.around(np.mean(sample), mean_half_width(sample) * (1 + len(sample)) ** 0.5)


def seeds_against_one_run(sample: np.ndarray, threshold: float, most: int = 1000) -> float:
    """How many seeds ``against_one_run`` would need to leave out ``threshold``, if mean and deviation stayed.

    inf where ``most`` seeds don't do: the deviation of the one run stays however many seeds there are on our side. nan
    for a single seed.
    """
    if len(sample) < 2:
        return np.nan
    distance, deviation = abs(float(np.mean(sample)) - threshold), float(np.std(sample, ddof=1))
    seeds = np.arange(len(sample), most + 1)
    enough = seeds[stats.t.ppf(0.975, seeds - 1) * deviation * np.sqrt(1 + 1 / seeds) < distance]
    return float(enough[0]) if len(enough) else np.inf


def redrawn(runs: pd.DataFrame) -> bool:
    """Whether any of ``runs`` was trained on the copy of Frappe whose training negatives have their item redrawn,
    uniformly among the apps that their user never used."""
    mirrors = [source for source in find_card("frappe").sources if source.name.startswith("mirror")]
    checksums = {file.sha256 for source in mirrors for file in source.files}
    return bool(runs.loc[runs["dataset"] == "frappe", "data_checksum"].isin(checksums).any())


def baselines() -> pd.DataFrame:
    """AUC of the seven rivals as the paper prints it and as the benchmark does.

    Columns: ``name``, ``paper``, ``benchmark``, ``difference``, and ``weaker``: the paper's is lower by more than
    ``CLOSE``.
    """
    table = printed().loc[list(RIVALS), ["name", "paper", "benchmark"]]
    table["difference"] = (table["paper"] - table["benchmark"]).round(6)
    return table.assign(weaker=table["difference"] < -CLOSE)


def reduced() -> pd.DataFrame:
    """Rivals whose printed parameter count has room for a part of the model only, indexed by the model's title.

    Columns: ``part``; AUCs ``benchmark_part``, ``paper`` (under the model's name) and ``benchmark_whole``.
    """
    bars, columns = published.load("bars_frappe"), ["part", "benchmark_part"]
    parts = bars.dropna(subset="variant_of").set_index("variant_of")[["model", "auc"]].set_axis(columns, axis=1)
    paper, whole = printed().set_index("name")["paper"], bars.set_index("model")["auc"]
    return parts.assign(paper=paper, benchmark_whole=whole).rename_axis("model")


def parameter_counts() -> pd.DataFrame:
    """Parameters of both presets of every rival, indexed by its title.

    Columns: ``paper`` and ``benchmark`` as printed, ``paper_preset`` and ``benchmark_preset`` as we count them, and
    ``decoded``: what the paper's count is the count of.
    """
    table = printed().loc[list(RIVALS)].astype({"parameters_paper": int, "parameters_benchmark": int, "fuxictr": int})
    columns = {
        "paper": table["parameters_paper"],
        "paper_preset": [_count(model, "paper", 2) for model in RIVALS],
        "decoded": pd.Series(DECODED),
        "benchmark": table["parameters_benchmark"],
        "benchmark_preset": [_count(model, "bars", version) for model, version in table["fuxictr"].items()],
    }
    return pd.DataFrame(columns).set_axis(table["name"]).rename_axis("model")


def _count(model: str, source: str, fuxictr: int) -> int:
    chosen = preset(model, source)
    return account_ctr(chosen.config, frappe_fields(fuxictr), 0, 1, EmbeddingConfig(width=chosen.width)).parameters


@dataclass(frozen=True)
class ExponentStart:
    """AUC of AFN+ with one seed: ``library``, exponents started as in the benchmark's library, and ``ours``."""

    library: float
    ours: float


def exponent_start(runs: pd.DataFrame) -> ExponentStart:
    """The trial that tells whether AFN+'s distance to the benchmark comes from where its exponents start.

    ``ValueError`` where ``runs`` hold no such trial, or none with the same seed and our start.
    """
    trial, own = runs[_is_trial(runs)], preset_runs(runs).query("model == 'afn+'").set_index("seed")[AUC]
    trial = trial[trial["seed"].isin(own.index)]
    if trial.empty:
        raise ValueError("there is no run of AFN+ with the library's exponents and the seed of one with ours")
    first = trial.iloc[0]
    return ExponentStart(float(first[AUC]), float(own[first["seed"]]))


def preset_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """The healthy runs of the presets on Frappe's own split, as a run table."""
    table = healthy(run_table(runs))
    return table[~_is_trial(table) & (table["dataset"] == "frappe") & (table["split"] == "official")]


def _is_trial(runs: pd.DataFrame) -> pd.Series:
    """Which runs are the AFN+ whose exponents start as in the benchmark's library, a trial and no preset."""
    return run_table(runs)["xavier_exponents"].fillna(False).astype(bool)


def _half_widths(groups) -> pd.Series:
    """Half of the 95 % interval of every model's mean, by model."""
    return groups.agg(lambda sample: mean_half_width(sample.to_numpy())).reindex(MODELS).astype(float)
