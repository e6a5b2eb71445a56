"""Dynamic authorisation while a session runs: through FreeRADIUS' relay and straight to the gateway's port."""

from __future__ import annotations

import hashlib
import secrets
import socket
import time
from collections.abc import Callable

import httpx
import psycopg
import pytest
from pyrad import packet
from pyrad.client import Client, Timeout

from devstack.testing.gateway import Gateway
from iron_claw import users
from iron_claw.radius import dictionary

TOLD = {"model": "claude-opus-4-8", "max_tokens": 200, "messages": [{"role": "user", "content": "Hello there"}]}
BUDGET = 100_000
SILENCE_S = 1
"""Waited so long where no answer must come."""


@pytest.fixture
def session(gateway: Gateway) -> str:
    """A session that runs; its id."""
    gateway.grant(MT_Token_Budget=BUDGET)
    assert post(gateway).status_code == 200
    return str(gateway.get("/status").json()["session_id"])


def post(gateway: Gateway, **more: object) -> httpx.Response:
    return httpx.post(
        f"{gateway.url}/v1/messages",
        json={**TOLD, **more},
        headers={"x-api-key": gateway.key},
        trust_env=False,
        timeout=30,
    )


def send(
    gateway: Gateway, code: int, *, secret: str | None = None, signed: bool = True, wait_s: int = 30, **values: object
) -> str | None:
    """Straight to the gateway: the answer's Error-Cause, ACK, None for silence (where that is due: soon)."""
    server = gateway.radius.server
    shared = (secret or server.coa_secret).encode()
    client = Client(
        "127.0.0.1", coaport=server.nas_coa_port, secret=shared, dict=dictionary(), timeout=wait_s, retries=1
    )
    request = client.CreateCoAPacket(code=code, **values)
    if signed:
        request.add_message_authenticator()
    try:
        answer = client.SendPacket(request)
    except Timeout:
        return None
    if answer.code in (packet.CoAACK, packet.DisconnectACK):
        return "ACK"
    return str(answer["Error-Cause"][0])


@pytest.mark.parametrize("way", ["through FreeRADIUS' relay", "straight to the gateway"])
def test_radclient_changes_a_running_sessions_budget_and_model_and_ends_it(
    gateway: Gateway, session: str, way: str
) -> None:
    port = None if "relay" in way else gateway.radius.server.nas_coa_port
    request = {"User-Name": gateway.user, "Acct-Session-Id": session, "Message-Authenticator": "0x00"}
    changes = {"MT-Token-Budget": 777, "MT-Model-Allowed": "claude-haiku-4-5"}
    assert "Received CoA-ACK" in gateway.radius.radclient("coa", {**request, **changes}, port=port)
    status = gateway.get("/status").json()
    assert (status["session_id"], status["token_budget"], status["model_allowed"]) == (session, *changes.values())
    assert [r["grant"]["token_budget"] for r in gateway.records() if r["k"] == "grant"] == [777]
    assert post(gateway).status_code == 403
    assert "Received Disconnect-ACK" in gateway.radius.radclient("disconnect", request, port=port)
    assert gateway.get("/status").json()["session_id"] != session
    gateway.stop()
    assert gateway.accounts()[0]["acctterminatecause"] == "Admin-Reset"


SMALL = 1000


def to_the_next_rung(gateway: Gateway) -> None:
    """Uses so much of a budget of SMALL that the ladder reports to RADIUS."""
    gateway.upstream.knobs(reply="x" * 3000)
    assert post(gateway, model="claude-haiku-4-5", max_tokens=780).status_code == 200


def until(condition: Callable[[], bool]) -> None:
    """FreeRADIUS sends by itself, and no event tells of it: asks again and again, up to a deadline."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_freeradius_sends_a_running_session_what_was_changed_in_the_radius_tables(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=SMALL)
    assert post(gateway).status_code == 200
    session = gateway.get("/status").json()["session_id"]
    gateway.grant(MT_Token_Budget=50_000, MT_Model_Allowed="claude-haiku-4-5", MT_Max_LLM_Calls=9)
    to_the_next_rung(gateway)
    until(lambda: gateway.get("/status").json()["token_budget"] == 50_000)
    status = gateway.get("/status").json()
    assert (status["session_id"], status["model_allowed"], status["max_llm_calls"]) == (session, "claude-haiku-4-5", 9)
    assert post(gateway).status_code == 403
    assert post(gateway, model="claude-haiku-4-5").status_code == 200


def test_what_radclient_changed_stays_although_the_radius_tables_say_otherwise(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=SMALL)
    assert post(gateway).status_code == 200
    session = gateway.get("/status").json()["session_id"]
    change = {"Acct-Session-Id": session, "MT-Token-Budget": SMALL + 1, "Message-Authenticator": "0x00"}
    assert "Received CoA-ACK" in gateway.radius.radclient("coa", change)
    to_the_next_rung(gateway)
    assert gateway.end_session().json()["accounted"] is True  # FreeRADIUS has answered every Interim
    gateway.stop()
    assert [r["grant"]["token_budget"] for r in gateway.records() if r["k"] == "grant"] == [SMALL + 1]
    assert "coa_dropped" not in gateway.events()


def test_freeradius_disconnects_the_running_session_of_a_user_who_was_removed(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=SMALL)
    assert post(gateway).status_code == 200
    # its Start is answered: else FreeRADIUS would look for the user only now, and end the session a call too early
    until(lambda: 'iron_claw_journal_depth{kind="accounting"} 0.0' in gateway.get("/metrics").text)
    with psycopg.connect(gateway.radius.database.dsn) as connection:
        users.remove(connection, gateway.user)
    to_the_next_rung(gateway)
    until(lambda: [account["acctterminatecause"] for account in gateway.accounts()] == ["Admin-Reset"])
    assert post(gateway).status_code == 401


def check_item(attribute: str, value: str) -> str:
    return f"insert into radcheck (username, attribute, op, value) values ('ann', '{attribute}', ':=', '{value}')"


SHUT_OUT = {
    "Auth-Type": check_item("Auth-Type", "Reject"),
    "Expiration": check_item("Expiration", "01 Jan 2020"),
    "another password": "update radcheck set value = 'another' where attribute = 'Cleartext-Password'",
    "a group": """insert into radgroupcheck (groupname, attribute, op, value)
                  values ('off', 'Auth-Type', ':=', 'Reject');
                  insert into radusergroup (username, groupname, priority) values ('ann', 'off', 0)""",
}


@pytest.mark.parametrize("way", SHUT_OUT)
def test_freeradius_disconnects_the_running_session_of_a_user_who_may_not_come_in_any_more(
    gateway: Gateway, way: str
) -> None:
    gateway.grant(MT_Token_Budget=SMALL)
    assert post(gateway).status_code == 200
    until(lambda: 'iron_claw_journal_depth{kind="accounting"} 0.0' in gateway.get("/metrics").text)
    with psycopg.connect(gateway.radius.database.dsn) as connection:
        connection.execute(SHUT_OUT[way].encode())
    to_the_next_rung(gateway)
    until(lambda: [account["acctterminatecause"] for account in gateway.accounts()] == ["Admin-Reset"])
    assert post(gateway).status_code == 401


def test_a_raise_of_the_month_changes_the_session_and_ends_none(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=SMALL)
    with psycopg.connect(gateway.radius.database.dsn) as connection:
        connection.execute(check_item("MT-Max-Monthly-Tokens", "900000").encode())
    assert post(gateway).status_code == 200
    session = gateway.get("/status").json()["session_id"]
    with psycopg.connect(gateway.radius.database.dsn) as connection:
        connection.execute("update radcheck set value = '950000' where attribute = 'MT-Max-Monthly-Tokens'")
    to_the_next_rung(gateway)
    until(lambda: gateway.get("/status").json()["monthly_budget"] == 950_000)
    assert gateway.get("/status").json()["session_id"] == session


def test_radclient_changes_the_month_and_is_told_what_it_cannot_change(gateway: Gateway) -> None:
    with psycopg.connect(gateway.radius.database.dsn) as connection:
        connection.execute(check_item("MT-Max-Monthly-Tokens", "900000").encode())
        connection.execute(check_item("MT-Max-Monthly-Cost", "900000").encode())
    assert post(gateway).status_code == 200
    session = gateway.get("/status").json()["session_id"]
    changes = {"MT_Monthly_Budget": 500_000, "MT_Cost_Budget": 7, "MT_Monthly_Cost_Budget": 8}
    assert send(gateway, packet.CoARequest, Acct_Session_Id=session, **changes) == "ACK"
    (grant,) = [record["grant"] for record in gateway.records() if record["k"] == "grant"]
    assert {window[0]: window[1] for window in grant["windows"]} == {"monthly": 500_000, "monthly-cost": 8}
    assert (grant["monthly_budget"], grant["cost_budget"]) == (500_000, 7)
    unreadable = send(gateway, packet.CoARequest, Acct_Session_Id=session, MT_Window="monthly many few")
    assert unreadable == "Invalid-Request"


def test_zero_seconds_mean_no_limit_at_the_door_and_by_coa(gateway: Gateway) -> None:
    gateway.grant(Idle_Timeout=0, Session_Timeout=0)
    assert post(gateway).status_code == 200
    session = gateway.get("/status").json()["session_id"]
    (opened,) = [record for record in gateway.records() if record["k"] == "session"]
    assert (opened["grant"]["idle_timeout_s"], opened["grant"]["session_timeout_s"]) == (0, 0)
    assert send(gateway, packet.CoARequest, Acct_Session_Id=session, Idle_Timeout=0, Session_Timeout=0) == "ACK"
    ticked = len(gateway.events())
    until(lambda: "iron_claw_sessions 1.0" in gateway.get("/metrics").text and len(gateway.events()) >= ticked)
    assert gateway.get("/status").json()["session_id"] == session
    assert post(gateway).status_code == 200


def test_a_long_list_of_models_comes_whole_at_the_door_and_by_coa(gateway: Gateway) -> None:
    models = [f"claude-model-{number}-with-a-rather-long-name" for number in range(12)]
    with psycopg.connect(gateway.radius.dsn) as connection:
        users.put(connection, "ann", secret=None, grant={"models": ",".join(models)})
        connection.execute(
            "insert into radreply (username, attribute, op, value) values ('ann', 'MT-Token-Budget', ':=', '1000')"
        )
    assert post(gateway, model=models[-1]).status_code == 200
    assert post(gateway).status_code == 403
    with psycopg.connect(gateway.radius.dsn) as connection:
        users.put(
            connection,
            "ann",
            secret=None,
            grant={"models": ",".join([*models, "claude-haiku-4-5"]), "token_budget": 50_000},
        )
    gateway.upstream.knobs(reply="x" * 3000)
    assert post(gateway, model=models[-1], max_tokens=780).status_code == 200
    until(lambda: gateway.get("/status").json()["token_budget"] == 50_000)
    assert gateway.get("/status").json()["model_allowed"].split(",") == [*models, "claude-haiku-4-5"]


def test_a_change_of_model_holds_from_the_next_call_on(gateway: Gateway, session: str) -> None:
    assert post(gateway).status_code == 200
    now = int(time.time())
    told = {"User_Name": gateway.user, "MT_Model_Allowed": "claude-haiku-4-5", "Event_Timestamp": now}
    assert send(gateway, packet.CoARequest, **told) == "ACK"
    assert post(gateway).status_code == 403
    assert post(gateway, model="claude-haiku-4-5").status_code == 200


def test_a_budget_below_what_is_used_kills(gateway: Gateway, session: str) -> None:
    assert send(gateway, packet.CoARequest, Acct_Session_Id=session, MT_Token_Budget=1) == "ACK"
    refused = post(gateway)
    assert (refused.status_code, refused.headers["x-should-retry"]) == (429, "false")


def test_a_disconnect_cuts_the_streams_under_way_and_charges_them(gateway: Gateway, session: str) -> None:
    gateway.upstream.knobs(reply="z" * 2000, hold=True)
    with httpx.stream(
        "POST",
        f"{gateway.url}/v1/messages",
        json={**TOLD, "max_tokens": 1000, "stream": True},
        headers={"x-api-key": gateway.key},
        trust_env=False,
        timeout=30,
    ) as answer:
        parts = answer.iter_raw()
        while b"content_block_delta" not in next(parts):
            pass
        assert send(gateway, packet.DisconnectRequest, Acct_Session_Id=session) == "ACK"
        with pytest.raises(httpx.RemoteProtocolError):
            list(parts)
    gateway.stop()
    served_in, served_out = gateway.upstream.served_tokens()
    (account,) = gateway.accounts()
    assert (account["acctinputoctets"], account["acctoutputoctets"]) == (served_in, served_out)
    assert [call["ending"] for call in gateway.calls()] == ["complete", "disconnected"]


IMPOSSIBLE: list[tuple[int, dict[str, object], str]] = [
    (packet.DisconnectRequest, {"Acct_Session_Id": "no-such-session"}, "Session-Context-Not-Found"),
    (packet.CoARequest, {"Acct_Session_Id": "no-such-session", "MT_Token_Budget": 5}, "Session-Context-Not-Found"),
    (packet.CoARequest, {"MT_Token_Budget": 5}, "Missing-Attribute"),
    (packet.DisconnectRequest, {"User_Name": "ann"}, "Missing-Attribute"),
    (packet.CoARequest, {"Acct_Session_Id": "THIS"}, "Missing-Attribute"),
    (packet.CoARequest, {"Acct_Session_Id": "THIS", "Service_Type": "Authorize-Only"}, "Unsupported-Attribute"),
    (
        packet.DisconnectRequest,
        {"Acct_Session_Id": "THIS", "NAS_Identifier": "another"},
        "NAS-Identification-Mismatch",
    ),
]


def test_what_cannot_be_done_is_refused_with_its_cause(gateway: Gateway, session: str) -> None:
    for code, values, cause in IMPOSSIBLE:
        told = {name: session if value == "THIS" else value for name, value in values.items()}
        assert send(gateway, code, **told) == cause, values
    assert gateway.get("/status").json()["session_id"] == session


def test_what_is_forged_stale_or_unsigned_is_dropped(gateway: Gateway, session: str) -> None:
    for forged in (
        {"secret": "wrong-secret"},
        {"signed": False},
        {"Event_Timestamp": int(time.time()) - 400},
        {"Event_Timestamp": int(time.time()) + 400},
    ):
        assert send(gateway, packet.DisconnectRequest, Acct_Session_Id=session, wait_s=SILENCE_S, **forged) is None, (
            forged
        )
    raw = disconnect(gateway, session)
    spoilt = bytearray(raw)
    spoilt[-1] ^= 1
    for data in (bytes(spoilt), resigned(gateway, raw), b"", b"\x28\x01garbage", raw[:-3]):
        assert exchange(gateway, data, wait_s=SILENCE_S) is None
    assert gateway.get("/status").json()["session_id"] == session


def test_a_repeated_request_is_answered_from_memory(gateway: Gateway, session: str) -> None:
    raw = disconnect(gateway, session)
    first = exchange(gateway, raw)
    assert first is not None
    assert first[0] == packet.DisconnectACK
    assert post(gateway).status_code == 200
    assert exchange(gateway, raw) == first
    assert gateway.get("/status").json()["llm_calls"] == 1


def disconnect(gateway: Gateway, session: str) -> bytes:
    secret = gateway.radius.server.coa_secret.encode()
    request = packet.CoAPacket(code=packet.DisconnectRequest, secret=secret, dict=dictionary(), id=7)
    request["Acct-Session-Id"] = session
    request["Event-Timestamp"] = int(time.time())
    request.add_message_authenticator()
    return bytes(request.RequestPacket())


def resigned(gateway: Gateway, raw: bytes) -> bytes:
    """The packet with a wrong Message-Authenticator under a right Request Authenticator: what pyrad alone lets in."""
    secret = gateway.radius.server.coa_secret.encode()
    at = raw.index(bytes((80, 18)), 20)
    body = raw[20 : at + 2] + secrets.token_bytes(16) + raw[at + 18 :]
    return raw[:4] + hashlib.md5(raw[:4] + bytes(16) + body + secret).digest() + body


def exchange(gateway: Gateway, data: bytes, *, wait_s: float = 30) -> bytes | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(wait_s)
        client.sendto(data, ("127.0.0.1", gateway.radius.server.nas_coa_port))
        try:
            return client.recv(4096)
        except TimeoutError:
            return None
