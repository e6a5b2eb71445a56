"""Statements stand in files, one under each name, and every one of them is used."""

import ast
import re
from pathlib import Path

import pytest

from missing_table.ingest import sql

FOLDER = Path(sql.__file__).parent
FILES = sorted(path.stem for path in (FOLDER / "sql").glob("*.sql"))
STATEMENT = re.compile(r"\s*(select|insert|update|delete|with|create)\b.*\b(from|into|set|as|table)\b", re.I | re.S)


@pytest.mark.parametrize("name", FILES)
def test_every_statement_of_a_file_is_named_and_used(name: str) -> None:
    statements = sql.load(name)
    assert statements
    assert all(statement for statement in statements.values())
    code = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))
    assert [one for one in statements if f'["{one}"]' not in code] == []


def test_identifiers_are_quoted_and_doubled_braces_stay() -> None:
    made = sql.load("merge", incoming="in coming")
    assert b'from "in coming" i' in made["new"]
    assert b"'{}'" in made["changed"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_no_statement_of_more_than_three_lines_stands_in_the_code(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    long = [node.lineno for node in texts if STATEMENT.match(node.value) and (node.end_lineno or 0) - node.lineno >= 3]
    assert long == []
