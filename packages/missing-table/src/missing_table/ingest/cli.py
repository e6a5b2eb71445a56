"""The commands of the database's keeper: migrate, worker, quarantine, dead."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from match_contract import wire
from missing_table.audit import AUDIT, COMMAND_LINE, entry
from missing_table.logs import configure_logs
from missing_table.migrate import MigrationError, migrate, pending
from missing_table.settings import load_settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]
Ids = Annotated[list[int] | None, typer.Argument(help="Numbers of rows, as `list` shows them.")]
Limit = Annotated[int, typer.Option(help="At most so many.", min=1)]

quarantine_app = typer.Typer(help="What the merge turned away, with its payload and the reason.", no_args_is_help=True)
dead_app = typer.Typer(help="What the broker gave up on (queue matches.dead).", no_args_is_help=True)


def fail(sentence: str) -> typer.Exit:
    """Says on stderr what went wrong; to be raised (exit code 1)."""
    sys.stderr.write(f"missing-table: {sentence}\n")
    return typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Hangs this subject's commands into the front door."""
    app.command("migrate")(migrate_command)
    app.command("worker")(worker_command)
    app.command("rewind")(rewind_command)
    app.add_typer(quarantine_app, name="quarantine")
    app.add_typer(dead_app, name="dead")


def migrate_command(
    check: Annotated[bool, typer.Option("--check", help="Only say what is missing; exit 1 if anything is.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the database to this version's schema."""
    settings = load_settings()
    configure_logs(settings.log_level)
    if not check:
        settings.say_database()
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
    configure_logs(settings.log_level)
    settings.say_database()
    raise typer.Exit(run_worker(settings, concurrency=concurrency or settings.worker_concurrency))


def rewind_command(
    key: Annotated[str, typer.Argument(help="The document's key, as /api/freshness lists it.")],
    to: Annotated[datetime, typer.Option(help="The last moment to be believed, in UTC, such as 2026-10-06T14:00.")],
    as_json: Json = False,
) -> None:
    """Take back what documents dated after a moment did: one of a wrong clock hides every later one."""
    from missing_table.ingest.rewind import UnknownKey, rewind  # noqa: PLC0415

    moment = to if to.tzinfo else to.replace(tzinfo=UTC)
    with _database() as connection:
        try:
            done = rewind(connection, key, to=moment, actor=COMMAND_LINE)
        except UnknownKey as error:
            raise fail(str(error)) from None
    if as_json:
        _print_json(done._asdict())
        return
    typer.echo(
        f"{key} is back at {moment:%Y-%m-%d %H:%M} UTC: {done.documents} documents taken back, {done.matches} matches, "
        f"{done.values} values put back. The next run reads it anew."
    )


@contextmanager
def _database() -> Iterator[psycopg.Connection]:
    settings = load_settings()
    configure_logs(settings.log_level)
    if settings.production:
        settings.say_database()
    try:
        with psycopg.connect(
            settings.pooled_dsn, autocommit=True, prepare_threshold=None, connect_timeout=5
        ) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise fail(f"no database behind DATABASE_URL: {str(error).strip()}") from None


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, default=str))


def _print_table(title: str, columns: list[str], rows: list[list[object]]) -> None:
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console().print(table)


@quarantine_app.command("list")
def quarantine_list(
    reason: Annotated[str | None, typer.Option(help="Only this reason.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Replayed and dropped ones too.")] = False,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Open rejections, the newest first."""
    from missing_table.ingest.quarantine import rejected  # noqa: PLC0415

    with _database() as connection:
        rows = rejected(connection, state=None if everything else "open", reason=reason, limit=limit)
    if as_json:
        _print_json([{key: value for key, value in asdict(row).items() if key != "payload"} for row in rows])
        return
    cells: list[list[object]] = [
        [row.id, row.reason, row.external_id, row.target, row.detail, row.seen, row.state] for row in rows
    ]
    columns = ["id", "reason", "match", "target", "detail", "seen", "state"]
    _print_table(f"{len(rows)} in the quarantine", columns, cells)


@quarantine_app.command("show")
def quarantine_show(row_id: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """One rejection whole, with its payload, as JSON."""
    from missing_table.ingest.quarantine import rejected  # noqa: PLC0415

    with _database() as connection:
        rows = rejected(connection, state=None, ids=[row_id])
    if not rows:
        raise fail(f"there is no rejection {row_id}: see `missing-table quarantine list --all`")
    typer.echo(json.dumps(asdict(rows[0]), default=str, indent=2))


@quarantine_app.command("replay")
def quarantine_replay(
    ids: Ids = None,
    reason: Annotated[str | None, typer.Option(help="All open ones with this reason.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All open ones.")] = False,
    as_json: Json = False,
) -> None:
    """Land rejections again, once their cause is gone. Exit 1 if one is still rejected."""
    from missing_table.ingest.quarantine import rejected, replay  # noqa: PLC0415

    if not (ids or reason or everything):
        raise typer.BadParameter("name rows by their numbers, or say --reason or --all")
    done: list[dict[str, Any]] = []
    with _database() as connection:
        for row in rejected(connection, reason=reason, ids=ids or None, limit=1_000_000):
            wrong = replay(connection, row, actor=COMMAND_LINE, now=load_settings().latest())
            done.append({"id": row.id, "match": row.external_id, "landed": not wrong, "detail": wrong})
    if as_json:
        _print_json(done)
    else:
        _print_table("replayed", ["id", "match", "landed", "detail"], [list(item.values()) for item in done])
    if not all(item["landed"] for item in done):
        raise typer.Exit(1)


@quarantine_app.command("drop")
def quarantine_drop(ids: Annotated[list[int], typer.Argument()], as_json: Json = False) -> None:
    """Settle rejections for good, unlanded."""
    from missing_table.ingest.quarantine import drop  # noqa: PLC0415

    with _database() as connection:
        dropped = drop(connection, ids, actor=COMMAND_LINE)
    if as_json:
        _print_json({"dropped": dropped})
    else:
        typer.echo(f"Dropped {len(dropped)} of {len(set(ids))}: {', '.join(map(str, dropped)) or 'none was open'}")
    if set(dropped) != set(ids):
        raise typer.Exit(1)


@contextmanager
def _broker() -> Iterator[str]:
    from amqp import AMQPError  # noqa: PLC0415
    from kombu.exceptions import OperationalError  # noqa: PLC0415

    settings = load_settings()
    configure_logs(settings.log_level)
    try:
        yield settings.broker_url
    except (OperationalError, AMQPError, OSError) as error:
        raise fail(f"no broker behind AMQP_URL, or no queue matches.dead there: {str(error)[:200]}") from None


@dead_app.command("list")
def dead_list(limit: Limit = 100, as_json: Json = False) -> None:
    """Dead letters with the reason; they stay where they are."""
    from missing_table.ingest import dead  # noqa: PLC0415

    with _broker() as url:
        letters = dead.list_dead(url, limit=limit)
    if as_json:
        typer.echo(dead.as_json(letters))
        return
    rows: list[list[object]] = [
        [letter.message_id, letter.kind, letter.reason, letter.died_at, letter.size_bytes] for letter in letters
    ]
    _print_table(f"{len(letters)} dead letters", ["id", "kind", "reason", "since", "bytes"], rows)


@dead_app.command("replay")
def dead_replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Message ids, as `list` shows them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that can be read.")] = False,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Send dead letters back to the queue; the audit log has each. Exit 1 if one that was named was not sent."""
    from missing_table.ingest import dead  # noqa: PLC0415

    if not (ids or everything):
        raise typer.BadParameter("name letters by their ids, or say --all")
    with _database() as connection, _broker() as url:

        def log(letter: dead.DeadLetter) -> None:
            before = {"queue": wire.DEAD_QUEUE, "reason": letter.reason, "kind": letter.kind, "run_id": letter.run_id}
            said = {"actor": COMMAND_LINE, "action": "replay", "subject": "dead letter"}
            after = {"queue": wire.QUEUE}
            connection.execute(AUDIT, entry(subject_id=letter.message_id, before=before, after=after, **said))

        sent = dead.replay_dead(url, ids=set(ids) if ids else None, limit=limit, before_sending=log)
    if as_json:
        typer.echo(dead.as_json(sent))
    else:
        typer.echo(f"Sent back: {len(sent)}")
    if ids and {letter.message_id for letter in sent} != set(ids):
        raise typer.Exit(1)
