"""The OpenAPI document: `python -m missing_table.web.openapi frontend/openapi.json` writes it.

The front end's client is generated from that file, and a test fails when it is stale.
"""

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from missing_table.calendars.exports import FORMAT_PARAMETER, ListRoute
from missing_table.web.problems import MEDIA_TYPE
from missing_table.web.schemas import Problem

_METHODS = {"get", "post", "put", "patch", "delete"}


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an application, with every error as a Problem."""
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = found["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    answer = {"description": "Refused or failed", "content": {MEDIA_TYPE: {"schema": _ref("Problem")}}}
    for operations in found["paths"].values():
        for method, operation in operations.items():
            if method in _METHODS:
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = answer
    for route in app.routes:
        if isinstance(route, ListRoute) and route.item is not None:
            operation = found["paths"][route.path_format]["get"]
            operation.setdefault("parameters", []).append(FORMAT_PARAMETER)
            operation["responses"]["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    return found


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def text() -> str:
    """The document as it stands in frontend/openapi.json."""
    from missing_table.web.app import create_app  # noqa: PLC0415  the application imports this module

    return json.dumps(create_app().openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
