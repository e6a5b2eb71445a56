"""`iron-claw`: runs the gateway and looks into it. Exit codes: 0, 1 refused or not found, 2 bad settings, 5 no port."""

from __future__ import annotations

import json
import os
import secrets
import sys
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event
from typing import Annotated, Any, cast

import httpx
import psycopg
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.live import Live
from rich.table import Table

from iron_claw import bill, serve, users
from iron_claw import log as logs
from iron_claw.journal import JournalError
from iron_claw.monitor import Follower, View, of_lines
from iron_claw.prices import PricesError
from iron_claw.settings import Database, Settings

app = typer.Typer(
    help="An LLM gateway that is metered by RADIUS.", no_args_is_help=True, pretty_exceptions_enable=False
)

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, for scripts.")]


def load_settings() -> Settings:
    """Settings from the environment; exit 2 with a sentence for each that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        for wrong in error.errors():
            name = "_".join(str(part) for part in wrong["loc"]).upper()
            name = name if not name or name.startswith(("IRON_CLAW", "ANTHROPIC")) else f"IRON_CLAW_{name}"
            typer.echo(f"settings: {name}: {wrong['msg']}", err=True)
        raise typer.Exit(2) from error


@app.callback()
def main() -> None:
    """An LLM gateway that is metered by RADIUS."""


@app.command()
def proxy() -> None:
    """Run the gateway until SIGTERM."""
    settings = load_settings()
    hidden = [
        settings.upstream_key.get_secret_value(),
        settings.radius_secret.get_secret_value(),
        settings.coa_secret.get_secret_value(),
    ]
    logs.set_up(settings.log_level, hidden)
    try:
        serve.main(settings)
    except (PricesError, JournalError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except serve.PortTaken as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(5) from error


@app.command()
def status(
    as_json: AsJson = False,
    url: Annotated[str, typer.Option(envvar="IRON_CLAW_URL", help="Where the gateway is.")] = "",
    key: Annotated[str, typer.Option(envvar="IRON_CLAW_KEY", help="<user>.<password>; from the environment.")] = "",
) -> None:
    """Show the session of a key: budget, use, what the ladder does."""
    settings = load_settings()
    base = url or f"http://{settings.host}:{settings.port}"
    try:
        answer = httpx.get(f"{base}/status", headers={"x-api-key": key} if key else {}, timeout=10, trust_env=False)
    except httpx.TransportError as error:
        typer.echo(f"no gateway answers at {base}: {error}. Is `iron-claw proxy` running?", err=True)
        raise typer.Exit(1) from error
    told: dict[str, Any] = answer.json()
    if answer.status_code != httpx.codes.OK:
        typer.echo(f"{base} refuses ({answer.status_code}): {told.get('error', {}).get('message', told)}", err=True)
        raise typer.Exit(1)
    if as_json:
        json.dump(told, sys.stdout)
        sys.stdout.write("\n")
        return
    show_status(Console(), told)


def show_status(console: Console, told: dict[str, Any]) -> None:
    """A session as a person reads it."""
    table = Table(show_header=False, box=None)
    for name, value in told.items():
        table.add_row(name.replace("_", " "), "-" if value is None else str(value))
    console.print(table)


def database_url() -> str:
    """IRON_CLAW_DATABASE_URL; exit 2 without it."""
    url = load_settings().database_url.get_secret_value() or os.environ.get("DATABASE_URL", "")
    if not url:
        typer.echo("IRON_CLAW_DATABASE_URL is not set: users and usage are in that database", err=True)
        raise typer.Exit(2)
    return url


users_app = typer.Typer(no_args_is_help=True, help="Users and their grants in the radius tables.")
app.add_typer(users_app, name="users")

Tokens = Annotated[int | None, typer.Option(min=0, max=users.UINT32, help="Tokens of one session.")]
Daily = Annotated[int | None, typer.Option(min=0, max=users.INT64, help="Tokens of a day (UTC).")]
Weekly = Annotated[int | None, typer.Option(min=0, max=users.INT64, help="Tokens of a week from Monday (UTC).")]
Monthly = Annotated[int | None, typer.Option(min=0, max=users.INT64, help="Tokens of a calendar month (UTC).")]
Cost = Annotated[int | None, typer.Option(min=0, max=users.INT64, help="Micro-USD of one session.")]
DailyCost = Annotated[int | None, typer.Option(min=0, max=users.INT64, help="Micro-USD of a day (UTC).")]
WeeklyCost = Annotated[int | None, typer.Option(min=0, max=users.INT64, help="Micro-USD of a week from Monday (UTC).")]
MonthlyCost = Annotated[int | None, typer.Option(min=0, max=users.INT64, help="Micro-USD of a calendar month (UTC).")]
Calls = Annotated[int | None, typer.Option(min=0, max=users.UINT32, help="Calls of one session.")]
Models = Annotated[str | None, typer.Option(help="Models allowed, with commas between them; * as a wildcard.")]
Seconds = Annotated[int | None, typer.Option(min=0, max=users.UINT32, help="Seconds; 0: no such limit.")]
Interim = Annotated[int | None, typer.Option(min=60, max=users.UINT32, help="Seconds between two reports to RADIUS.")]
Until = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"],
        help="The limits hold until then (UTC), and end by themselves.",
    ),
]


def _connect(writes: str = "") -> psycopg.Connection[Any]:
    """The database of users and usage. Where something `writes`, which one it is goes to stderr first."""
    url = database_url()
    if writes:
        try:
            database = Database.of(url)
        except ValueError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from None
        typer.echo(f"writes {writes} in database {database.name} on {database.host}", err=True)
    try:
        return psycopg.connect(url, prepare_threshold=None, connect_timeout=5)
    except psycopg.OperationalError as error:
        typer.echo(f"the database cannot be reached: {str(error).strip()}", err=True)
        raise typer.Exit(1) from error


def _given(**limits: int | str | None) -> dict[str, int | str | None]:
    return {name: value for name, value in limits.items() if value is not None}


@users_app.command("add")
def users_add(  # noqa: PLR0917  Typer's options
    name: str,
    token_budget: Tokens = None,
    daily_budget: Daily = None,
    weekly_budget: Weekly = None,
    monthly_budget: Monthly = None,
    cost_budget: Cost = None,
    daily_cost_budget: DailyCost = None,
    weekly_cost_budget: WeeklyCost = None,
    monthly_cost_budget: MonthlyCost = None,
    max_calls: Calls = None,
    models: Models = None,
    session_timeout: Seconds = None,
    idle_timeout: Seconds = None,
    interim: Interim = None,
    exist_ok: Annotated[bool, typer.Option("--exist-ok", help="Set an existing user anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a user. The key is printed once; the secret comes from IRON_CLAW_NEW_SECRET where that is set, and is then
    not printed."""
    chosen = os.environ.get("IRON_CLAW_NEW_SECRET", "").removeprefix(f"{name}.")
    secret = chosen or secrets.token_urlsafe(24)
    grant = _given(
        token_budget=token_budget,
        daily_budget=daily_budget,
        weekly_budget=weekly_budget,
        monthly_budget=monthly_budget,
        cost_budget=cost_budget,
        daily_cost_budget=daily_cost_budget,
        weekly_cost_budget=weekly_cost_budget,
        monthly_cost_budget=monthly_cost_budget,
        max_calls=max_calls,
        models=models,
        session_timeout=session_timeout,
        idle_timeout=idle_timeout,
        interim=interim,
    )
    with _connect(writes="users") as connection:
        try:
            if users.exists(connection, name) and not exist_ok:
                raise users.UsersError(
                    f"user {name!r} exists: `iron-claw users set` changes it, --exist-ok sets it anew"
                )
            users.put(connection, name, secret=secret, grant=grant)
        except users.UsersError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
    key = None if chosen else f"{name}.{secret}"
    if as_json:
        typer.echo(json.dumps({"username": name, "key": key, **grant}))
    elif key is not None:
        typer.echo(f"key of {name}, shown this once: {key}")
    else:
        typer.echo(f"{name} is set, with the secret of IRON_CLAW_NEW_SECRET")


@users_app.command("set")
def users_set(  # noqa: PLR0917  Typer's options
    name: str,
    token_budget: Tokens = None,
    daily_budget: Daily = None,
    weekly_budget: Weekly = None,
    monthly_budget: Monthly = None,
    cost_budget: Cost = None,
    daily_cost_budget: DailyCost = None,
    weekly_cost_budget: WeeklyCost = None,
    monthly_cost_budget: MonthlyCost = None,
    max_calls: Calls = None,
    models: Models = None,
    session_timeout: Seconds = None,
    idle_timeout: Seconds = None,
    interim: Interim = None,
    until: Until = None,
    no: Annotated[list[str] | None, typer.Option("--no", help="Take a limit away, e.g. --no token-budget.")] = None,
    new_secret: Annotated[bool, typer.Option("--new-secret", help="Make a new key and print it once.")] = False,
) -> None:
    """Change a user's limits or key, or the limits until a time.

    A session that runs is told at its next Interim, by FreeRADIUS' CoA; with a new key it is then disconnected.
    """
    grant = _given(
        token_budget=token_budget,
        daily_budget=daily_budget,
        weekly_budget=weekly_budget,
        monthly_budget=monthly_budget,
        cost_budget=cost_budget,
        daily_cost_budget=daily_cost_budget,
        weekly_cost_budget=weekly_cost_budget,
        monthly_cost_budget=monthly_cost_budget,
        max_calls=max_calls,
        models=models,
        session_timeout=session_timeout,
        idle_timeout=idle_timeout,
        interim=interim,
    )
    for limit in no or []:
        limit_name = limit.replace("-", "_")
        if limit_name not in {**users.REPLY, **users.CHECK}:
            typer.echo(f"--no {limit}: no such limit; there are {', '.join([*users.REPLY, *users.CHECK])}", err=True)
            raise typer.Exit(2)
        grant[limit_name] = None
    until = until.replace(tzinfo=UTC) if until else None
    if until is not None and (until <= datetime.now(UTC) or not grant):
        typer.echo("--until wants a time to come (UTC), and the limits that hold until then", err=True)
        raise typer.Exit(2)
    secret = secrets.token_urlsafe(24) if new_secret else None
    with _connect(writes="users") as connection:
        if not users.exists(connection, name):
            typer.echo(f"there is no user {name!r}: `iron-claw users list` shows all", err=True)
            raise typer.Exit(1)
        try:
            users.put(connection, name, secret=secret, grant=grant, until=until)
        except users.UsersError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
    done = f"{name} is set" + (f" until {until:%Y-%m-%dT%H:%M:%SZ}" if until else "")
    typer.echo(f"key of {name}, shown this once: {name}.{secret}" if secret else done)


@users_app.command("remove")
def users_remove(name: str) -> None:
    """Forget a user. What was used stays in the books."""
    with _connect(writes="users") as connection:
        found = users.remove(connection, name)
    if not found:
        typer.echo(f"there is no user {name!r}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{name} is removed; FreeRADIUS disconnects a session that runs at its next Interim")


@users_app.command("list")
def users_list(as_json: AsJson = False) -> None:
    """Show users, their grants, and what they used this month."""
    with _connect() as connection:
        rows = users.listed(connection)
    _show(rows, as_json)


@app.command()
def usage(
    by: Annotated[str, typer.Option(help="user, model or day.")] = "user",
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on (UTC).")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what was used and what it cost, out of the accounting tables."""
    if by not in bill.KEYS:
        typer.echo(f"--by {by}: one of {', '.join(bill.KEYS)}", err=True)
        raise typer.Exit(2)
    with _connect() as connection:
        rows = bill.usage(connection, cast(bill.By, by), since.date() if since else None)
    _show(rows, as_json)


def _show(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows))
        return
    if not rows:
        typer.echo("nothing yet")
        return
    table = Table()
    for name, value in rows[0].items():
        table.add_column(name.replace("_", " "), justify="right" if isinstance(value, int) else "left")
    for row in rows:
        table.add_row(*("-" if v is None else f"{v:,}" if isinstance(v, int) else str(v) for v in row.values()))
    Console().print(table)


@app.command()
def monitor(
    source: Annotated[str, typer.Argument(help="- reads a JSON log from stdin; nothing: follows the gateway.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Show what there is and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Watch sessions, budgets, calls and the ladder, live."""
    console = Console()
    if source == "-":
        view = View()
        with Live(console=console, refresh_per_second=4, transient=as_json) as live:
            for view in of_lines(sys.stdin):
                if not (once or as_json):
                    live.update(view.render())
        _show_view(console, view, as_json)
        return
    folder = load_settings().state_dir
    if not folder.exists():
        typer.echo(f"there is no journal in {folder}: IRON_CLAW_STATE_DIR names the gateway's folder", err=True)
        raise typer.Exit(1)
    follower = Follower(folder)
    if once or as_json:
        _show_view(console, follower.look(), as_json)
        return
    with (
        suppress(KeyboardInterrupt),
        Live(console=console, screen=True, get_renderable=lambda: follower.look().render()),
    ):
        Event().wait()


def _show_view(console: Console, view: View, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(view.to_json()))
    else:
        console.print(view.render())
