"""Quality on Frappe: our runs beside what the benchmark and the paper print, and what that allows one to say.

A rival is held to its benchmark figure, Wukong, which the benchmark lacks, to the paper's. Published figures are single
runs rounded to four decimals, without an interval of their own.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recscale import published
from recscale.datasets.cards import find_card
from recscale.models.accounting import account_ctr
from recscale.models.ctr_presets import Preset, frappe_fields, preset
from recscale.models.embeddings import EmbeddingConfig
from recscale.plans.frappe import FRAPPE_TRIED, FRAPPE_WUKONG
from recscale.plans.rate_search import COMPARED_MODELS as MODELS
from recscale.runs.table import Columns, healthy, run_table
from recscale.stats.seeds import least_significant_difference, mean_half_width, seed_noise

CLOSE = 0.001
"""How far from a published AUC counts as "within"."""

ROUNDING = 5e-5
"""Half of the last printed digit."""

RIVALS = MODELS[1:]

DECODED = {
    "dlrm": "the benchmark's, d = 128",
    "dcnv2": "4 cross layers, no MLP, d = 128",
    "autoint+": "6 attention layers, no MLP",
    "finalmlp": "the benchmark's, d = 128",
    "masknet": "3 blocks of 100, d = 128",
    "afn+": "no configuration tried",
    "xdeepfm": "3 CIN layers, no MLP",
}
"""What the parameter count printed for a rival is the count of."""


def printed() -> pd.DataFrame:
    """Published figures on Frappe, a row a model of ours: ``name, benchmark, paper, parameters_{benchmark,paper}``."""
    bars = published.load("bars_frappe").assign(model=lambda t: t["model"].str.lower()).set_index("model")
    table = published.load("wukong_table2_table3_public").query("dataset == 'frappe'")
    paper = table.assign(key=table["model"].str.lower()).set_index("key").loc[list(MODELS)]
    return pd.DataFrame(
        {
            "name": paper["model"],
            "benchmark": bars["auc"].reindex(MODELS),
            "paper": paper["auc"],
            "parameters_benchmark": bars["parameters"].reindex(MODELS),
            "parameters_paper": paper["parameters"],
            "fuxictr": bars["fuxictr"].reindex(MODELS),
        },
        index=pd.Index(MODELS, name="model"),
    )


def tried() -> pd.DataFrame:
    """The settings among which Wukong's was chosen, with their AUC on valid."""
    columns = ["d", "l", "λ", "dropout", "batch norm", "AUC on valid"]
    table = pd.DataFrame(FRAPPE_TRIED, columns=columns)
    return table.replace({"batch norm": {True: "yes", False: "no"}}).set_index("d")


def plain_mlp() -> float:
    """The benchmark's AUC of a plain MLP on Frappe: what interactions have to beat."""
    return float(published.load("bars_frappe").set_index("model").loc["DNN", "auc"])


def comparison(runs: pd.DataFrame) -> pd.DataFrame:
    """A row a model: ``name, seeds, auc, ±, benchmark, paper, difference, apart, verdict``.

    ``auc`` is the mean over the healthy runs on Frappe, ``±`` half of its 95 % interval over seeds; without runs both
    are NaN. ``difference`` is to the benchmark, for Wukong to the paper; ``apart`` is half of its 95 % interval, as the
    published figure is one run, which a seed moves as it moves ours.
    """
    groups = _on_frappe(runs).groupby("model")["test_auc"]
    table = printed()[["name", "benchmark", "paper"]]
    table.insert(1, "seeds", groups.size().reindex(MODELS, fill_value=0))
    table.insert(2, "auc", groups.mean().reindex(MODELS).astype(float))
    table.insert(3, "±", groups.agg(lambda sample: mean_half_width(sample.to_numpy())).reindex(MODELS).astype(float))
    table["difference"] = table["auc"] - table["benchmark"].fillna(table["paper"])
    table["apart"] = table["±"] * (1 + table["seeds"]) ** 0.5
    table["verdict"] = [verdict(*row) for row in table[["difference", "apart"]].to_numpy(float)]
    return table


def verdict(difference: float, half: float) -> str:
    """In words: is the mean close to the published figure, and on which side of it? ``half``: of the 95 % interval
    of the difference."""
    if np.isnan(difference):
        return "no runs"
    close = f"within {CLOSE}" if abs(difference) <= CLOSE + ROUNDING else f"not within {CLOSE}"
    if np.isnan(half):
        return f"{close}; one seed, no interval"
    if difference - half > ROUNDING:
        return f"{close}; beats it"
    return f"{close}; falls short of it" if difference + half < -ROUNDING else f"{close}; level within the seeds"


@dataclass(frozen=True)
class Standing:
    """Where Wukong stands by AUC among the ``of`` models: its ``rank``, and its ``gap`` to the best ``rival``.

    ``least`` is the difference of two means that seeds can't explain (pooled over models; NaN with single seeds).
    """

    rank: int
    of: int
    rival: str
    gap: float
    least: float

    @property
    def told_apart(self) -> bool:
        return bool(np.isfinite(self.least) and abs(self.gap) > self.least)

    def __str__(self) -> str:
        place = "best" if self.rank == 1 else f"number {self.rank}"
        side = "ahead of" if self.gap > 0 else "behind"
        if np.isnan(self.least):
            noise = "and one seed a model doesn't say whether that is noise"
        elif self.told_apart:
            noise = f"more than the {self.least:.4f} that seeds explain"
        else:
            noise = f"no more than the {self.least:.4f} that seeds explain"
        return f"{place} of {self.of}, {abs(self.gap):.4f} {side} {self.rival}, {noise}"


def standing(runs: pd.DataFrame) -> Standing | None:
    """Wukong's place among the models of ``runs``, a table of one data set; None where it or every rival is absent."""
    table = healthy(run_table(runs))
    groups = table.groupby("model")["test_auc"]
    means, counts = groups.mean(), groups.size()
    rivals = means.drop("wukong", errors="ignore")
    if rivals.empty or len(rivals) == len(means):
        return None
    best = rivals.idxmax()
    least = least_significant_difference(*seed_noise(table, "test_auc"), seeds=int(counts[["wukong", best]].min()))
    rank = 1 + int((rivals > means["wukong"]).sum())
    names = printed()["name"]
    return Standing(rank, len(means), names.get(best, best), float(means["wukong"] - means[best]), least)


def complete(runs: pd.DataFrame) -> bool:
    """Whether every model has at least two healthy runs on Frappe, so that it has an interval."""
    return bool((comparison(runs)["seeds"] >= 2).all())


def in_words(runs: pd.DataFrame) -> str:
    """What the runs on Frappe say, in a few sentences, from none of them to all."""
    table = comparison(runs)
    if not table["seeds"].any():
        return "This copy of the repository holds no runs of the study, so published figures stand alone."
    trained, place, sentences = table.loc[list(RIVALS)].query("seeds > 0"), standing(_on_frappe(runs)), []
    if len(trained):
        near = int((trained["difference"].abs() <= CLOSE + ROUNDING).sum())
        sentences.append(f"{near} of {len(trained)} rivals end within {CLOSE} of their benchmark figure.")
    if table.loc["wukong", "seeds"]:
        row = table.loc["wukong"]
        width = "from one seed" if np.isnan(row["±"]) else f"± {row['±']:.4f}"
        sentences.append(
            f"Wukong reaches {row['auc']:.4f} ({width}), the paper has {row['paper']:.4f}: {row['verdict']}."
        )
    if place is not None:
        sentences.append(f"It is {place}.")
    absent = table.loc[table["seeds"] == 0, "name"]
    if len(absent):
        sentences.append(f"Without runs so far: {', '.join(absent)}.")
    return " ".join([*sentences, caveat(runs)])


def caveat(runs: pd.DataFrame) -> str:
    """What must stand beside every number trained on Frappe; empty where none of ``runs`` was."""
    frappe = runs[runs["dataset"] == "frappe"]
    if frappe.empty:
        return ""
    mirror = [source for source in find_card("frappe").sources if source.name.startswith("mirror")]
    redrawn = {file.sha256 for source in mirror for file in source.files}
    if frappe["data_checksum"].isin(redrawn).any():
        return (
            "The item of each training negative is redrawn, uniformly among the apps its user never used, "
            "while validation and test rows are the published ones."
        )
    return "Trained on the official files."


def own_label(runs: pd.DataFrame) -> str:
    """What our numbers on Frappe are called in a table or a legend: the caveat in two words, where it applies."""
    return "here, negatives redrawn" if "redrawn" in caveat(runs) else "here"


def shown(runs: pd.DataFrame) -> pd.DataFrame:
    """``comparison`` as a reader sees it: four decimals, nothing where nothing is known."""
    table = comparison(runs).set_index("name").rename(columns={"auc": own_label(runs), "apart": "its ±"})
    numbers = table.select_dtypes(float)
    text = numbers.map(lambda value: "" if np.isnan(value) else f"{value:.4f}")
    text["difference"] = numbers["difference"].map(lambda value: "" if np.isnan(value) else f"{value:+.4f}")
    return table.assign(**text).rename_axis("model")


def live_words(runs: pd.DataFrame) -> str:
    """Where Wukong stands in a small live table, with the caveat where it was trained on Frappe."""
    place = standing(runs)
    words = "There is nothing to compare here." if place is None else f"In these runs Wukong is {place}."
    return f"{words} {caveat(runs)}".rstrip()


def losses(runs: pd.DataFrame) -> pd.DataFrame:
    """Log-loss beside AUC, a row a model, by name: ``d`` (embedding width), ``AUC``, ``log-loss`` (means over healthy
    runs), ``±`` (half of the log-loss's 95 % interval over seeds), ``worst seed``, ``place by AUC``, ``place by
    log-loss`` (1: best), and the printed log-losses. NaN without runs."""
    columns = ["model", Columns.EMBEDDING_WIDTH, "test_auc", "test_logloss"]
    measured = _on_frappe(runs).reindex(columns=columns)
    groups = measured.assign(d=measured[Columns.EMBEDDING_WIDTH].astype(float)).groupby("model")
    table, loss = printed()[["name"]], groups["test_logloss"]
    table["d"] = groups["d"].max()
    table["AUC"], table["log-loss"] = groups["test_auc"].mean().astype(float), loss.mean().astype(float)
    table["±"] = loss.agg(lambda sample: mean_half_width(sample.to_numpy())).astype(float)
    table["worst seed"] = loss.max().astype(float)
    table["place by AUC"] = table["AUC"].rank(ascending=False)
    table["place by log-loss"] = table["log-loss"].rank()
    bars = published.load("bars_frappe").assign(model=lambda t: t["model"].str.lower()).set_index("model")
    paper = published.load("wukong_table2_table3_public").query("dataset == 'frappe'")
    table["benchmark"] = bars["logloss"]
    table["paper"] = paper.assign(model=paper["model"].str.lower()).set_index("model")["logloss"]
    return table.set_index("name").rename_axis("model").sort_values("place by AUC")


def baselines() -> pd.DataFrame:
    """The paper's rows of its seven rivals beside the benchmark's: ``name, paper, benchmark, difference, weaker``.

    ``weaker``: by more than ``CLOSE``.
    """
    table = printed().loc[list(RIVALS), ["name", "paper", "benchmark"]]
    table["difference"] = (table["paper"] - table["benchmark"]).round(6)
    return table.assign(weaker=table["difference"] < -CLOSE)


def reduced() -> pd.DataFrame:
    """Rivals whose printed parameter count has room for a part of the model only.

    Columns: the ``part``, the benchmark's AUC of it, the paper's under the model's name, the benchmark's of all of it.
    """
    bars = published.load("bars_frappe").set_index("model")
    parts, paper = bars[bars["variant_of"].notna()], printed().set_index("name")["paper"]
    whole = parts["variant_of"]
    return pd.DataFrame(
        {
            "part": parts.index,
            "benchmark: part": parts["auc"].to_numpy(),
            "paper": paper[whole].to_numpy(),
            "benchmark: whole": bars["auc"][whole].to_numpy(),
        },
        index=pd.Index(whole, name="model"),
    )


def parameter_counts() -> pd.DataFrame:
    """Parameters of both presets of every rival, printed and counted by us, and what the paper's count decodes to."""
    table, rows = printed(), []
    for model in RIVALS:
        row = table.loc[model]
        rows.append(
            {
                "model": row["name"],
                "Table 3": int(row["parameters_paper"]),
                "paper preset": _count(preset(model, "paper"), 2),
                "what it is": DECODED[model],
                "benchmark's log": int(row["parameters_benchmark"]),
                "bars preset": _count(preset(model, "bars"), int(row["fuxictr"])),
            }
        )
    return pd.DataFrame(rows).set_index("model")


def wukong_counts() -> tuple[int, int]:
    """Wukong's parameters on Frappe: printed in Table 3, and of the configuration we train."""
    return int(printed().loc["wukong", "parameters_paper"]), _count(FRAPPE_WUKONG, 2)


def _count(chosen: Preset, fuxictr: int) -> int:
    fields = frappe_fields(fuxictr)
    return account_ctr(chosen.config, fields, 0, 1, EmbeddingConfig(width=chosen.width)).parameters


def afn_words(runs: pd.DataFrame) -> str:
    """Whether AFN+'s distance to the benchmark comes from where its exponents start, by the run made for that."""
    trial = runs[_started_otherwise(runs)]
    own = _on_frappe(runs).query("model == 'afn+'").set_index("seed")["test_auc"]
    if trial.empty or trial["seed"].iloc[0] not in own.index:
        return "Whether the start of AFN+'s exponents matters isn't tested in these runs."
    seed, reached, row = trial["seed"].iloc[0], trial["test_auc"].iloc[0], printed().loc["afn+"]
    return (
        f"AFN+ ends at {own.mean():.4f}, the benchmark at {row['benchmark']:.4f}, the paper at {row['paper']:.4f}. Is "
        "it the start of its exponents, where we and the benchmark's library differ? One run with the library's start "
        f"reaches {reached:.4f}, the same seed with ours {own[seed]:.4f}. Its penalty on the tables is the weakest of "
        "all, so that it is the model most free to memorise training rows, of which the redrawn negatives are a part; "
        "that is a guess which only the official files can test."
    )


def _on_frappe(runs: pd.DataFrame) -> pd.DataFrame:
    """The healthy runs of the presets on Frappe's own split."""
    if runs.empty:
        return runs.assign(test_auc=pd.Series(dtype=float))
    table = healthy(run_table(runs))
    table = table[~_started_otherwise(table)]
    return table[(table["dataset"] == "frappe") & (table["split"] == "official")]


def _started_otherwise(runs: pd.DataFrame) -> pd.Series:
    """Which runs are the AFN+ whose exponents start as in the benchmark's library, a trial and no preset."""
    return run_table(runs)["xavier_exponents"].fillna(False).astype(bool)
