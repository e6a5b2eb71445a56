"""Calls through the gateway, and what its books say of them, for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp

from devstack.testing.gateway import Gateway
from iron_claw.metered import estimate

TOLD = {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello there"}]}
NAMES = ("input_tokens", "cache_write_tokens", "cache_read_tokens", "output_tokens")
CRASH_SLACK_TOKENS = 4096 // 4
"""A stream that a crash cut is charged what the journal last knew: under 4 KB of events behind, framing and all."""


def reservation(body: dict[str, Any]) -> tuple[int, int]:
    """(in, out) that is held for a call."""
    return estimate(json.dumps(body).encode(), 2), int(body["max_tokens"])


def worst_case(body: dict[str, Any]) -> int:
    return sum(reservation(body))


def user_of(key: str) -> str:
    return key.partition(".")[0]


async def post(session: aiohttp.ClientSession, gateway: Gateway, body: dict[str, Any], key: str | None = None) -> int:
    """One call, read to its end; its status, 0 when it broke. Upstream sees the user as its request id."""
    try:
        async with session.post(
            f"{gateway.url}/v1/messages",
            data=json.dumps(body).encode(),
            headers={"x-api-key": key or gateway.key, "x-request-id": user_of(key or gateway.key)},
        ) as answer:
            await answer.read()
            return answer.status
    except aiohttp.ClientError:
        return 0


def journal_totals(folder: Path) -> dict[str, int]:
    """Every settled call of all journal files once, summed by count."""
    settled: dict[str, dict[str, int]] = {}
    for file in folder.glob("journal*.jsonl"):
        for line in file.read_text().splitlines():
            record = json.loads(line)
            if record["k"] == "settle":
                assert settled.setdefault(record["call"], record["counts"]) == record["counts"]
    return {name: sum(counts[name] for counts in settled.values()) for name in NAMES} | {"calls": len(settled)}


def books(gateway: Gateway) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """(in, out) as the journal, radacct and llm_calls have it."""
    journal = journal_totals(gateway.state)
    accounts, calls = gateway.accounts(), gateway.calls()
    return (
        (sum(journal[name] for name in NAMES[:3]), journal["output_tokens"]),
        (sum(a["acctinputoctets"] for a in accounts), sum(a["acctoutputoctets"] for a in accounts)),
        (sum(c[name] for c in calls for name in NAMES[:3]), sum(c["output_tokens"] for c in calls)),
    )
