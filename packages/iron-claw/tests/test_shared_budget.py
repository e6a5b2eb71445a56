"""What a slice of a shared budget means for a session: its room, its rung, whether it is over. Pure."""

from __future__ import annotations

import pytest

from iron_claw.budget import Budget, Counts
from iron_claw.grant import Grant, Slice, session_limit, slice_of
from iron_claw.ladder import Action, Thresholds
from iron_claw.policy import Ask, Rules, decide
from iron_claw.session import Session
from iron_claw.slices import request_attributes

GIVEN = {
    "MT-Slice-Tokens": 250,
    "MT-Slice-Limit-Tokens": 400,
    "MT-Slice-Elsewhere-Tokens": 600,
    "MT-Slice-Held-Tokens": 50,
    "MT-Slice-Lease": 60,
}


@pytest.fixture
def session() -> Session:
    """A session that holds a slice of 250 of the 1000 tokens of which others have used 600 and hold 50."""
    grant = Grant(1000, None, (), 86_400, 900, 300)
    made = Session("s-1", "ann", "d", grant, Budget(1000, Counts(output_tokens=100)), started_at=5.0, last_used=5.0)
    given = slice_of(GIVEN)
    assert given is not None
    made.share(given)
    return made


def test_a_call_may_reserve_what_the_slice_leaves_and_no_more(session: Session) -> None:
    assert session.budget.room == 150
    session.share(Slice(None, None, 0, 0, 60))
    assert session.budget.room == 900


def test_the_ladder_counts_what_the_others_used(session: Session) -> None:
    assert session.budget.on_ladder == (700, 1000)
    assert session.settled_rung(Thresholds()) is Action.DOWNGRADE


def test_nobody_is_killed_while_another_gateway_holds_what_may_come_back(session: Session) -> None:
    rules = Rules(Thresholds(), {}, 1000, 10, {})
    session.budget.settled = Counts(output_tokens=400)
    held = decide(Ask("m", 10, 5), session.budget, session.grant, calls=0, reduced_calls=0, rules=rules)
    assert (held.refusal, session.settled_rung(Thresholds())) == ("busy", Action.REDUCE)
    session.share(Slice(400, 400, 600, 0, 60))
    over = decide(Ask("m", 10, 5), session.budget, session.grant, calls=0, reduced_calls=0, rules=rules)
    assert (over.refusal, session.settled_rung(Thresholds())) == ("kill", Action.KILL)


def test_a_slice_outlives_the_journal(session: Session) -> None:
    again = Grant.from_json(session.grant.to_json())
    assert again == session.grant
    assert session_limit(again, 500) == 400


def test_a_request_says_what_it_has_what_it_used_and_what_it_wants(session: Session) -> None:
    session.budget.reserve("c", 30)
    told = request_attributes(session, 7, 60, has=250, wanted=90)
    assert told["MT-Slice-Number"] == 7
    assert [told[f"MT-Slice-{part}Tokens"] for part in ("", "Used-", "Settled-", "Wanted-")] == [250, 130, 100, 90]
    assert "MT-Slice-Wanted-Tokens" not in request_attributes(session, 8, 60, has=130, wanted=None)
