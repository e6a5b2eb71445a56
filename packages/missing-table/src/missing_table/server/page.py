"""docs/api.md out of the OpenAPI document. `python -m missing_table.server.documents` writes it."""

import json
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[5] / "docs" / "api-examples.json"
"""What was asked of a real API and answered; a test keeps it true (packages/missing-table/tests/api)."""
NO_EXAMPLE = {
    "GET /api/events": "No example: the answer has no end. `curl -N 'https://table.example/api/events?bracket=1'` shows"
    " events as they come.",
}
"""Operations without an example, and why."""
WIDTH = 116
SECRETS = {"admin": "Authorization: Bearer $TOKEN", "agent": "X-Api-Key: $KEY"}
HEAD = """# The API

Written by `python -m missing_table.server.documents` from the OpenAPI document (`/api/openapi.json`).

{about}
The examples were asked of a small league (docs/api-examples.json); a test asks them again and holds the answers against
this page. Long lists and texts are cut where `…` stands.

Public answers carry a weak `ETag` where a bracket's version decides them, and `Cache-Control: max-age=0, s-maxage=60`.
A service key goes into `X-Api-Key` or `Authorization: Bearer`, a sign-in's token into `Authorization: Bearer`.

**From other sites' pages** (CORS): every public GET may be read from any origin. What is private has no CORS header.

**How often**: each answer says in `RateLimit` and `RateLimit-Policy` where its caller stands, e.g.
`"address";r=2987;t=1` and `"address";q=3000;w=60`: 2,987 requests are left, and all 3,000 of a minute are back in a
second. One address has 3,000 a minute, one key or account 600, and an address may be refused (401) 20 times a minute.
Beyond that the answer is 429 with `Retry-After` in seconds. Each replica of the API counts for itself.

**When something is wrong**, name the `X-Request-Id` that every answer carries (yours, if you sent one): the log has it.
"""


def page_of(document: dict[str, Any]) -> str:
    """Return the page about an OpenAPI document."""
    written = json.loads(EXAMPLES.read_text(encoding="utf-8")) if EXAMPLES.exists() else []
    examples = {example["operation"]: example for example in written}
    lines = [HEAD.format(about=document["info"]["description"])]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            lines.append(f"## `{method.upper()} {path}`\n\n{operation.get('description', '')}\n")
            lines += _parameters(operation)
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if body:
                lines.append(f"Body: {_shape(body)}\n")
            answers = operation["responses"].get("200", {}).get("content", {})
            shapes = (" ".join(filter(None, [kind, _shape(c.get("schema", {}))])) for kind, c in answers.items())
            lines.append(f"Answer: {', '.join(shapes)}\n")
            if example := examples.get(f"{method.upper()} {path}"):
                lines.append(_example(method.upper(), example))
            if why := NO_EXAMPLE.get(f"{method.upper()} {path}"):
                lines.append(f"{why}\n")
    return "\n".join(lines)


def _example(method: str, example: dict[str, Any]) -> str:
    """A request as one would type it, and its answer."""
    asked = ["curl", f"'https://table.example{example['path']}'"]
    asked += [f"-X {method}"] if method != "GET" else []
    asked += [f"-H '{SECRETS[example['as']]}'"] if example["as"] else []
    if example["body"] is not None:
        said = json.dumps(example["body"], ensure_ascii=False).replace("'", r"'\''")
        asked += ["-H 'Content-Type: application/json'", f"-d '{said}'"]
    answer = example["answer"]
    shown = answer if isinstance(answer, str) else _pretty(answer)
    kind = "" if isinstance(answer, str) else "json"
    return f"```sh\n{' '.join(asked)}\n```\n```{kind}\n{shown}\n```\n"


def _pretty(value: Any, indent: str = "") -> str:
    """JSON whose parts stand on one line where they fit."""
    short = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(short) <= WIDTH or not isinstance(value, dict | list) or not value:
        return short
    deeper = f"{indent}  "
    if isinstance(value, dict):
        parts = [f"{deeper}{json.dumps(name)}: {_pretty(inner, deeper)}" for name, inner in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(f"{deeper}{_pretty(inner, deeper)}" for inner in value) + f"\n{indent}]"


def _parameters(operation: dict[str, Any]) -> list[str]:
    rows = [
        f"| `{p['name']}` | {p['in']} | {'yes' if p.get('required') else 'no'} | {p.get('description', '')} |"
        for p in operation.get("parameters", [])
    ]
    return ["| Parameter | In | Required | |\n| --- | --- | --- | --- |", *rows, ""] if rows else []


def _shape(schema: dict[str, Any]) -> str:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return f"`{name}`" if name else ""
