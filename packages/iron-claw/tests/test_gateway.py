"""A call through the gateway, with the real SDK, FreeRADIUS, PostgreSQL and the scripted Anthropic."""

from __future__ import annotations

import concurrent.futures
import json
import re
import socket
from contextlib import suppress

import anthropic
import httpx
import psycopg
import pytest

from devstack import patient
from devstack.testing.gateway import Gateway
from iron_claw.metered import estimate

TOLD = {"model": "claude-sonnet-4-6", "max_tokens": 200, "messages": [{"role": "user", "content": "Hello there"}]}


def client(gateway: Gateway, key: str | None = None) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key=key or gateway.key, base_url=gateway.url, max_retries=0)


def post(gateway: Gateway, body: object, *, key: str | None = None, **headers: str) -> httpx.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"x-api-key": key or gateway.key, "content-type": "application/json", **headers}
    return httpx.post(f"{gateway.url}/v1/messages", content=data, headers=sent, trust_env=False, timeout=30)


def test_what_a_session_used_is_the_same_everywhere(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=100_000, MT_Model_Allowed="claude-*")
    gateway.upstream.knobs(reply="What a fine day for a match. " * 5)
    assert client(gateway).messages.create(**TOLD).content[0].text.startswith("What a fine day")
    with client(gateway).messages.stream(**TOLD) as stream:
        assert stream.get_final_message().stop_reason == "end_turn"
    status = gateway.get("/status").json()
    served_in, served_out = gateway.upstream.served_tokens()
    assert (status["tokens_in"], status["tokens_out"]) == (served_in, served_out)
    assert (status["llm_calls"], status["tokens_reserved"], status["action"]) == (2, 0, "none")
    assert status["tokens_remaining"] == 100_000 - served_in - served_out
    ended = gateway.end_session().json()
    assert (ended["accounted"], ended["tokens_in"], ended["tokens_out"]) == (True, served_in, served_out)
    (account,) = gateway.accounts()
    assert (account["acctinputoctets"], account["acctoutputoctets"]) == (served_in, served_out)
    assert account["acctterminatecause"] == "User-Request"
    assert account["acctstoptime"] is not None
    gateway.stop()
    calls = gateway.calls()
    assert [call["ending"] for call in calls] == ["complete", "complete"]
    assert sum(call["input_tokens"] for call in calls) == served_in
    assert sum(call["output_tokens"] for call in calls) == served_out
    assert sum(call["cost_micro_usd"] for call in calls) == status["cost_micro_usd"] > 0


def test_an_unknown_key_is_refused_in_anthropics_shape(gateway: Gateway) -> None:
    for key in ("ann.wrong-secret", "nobody.at-all", "no-dot"):
        answer = post(gateway, TOLD, key=key)
        assert answer.status_code == 401
        assert answer.json()["type"] == "error"
        assert answer.json()["error"]["type"] == "authentication_error"
    assert gateway.upstream.served() == []
    assert gateway.accounts() == []


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_KEY_MAP": '{"a-key-of-old": "bob.bobs-own-secret"}'}], indirect=True)
def test_a_mapped_key_stands_for_its_user_on_every_route(gateway: Gateway) -> None:
    gateway.radius.add_user("bob", "bobs-own-secret")
    assert post(gateway, TOLD, key="a-key-of-old").status_code == 200
    assert gateway.get("/status", key="a-key-of-old").json()["username"] == "bob"
    assert gateway.end_session("a-key-of-old").json()["username"] == "bob"


def test_a_wrong_secret_does_not_ride_on_a_running_session(gateway: Gateway) -> None:
    assert post(gateway, TOLD).status_code == 200
    assert post(gateway, TOLD, key=f"{gateway.user}.guessed").status_code == 401
    assert gateway.get("/status", key=f"{gateway.user}.guessed").status_code == 401
    assert post(gateway, TOLD).status_code == 200


def test_a_stream_is_identical_to_what_upstream_sent_and_nothing_is_held_back(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="grüß Gott, 足球 " * 40, chunk_bytes=5)
    gateway.upstream.knobs(hold=True)
    request = {**TOLD, "stream": True}
    with patient.stream(
        "POST", f"{gateway.url}/v1/messages", json=request, headers={"x-api-key": gateway.key}
    ) as answer:
        parts = answer.iter_raw()
        seen = b""
        while b"content_block_delta" not in seen:
            seen += next(parts)
        gateway.upstream.knobs(hold=False)
        seen += b"".join(parts)
    direct = patient.post(f"{gateway.upstream.url}/v1/messages", json=request, headers={"x-api-key": "k"}).content
    ids = re.compile(rb"msg_[0-9a-f]+")
    assert ids.sub(b"", seen) == ids.sub(b"", direct)


def test_headers_pass_both_ways_and_the_keys_do_not(gateway: Gateway) -> None:
    answer = post(
        gateway,
        TOLD,
        **{
            "anthropic-version": "2026-10-21",
            "anthropic-beta": "context-1m-2025-08-07,skills-2025-10-02",
            "x-request-id": "mine-1",
        },
    )
    (served,) = gateway.upstream.served()
    assert answer.headers["request-id"] == served["request_id"]
    assert "anthropic-ratelimit-requests-remaining" in answer.headers
    assert answer.headers["x-iron-claw-request-id"] == served["headers"]["x-request-id"] == "mine-1"
    assert served["headers"]["anthropic-version"] == "2026-10-21"
    assert served["headers"]["anthropic-beta"] == "context-1m-2025-08-07,skills-2025-10-02"
    assert served["headers"]["accept-encoding"] == "identity"
    settled = next(line for line in gateway.log.read_text().splitlines() if '"call_settled"' in line)
    assert json.loads(settled)["request_id"] == "mine-1"
    gateway.upstream.knobs(faults=[{"kind": "status", "status": 529, "retry_after": 7}])
    busy = post(gateway, TOLD)
    assert (busy.status_code, busy.headers["retry-after"]) == (529, "7")


def test_a_call_without_limits_reaches_upstream_byte_for_byte(gateway: Gateway) -> None:
    body = (
        b'{ "max_tokens" : 50,"model":"m\\u0061x",\n "messages":[{"role":"user","content":"\xc3\xbc"}],'
        b' "metadata":{"odd": 1.50} }'
    )
    assert post(gateway, body).status_code == 200
    assert gateway.upstream.served()[0]["input_tokens"] == -(-len(body) // 4)
    assert gateway.upstream.served()[0]["headers"]["content-length"] == str(len(body))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b'{"model":"m","max_tokens":5,"max_tokens":50000,"messages":[]}', 400),
        (b'{"model":"m","messages":[]}', 400),
        (b'{"model":"m","max_tokens":5,"stream":1,"messages":[]}', 400),
    ],
)
def test_what_cannot_be_metered_is_refused(gateway: Gateway, body: bytes, status: int) -> None:
    assert post(gateway, body).status_code == status
    assert gateway.upstream.served() == []


def test_no_side_door(gateway: Gateway) -> None:
    for method, path in [
        ("GET", "/"),
        ("POST", "/v1/complete"),
        ("POST", "/v1/messages/batches"),
        ("GET", "/v1/messages"),
        ("POST", "/v1/messages/"),
        ("POST", "//v1/messages"),
        ("POST", "/v1/models"),
        ("GET", "/v1/files"),
        ("OPTIONS", "/v1/messages"),
    ]:
        answer = patient.request(method, gateway.url + path, headers={"x-api-key": gateway.key})
        assert answer.status_code == 404, (method, path)
        assert answer.json()["error"]["type"] == "not_found_error"
    assert gateway.upstream.served() == []


def test_the_budget_ends_in_a_kill_that_outlives_a_restart(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=600, Session_Timeout=3600)
    gateway.upstream.knobs(reply="x" * 4000)
    max_tokens = 60
    while max_tokens:
        answer = post(gateway, {**TOLD, "max_tokens": max_tokens})
        if answer.status_code == 429:  # it says what would fit, until nothing does
            assert answer.headers["x-should-retry"] == "false"
            max_tokens = answer.json()["error"].get("max_tokens", 0)
    assert answer.status_code == 429
    assert answer.headers["x-should-retry"] == "false"
    assert 3500 < int(answer.headers["retry-after"]) <= 3601
    assert answer.json()["error"]["type"] == "rate_limit_error"
    assert answer.json()["error"]["resets_at"]
    served_in, served_out = gateway.upstream.served_tokens()
    assert 400 < served_in + served_out <= 600
    gateway.stop()
    (account,) = gateway.accounts()
    assert account["acctterminatecause"] == "NAS-Request"
    assert account["acctinputoctets"] + account["acctoutputoctets"] == served_in + served_out
    gateway.start()
    again = post(gateway, TOLD)
    assert again.status_code == 429
    assert again.headers["x-should-retry"] == "false"
    assert post(gateway, TOLD, key=f"{gateway.user}.guessed").status_code == 401
    assert gateway.upstream.served_tokens() == (served_in, served_out)
    status = gateway.get("/status").json()
    assert (status["action"], status["tokens_used"]) == ("kill", served_in + served_out)
    assert (status["session_id"], status["resets_at"]) == (
        account["acctsessionid"],
        answer.json()["error"]["resets_at"],
    )


def test_parallel_calls_on_a_small_budget_never_pass_it_and_hold_nothing_afterwards(gateway: Gateway) -> None:
    body = json.dumps({**TOLD, "max_tokens": 100}).encode()
    worst = estimate(body, 2) + 100
    budget = worst * 10
    gateway.grant(MT_Token_Budget=budget)
    gateway.upstream.knobs(reply="x" * 4000)
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: post(gateway, body), range(80)))
    served_in, served_out = gateway.upstream.served_tokens()
    assert {answer.status_code for answer in answers} == {200, 429}
    assert 0 < served_in + served_out <= budget
    metrics = gateway.get("/metrics").text
    assert "iron_claw_reserved_tokens 0.0" in metrics
    assert "iron_claw_reservations 0.0" in metrics


def test_a_client_that_hangs_up_is_charged_what_was_generated(gateway: Gateway) -> None:
    gateway.upstream.knobs(reply="y" * 2000, hold=True)
    body = json.dumps({**TOLD, "max_tokens": 1000, "stream": True}).encode()
    with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
        head = (
            f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {gateway.key}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        seen = b""
        while b"content_block_delta" not in seen:
            seen += connection.recv(4096)
    gateway.end_session()
    served_in, served_out = gateway.upstream.served_tokens()
    (account,) = gateway.accounts()
    assert (account["acctinputoctets"], account["acctoutputoctets"]) == (served_in, served_out)
    assert served_out > 1
    gateway.stop()
    (call,) = gateway.calls()
    assert (call["ending"], call["estimated"]) == ("client_gone", True)


def test_without_freeradius_a_running_session_goes_on_and_a_new_one_waits(gateway: Gateway) -> None:
    gateway.radius.add_user("bob", "bobs-secret")
    assert post(gateway, TOLD).status_code == 200
    gateway.radius.stop()
    assert post(gateway, TOLD).status_code == 200
    refused = post(gateway, TOLD, key="bob.bobs-secret")
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert gateway.end_session().json()["accounted"] is False
    gateway.radius.start()
    assert post(gateway, TOLD, key="bob.bobs-secret").status_code == 200
    gateway.stop()
    used = {row["username"]: row["acctinputoctets"] + row["acctoutputoctets"] for row in gateway.accounts()}
    served = [sum(c[n] for n in ("input_tokens", "output_tokens")) for c in gateway.upstream.served()]
    assert used == {"ann": served[0] + served[1], "bob": served[2]}
    assert all(row["acctstoptime"] for row in gateway.accounts())


def test_without_the_database_a_running_session_goes_on_and_a_new_one_waits(gateway: Gateway) -> None:
    gateway.radius.add_user("bob", "bobs-secret")
    assert post(gateway, TOLD).status_code == 200
    name = psycopg.sql.Identifier(gateway.radius.database.name)
    with psycopg.connect(gateway.radius.database.server.superuser_dsn(), autocommit=True) as admin:
        admin.execute(psycopg.sql.SQL("alter database {} allow_connections false").format(name))
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [gateway.radius.database.name]
        )
        assert post(gateway, TOLD).status_code == 200
        assert post(gateway, TOLD, key="bob.bobs-secret").status_code == 503
        admin.execute(psycopg.sql.SQL("alter database {} allow_connections true").format(name))
    gateway.stop()
    served_in, served_out = gateway.upstream.served_tokens()
    (account,) = gateway.accounts()
    assert (account["acctinputoctets"], account["acctoutputoctets"]) == (served_in, served_out)
    assert len(gateway.calls()) == 2


def test_sigterm_stops_the_session_and_tells_radius(gateway: Gateway) -> None:
    post(gateway, TOLD)
    assert gateway.stop() == 0
    (account,) = gateway.accounts()
    assert account["acctterminatecause"] == "Admin-Reboot"


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_MODE": "bare"}], indirect=True)
def test_bare_mode_lets_everybody_through_says_so_and_still_counts(gateway: Gateway) -> None:
    assert post(gateway, TOLD, key="anything").status_code == 200
    status = gateway.get("/status", key="anything").json()
    assert status["no_radius_session"] is True
    assert status["llm_calls"] == 1
    assert "bare_mode" in gateway.events()
    gateway.stop()
    assert len(gateway.calls()) == 1
    assert gateway.accounts() == []


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_MODE": "bare"}], indirect=True)
def test_bare_mode_shows_nothing_of_a_key_that_is_not_a_users(gateway: Gateway) -> None:
    own = "sk-ant-a-key-that-somebody-pays-for"
    names = {}
    for key in (own, "." + own, own + ".", "A" * 65 + "." + own, "bob.bobs-own-secret"):
        assert post(gateway, TOLD, key=key).status_code == 200
        names[key] = gateway.get("/status", key=key).json()["username"]
    assert names.pop("bob.bobs-own-secret") == "bob"
    assert len(set(names.values())) == len(names)
    assert all(re.fullmatch("key-[0-9a-f]{12}", name) for name in names.values())
    metrics = gateway.get("/metrics").text
    gateway.stop()
    assert {call["username"] for call in gateway.calls()} == {"bob", *names.values()}
    told = metrics + gateway.log.read_text() + (gateway.state / "journal.jsonl").read_text() + str(gateway.calls())
    assert "sk-ant" not in told
    assert "AAAA" not in told


def test_the_key_stays_inside(gateway: Gateway) -> None:
    gateway.upstream.knobs(key="another")
    seen = [post(gateway, TOLD), gateway.get("/status"), gateway.get("/metrics"), gateway.get("/health")]
    seen.append(gateway.get("/ready"))
    seen.append(post(gateway, b"sk-ant-the-real-key"))
    gateway.upstream.stop()
    seen.append(post(gateway, TOLD))
    with suppress(anthropic.APIError):
        client(gateway).models.list()
    assert [answer.status_code for answer in seen] == [401, 200, 200, 200, 200, 400, 502]
    gateway.stop()
    told = "".join(answer.text + str(answer.headers) for answer in seen) + gateway.log.read_text()
    told += (gateway.state / "journal.jsonl").read_text()
    assert "sk-ant-the-real-key" not in told
    assert gateway.secret not in told
