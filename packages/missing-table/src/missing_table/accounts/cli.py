"""The commands of access: `missing-table keys add|list|revoke`."""

import json
import os
import sys
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import psycopg
import typer
from psycopg.rows import dict_row

from missing_table.accounts import queries
from missing_table.accounts.keys import FORM, ServiceKey
from missing_table.accounts.tokens import sign
from missing_table.audit import AUDIT, COMMAND_LINE, entry
from missing_table.logs import configure_logs
from missing_table.settings import SettingsError, load_settings


class Scope(StrEnum):
    """What a key may do."""

    AGENT = "agent"


class Role(StrEnum):
    """What an account may do."""

    ADMIN = "admin"
    MANAGER = "manager"
    READER = "reader"


keys = typer.Typer(name="keys", no_args_is_help=True, help="Service keys of the API.")


def register(app: typer.Typer) -> None:
    """Hangs this subject's commands into the front door."""
    app.add_typer(keys)
    app.command("token")(token)
    app.command("grant")(grant)


def _connect() -> psycopg.Connection[dict[str, object]]:
    settings = load_settings()
    dsn = settings.direct_dsn
    configure_logs(settings.log_level)
    if settings.production:
        settings.say_database()
    try:
        return psycopg.connect(dsn, row_factory=dict_row, prepare_threshold=None)
    except psycopg.OperationalError as error:
        sys.stderr.write(f"missing-table: the database does not answer: {str(error).strip()}\n")
        raise typer.Exit(1) from None


def _audit(
    connection: psycopg.Connection[dict[str, object]],
    *,
    action: str,
    subject: str,
    subject_id: str,
    before: dict[str, object] | None,
    after: dict[str, object] | None,
) -> None:
    """A line in the audit log, where anything changed: a stack adds its key at every start."""
    was, now = (json.loads(json.dumps(row, default=str)) for row in (before, after))
    if was != now:
        said = {"actor": COMMAND_LINE, "action": action, "subject": subject, "subject_id": subject_id}
        connection.execute(AUDIT, entry(before=was, after=now, **said))


@keys.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; may be repeated.")],
) -> None:
    """Keep the key that the environment's MT_NEW_KEY holds, or replace its secret. Only a hash is stored."""
    sent = os.environ.get("MT_NEW_KEY", "")
    key = ServiceKey.parse(sent)
    if key is None:
        sys.stderr.write(f"missing-table: MT_NEW_KEY holds no key of the form {FORM}\n")
        raise typer.Exit(2)
    with _connect() as connection:
        before = connection.execute(queries.ONE_KEY, {"key_id": key.key_id}).fetchone()
        values = {"key_id": key.key_id, "name": name, "secret_sha256": key.secret_sha256}
        connection.execute(queries.UPSERT_KEY, {**values, "scopes": [s.value for s in scope]})
        after = connection.execute(queries.ONE_KEY, {"key_id": key.key_id}).fetchone()
        _audit(connection, action="add key", subject="key", subject_id=key.key_id, before=before, after=after)
    typer.echo(f"The key mt_{key.key_id}_… of {name} may: {', '.join(scope)}")


@keys.command("list")
def list_keys(as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")] = False) -> None:
    """Every key with its scopes; secrets are not kept."""
    with _connect() as connection:
        rows = connection.execute(queries.KEYS).fetchall()
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    for row in rows:
        state = f"revoked {row['revoked_at']}" if row["revoked_at"] else "good"
        typer.echo(f"{row['id']}  {row['name']}  {row['scopes']}  {state}")


@keys.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="The id: the part between mt_ and the secret.")]) -> None:
    """Refuse a key from now on."""
    with _connect() as connection:
        before = connection.execute(queries.ONE_KEY, {"key_id": key_id}).fetchone()
        found = connection.execute(queries.REVOKE_KEY, {"key_id": key_id}).fetchone()
        after = connection.execute(queries.ONE_KEY, {"key_id": key_id}).fetchone()
        _audit(connection, action="revoke key", subject="key", subject_id=key_id, before=before, after=after)
    if found is None:
        sys.stderr.write(f"missing-table: there is no good key {key_id!r}: missing-table keys list shows them\n")
        raise typer.Exit(1)
    typer.echo(f"The key {key_id} is refused from now on.")


def token(
    account_id: Annotated[UUID, typer.Argument(help="The account's id, as the sign-in has it.")],
    minutes: Annotated[int, typer.Option(help="How long it lasts.", min=1, max=7 * 24 * 60)] = 60,
) -> None:
    """Sign a token for scripts with MT_JWT_SECRET; what it may do is the account's role (see grant)."""
    secret = load_settings().jwt_secret
    if secret is None:
        raise SettingsError("MT_JWT_SECRET is not set: it is the secret that the sign-in signs with")
    typer.echo(sign(secret.get_secret_value(), account_id, lasts_s=minutes * 60))


def grant(
    account_id: Annotated[UUID, typer.Argument(help="The account's id, as the sign-in has it.")],
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    team: Annotated[list[int] | None, typer.Option(help="A team that a manager manages; may be repeated.")] = None,
) -> None:
    """Give an account a role, and a manager the teams."""
    with _connect() as connection:
        before = connection.execute(queries.SHOWN_ACCOUNT, {"account_id": account_id}).fetchone()
        connection.execute(queries.UPSERT_ACCOUNT, {"account_id": account_id, "role": role.value})
        connection.execute(queries.DROP_TEAMS, {"account_id": account_id})
        for team_id in team or []:
            connection.execute(queries.ADD_TEAM, {"account_id": account_id, "team_id": team_id})
        after = connection.execute(queries.SHOWN_ACCOUNT, {"account_id": account_id}).fetchone()
        _audit(
            connection, action="keep account", subject="account", subject_id=str(account_id), before=before, after=after
        )
    typer.echo(f"{account_id} is now {role.value}" + (f" of {len(team)} teams" if team else ""))
