"""The OpenAPI document that the front end's client is made from is the one of this code."""

from pathlib import Path

from missing_table.server.app import create_app
from missing_table.server.documents import openapi_text, page_text

DOCUMENT = Path(__file__).parents[3] / "frontend" / "openapi.json"


def test_the_written_openapi_document_is_that_of_this_code() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == openapi_text(), (
        "frontend/openapi.json is stale: run python -m missing_table.server.documents, then npm run client in frontend"
    )


def test_the_written_page_about_the_api_is_that_of_this_code() -> None:
    page = DOCUMENT.parents[1] / "docs" / "api.md"
    assert page.read_text(encoding="utf-8") == page_text(), "run python -m missing_table.server.documents"


def test_every_route_names_the_shape_of_its_answer_and_of_its_errors() -> None:
    for path, operations in create_app().openapi()["paths"].items():
        for method, operation in operations.items():
            schema = next(iter(operation["responses"]["200"]["content"].values()))["schema"]
            assert schema, f"{method} {path} has no shape"
            assert "application/problem+json" in operation["responses"]["default"]["content"]
