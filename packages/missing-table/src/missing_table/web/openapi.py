"""The OpenAPI document of an application. `python -m missing_table.server.documents` writes it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from missing_table.web.exports import FORMAT_PARAMETER, ListRoute
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
