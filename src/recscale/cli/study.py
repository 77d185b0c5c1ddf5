"""``recscale study``: plan, run, resume and export the studies."""

from typing import Annotated

import typer

study_app = typer.Typer(
    help="Run the studies behind the chapters; what is done is never done twice.", no_args_is_help=True
)

StudyName = Annotated[str, typer.Argument(help="a study's name, as `recscale study list` prints it")]
Profile = Annotated[str, typer.Option(help="smoke (seconds), quick (minutes) or full (hours)")]
Dataset = Annotated[str | None, typer.Option(help="data set in place of the plan's own")]
_Seeds = Annotated[str | None, typer.Option(help="different seeds in place of the plan's own, separated by commas")]


@study_app.command("list")
def list_studies(profile: Profile = "full") -> None:
    """Names, planned runs, finished runs, and why runs are missing from the tables that ship with the book."""
    from recscale.plans import STUDIES, plan_study
    from recscale.plans.registry import missing_reasons
    from recscale.runs import RecordStore, load_results

    store = RecordStore()
    missing = missing_reasons() if profile == "full" else {}
    for name in STUDIES:
        try:
            plan = plan_study(name, profile)
            store.import_results(load_results(plan.name))
            typer.echo(f"{name:32s} {len(plan.runs):4d} planned  {len(plan.table(store)):4d} finished")
        except ValueError as reason:  # it waits for another study, its data are not here, or a file is no record
            typer.echo(f"{name:32s} {str(reason).partition(';')[0]}")
        if name in missing:
            typer.echo(f"{'':32s} missing from data/results: {missing[name]}")


@study_app.command("run")
def run_study_command(
    name: StudyName,
    profile: Profile = "quick",
    dataset: Dataset = None,
    seeds: _Seeds = None,
    jobs: Annotated[int, typer.Option(min=1, help="runs at a time on this machine")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="a Dask scheduler, tcp://host:port, whose workers have one thread each")
    ] = None,
) -> None:
    """Carry out what is missing of a study; safe to kill and start again."""
    from recscale.plans import plan_study
    from recscale.runs import RecordStore, run_study

    study = plan_study(name, profile, dataset=dataset, seeds=_integers(seeds))
    table = run_study(study, jobs=jobs, scheduler=scheduler)
    typer.echo(f"{study.name}: {len(table)} of {len(study.runs)} runs finished, kept in {RecordStore().folder}")


@study_app.command("export")
def export_study(name: StudyName, profile: Profile = "full") -> None:
    """Write the finished runs of a study to the results folder."""
    from recscale.plans import plan_study
    from recscale.runs import RecordStore, load_results, save_results
    from recscale.settings import results_folder, writable

    writable(results_folder())
    study = plan_study(name, profile)
    store = RecordStore()
    store.import_results(load_results(study.name))
    table = study.table(store)
    path = save_results(table, study.name)
    typer.echo(f"{path}: {len(table)} of {len(study.runs)} runs")


@study_app.command("predict")
def predict_study(name: StudyName) -> None:
    """Write down what the fitted law says about a study's shapes, before any of them is trained."""
    from recscale.analysis import shape_predictions as predictions
    from recscale.settings import results_folder, writable

    if name != "performance-law-predictions":
        raise ValueError(f"nothing is predicted for {name!r}; allowed is 'performance-law-predictions'")
    writable(results_folder())
    path = predictions.write()
    table = predictions.read()
    count = table[["layers", "width"]].drop_duplicates().shape[0]
    typer.echo(f"{path}: {count} shapes, predicted {table['predicted_at'].min()}; commit it, then run the study")


def _integers(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise ValueError(f"--seeds must be integers separated by commas, not {text!r}") from error
