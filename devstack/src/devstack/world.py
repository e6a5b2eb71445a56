"""Whose matches lie in a database that is not the stack's own: invented ones or real ones, never both."""

from __future__ import annotations

from typing import Any

import psycopg

from devstack.errors import BadSettings, CannotStart
from devstack.stack import Stack


def check_database(stack: Stack) -> None:
    """A database that is not ours must answer before anything starts, and be empty or of this stack's world.

    What is invented and what is real share none of these either: the world that fills one is noted in it, in
    `devstack.world`. Matches of which nobody noted anything count as real. BadSettings where the other world's lie.
    """
    if stack.external_database is None or stack.choices.only is not None:
        return
    try:
        with psycopg.connect(stack.external_database, connect_timeout=5, prepare_threshold=None) as connection:
            noted = _noted_world(connection)
            if noted is not None and noted != stack.choices.world:
                raise BadSettings(
                    f"the database {stack.database_shown} holds {_MATCHES[noted]}, and this stack reads "
                    f"{_MATCHES[stack.choices.world]}: empty it first (`supabase db reset`), or take DATABASE_URL out "
                    "of the environment and the env file to have the stack run its own."
                )
            connection.execute("create schema if not exists devstack")
            connection.execute("create table if not exists devstack.world (name text not null)")
            connection.execute("truncate devstack.world")
            connection.execute("insert into devstack.world (name) values (%s)", [stack.choices.world])
    except psycopg.Error as error:
        raise CannotStart(
            f"the database {stack.database_shown} that DATABASE_URL names does not answer: {str(error).strip()}. "
            "Start it (`supabase start`), or take DATABASE_URL out of the environment and envs/.env.local "
            "to have the stack run its own."
        ) from error


_MATCHES = {"generated": "the generated season", "real": "real matches"}


def _noted_world(connection: psycopg.Connection[Any]) -> str | None:
    """Whose matches lie in the database; None where there are none."""

    def there(table: str) -> bool:
        return connection.execute("select to_regclass(%s) is not null", [table]).fetchone() == (True,)

    if not there("public.matches") or connection.execute("select from public.matches limit 1").fetchone() is None:
        return None
    noted = connection.execute("select name from devstack.world").fetchone() if there("devstack.world") else None
    return str(noted[0]) if noted else "real"
