"""What an admin looks after: aliases, keys, accounts, receipts, runs. Every write is in the audit log."""

import json
import subprocess
import sys
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from match_contract import MessageKind
from missing_table.ingest import deliver
from missing_table.ingest.quarantine import rejected, replay

from .conftest import ADMIN, BATCH, KEY, MANAGER, READER, RUN, bearer
from .test_admin import observed


async def audited(people: Any) -> list[tuple[str, str, Any, Any]]:
    entries = (await people.get("/api/admin/audit", headers=bearer(ADMIN))).json()["items"]
    return [(entry["action"], entry["subject_id"], entry["before"], entry["after"]) for entry in entries]


async def test_an_alias_lands_what_waited_for_it(people: Any, seed: Any) -> None:
    message = observed(seed, "Bravo FC", "Echo Rovers", "29999", 3, 1)
    message["matches"][0]["home"] = {"name": "Harbour One", "age_label": "U14"}
    deliver(message, dsn=seed.dsn)
    assert seed.value("select reason from ingest_rejections") == "unknown_team"
    wanted = {"alias": "Harbour One", "team_id": seed.teams["Ajax SC"]}
    made = (await people.post("/api/admin/aliases", json=wanted, headers=bearer(ADMIN))).json()
    assert (made["name"], made["created_by"]) == ("Ajax SC", str(ADMIN))
    with psycopg.connect(seed.dsn, autocommit=True) as connection:
        (row,) = rejected(connection)
        assert replay(connection, row, actor="a test") == ""
    home = seed.value("select home_team_id from matches where external_id = '29999'")
    assert home == seed.teams["Ajax SC"]
    assert (await people.get("/api/admin/aliases", headers=bearer(ADMIN))).json()["items"] == [made]
    removed = await people.delete(f"/api/admin/aliases/{made['id']}", headers=bearer(ADMIN))
    assert removed.json() == made
    assert seed.value("select count(*) from matches where external_id = '29999'") == 1
    number = str(made["id"])
    assert await audited(people) == [
        ("add alias", number, None, made),
        ("replay", str(row.id), {"state": "open"}, {"state": "replayed"}),
        ("remove alias", number, made, None),
    ]


async def test_an_alias_that_cannot_be_says_why(people: Any, seed: Any) -> None:
    ajax = {"alias": "Ajax", "club_id": seed.clubs["Ajax SC"]}
    assert (await people.post("/api/admin/aliases", json=ajax, headers=bearer(ADMIN))).status_code == 200
    for wanted, status in (
        (ajax, 409),
        ({"alias": "Nobody", "team_id": 999_999}, 400),
        ({"alias": "Both", "team_id": 1, "club_id": 1}, 422),
        ({"alias": "None"}, 422),
        ({"alias": " ", "team_id": 1}, 422),
    ):
        assert (await people.post("/api/admin/aliases", json=wanted, headers=bearer(ADMIN))).status_code == status
    assert (await people.delete("/api/admin/aliases/999999", headers=bearer(ADMIN))).status_code == 404


async def test_a_keys_secret_is_shown_once_and_a_revoked_key_is_refused_at_once(people: Any, seed: Any) -> None:
    wanted = {"name": "a second agent", "scopes": ["agent"]}
    made = (await people.post("/api/admin/keys", json=wanted, headers=bearer(ADMIN))).json()
    assert made["key"].startswith(f"mt_{made['id']}_")
    agent = {"X-Api-Key": made["key"]}
    assert (await people.get("/api/agent/sources", headers=agent)).status_code == 200
    shown = next(
        key
        for key in (await people.get("/api/admin/keys", headers=bearer(ADMIN))).json()["items"]
        if key["id"] == made["id"]
    )
    assert shown["last_used_at"] is not None
    revoked = await people.delete(f"/api/admin/keys/{made['id']}", headers=bearer(ADMIN))
    assert revoked.json()["revoked_at"] is not None
    assert (await people.get("/api/agent/sources", headers=agent)).status_code == 401
    assert (await people.delete(f"/api/admin/keys/{made['id']}", headers=bearer(ADMIN))).status_code == 404
    assert (await people.get("/api/agent/sources", headers={"X-Api-Key": KEY})).status_code == 200
    secret = made["key"].rpartition("_")[2]
    written = json.dumps(await audited(people)) + str(seed.execute("select * from api_keys")) + json.dumps(shown)
    assert secret not in written
    assert [action for action, *_ in await audited(people)] == ["add key", "revoke key"]


async def test_an_account_may_do_what_an_admin_says_from_its_next_request_on(people: Any, seed: Any) -> None:
    path = f"/api/admin/accounts/{READER}"
    score = f"/api/live/matches/{seed.matches['Delta United-Ajax SC']}"
    wanted = {"role": "manager", "team_ids": [seed.teams["Ajax SC"]]}
    assert (await people.put(score, json={"home": 0, "away": 1}, headers=bearer(READER))).status_code == 403
    assert (await people.put(path, json=wanted, headers=bearer(ADMIN))).json()["role"] == "manager"
    assert (await people.put(score, json={"home": 0, "away": 1}, headers=bearer(READER))).status_code == 200
    disabled = await people.put(path, json={"role": "reader", "disabled": True}, headers=bearer(ADMIN))
    assert disabled.json()["disabled_at"] is not None
    assert (await people.get("/api/accounts/me", headers=bearer(READER))).status_code == 403
    listed = (await people.get("/api/admin/accounts", headers=bearer(ADMIN))).json()["items"]
    assert [(account["id"], account["role"]) for account in listed] == [
        (str(ADMIN), "admin"),
        (str(MANAGER), "manager"),
        (str(READER), "reader"),
    ]
    first = (await people.get("/api/admin/accounts?limit=1", headers=bearer(ADMIN))).json()
    rest = await people.get(f"/api/admin/accounts?cursor={first['next_cursor']}", headers=bearer(ADMIN))
    assert first["items"] + rest.json()["items"] == listed
    changes = [entry for entry in await audited(people) if entry[0] == "keep account"]
    assert [before and before["role"] for _, _, before, _ in changes] == [None, "manager"]


async def test_an_admin_always_remains(people: Any) -> None:
    for wanted in ({"role": "reader"}, {"role": "admin", "disabled": True}):
        answer = await people.put(f"/api/admin/accounts/{ADMIN}", json=wanted, headers=bearer(ADMIN))
        assert answer.status_code == 409


@pytest.mark.parametrize(
    "wanted", [{"role": "manager", "team_ids": [999_999]}, {"role": "owner"}, {"role": "admin", "team_ids": [1]}]
)
async def test_an_account_that_cannot_be_is_refused_whole(people: Any, seed: Any, wanted: Any) -> None:
    account = uuid4()
    answer = await people.put(f"/api/admin/accounts/{account}", json=wanted, headers=bearer(ADMIN))
    assert answer.status_code in (400, 422)
    assert seed.value("select count(*) from accounts where id = %s", [account]) == 0


async def test_the_receipt_of_every_kind_of_message_is_listed(people: Any, seed: Any) -> None:
    for kind in MessageKind:
        seed.execute(
            "insert into ingest_batches (message_id, kind, run_id, state, receipt) values (%s, %s, %s, 'landed', '{}')",
            [uuid4(), kind, RUN],
        )
    answer = await people.get(f"/api/admin/receipts?run={RUN}", headers=bearer(ADMIN))
    assert answer.status_code == 200
    assert {receipt["kind"] for receipt in answer.json()["items"]} == set(MessageKind)


@pytest.mark.parametrize(
    ("reason", "receipt", "told"),
    [
        ("shrunk: key has 5 matches", {}, ("shrunk", "key has 5 matches")),
        ("shrunk", {"detail": "key: 5 matches"}, ("shrunk", "key: 5 matches")),
        ("nobody knows", {}, ("other", "nobody knows")),
    ],
)
async def test_why_a_message_was_refused_is_a_word_and_a_sentence_also_of_old_ones(
    people: Any, seed: Any, reason: str, receipt: dict[str, Any], told: tuple[str, str]
) -> None:
    seed.execute(
        "insert into ingest_batches (message_id, kind, run_id, state, reason, receipt)"
        " values (%s, 'snapshot', %s, 'refused', %s, %s)",
        [uuid4(), RUN, reason, Jsonb(receipt)],
    )
    (one,) = (await people.get("/api/admin/receipts?state=refused", headers=bearer(ADMIN))).json()["items"]
    assert (one["reason"], one["detail"]) == told


async def test_runs_and_receipts_are_there_for_an_admin(people: Any, seed: Any) -> None:
    for number in range(3):
        deliver(observed(seed, "Ajax SC", "Echo Rovers", f"2800{number}", 1, 0), dsn=seed.dsn)
    everything = (await people.get("/api/admin/receipts", headers=bearer(ADMIN))).json()["items"]
    assert [receipt["inserted"] for receipt in everything[:3]] == [1, 1, 1]
    paged, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await people.get("/api/admin/receipts", params=query, headers=bearer(ADMIN))).json()
        paged += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert paged == everything
    (one,) = (await people.get(f"/api/admin/receipts?run={RUN}", headers=bearer(ADMIN))).json()["items"]
    assert (one["message_id"], one["state"]) == (BATCH, "landed")
    assert (await people.get("/api/admin/receipts?state=refused", headers=bearer(ADMIN))).json()["items"] == []
    run = (await people.get(f"/api/admin/runs/{RUN}", headers=bearer(ADMIN))).json()
    assert (run["run_id"], run["report"]["budget"]) == (RUN, 50_000)
    assert (await people.get(f"/api/admin/runs/{uuid4()}", headers=bearer(ADMIN))).status_code == 404


ADMIN_ROUTES = [
    ("GET", "/api/admin/aliases"),
    ("POST", "/api/admin/aliases"),
    ("DELETE", "/api/admin/aliases/1"),
    ("GET", "/api/admin/keys"),
    ("POST", "/api/admin/keys"),
    ("DELETE", "/api/admin/keys/agent"),
    ("GET", "/api/admin/accounts"),
    ("PUT", f"/api/admin/accounts/{READER}"),
    ("GET", "/api/admin/receipts"),
    ("GET", f"/api/admin/runs/{RUN}"),
    ("GET", "/api/admin/conflicts"),
    ("GET", "/api/admin/audit"),
    ("GET", "/api/admin/quarantine"),
]


async def test_everything_of_the_admin_is_an_admins_alone(people: Any) -> None:
    document = (await people.get("/api/openapi.json")).json()["paths"]
    asked = [
        (method.upper(), path.format(**dict.fromkeys(_names(path), 1)))
        for path, operations in document.items()
        if path.startswith("/api/admin/")
        for method in operations
    ]
    assert len(asked) >= len(ADMIN_ROUTES)
    for method, path in [*asked, *ADMIN_ROUTES]:
        for headers, status in ((bearer(MANAGER), 403), (bearer(READER), 403), ({"X-Api-Key": KEY}, 401), ({}, 401)):
            answer = await people.request(method, path, headers=headers)
            assert answer.status_code == status, (method, path, answer.text)


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


@pytest.mark.parametrize(
    ("kept", "offered", "day", "time_set"),
    [
        ("2026-10-10T14:00:00Z", "2026-10-11T00:30:00Z", "2026-10-10", True),
        ("2026-10-10T14:00:00Z", "2026-10-12", "2026-10-12", False),
    ],
)
async def test_a_kick_off_that_the_source_offers_can_be_taken(
    people: Any,
    seed: Any,
    kept: str,
    offered: str,
    day: str,
    time_set: bool,
) -> None:
    match_id = seed.matches["Delta United-Ajax SC"]
    conflict = seed.value(
        "insert into match_conflicts (match_id, field, kept_value, offered_value, reason, observed_at) "
        "values (%s, 'kick_off', %s, %s, 'locked', now()) returning id",
        [match_id, kept, offered],
    )
    answer = await people.post(f"/api/admin/conflicts/{conflict}", json={"settlement": "taken"}, headers=bearer(ADMIN))
    assert (answer.json()["local_date"], answer.json()["time_set"]) == (day, time_set)


def test_what_is_done_on_the_command_line_is_audited_too(seed: Any) -> None:
    import os

    def run(*arguments: str, **more: str) -> None:
        environment = {**os.environ, "DATABASE_URL": seed.dsn, **more}
        argv = [sys.executable, "-m", "missing_table.cli", *arguments]
        subprocess.run(argv, env=environment, check=True, capture_output=True)

    secret = "s" * 24
    for _ in range(2):
        run("keys", "add", "a script", "--scope", "agent", MT_NEW_KEY=f"mt_script_{secret}")
    run("keys", "revoke", "script")
    run("grant", str(READER), "--role", "manager", "--team", str(seed.teams["Ajax SC"]))
    entries = seed.execute("select actor, action, before, after from audit_log order by id")
    assert [(actor, action) for actor, action, _, _ in entries] == [
        ("command line", "add key"),
        ("command line", "revoke key"),
        ("command line", "keep account"),
    ]
    assert entries[2][3]["team_ids"] == [seed.teams["Ajax SC"]]
    assert secret not in str(entries)
