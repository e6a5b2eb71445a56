"""Every example of docs/api.md is asked of a real API, and the answer is the one that stands there.

`MT_WRITE_EXAMPLES=1 pytest …/test_api_examples.py` writes them anew (docs/api-examples.json); then docs/api.md is due.
"""

import json
import os
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from missing_table.web.docs import EXAMPLES

from .conftest import ADMIN, BATCH, KEY, MANAGER, RUN, bearer

WITHOUT = {
    "GET /api/events": "a stream without an end",
    "GET /api/openapi.json": "is what this page is made of",
}
QUERIES = {
    "/api/search": "?q=ajax",
    "/api/matches": "?team=2&status=scheduled",
    "/api/brackets": "?age_group=U14",
    "/api/changes": "?since=2026-01-01T00:00:00Z",
    "/api/pages/head": "?path=/2026-27/homegrown/u14/northeast",
    "/api/pages/body": "?path=/about",
}
SHOWN = 2
"""So many items of a list, and lines of a text, are shown."""
LINES = 12


def writes(seed: Any) -> list[tuple[str, str, Any]]:
    """What is sent rather than read: operation, address, body."""
    upcoming = seed.matches["Delta United-Ajax SC"]
    result = {"match_id": upcoming, "home_score": 2, "away_score": 0}
    correction = {"score": {"home": 5, "away": 5}, "reason": "the referee's report"}
    return [
        (
            "POST /api/brackets/{bracket_id}/what-if",
            f"/api/brackets/{seed.northeast}/what-if",
            {"results": [result]},
        ),
        (
            "POST /api/admin/matches/{match_id}/corrections",
            f"/api/admin/matches/{seed.matches['Ajax SC-Bravo FC']}/corrections",
            correction,
        ),
        ("PUT /api/live/matches/{match_id}", f"/api/live/matches/{upcoming}", {"home": 1, "away": 0}),
        ("POST /api/admin/aliases", "/api/admin/aliases", {"alias": "The Ajax Boys", "team_id": seed.teams["Ajax SC"]}),
        ("POST /api/admin/keys", "/api/admin/keys", {"name": "a second agent", "scopes": ["agent"]}),
        (
            "PUT /api/admin/accounts/{account_id}",
            f"/api/admin/accounts/{MANAGER}",
            {"role": "manager", "team_ids": [seed.teams["Ajax SC"]]},
        ),
    ]


def reads(document: dict[str, Any], seed: Any) -> list[tuple[str, str, Any]]:
    """Every GET of the document."""
    values = {
        "bracket_id": seed.northeast,
        "match_id": seed.matches["Ajax SC-Bravo FC"],
        "team_id": seed.teams["Ajax SC"],
        "club_id": seed.clubs["Ajax SC"],
        "batch_id": BATCH,
        "run_id": RUN,
    }
    return [
        (f"GET {path}", path.format_map(_Default(values)) + QUERIES.get(path, ""), None)
        for path, operations in document["paths"].items()
        if "get" in operations and f"GET {path}" not in WITHOUT
    ]


class _Default(dict[str, Any]):
    def __missing__(self, _: str) -> int:
        return 1


def settled(value: Any) -> Any:
    """What is the same each time: the moment of the test, random ids and secrets become words; lists are short."""
    if isinstance(value, dict):
        return {name: settled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        more = len(value) - SHOWN
        return [settled(inner) for inner in value[:SHOWN]] + ([f"… {more} more"] if more > 0 else [])
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", value):
        moment = datetime.fromisoformat(value)
        return "<now>" if abs((datetime.now(UTC) - moment).total_seconds()) < 3600 else value
    value = re.sub(r"\bmt_[0-9a-f]{8}_[0-9a-f]{48}\b", "mt_<id>_<secret>", value)
    return "<id>" if re.fullmatch(r"[0-9a-f]{8}", value) else value


def text_of(body: str) -> str:
    """The beginning of an answer that is no JSON."""
    body = re.sub(r"\d{8}T\d{6}Z", lambda found: found[0] if found[0][:4] != str(datetime.now(UTC).year)
                  or found[0][:8] < datetime.now(UTC).strftime("%Y%m%d") else "<now>", body)  # fmt: skip
    body = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", lambda found: settled(found[0]), body)
    lines = body.replace("\r\n", "\n").splitlines()
    return "\n".join([line[:160] for line in lines[:LINES]] + (["…"] if len(lines) > LINES else []))


async def asked(people: Any, operation: str, path: str, body: Any) -> dict[str, Any]:
    """An example: what was asked, and what was answered."""
    private = path.startswith(("/api/admin/", "/api/live/", "/api/accounts/"))
    headers = bearer(ADMIN) if private else {"X-Api-Key": KEY} if path.startswith("/api/agent/") else {}
    method = operation.partition(" ")[0]
    answer = await people.request(method, path, json=body, headers={**headers, "X-Request-Id": "example-1"})
    kind = answer.headers["content-type"]
    return {
        "operation": operation,
        "path": path,
        "as": "admin" if private else "agent" if headers else None,
        "body": body,
        "status": answer.status_code,
        "answer": settled(answer.json()) if "json" in kind else text_of(answer.text),
    }


@pytest.fixture
async def examples(people: Any, seed: Any) -> list[dict[str, Any]]:
    """Every example as it is today."""
    document = (await people.get("/api/openapi.json")).json()
    seed.execute(
        "insert into match_changes (match_id, field, old_value, new_value, observed_at) "
        "values (%s, 'score', '2-2', '2-1', '2026-10-05T04:40:03Z')",
        [seed.matches["Ajax SC-Bravo FC"]],
    )
    seed.execute("update matches set created_at = observed_at, updated_at = observed_at")
    return [await asked(people, *one) for one in [*reads(document, seed), *writes(seed)]]


async def test_every_example_of_the_page_is_what_the_api_answers(examples: list[dict[str, Any]]) -> None:
    good = {example["operation"]: example for example in examples if example["status"] == 200}
    if os.environ.get("MT_WRITE_EXAMPLES"):
        text = json.dumps(list(good.values()), indent=1, ensure_ascii=False)
        EXAMPLES.write_text(text + "\n", encoding="utf-8")
    written = {example["operation"]: example for example in json.loads(EXAMPLES.read_text(encoding="utf-8"))}
    advice = "MT_WRITE_EXAMPLES=1 writes the examples anew"
    assert written.keys() == good.keys(), advice
    for operation, example in good.items():
        assert written[operation] == example, f"{operation}: {advice}"


async def test_every_public_read_has_an_example(examples: list[dict[str, Any]]) -> None:
    bad = {example["operation"]: example["answer"] for example in examples if example["status"] != 200}
    public = {op: why for op, why in bad.items() if not re.search("/api/(admin|agent|accounts|live)/", op)}
    assert not public, "a read of the league has an example that is no answer: seed it, or name it in WITHOUT"
