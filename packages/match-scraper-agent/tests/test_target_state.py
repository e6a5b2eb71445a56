"""What may become of a target: its transitions, and which of them can follow which."""

from pathlib import Path

import pytest

from match_contract import Counts, League
from match_scraper_agent.planner import Need, TargetPlan
from match_scraper_agent.target_state import TargetState
from match_scraper_agent.targets import Target

TARGET = Target(name="u14-hg-florida", league=League.HOMEGROWN, division="Florida", age_group="U14")


def state(need: Need = "full") -> TargetState:
    return TargetState.planned(TargetPlan(TARGET, need, False, 240, ("why",)))


def test_a_target_for_which_nothing_is_due_ends_there_until_it_joins_the_run() -> None:
    idle = state("nothing")
    assert (idle.outcome, idle.detail, idle.wanted) == ("nothing_due", "why", False)
    idle.join()
    assert (idle.outcome, idle.detail, idle.wanted) == (None, "", True)


def test_one_that_could_not_be_read_is_tried_again_once() -> None:
    one = state()
    one.unreadable("the site is away")
    assert (one.outcome, one.could_read, one.can_be_tried_again) == ("failed", False, True)
    one.try_again()
    assert (one.outcome, one.could_read, one.detail) == (None, True, "")
    one.unreadable("still away")
    assert not one.can_be_tried_again


def test_one_that_was_read_and_refused_is_not_tried_again() -> None:
    one = state()
    one.refused("it shrank")
    assert (one.outcome, one.can_be_tried_again, one.could_read) == ("failed", False, True)


def test_what_is_unchanged_counts_what_is_known() -> None:
    one = state()
    one.unchanged(240)
    assert (one.result().found, one.result().counts, one.is_settled) == (240, Counts(unchanged=240), True)


def test_a_fault_of_ours_says_whether_the_document_had_been_read() -> None:
    unread, read = state(), state()
    read.was_read(12)
    for one in (unread, read):
        one.fault(ValueError("no\nsuch thing"))
    assert (unread.could_read, read.could_read) == (False, True)
    assert read.detail == "a fault of the agent, see its log (ValueError: no such thing)"


@pytest.mark.parametrize(("outbox", "said"), [(Path("/o"), "lie in the outbox /o"), (None, "are lost")])
def test_what_was_not_sent_says_where_it_lies(outbox: Path | None, said: str) -> None:
    one = state()
    one.held(2, 5, outbox)
    assert (one.outcome, one.detail) == ("undelivered", f"2 of 5 messages {said}")


def test_what_nobody_ended_is_a_fault_but_not_of_a_dry_run() -> None:
    left, dry = state(), state()
    assert left.left_over(dry_run=False)
    assert (left.outcome, "please report it" in left.detail) == ("failed", True)
    assert not dry.left_over(dry_run=True)
    assert dry.result().outcome == "dry_run"
