"""The journal's records against what reads them: llm_calls, the replay, and journals of earlier versions."""

from __future__ import annotations

import json
import re
from typing import get_type_hints

import msgspec

from iron_claw import records
from iron_claw.budget import Budget, Counts
from iron_claw.calls import INSERT
from iron_claw.endings import Ending
from iron_claw.grant import Defaults, from_accept
from iron_claw.ladder import Action
from iron_claw.policy import Decision
from iron_claw.replay import replay
from iron_claw.session import Call, Session

GRANT = from_accept({"MT-Token-Budget": 1000}, Defaults(86_400, 900, 300))
SQL_TYPES = {str: "text", float: "float8", int: "int", bool: "boolean"}


def a_call() -> Call:
    session = Session("s-1", "ann", "d", GRANT, Budget(1000), started_at=5.0, last_used=5.0)
    return Call("c-1", session, "r-1", Decision(Action.REDUCE, "m", 40, 60), "asked", "m", 7.0, 900.4)


def written(kind: str, record: object, at: float = 8.0) -> dict[str, object]:
    """A record as a line of the journal, read again."""
    line: dict[str, object] = json.loads(msgspec.json.encode({"n": 1, "t": at, "k": kind, **record}))  # type: ignore[dict-item]
    return line


def test_the_rows_of_llm_calls_take_every_field_of_a_settlement() -> None:
    columns = dict(re.findall(r'"?(\w+)"? (text|float8|bigint|int|boolean|jsonb)\b', INSERT.partition("settled (")[2]))
    fields = get_type_hints(records.SettleRecord)
    assert set(columns) == set(fields)
    for name, kind in fields.items():
        if kind in SQL_TYPES and name != "counts":
            assert columns[name] == SQL_TYPES[kind], name
    assert set(re.findall(r"counts ->> '(\w+)'", INSERT)) == set(get_type_hints(records.CountsRecord))


def test_a_reservation_and_its_settlement_come_back_from_the_journal_as_they_were() -> None:
    reserved = records.reserve_record(a_call())
    state = replay([written("reserve", reserved)])
    held = state.held["c-1"]
    assert (held.counts, held.last_at) == (Counts(input_tokens=20, output_tokens=40), 8.0)
    assert {name: held.record[name] for name in reserved} == reserved  # type: ignore[literal-required]
    settled = records.settle_record(
        held.record, held.counts, cost=3, status=200, ending=Ending.COMPLETE, estimated=False, ended=9.0
    )
    again = replay([written("reserve", reserved), written("settle", settled)])
    assert again.held == {}
    assert {name: again.unstored["c-1"][name] for name in settled} == settled  # type: ignore[literal-required]


EARLIER = """\
{"n":1,"t":100.0,"k":"session","sid":"s","user":"ann","digest":"d","started":100.0,"grant":{"token_budget":1000,"max_llm_calls":null,"models":[],"session_timeout_s":60,"idle_timeout_s":9,"interim_s":60,"monthly_budget":null,"monthly_used":null,"extra":[],"radius_class":null},"radius":true,"settled":{"input_tokens":0,"cache_write_tokens":0,"cache_read_tokens":0,"output_tokens":0},"cost":0,"calls":0,"unpriced":0,"rewritten":0,"unreported_before":0}
{"n":2,"t":100.0,"k":"acct","id":"a1","type":"Start","sid":"s","user":"ann","at":100,"attrs":{"User-Name":"ann"}}
{"n":3,"t":101.0,"k":"acked","id":"a1"}
{"n":4,"t":102.0,"k":"reserve","call":"c1","sid":"s","user":"ann","request":"r","asked":"m","model":"m","tokens":60,"max_tokens":40,"action":"none","started":102.0,"lease_until":1002}
{"n":5,"t":103.0,"k":"settle","call":"c1","sid":"s","user":"ann","request":"r","asked":"m","model":"m","counts":{"input_tokens":5,"cache_write_tokens":1,"cache_read_tokens":2,"output_tokens":7},"cost":null,"status":200,"ending":"complete","action":"none","estimated":false,"started":102.0,"ended":103.0}
{"n":6,"t":103.5,"k":"stored","calls":["c1"]}
{"n":7,"t":104.0,"k":"reserve","call":"c2","sid":"s","user":"ann","request":"r","asked":"m","model":"m","tokens":60,"max_tokens":40,"action":"downgrade","started":104.0,"lease_until":1004}
{"n":8,"t":105.0,"k":"progress","call":"c2","sid":"s","counts":{"input_tokens":5,"cache_write_tokens":0,"cache_read_tokens":0,"output_tokens":3}}
{"n":9,"t":106.0,"k":"refused","user":"bob","sid":"s0","digest":"d0","until":500.0,"reason":"used","session":{"sid":"s0"}}
{"n":10,"t":107.0,"k":"known","user":"bob","digest":"d0","grant":{},"at":90.0}
{"n":11,"t":108.0,"k":"of a later version","sid":"s"}
"""
"""A journal as the gateway wrote it before records had types; `progress` and `refused` lack what came later."""


def test_a_journal_of_an_earlier_version_is_read() -> None:
    state = replay(json.loads(line) for line in EARLIER.splitlines())
    session = state.sessions["s"]
    assert (session.settled, session.calls, session.cost_micro_usd) == (Counts(5, 1, 2, 7), 1, 0)
    assert session.last_at == 108.0
    assert (state.accounting, state.unstored) == ({}, {})
    assert state.held["c2"].counts == Counts(input_tokens=5, output_tokens=3)
    assert (state.held["c2"].unlisted, state.held["c2"].record["action"]) == (False, Action.DOWNGRADE)
    assert (state.refused["bob"].month, state.refused["bob"].session["sid"]) == (False, "s0")
    assert (state.known["bob"].at, state.known["ann"].at) == (90.0, 100.0)
