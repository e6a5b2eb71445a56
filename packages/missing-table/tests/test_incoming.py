"""A row of `incoming` is what its table wants, column by column."""

import re

from missing_table.ingest.incoming import INCOMING, IncomingRow
from missing_table.ingest.sql import load

KINDS = {
    "str": "text",
    "int": "smallint|integer|bigint",
    "bool": "boolean",
    "date": "date",
    "datetime": "timestamptz",
}
ARRAYS = {"brackets": "bigint[]", "sides": "smallint[]"}


def test_the_row_has_the_columns_of_the_table_in_their_order_and_of_their_kind() -> None:
    columns = re.findall(r"(\w+) ([a-z]+(?:\[\])?)(?=[,\n])", load("incoming")["create"].decode().partition("(")[2])
    assert tuple(name for name, _ in columns) == IncomingRow._fields
    for name, kind in columns:
        written = IncomingRow.__annotations__[name]
        plain = str(getattr(written, "__name__", written)).removesuffix(" | None").rpartition(".")[2]
        assert kind in (ARRAYS[name],) if name in ARRAYS else kind in KINDS[plain].split("|"), name


def test_the_table_s_name_says_what_shape_it_has() -> None:
    assert re.fullmatch(r"incoming_[0-9a-f]{8}", INCOMING)
    assert f'"{INCOMING}"' in load("incoming", incoming=INCOMING)["create"].decode()
