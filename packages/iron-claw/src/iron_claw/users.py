"""Users and their grants in the radius tables. Secrets are kept as salted SHA-256, as FreeRADIUS' pap reads it."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from iron_claw.grant import STRING_MOST, packed
from iron_claw.keys import SECRET_MOST

REPLY = {
    "token_budget": "MT-Token-Budget",
    "cost_budget": "MT-Cost-Budget",
    "max_calls": "MT-Max-LLM-Calls",
    "models": "MT-Model-Allowed",
    "session_timeout": "Session-Timeout",
    "idle_timeout": "Idle-Timeout",
    "interim": "Acct-Interim-Interval",
}
CHECK = {
    "daily_budget": "MT-Max-Daily-Tokens",
    "weekly_budget": "MT-Max-Weekly-Tokens",
    "monthly_budget": "MT-Max-Monthly-Tokens",
    "daily_cost_budget": "MT-Max-Daily-Cost",
    "weekly_cost_budget": "MT-Max-Weekly-Cost",
    "monthly_cost_budget": "MT-Max-Monthly-Cost",
}
"""Limits by the calendar: radcheck items, which the table radwindow knows."""
PASSWORD = "SSHA2-256-Password"  # noqa: S105  the attribute's name
PASSWORDS = "%-Password"
NAME = re.compile(r"[a-z0-9][a-z0-9_@-]{0,63}")
MODELS_MOST = 12
"""Attributes that one list of models may fill: an Access-Accept has 4,096 bytes for everything."""
UINT32 = 2**32 - 1
INT64 = 2**63 - 1


class UsersError(ValueError):
    """Cannot be done; says why."""


def hashed(secret: str, salt: bytes | None = None) -> str:
    """base64 of sha256(secret + salt) + salt. For random secrets: a chosen password wants a slower hash."""
    salt = secrets.token_bytes(16) if salt is None else salt
    return base64.b64encode(hashlib.sha256(secret.encode() + salt).digest() + salt).decode()


def check_name(name: str) -> None:
    """A user's name: it stands before the first dot of the key."""
    if not NAME.fullmatch(name):
        raise UsersError(f"{name!r} is no user name: small letters, digits, - _ @, at most 64, no dot")


def exists(connection: psycopg.Connection[Any], name: str) -> bool:
    """Whether radcheck knows the user."""
    return connection.execute("select 1 from radcheck where username = %s limit 1", [name]).fetchone() is not None


def put(
    connection: psycopg.Connection[Any],
    name: str,
    *,
    secret: str | None,
    grant: Mapping[str, int | str | None],
    until: datetime | None = None,
) -> None:
    """Set a user's secret (None: as it is) and the limits that `grant` names.

    A limit of None is taken away. With `until` the limits stand before the user's own until then, and end by
    themselves; without it they replace both. One transaction, the caller's. Raises UsersError for what RADIUS cannot
    carry.
    """
    check_name(name)
    if until is not None and None in grant.values():
        raise UsersError("a limit cannot be taken away for a time: give it a larger value until then")
    if secret is not None:
        _check_secret(secret)
        connection.execute("delete from radcheck where username = %s and attribute like %s", [name, PASSWORDS])
        _insert(connection, "radcheck", name, PASSWORD, hashed(secret))
    for limit, value in grant.items():
        table, attribute = ("radcheck", CHECK[limit]) if limit in CHECK else ("radreply", REPLY[limit])
        values = _values(limit, value)
        _delete(connection, table, name, attribute, temporary_only=until is not None)
        for one in values:
            _insert(connection, table, name, attribute, one, op="+=" if limit == "models" else ":=", until=until)


def _check_secret(secret: str) -> None:
    if len(secret) < 16:
        raise UsersError(f"the secret has {len(secret)} characters: at least 16 random ones are needed")
    if (size := len(secret.encode())) > SECRET_MOST:
        raise UsersError(f"the secret has {size} bytes: RADIUS carries at most {SECRET_MOST}")


def _values(limit: str, value: int | str | None) -> list[str]:
    """Return the rows' values of a limit. Raises UsersError for one that does not fit its attribute."""
    if value is None:
        return []
    if limit == "models":
        return _model_rows([name.strip() for name in str(value).split(",") if name.strip()])
    most = INT64 if limit in CHECK or limit == "cost_budget" else UINT32
    if not 0 <= int(value) <= most:
        raise UsersError(f"{limit.replace('_', ' ')} {value} does not fit: 0 to {most}")
    return [str(value)]


def _model_rows(models: Sequence[str]) -> list[str]:
    """Return the rows that carry a list of models. Raises UsersError for one that RADIUS cannot carry."""
    for model in models:
        if (size := len(model.encode())) > STRING_MOST:
            raise UsersError(f"the model name {model[:40]}… has {size} bytes: RADIUS carries at most {STRING_MOST}")
    rows = packed(models)
    if not rows:
        raise UsersError("the list of models names none: `users set NAME --no models` allows all")
    if len(rows) > MODELS_MOST:
        raise UsersError(f"the list of models fills {len(rows)} attributes, {MODELS_MOST} fit: use patterns with *")
    return rows


def remove(connection: psycopg.Connection[Any], name: str) -> bool:
    """Forgets a user and the grant; what was used stays in radacct. False when there was none."""
    found = exists(connection, name)
    for table in ("radcheck", "radreply", "radusergroup"):
        connection.execute(sql.SQL("delete from {} where username = %s").format(_table(table)), [name])
    return found


def listed(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Every user with the grant in force, until when a part of it holds, this month's use and what runs now.

    `misfits` names the values that RADIUS cannot carry: such a user is refused until they are mended.
    """
    connection.row_factory = dict_row
    users: dict[str, dict[str, Any]] = {}
    names = {attribute: limit for limit, attribute in {**REPLY, **CHECK}.items()}
    rows = connection.execute(
        """select username, attribute, value, until from radcheck union all
           select username, attribute, value, until from radreply order by until nulls first"""
    )
    now = datetime.now(UTC)
    for row in rows:
        user = users.setdefault(row["username"], {"username": row["username"], **dict.fromkeys([*REPLY, *CHECK])})
        user.setdefault("until", None)
        limit = names.get(row["attribute"])
        if limit is None or (row["until"] is not None and row["until"] <= now):
            continue
        user[limit] = _shown(limit, row["value"], None if row["until"] is not None else user[limit])
        if row["until"] is not None:
            user["until"] = row["until"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    month = connection.execute(
        """select username, coalesce(sum(acctinputoctets + acctoutputoctets), 0)::bigint as tokens,
                  count(*) filter (where acctstoptime is null) as running
           from radacct where acctstarttime >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
           group by username"""
    ).fetchall()
    used = {row["username"]: row for row in month}
    wrong = connection.execute(
        """select username, string_agg(format('%s %s %L', place, attribute, value), ', ') as misfits
           from radius_misfits group by username"""
    ).fetchall()
    misfits = {row["username"]: row["misfits"] for row in wrong}
    for name, user in users.items():
        user["monthly_used"] = used[name]["tokens"] if name in used else 0
        user["sessions_running"] = used[name]["running"] if name in used else 0
        user["misfits"] = misfits.get(name)
    return sorted(users.values(), key=lambda user: user["username"])


def _shown(limit: str, value: str, before: Any) -> Any:
    """Return a row's value as it is shown. A further row of a list is joined to those `before`."""
    if limit == "models":
        return value if before is None else f"{before},{value}"
    return int(value) if value.isdigit() else value


def _table(name: str) -> sql.Identifier:
    return sql.Identifier("public", name)


def _insert(
    connection: psycopg.Connection[Any],
    table: str,
    name: str,
    attribute: str,
    value: str,
    *,
    op: str = ":=",
    until: datetime | None = None,
) -> None:
    query = sql.SQL("insert into {} (username, attribute, op, value, until) values (%s, %s, %s, %s, %s)")
    connection.execute(query.format(_table(table)), [name, attribute, op, value, until])


def _delete(
    connection: psycopg.Connection[Any], table: str, name: str, attribute: str, *, temporary_only: bool
) -> None:
    which = sql.SQL(" and until is not null") if temporary_only else sql.SQL("")
    query = sql.SQL("delete from {} where username = %s and attribute = %s{}").format(_table(table), which)
    connection.execute(query, [name, attribute])
