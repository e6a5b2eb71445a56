"""Every example of docs/api.md is asked of a real API, and the answer is the one that stands there.

`MT_WRITE_EXAMPLES=1 pytest …/test_api_examples.py` writes them anew (docs/api-examples.json); then docs/api.md is due.
"""

import json
import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from devstack.sign_in.people import id_of
from missing_table.accounts.keys import ServiceKey
from missing_table.accounts.queries import UPSERT_ACCOUNT
from missing_table.server.app import create_app
from missing_table.server.page import EXAMPLES, NO_EXAMPLE

from .conftest import ADMIN, BATCH, KEY, MANAGER, OBSERVED, RUN, SECRET, bearer, running, settings_for
from .test_admin import observed
from .test_sign_in import API_KEY, EMAIL, PASSWORD, gotrue  # noqa: F401  a fixture

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
ALIAS = "The Ajax Boys"
OF_A_SESSION = ("access_token", "refresh_token", "expires_at")
WITHOUT_A_TOKEN = ("/api/accounts/sign-in", "/api/accounts/refresh")


def wait_for_a_person(seed: Any) -> None:
    """A conflict, and two matches in the quarantine: one of a team under another name, one of no zone."""
    seed.execute(
        "insert into match_conflicts (match_id, field, kept_value, offered_value, reason, observed_at, recorded_at) "
        "values (%s, 'score', '0-0', '1-0', 'locked', %s, %s)",
        [seed.matches["Córdoba <FC>-Delta United"], OBSERVED, OBSERVED],
    )
    for reason, detail, wrong in (
        ("unknown_team", f"no team is called '{ALIAS}': add an alias and replay", {"home": {"name": ALIAS}}),
        ("malformed", "timezone: 'Mars/Olympus' is no zone", {"timezone": "Mars/Olympus"}),
    ):
        (sent,) = observed(seed, "Ajax SC", "Echo Rovers", "29999", 3, 1)["matches"]
        payload = {**sent, "external_id": f"29999-{reason}", **wrong}
        seed.execute(
            "insert into ingest_rejections (source, external_id, target, reason, detail, payload, payload_sha256, "
            "first_seen_at, last_seen_at) values ('assist', %s, 'u14-hg-northeast', %s, %s, %s, %s, %s, %s)",
            [payload["external_id"], reason, detail, Jsonb(payload), reason, OBSERVED, OBSERVED],
        )


def writes(seed: Any) -> list[tuple[str, str, Any]]:
    """What is sent rather than read, in this order: operation, address, body."""
    corrected = seed.matches["Ajax SC-Bravo FC"]
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
            f"/api/admin/matches/{corrected}/corrections",
            correction,
        ),
        ("DELETE /api/admin/matches/{match_id}/locks/{field}", f"/api/admin/matches/{corrected}/locks/score", None),
        ("POST /api/admin/conflicts/{conflict_id}", "/api/admin/conflicts/1", {"settlement": "kept"}),
        ("PUT /api/live/matches/{match_id}", f"/api/live/matches/{upcoming}", {"home": 1, "away": 0}),
        ("POST /api/admin/aliases", "/api/admin/aliases", {"alias": ALIAS, "team_id": seed.teams["Ajax SC"]}),
        ("POST /api/admin/quarantine/{rejection_id}/replay", "/api/admin/quarantine/1/replay", None),
        ("POST /api/admin/quarantine/{rejection_id}/drop", "/api/admin/quarantine/2/drop", None),
        ("DELETE /api/admin/aliases/{alias_id}", "/api/admin/aliases/1", None),
        ("POST /api/admin/keys", "/api/admin/keys", {"name": "a second agent", "scopes": ["agent"]}),
        (
            "PUT /api/admin/accounts/{account_id}",
            f"/api/admin/accounts/{MANAGER}",
            {"role": "manager", "team_ids": [seed.teams["Ajax SC"]]},
        ),
        ("DELETE /api/admin/keys/{key_id}", f"/api/admin/keys/{key_id_of(KEY)}", None),
    ]


def key_id_of(key: str) -> str:
    found = ServiceKey.parse(key)
    assert found is not None
    return found.key_id


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
        if "get" in operations and f"GET {path}" not in NO_EXAMPLE
    ]


class _Default(dict[str, Any]):
    def __missing__(self, _: str) -> int:
        return 1


def settled(value: Any) -> Any:
    """What is the same each time: the moment of the test, random ids and secrets become words; lists are short."""
    if isinstance(value, dict):
        return {name: f"<{name}>" if name in OF_A_SESSION else settled(inner) for name, inner in value.items()}
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


async def asked(
    people: Any, operation: str, path: str, body: Any, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """An example: what was asked, and what was answered. `headers`: of somebody else than the admin."""
    private = path.startswith(("/api/admin/", "/api/live/", "/api/accounts/")) and path not in WITHOUT_A_TOKEN
    headers = headers or bearer(ADMIN) if private else {"X-Api-Key": KEY} if path.startswith("/api/agent/") else {}
    method = operation.partition(" ")[0]
    answer = await people.request(method, path, json=body, headers={**headers, "X-Request-Id": "example-1"})
    kind = answer.headers["content-type"]
    return {
        "operation": operation,
        "path": path,
        "as": "admin" if private else "agent" if headers else None,
        "body": settled(body),
        "status": answer.status_code,
        "answer": settled(answer.json()) if "json" in kind else text_of(answer.text),
    }


async def a_session(people: Any) -> list[dict[str, Any]]:
    """From signing in to signing out."""
    found = []

    async def next_one(name: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        operation, path = f"POST /api/accounts/{name}", f"/api/accounts/{name}"
        found.append(await asked(people, operation, path, body, headers))

    await next_one("sign-in", {"email": EMAIL, "password": PASSWORD})
    session = (await people.post("/api/accounts/sign-in", json={"email": EMAIL, "password": PASSWORD})).json()
    await next_one("refresh", {"refresh_token": session["refresh_token"]})
    await next_one("sign-out", None, {"Authorization": f"Bearer {session['access_token']}"})
    return found


@pytest.fixture
async def signing(people: Any, seed: Any, gotrue: str) -> AsyncIterator[Any]:  # noqa: F811
    """The API with people, behind a sign-in."""
    seed.execute(UPSERT_ACCOUNT, {"account_id": id_of(EMAIL), "role": "admin"})
    more = {"auth_url": f"{gotrue}/auth/v1", "auth_key": API_KEY, "refusals_per_minute": 0}
    async with running(create_app(settings_for(seed.dsn, jwt_secret=SECRET, **more))) as client:
        yield client


@pytest.fixture
async def examples(signing: Any, seed: Any) -> list[dict[str, Any]]:
    """Every example as it is today."""
    document = (await signing.get("/api/openapi.json")).json()
    seed.execute(
        "insert into match_changes (match_id, field, old_value, new_value, observed_at) "
        "values (%s, 'score', '2-2', '2-1', '2026-10-05T04:40:03Z')",
        [seed.matches["Ajax SC-Bravo FC"]],
    )
    seed.execute("update matches set created_at = observed_at, updated_at = observed_at")
    wait_for_a_person(seed)
    found = [await asked(signing, *one) for one in [*reads(document, seed), *writes(seed)]]
    return found + await a_session(signing)


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


async def test_every_operation_has_an_example(examples: list[dict[str, Any]], signing: Any) -> None:
    bad = {example["operation"]: example["answer"] for example in examples if example["status"] != 200}
    assert not bad, "an example that is no answer: seed it, or name it in NO_EXAMPLE"
    paths = (await signing.get("/api/openapi.json")).json()["paths"]
    every = {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}
    assert {example["operation"] for example in examples} == every - NO_EXAMPLE.keys()
