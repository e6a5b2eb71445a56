"""Lists as CSV, for spreadsheets. Nested fields become columns with dots; lists of values are joined by spaces."""

import csv
import io
import json
from collections.abc import Callable, Coroutine, Iterable
from typing import Annotated, Any, Literal, get_args, get_origin

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from missing_table.web.schemas import Page

CSV = "text/csv; charset=utf-8"
Format = Literal["json", "csv"]
FormatQuery = Annotated[Format, Query(description="csv: the list as a spreadsheet.")]
CSV_TOO: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
"""For the OpenAPI document: a route that answers CSV when it is asked to."""
_FORMULA = frozenset("=+-@\t\r")


def _flat(item: dict[str, Any], before: str = "") -> dict[str, str]:
    row: dict[str, str] = {}
    for key, value in item.items():
        if isinstance(value, dict):
            row |= _flat(value, f"{before}{key}.")
        else:
            row[f"{before}{key}"] = _cell(value)
    return row


def _column(items: list[Any], name: str) -> list[Any]:
    """A column's values, as the writer takes them: whole numbers and null are written as they are."""
    values = items
    for key in name.split("."):
        values = [None if value is None else value.get(key) for value in values]
    return [value if value is None or type(value) is int else _cell(value) for value in values]


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}" if value[:1] in _FORMULA else value  # a spreadsheet would run it
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return " ".join(_cell(inner["result"] if _is_form(inner) else inner) for inner in value)
    return json.dumps(value, ensure_ascii=False)


def _is_form(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"match_id", "result"}


def columns_of(model: type[BaseModel], before: str = "") -> list[str]:
    """The columns of a shape, whatever its values are: a spreadsheet's columns must not depend on what is missing."""
    names: list[str] = []
    for name, about in model.model_fields.items():
        many = get_origin(about.annotation) is list
        kinds = [] if many else [about.annotation, *get_args(about.annotation)]
        inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        names += columns_of(inner, f"{before}{name}.") if inner else [f"{before}{name}"]
    return names


def csv_of(items: list[dict[str, Any]], columns: list[str] | None = None, *, heading: bool = True) -> bytes:
    """One line an item, with a heading; without `columns` those that the items have, and nothing for no items."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    lines: Iterable[Iterable[Any]]
    if columns is None:
        rows = [_flat(item) for item in items]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        lines = ([row.get(name, "") for name in columns] for row in rows)
    else:
        lines = zip(*(_column(items, name) for name in columns), strict=True)
    if columns and heading:
        writer.writerow(columns)
    if columns:
        writer.writerows(lines)
    return text.getvalue().encode()


def attachment(name: str) -> dict[str, str]:
    """The header that names a download's file."""
    return {"Content-Disposition": f'attachment; filename="{name}.csv"'}


def as_format(answer: Response, wanted: str, name: str, columns: list[str] | None = None) -> Response:
    """A JSON answer (a list, or a table with its `rows`) as it was asked for. X-Next-Cursor: there is another page."""
    if wanted == "json" or answer.status_code != 200:
        return answer
    document = json.loads(bytes(answer.body))
    items = document["items"] if "items" in document else document["rows"]
    headers = {"Cache-Control": answer.headers["cache-control"], **attachment(name)}
    if document.get("next_cursor"):
        headers["X-Next-Cursor"] = document["next_cursor"]
    return Response(csv_of(items, columns), media_type=CSV, headers=headers)


class ListRoute(APIRoute):
    """Gives every list of a router the query `format=csv`, as the OpenAPI document then says too."""

    @property
    def item(self) -> type[BaseModel] | None:
        """The shape of the list's items; None where the route is no list, or asks for `format` itself."""
        model = self.response_model
        if not (isinstance(model, type) and issubclass(model, Page)) or self.methods != {"GET"}:
            return None
        if any(param.name == "format" for param in self.dependant.query_params):
            return None
        found: type[BaseModel] = model.__pydantic_generic_metadata__["args"][0]
        return found

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, and its answer as it was asked for."""
        handle, item = super().get_route_handler(), self.item
        if item is None:
            return handle
        columns = columns_of(item)

        async def handling(request: Request) -> Response:
            wanted = request.query_params.get("format", "json")
            if wanted not in get_args(Format):
                wrong = {"loc": ("query", "format"), "msg": "Input should be 'json' or 'csv'", "type": "literal_error"}
                raise RequestValidationError([wrong])
            return as_format(await handle(request), wanted, self.name.replace("_", "-"), columns)

        return handling


FORMAT_PARAMETER = {
    "name": "format",
    "in": "query",
    "required": False,
    "description": "csv: the list as a spreadsheet.",
    "schema": {"type": "string", "enum": ["json", "csv"], "default": "json", "title": "Format"},
}
