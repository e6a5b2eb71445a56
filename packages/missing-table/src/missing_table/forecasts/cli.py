"""The command that makes forecasts: `missing-table forecast`."""

import json
import sys
from typing import Annotated

import psycopg
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from missing_table.logs import configure_logs
from missing_table.settings import load_settings


def register(app: typer.Typer) -> None:
    """Hangs this subject's command into the front door."""
    app.command("forecast")(forecast)


def forecast(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")] = False,
) -> None:
    """Make the chances, insights and outlooks of every bracket that changed since they were last made."""
    from missing_table.forecasts.make import make_due  # noqa: PLC0415 - numpy and the solver are slow to import
    from missing_table.forecasts.prove import prove_due  # noqa: PLC0415

    settings = load_settings()
    configure_logs(settings.log_level)
    brackets = teams = matches = outlooks = 0
    try:
        with Progress(SpinnerColumn(), TextColumn("{task.description}"), transient=True, disable=as_json) as progress:
            task = progress.add_task("looking for what is due")
            for made in make_due(settings.pooled_dsn, settings.now()):
                brackets, teams, matches = brackets + 1, teams + made.teams, matches + made.matches
                progress.update(task, description=f"{brackets} brackets, {matches} matches")
            for _ in prove_due(settings.pooled_dsn, settings.now(), seconds=settings.proof_seconds):
                outlooks += 1
                progress.update(task, description=f"{outlooks} outlooks")
    except psycopg.Error as error:
        sys.stderr.write(f"missing-table: the forecasts were not made: {str(error).strip()}\n")
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps({"brackets": brackets, "teams": teams, "matches": matches, "outlooks": outlooks}))
    else:
        typer.echo(
            f"{brackets} brackets were due: chances of {teams} teams and {matches} matches. {outlooks} outlooks."
        )
