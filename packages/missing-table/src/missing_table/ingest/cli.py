"""The commands of the database's keeper: migrate, worker."""

import json
import sys
from typing import Annotated

import psycopg
import typer

from missing_table.logs import configure_logs
from missing_table.migrate import MigrationError, migrate, pending
from missing_table.settings import load_settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]


def fail(sentence: str) -> typer.Exit:
    """Says on stderr what went wrong; to be raised (exit code 1)."""
    sys.stderr.write(f"missing-table: {sentence}\n")
    return typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Hangs this subject's commands into the front door."""
    app.command("migrate")(migrate_command)
    app.command("worker")(worker_command)


def migrate_command(
    check: Annotated[bool, typer.Option("--check", help="Only say what is missing; exit 1 if anything is.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the database to this version's schema."""
    settings = load_settings()
    configure_logs(settings.log_level)
    try:
        titles = pending(settings.direct_dsn) if check else migrate(settings.direct_dsn)
    except (MigrationError, psycopg.Error) as error:
        raise fail(f"the schema was not brought up to date: {str(error).strip()}") from None
    if as_json:
        typer.echo(json.dumps({"pending" if check else "applied": titles}))
    else:
        word = "missing" if check else "applied"
        typer.echo("\n".join(f"{word}: {title}" for title in titles) or "The schema is up to date.")
    if check and titles:
        raise typer.Exit(1)


def worker_command(
    concurrency: Annotated[int | None, typer.Option(help="Processes that land messages side by side.", min=1)] = None,
) -> None:
    """Land what comes through the queue, until SIGTERM."""
    from missing_table.ingest.worker import run_worker  # noqa: PLC0415 - Celery is slow to import

    settings = load_settings()
    raise typer.Exit(run_worker(settings, concurrency=concurrency or settings.worker_concurrency))
