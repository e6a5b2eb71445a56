"""Receipts between two threads: what is there is taken at once, and what cannot land wakes whoever waits."""

from datetime import UTC, datetime
from threading import Thread

from amqp.exceptions import NotAllowed

from match_contract import MessageKind, Receipt
from match_scraper_agent.broker import away
from match_scraper_agent.replies import Replies

FIRST, SECOND = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
LONG = 60.0


def receipt(message_id: str) -> Receipt:
    return Receipt(
        message_id=message_id, kind=MessageKind.BATCH, run_id=FIRST, state="landed", committed_at=datetime.now(UTC)
    )


def test_a_message_that_the_worker_gave_up_wakes_the_run_and_says_why() -> None:
    replies = Replies()
    giving_up = Thread(target=replies.fail, args=(SECOND, "FAILURE: value out of range"))
    giving_up.start()
    assert replies.take([SECOND], LONG) == {}
    giving_up.join()
    assert replies.failures([FIRST, SECOND]) == {SECOND: "FAILURE: value out of range"}


def test_what_is_there_is_taken_and_nobody_waits_for_what_is_answered() -> None:
    replies = Replies()
    replies.put(receipt(FIRST))
    replies.fail(SECOND, "no")
    assert set(replies.take([FIRST, SECOND], LONG)) == {FIRST}
    assert replies.failures([FIRST]) == {}


def test_a_user_without_permissions_is_not_told_to_start_rabbitmq() -> None:
    said = away("amqp://agent@host//", NotAllowed("access refused to vhost"))
    assert "may not use the vhost" in said
    assert "start it" not in said
    assert "start it" in away("amqp://agent@host//", OSError("connection refused"))
