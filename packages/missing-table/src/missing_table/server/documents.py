"""Write what is said about the API: `python -m missing_table.server.documents`.

It writes frontend/openapi.json, of which the site's client is made, and docs/api.md. A test fails when one is stale.
"""

import json
from pathlib import Path

from missing_table.server.app import create_app
from missing_table.server.page import page_of

ROOT = Path(__file__).parents[5]


def openapi_text() -> str:
    """Return the OpenAPI document as it stands in frontend/openapi.json."""
    return json.dumps(create_app().openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def page_text() -> str:
    """Return the page as it stands in docs/api.md."""
    return page_of(create_app().openapi())


if __name__ == "__main__":
    (ROOT / "frontend" / "openapi.json").write_text(openapi_text(), encoding="utf-8")
    (ROOT / "docs" / "api.md").write_text(page_text(), encoding="utf-8")
