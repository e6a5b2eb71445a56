"""Users and their grants in the radius tables. Secrets are kept as salted SHA-256, as FreeRADIUS' pap reads it."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

REPLY = {
    "token_budget": "MT-Token-Budget",
    "max_calls": "MT-Max-LLM-Calls",
    "models": "MT-Model-Allowed",
    "session_timeout": "Session-Timeout",
    "idle_timeout": "Idle-Timeout",
    "interim": "Acct-Interim-Interval",
}
CHECK = {"monthly_budget": "MT-Max-Monthly-Tokens"}
PASSWORD = "SSHA2-256-Password"  # noqa: S105  the attribute's name
PASSWORDS = "%-Password"
NAME = re.compile(r"[a-z0-9][a-z0-9_@-]{0,63}")
UINT32 = 2**32 - 1


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
    connection: psycopg.Connection[Any], name: str, *, secret: str | None, grant: Mapping[str, int | str | None]
) -> None:
    """Sets a user's secret (None: as it is) and the limits that `grant` names; a limit of None is taken away.

    One transaction, the caller's.
    """
    check_name(name)
    if secret is not None:
        if len(secret) < 16:
            raise UsersError(f"the secret has {len(secret)} characters: at least 16 random ones are needed")
        connection.execute("delete from radcheck where username = %s and attribute like %s", [name, PASSWORDS])
        _insert(connection, "radcheck", name, PASSWORD, hashed(secret))
    for limit, value in grant.items():
        table, attribute = ("radcheck", CHECK[limit]) if limit in CHECK else ("radreply", REPLY[limit])
        if isinstance(value, int) and not 0 <= value <= (UINT32 if table == "radreply" else 2**63 - 1):
            raise UsersError(f"{limit.replace('_', ' ')} {value} does not fit ({attribute} ends at {UINT32})")
        _delete(connection, table, name, attribute)
        if value is not None:
            _insert(connection, table, name, attribute, str(value))


def remove(connection: psycopg.Connection[Any], name: str) -> bool:
    """Forgets a user and the grant; what was used stays in radacct. False when there was none."""
    found = exists(connection, name)
    for table in ("radcheck", "radreply", "radusergroup"):
        connection.execute(sql.SQL("delete from {} where username = %s").format(_table(table)), [name])
    return found


def listed(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Every user with the grant, this month's tokens and what runs now."""
    connection.row_factory = dict_row
    users: dict[str, dict[str, Any]] = {}
    names = {attribute: limit for limit, attribute in {**REPLY, **CHECK}.items()}
    rows = connection.execute(
        "select username, attribute, value from radcheck union all select username, attribute, value from radreply"
    )
    for row in rows:
        user = users.setdefault(row["username"], {"username": row["username"], **dict.fromkeys([*REPLY, *CHECK])})
        if row["attribute"] in names:
            value = row["value"]
            user[names[row["attribute"]]] = int(value) if value.isdigit() else value
    month = connection.execute(
        """select username, coalesce(sum(acctinputoctets + acctoutputoctets), 0)::bigint as tokens,
                  count(*) filter (where acctstoptime is null) as running
           from radacct where acctstarttime >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'
           group by username"""
    ).fetchall()
    used = {row["username"]: row for row in month}
    for name, user in users.items():
        user["monthly_used"] = used[name]["tokens"] if name in used else 0
        user["sessions_running"] = used[name]["running"] if name in used else 0
    return sorted(users.values(), key=lambda user: user["username"])


def _table(name: str) -> sql.Identifier:
    return sql.Identifier("public", name)


def _insert(connection: psycopg.Connection[Any], table: str, name: str, attribute: str, value: str) -> None:
    query = sql.SQL("insert into {} (username, attribute, op, value) values (%s, %s, ':=', %s)")
    connection.execute(query.format(_table(table)), [name, attribute, value])


def _delete(connection: psycopg.Connection[Any], table: str, name: str, attribute: str) -> None:
    query = sql.SQL("delete from {} where username = %s and attribute = %s")
    connection.execute(query.format(_table(table)), [name, attribute])
