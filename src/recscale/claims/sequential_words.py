"""What the chapter on the measured Performance Law says of tables that may be whole, partial or absent."""

import json
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from recscale import published
from recscale.analysis import shape_law as law
from recscale.analysis import shape_predictions as predictions
from recscale.analysis.ctr_scaling import listed
from recscale.analysis.data_transfer import TERMS, DataStudy, explained
from recscale.analysis.shape_contrasts import Cells, setting
from recscale.analysis.shape_fits import described, fit_forms, healthy, shapes
from recscale.analysis.shape_fits import published as authors_grid
from recscale.analysis.shape_law import Panel
from recscale.claims.card import COUNTED, VERDICTS, Claim, counted
from recscale.claims.evidence import tally
from recscale.plans.completeness import reasons
from recscale.runs.store import load_results
from recscale.runs.table import half_width

STUDIES = ("sequential-grid", "sequential-data", "sequential-quality", "performance-law-predictions")
AUTHORS = "the authors' MovieLens-1M"
ENDS = ("least over its constant", "largest")


def tables(seeds: Sequence[int]) -> dict[str, pd.DataFrame]:
    """The committed runs of every study that have one of ``seeds``."""
    found = {name: load_results(name) for name in STUDIES}
    return {name: table[table["seed"].isin(list(seeds))] for name, table in found.items()}


def inventory(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a study: runs, those left out as collapsed or diverged, models, data sets, seeds, and what is missing."""
    explained_by, rows = reasons(), {}
    for name, table in found.items():
        unhealthy = 0 if table.empty else int((~healthy(described(table))).sum())
        rows[name] = {
            "runs": len(table),
            "left out": unhealthy,
            "models": table["model"].nunique(),
            "data sets": table["dataset"].nunique(),
            "seeds": table["seed"].nunique(),
            "missing": explained_by.get(name, "nothing").partition(":")[0],
        }
    return pd.DataFrame(rows).T


def inventory_words(found: Mapping[str, pd.DataFrame]) -> str:
    """How many runs of how many studies are there, and how many were left out: one sentence."""
    table = inventory(found)
    there = table[table["runs"] > 0]
    if there.empty:
        return "None of the four studies has runs here, or none with these seeds."
    every = pd.concat(found.values(), ignore_index=True).drop_duplicates("run_id")
    unhealthy = int((~healthy(described(every))).sum())
    return (
        f"{len(there)} of the {len(table)} studies {'has' if len(there) == 1 else 'have'} runs here, {len(every):,} "
        f"different ones in all, of which {unhealthy} {'is' if unhealthy == 1 else 'are'} left out as collapsed or "
        "diverged."
    )


def search_table(table: pd.DataFrame) -> pd.DataFrame:
    """The search of learning rate and dropout, a row a run of ``sequential-learning-rate``, best of a width first.

    ``schedule``: "linear", whose rate falls to 0, or "constant"; ``million positions``: trained on.
    """
    configs = [json.loads(config) for config in table["config"]]
    found = pd.DataFrame(
        {
            "schedule": [config["training"].get("schedule", "constant") for config in configs],
            "width": [config["model"]["width"] for config in configs],
            "rate": [config["training"]["learning_rate"] for config in configs],
            "dropout": [config["model"]["dropout"] for config in configs],
            "million positions": table["examples_seen"].to_numpy() / 1e6,
            "valid NDCG@10": table.reindex(columns=["valid_ndcg@10"]).to_numpy()[:, 0],
        }
    )
    order = [False, True, False]
    return found.sort_values(["schedule", "width", "valid NDCG@10"], ascending=order).set_index(["schedule", "width"])


def search_words(found: pd.DataFrame) -> str:
    """What the falling rate costs against a constant one, at the widths where both were tried. ``search_table``."""
    best = found.groupby(level=["schedule", "width"], sort=False).head(1)
    both = [width for (schedule, width) in best.index if schedule == "linear" and ("constant", width) in best.index]
    if found.empty:
        return "The search is not in this copy of the repository yet."
    if not both:
        return "No width has been tried at both kinds of rate yet."
    pairs = [(width, best.loc[("linear", width)], best.loc[("constant", width)]) for width in both]
    parts = [
        f"{falling['valid NDCG@10']:.4f} after {falling['million positions']:.1f} million positions at width {width} "
        f"(constant: {constant['valid NDCG@10']:.4f} after {constant['million positions']:.1f})"
        for width, falling, constant in pairs
    ]
    return f"The best falling rate reached a validation NDCG@10 of {listed(parts)}."


def quality_search_table(table: pd.DataFrame) -> pd.DataFrame:
    """The search behind the runs at a good size, a row a run of ``sequential-quality-search``, best of a set first."""
    trained = [json.loads(config) for config in table["config"]]
    found = pd.DataFrame(
        {
            "data set": table["dataset"],
            "layers": [config["model"]["layers"] for config in trained],
            "width": [config["model"]["width"] for config in trained],
            "positions a batch": [config["training"]["batch_tokens"] for config in trained],
            "epochs": [config["training"]["epochs"] for config in trained],
            "rate": [config["training"]["learning_rate"] for config in trained],
            "dropout": [config["model"]["dropout"] for config in trained],
            "valid NDCG@10": table.reindex(columns=["valid_ndcg@10"]).to_numpy()[:, 0],
        }
    )
    return found.sort_values(["data set", "valid NDCG@10"], ascending=[False, False]).set_index("data set")


def quality_table(table: pd.DataFrame) -> pd.DataFrame:
    """Test metrics of ``sequential-quality``, a row a data set, model and loss, best of a set first: means over healthy
    seeds, with half of the 95 % interval of NDCG@10 (Student's t over seeds)."""
    rows = {}
    if len(table):
        runs = shapes(table)
        losses = [json.loads(config)["training"]["loss"] for config in runs["config"]]
        for key, group in runs.groupby([runs["dataset"], runs["model"], pd.Series(losses, name="loss")], sort=False):
            ndcg = group["test_ndcg@10"].to_numpy(float)
            rows[key] = {
                "seeds": len(group),
                "NDCG@10": ndcg.mean(),
                "±": half_width(ndcg) if len(ndcg) > 1 else np.nan,
                "HR@10": group["test_hr@10"].mean(),
                "valid NDCG@10": group["valid_ndcg@10"].mean(),
            }
    found = pd.DataFrame(rows, index=["seeds", "NDCG@10", "±", "HR@10", "valid NDCG@10"]).T.astype({"seeds": int})
    if not rows:
        return found
    found = found.rename_axis(["data set", "model", "loss"])
    return found.sort_values(["data set", "NDCG@10"], ascending=False)


def noise_words(panel: Panel) -> str:
    """What a seed does to a cell, and what a difference of two must reach."""
    if not panel.dof:
        return "No cell has a second seed yet, so that the noise is unknown and no difference can be told from it."
    relative = 100 * panel.noise / panel.cells["value"].mean()
    return (
        f"One seed moves {panel.metric.upper()} by {panel.noise:.4f} ({relative:.1f} %, one standard deviation of "
        f"{panel.dof} degrees of freedom). Two single runs must differ by {panel.least():.4f} for seeds not to "
        "explain it."
    )


def part_words(panel: Panel, table: pd.DataFrame) -> str:
    """Which part of a study's runs a panel is made of."""
    runs = int(panel.cells["seeds"].sum())
    return f"{runs} of the study's {len(table)} runs, of {counted(len(panel.cells), 'shape')}"


def surfaces(panel: Panel) -> tuple[dict[str, pd.DataFrame], dict[str, dict]]:
    """Our cells, where the law can be fitted to them, and the authors' grid, each with all fitted forms."""
    grids = {"measured here": panel.cells.rename(columns={"value": panel.metric})} if panel.usable else {}
    grids[AUTHORS] = authors_grid("ml-1m", 100)
    return grids, {title: fit_forms(table, panel.metric) for title, table in grids.items()}


def forms_table(panel: Panel) -> pd.DataFrame:
    """The forms side by side, best AICc first; empty where the law can't be fitted.

    ``p, seeds``: ``Panel.lack_of_fit``; ``left out``: root mean square error at shapes that the fit hasn't seen.
    """
    columns = {
        "free": "free",
        "p": "p, seeds",
        "r2": "R²",
        "delta_aicc": "Δ AICc",
        "leave_one_size_out_rmse": "left out",
    }
    if not panel.usable:
        return pd.DataFrame(columns=list(columns.values()))
    table = panel.comparison.set_index("law")
    table["p"] = [panel.lack_of_fit(form) for form in table.index]
    return table[list(columns)].rename(index=law.NAMES, columns=columns).rename_axis("form")


def held_table(panel: Panel) -> pd.DataFrame:
    """Errors at the largest depth and width, a column each, of every form that has not seen them; for the law also the
    least and the largest over the constants that the fitted cells don't reject."""
    found = {axis: law.hold_out(panel, axis) for axis in ("layers", "width")} if panel.usable else {}
    rows = {}
    for axis, one in found.items():
        if one is None:
            continue
        spans = {
            f"{law.NAMES[form]}, {end}": at for form in law.OWN for end, at in zip(ENDS, one.ranges[form], strict=True)
        }
        errors = {law.NAMES.get(name, name): error for name, error in one.errors.items()}
        rows[f"{axis} = {one.size}"] = errors | spans | {"seeds explain": one.least}
    return pd.DataFrame(rows)


def step_words(losses: Cells | None, width: int, less: int, more: int) -> str:
    """What the step from ``less`` to ``more`` layers does to a loss at one width, with its interval."""
    if losses is None or not {(less, width), (more, width)} <= losses.shapes():
        return "not measured yet"
    here = setting()
    return str(losses.contrasts.contrast({(here, (more, width)): 1.0, (here, (less, width)): -1.0}))


def seeds_needed(panel: Panel, counts: Sequence[int] = (1, 2, 3, 5, 10, 20)) -> pd.DataFrame:
    """The least difference that seeds can't explain, with so many seeds a shape."""
    rows = [{"seeds a shape": count, "least difference": panel.least(count)} for count in counts]
    return pd.DataFrame(rows).set_index("seeds a shape")


def margin_words(panel: Panel) -> str:
    """The paper's largest margin of a predicted shape beside the noise here: how many seeds it would take."""
    margin = float(published.optima_margins()[panel.metric].max())
    first = f"The paper's predicted shapes are ahead by at most {margin:.4f} in {panel.metric.upper()}, one run each."
    if not panel.dof:
        return f"{first} What that is worth can't be said before seeds tell the noise."
    needed = int(np.ceil(2 * (stats.norm.ppf(0.975) * panel.noise / margin) ** 2))
    several = f"about {needed} seeds a shape" if needed > 1 else "one seed a shape"
    return (
        f"{first} At the noise found here, a difference of that size takes {several} to be found every second time, "
        "and about twice as many to be found four times in five."
    )


def collapsed_words(table: pd.DataFrame) -> str:
    """Which data sets have no healthy run at all: one sentence, or none."""
    if table.empty:
        return ""
    alive = healthy(described(table)).groupby(table["dataset"]).any()
    dead = alive.index[~alive].tolist()
    if not dead:
        return ""
    return (
        f"Every run on {listed(dead)} collapsed and is left out: the learning rate was searched on MovieLens-1M alone."
    )


def level_table(study: DataStudy | None) -> pd.DataFrame:
    """Level of every setting beside the paper's data terms: ``dataset, setting, level``, a column each of ``TERMS``."""
    if study is None:
        return pd.DataFrame(columns=["dataset", "setting", "level", *TERMS.values()])
    named = [(variant[0], _setting(*variant)) for variant in study.levels.index]
    table = pd.DataFrame(named, columns=["dataset", "setting"]).assign(level=study.levels.to_numpy())
    return table.assign(**{shown: study.terms[term].to_numpy(float) for term, shown in TERMS.items()})


def term_table(study: DataStudy | None) -> pd.DataFrame:
    """R² of the levels on ln of every data term, best first."""
    if study is None:
        return pd.DataFrame(columns=["R²"])
    return explained(study.levels.to_numpy(), study.terms).sort_values(ascending=False).rename("R²").to_frame()


def _setting(dataset: str, fraction: float, repeated: float) -> str:
    part = f", {fraction:.0%} of users" if fraction != 1.0 else ""
    return dataset + part + (f", {repeated:.0%} repeated" if repeated else "")


def predicted(runs: pd.DataFrame) -> pd.DataFrame:
    """``predictions.verdicts`` of the recorded predictions; empty before both are there."""
    recorded = predictions.read()
    return predictions.verdicts(recorded, shapes(runs)) if len(recorded) and len(runs) else recorded.iloc[:0]


def answer(rows: Sequence[Claim], found: Mapping[str, pd.DataFrame], bridge: pd.DataFrame) -> str:
    """The chapter in short. ``bridge``: the runs of Wukong's shapes, a study beside those of ``found``."""
    said = tally(rows)
    more = f" The bridge to Wukong adds {counted(len(bridge), 'run')}." if len(bridge) else ""
    return f"{said[0].upper()}{said[1:]}. {decided(rows)} {inventory_words(found)}{more}".replace("  ", " ")


def decided(rows: Sequence[Claim]) -> str:
    """Which of the paper's statements hold, hold in part and don't hold, a sentence each; no checks of ours."""
    stated = [row for row in rows if not row.check]
    named = {verdict: [_short(row.claim) for row in stated if row.verdict == verdict] for verdict in VERDICTS[:3]}
    return " ".join(f"{verdict.capitalize()}: {'; '.join(claims)}." for verdict, claims in named.items() if claims)


def _short(claim: str) -> str:
    """A claim without its first words and without what is in brackets at its end."""
    return re.sub(r" \([^()]*\)$", "", claim.removesuffix(COUNTED).partition(": ")[2])
