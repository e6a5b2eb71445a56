"""Loads the statements of this package: files of `sql/`, each statement under a line `-- name: x`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def load(file: str, **identifiers: str) -> Mapping[str, bytes]:
    """Return the statements of a file by name. `identifiers`: what stands in braces, such as the name of a table."""
    text = resources.files("missing_table.ingest").joinpath("sql", f"{file}.sql").read_text("utf-8")
    _, *parts = _NAME.split(text)
    names, bodies = parts[::2], [body.strip() for body in parts[1::2]]
    if len(set(names)) != len(names):
        raise ValueError(f"{file}.sql names a statement twice: {names}")
    if identifiers:
        bodies = [
            SQL(body).format(**{key: Identifier(name) for key, name in identifiers.items()}).as_string()
            for body in bodies
        ]
    return MappingProxyType({name: body.encode() for name, body in zip(names, bodies, strict=True)})


def results(connection: psycopg.Connection, script: bytes) -> list[tuple[int, list[tuple[Any, ...]]]]:
    """Run several statements in one round trip. Return each one's row count and rows, in order."""
    found: list[tuple[int, list[tuple[Any, ...]]]] = []
    with connection.cursor() as cursor:
        cursor.execute(script)
        while True:
            found.append((cursor.rowcount, cursor.fetchall() if cursor.description else []))
            if not cursor.nextset():
                return found


def copy(connection: psycopg.Connection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Fill a table of this transaction by COPY."""
    statement = SQL("copy {table} from stdin").format(table=Identifier(table))
    with connection.cursor() as cursor, cursor.copy(statement) as copying:
        for row in rows:
            copying.write_row(row)
