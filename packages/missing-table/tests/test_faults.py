"""Which faults pass by themselves, and what becomes of a message that fails every time, on a real broker."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from psycopg import errors

from devstack.testing import Amqp
from devstack.testing.broker import producing
from devstack.testing.league_messages import batch, match
from devstack.testing.waiting import until
from match_contract import wire
from missing_table.ingest.dead import list_dead
from missing_table.ingest.faults import DELAYS, SLOW_TRIES, RaceLost, delay_after, is_transient, took_too_long
from missing_table.ingest.metrics import QUEUES
from missing_table.ingest.publish import Publisher
from missing_table.ingest.worker import run_task


@pytest.mark.parametrize(
    ("error", "transient", "slow"),
    [
        (psycopg.OperationalError("connection refused"), True, False),
        (psycopg.InterfaceError("the connection is closed"), True, False),
        (errors.ConnectionFailure(), True, False),
        (errors.TooManyConnections(), True, False),
        (errors.DiskFull(), True, False),
        (errors.AdminShutdown(), True, False),
        (errors.CannotConnectNow(), True, False),
        (errors.DeadlockDetected(), True, False),
        (errors.SerializationFailure(), True, False),
        (errors.ReadOnlySqlTransaction(), True, False),
        (errors.LockNotAvailable(), True, False),
        (RaceLost(), True, False),
        (errors.QueryCanceled(), True, True),
        (errors.UniqueViolation(), False, False),
        (errors.ForeignKeyViolation(), False, False),
        (errors.CheckViolation(), False, False),
        (errors.NotNullViolation(), False, False),
        (errors.UndefinedTable(), False, False),
        (errors.InsufficientPrivilege(), False, False),
        (errors.NumericValueOutOfRange(), False, False),
        (psycopg.ProgrammingError("a fault of ours, without a code"), False, False),
        (KeyError("a fault of ours"), False, False),
    ],
)
def test_whether_a_fault_passes_by_itself(error: Exception, transient: bool, slow: bool) -> None:
    assert (is_transient(error), took_too_long(error)) == (transient, slow)


def test_the_wait_grows_and_then_stays() -> None:
    assert [delay_after(tries) for tries in range(6)] == [*DELAYS, DELAYS[-1], DELAYS[-1]]


class Failing:
    """A database that fails in the given way, again and again."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)

    def land(self, message: Any) -> Any:
        raise self.faults.pop(0)


def rounds(amqp: Amqp, *faults: Exception) -> int:
    """Lets the worker's own code fail with each fault in turn; how often the message was put off."""
    landing: Any = Failing(*faults)
    publisher = Publisher(amqp.url)
    message = batch(match())
    headers, count = dict[str, Any](wire.task_headers(message["batch_id"])), 0
    with producing(amqp.url) as producer:
        delays = [queue for queue in QUEUES if queue.startswith("matches.delay")]
        while landing.faults:
            request = SimpleNamespace(
                id=message["batch_id"], reply_to=None, headers=headers, retries=headers["retries"]
            )
            run_task(SimpleNamespace(request=request), landing, publisher, message)  # type: ignore[arg-type]
            if producer.depth(wire.DEAD_QUEUE):
                break

            def back() -> Any:
                # a delay may end before anybody looks: then it is in the queue again
                return next((found for name in (*delays, wire.QUEUE) if (found := producer.take(name))), None)

            headers, count = until(back, "the message, put off").headers, count + 1
    publisher.close()
    return count


@pytest.mark.parametrize("fault", [errors.QueryCanceled("statement timeout"), SoftTimeLimitExceeded(90)])
def test_what_takes_too_long_every_time_ends_in_the_dead_letters_with_its_reason(amqp: Amqp, fault: Exception) -> None:
    assert rounds(amqp, *[fault] * 50) == SLOW_TRIES - 1
    (letter,) = list_dead(amqp.url)
    assert letter.reason == f"{type(fault).__name__}: {fault}; took too long {SLOW_TRIES} times"
    assert letter.replayable


def test_a_database_that_is_away_is_waited_for_however_long(amqp: Amqp) -> None:
    away = psycopg.OperationalError("connection refused")
    assert rounds(amqp, errors.QueryCanceled("statement timeout"), *[away] * 30) == 31
    assert list_dead(amqp.url) == []


def test_a_message_that_goes_back_to_the_queue_every_time_is_a_dead_letter_after_21_deliveries(amqp: Amqp) -> None:
    with producing(amqp.url) as producer:
        sent = producer.send(batch(match()))
        for _ in range(wire.DELIVERY_LIMIT + 1):
            delivery = until(lambda: producer.channel.basic_get(wire.QUEUE, no_ack=False), "a delivery")
            producer.channel.basic_reject(delivery.delivery_tag, requeue=True)
        until(lambda: producer.depth(wire.DEAD_QUEUE) == 1, "a dead letter")
        assert producer.depth(wire.QUEUE) == 0
    (letter,) = list_dead(amqp.url)
    assert (letter.message_id, letter.reason) == (sent, "delivery_limit")
