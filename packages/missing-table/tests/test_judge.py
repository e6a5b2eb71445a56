"""No clock of somebody else is trusted: what is dated ahead of ours is refused, whatever kind of message says it."""

from datetime import timedelta
from typing import Any

import pytest

from devstack.testing.league_messages import START, at, batch, match, run_report, snapshot
from devstack.testing.league_state import Connection, one
from match_contract import Refusal
from missing_table.ingest import land
from missing_table.ingest.judge import AHEAD_BY, judge
from missing_table.ingest.judged import RefusedMessage

QUALITY = {
    "kind": "quality",
    "run_id": snapshot()["run_id"],
    "quality_id": snapshot()["snapshot_id"],
    "source": "modular11",
    "season": "2025-26",
    "league": "Homegrown",
    "age_group": "U15",
    "taken_at": at(0).isoformat(),
    "tables": [],
}


@pytest.mark.parametrize("message", [snapshot(), batch(match()), QUALITY], ids=lambda one: one["kind"])
def test_what_is_dated_ahead_of_our_clock_is_refused_as_a_whole(message: dict[str, Any]) -> None:
    assert not isinstance(judge(message, START - AHEAD_BY), RefusedMessage)
    refused = judge(message, START - AHEAD_BY - timedelta(seconds=1))
    assert isinstance(refused, RefusedMessage)
    assert refused.refused.reason == Refusal.AHEAD
    assert "15 minutes ahead" in refused.refused.detail


def test_a_report_of_a_run_asks_for_no_belief() -> None:
    assert not isinstance(judge(run_report(), START - timedelta(days=300)), RefusedMessage)


def test_a_document_of_the_future_changes_nothing_and_real_ones_go_on_landing(db: Connection) -> None:
    land(db, batch(match(score=(1, 0))), now=at(0))
    ahead = land(db, batch(match(seen=5000, score=(9, 9)), of="s2"), now=at(1))
    assert (ahead.state, ahead.reason) == ("refused", Refusal.AHEAD)
    assert land(db, batch(match(seen=2, score=(2, 0)), of="s3"), now=at(2)).counts.updated == 1
    assert one(db, "select home_score from matches") == 2
    assert one(db, "select count(*) from ingest_rejections where state = 'open' and reason = 'ahead'") == 1
