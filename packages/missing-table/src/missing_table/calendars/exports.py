"""Lists as CSV, for spreadsheets. Nested fields become columns with dots; lists of values are joined by spaces."""

import csv
import io
import json
from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.responses import Response

FormatQuery = Annotated[Literal["json", "csv"], Query(description="csv: the list as a spreadsheet.")]
CSV_TOO: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
"""For the OpenAPI document: a route that answers CSV when it is asked to."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _flat(value: Any, name: str, row: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _flat(inner, f"{name}.{key}" if name else key, row)
    elif isinstance(value, list):
        row[name] = " ".join(_cell(inner["result"] if _is_form(inner) else inner) for inner in value)
    else:
        row[name] = _cell(value)


def _is_form(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"match_id", "result"}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value  # a spreadsheet would run it
    return json.dumps(value, ensure_ascii=False)


def csv_of(items: list[dict[str, Any]]) -> bytes:
    """One line an item, with a heading; empty for an empty list."""
    rows: list[dict[str, str]] = []
    for item in items:
        row: dict[str, str] = {}
        _flat(item, "", row)
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\r\n")
    if names:
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue().encode()


def as_format(answer: Response, wanted: str, name: str) -> Response:
    """A JSON answer (a list, or a table with its `rows`) as it was asked for. `Link` names the next page."""
    if wanted == "json" or answer.status_code != 200:
        return answer
    document = json.loads(bytes(answer.body))
    items = document["items"] if "items" in document else document["rows"]
    headers = {
        "Cache-Control": answer.headers["cache-control"],
        "Content-Disposition": f'attachment; filename="{name}.csv"',
    }
    if document.get("next_cursor"):
        headers["X-Next-Cursor"] = document["next_cursor"]
    return Response(csv_of(items), media_type="text/csv; charset=utf-8", headers=headers)
