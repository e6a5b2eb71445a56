"""Couriers and outbox against a real RabbitMQ: what is confirmed, what is not, and what is said of it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from amqp.exceptions import NotFound
from kombu.connection import Connection
from kombu.messaging import Producer

from devstack.relay import Relay
from devstack.testing import Amqp
from match_contract import Counts, Receipt, RunReport, Season, message_id
from match_contract.wire import EXCHANGE, LOCK_QUEUE, QUEUE, TASK
from match_scraper_agent import publisher
from match_scraper_agent.api import Knowledge
from match_scraper_agent.broker import AlreadyRunning, Broker, Refused, Undelivered, look_at_broker
from match_scraper_agent.outbox import Outbox
from match_scraper_agent.planner import Plan
from match_scraper_agent.preflight import look_at_queue
from match_scraper_agent.publisher import AmqpCourier
from match_scraper_agent.settings import Settings
from match_scraper_agent.work import Work

RUN = "00000000-0000-4000-8000-00000000000a"
LATER = "2026-10-05T14:01:00Z"


def message(run_id: str = RUN) -> dict[str, Any]:
    report = RunReport(run_id=run_id, started_at="2026-10-05T14:00:00Z", ended_at=LATER, exit_code=0)  # type: ignore[arg-type]
    return report.model_dump(mode="json")


def receipt(message_id: str) -> Receipt:
    return Receipt(
        message_id=message_id,
        kind="run_report",
        run_id=RUN,
        state="landed",
        counts=Counts(inserted=2),
        committed_at=LATER,  # type: ignore[arg-type]
    )


def take(url: str, queue: str = QUEUE) -> Any:
    """The next message of a queue, taken off it; None where it is empty."""
    with Connection(url) as connection:
        return connection.default_channel.basic_get(queue, no_ack=True)


def change(url: str, **calls: dict[str, Any]) -> None:
    with Connection(url) as connection:
        for name, arguments in calls.items():
            getattr(connection.default_channel, name)(**arguments)


@pytest.fixture
def courier(amqp: Amqp) -> Iterator[AmqpCourier]:
    made = AmqpCourier(amqp.url, RUN)
    made.open()
    yield made
    made.close()


def test_a_message_arrives_as_a_task_that_the_worker_understands(amqp: Amqp, courier: AmqpCourier) -> None:
    courier.send(message())
    found = take(amqp.url)
    assert json.loads(found.body) == [
        [message()],
        {},
        {"callbacks": None, "errbacks": None, "chain": None, "chord": None},
    ]
    assert found.headers["task"] == TASK
    assert found.headers["id"] == found.properties["correlation_id"] == RUN
    assert found.properties["delivery_mode"] == 2
    assert found.properties["reply_to"] == f"match-scraper-agent.reply.{RUN}"


def test_a_receipt_comes_back_to_the_runs_own_queue(amqp: Amqp, courier: AmqpCourier) -> None:
    courier.send(message())
    reply_to = take(amqp.url).properties["reply_to"]
    answer = {"status": "SUCCESS", "result": receipt(RUN).model_dump(mode="json"), "task_id": RUN}
    with Connection(amqp.url) as connection:
        Producer(connection.default_channel).publish(
            answer, routing_key=reply_to, correlation_id=RUN, serializer="json"
        )
    found = courier.receipts([RUN], 60)
    assert found[RUN].counts.inserted == 2


def test_nothing_comes_where_nobody_answers(courier: AmqpCourier) -> None:
    assert courier.receipts([RUN], 0.05) == {}


def test_a_failed_task_is_no_receipt_and_breaks_nothing(amqp: Amqp, courier: AmqpCourier) -> None:
    courier.send(message())
    reply_to = take(amqp.url).properties["reply_to"]
    other = str(uuid4())
    with Connection(amqp.url) as connection:
        producer = Producer(connection.default_channel)
        failure = {"status": "FAILURE", "result": {"exc_type": "Reject"}, "task_id": RUN}
        producer.publish(failure, routing_key=reply_to, correlation_id=RUN, serializer="json")
        success = {"status": "SUCCESS", "result": receipt(other).model_dump(mode="json")}
        producer.publish(success, routing_key=reply_to, correlation_id=other, serializer="json")
    assert courier.receipts([other], 60) == {other: receipt(other)}
    assert courier.receipts([RUN], 0) == {}  # it came before the other one


def test_a_missing_exchange_is_said_at_once(amqp: Amqp, courier: AmqpCourier) -> None:
    change(amqp.url, exchange_delete={"exchange": EXCHANGE})
    with pytest.raises(Undelivered, match=r"has no exchange matches-fanout: load deploy/rabbitmq/definitions.json"):
        courier.send(message())


def test_an_exchange_without_a_queue_is_said_at_once(amqp: Amqp, courier: AmqpCourier) -> None:
    change(amqp.url, queue_delete={"queue": QUEUE})
    with pytest.raises(Undelivered, match="no queue is bound to matches-fanout"):
        courier.send(message())


def test_a_full_queue_refuses_and_a_later_message_is_judged_by_itself(amqp: Amqp, courier: AmqpCourier) -> None:
    full = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
    change(
        amqp.url,
        queue_delete={"queue": QUEUE},
        queue_declare={"queue": QUEUE, "durable": True, "auto_delete": False, "arguments": full},
        queue_bind={"queue": QUEUE, "exchange": EXCHANGE},
    )
    refused = 0
    for _ in range(4):  # a quorum queue may take a few more than its limit
        try:
            courier.send(message(str(uuid4())))
        except Undelivered as error:
            assert "refuses the message, its queue is full" in str(error)
            refused += 1
    assert refused >= 1
    change(amqp.url, queue_purge={"queue": QUEUE})
    courier.send(message())


def test_a_message_that_is_too_large_for_the_broker_is_said_and_the_next_one_goes(
    amqp: Amqp, courier: AmqpCourier
) -> None:
    with pytest.raises(Refused, match="larger than configured max size"):
        courier.send({**message(), "warnings": ["x" * (16 * 1024 * 1024)]})
    courier.send(message())
    assert take(amqp.url) is not None


def work_with(courier: AmqpCourier, outbox: Outbox) -> Work:
    """A run that has only to deliver."""
    plan = Plan(Season(2026), date(2026, 10, 5), ())
    source: Any = None
    return Work(
        plan, source=source, knowledge=Knowledge(), api=None, courier=courier, outbox=outbox, run_id=str(uuid4())
    )


async def test_a_message_that_the_broker_never_takes_is_set_aside_and_holds_nobody_up(
    amqp: Amqp, courier: AmqpCourier, tmp_path: Path
) -> None:
    first, last, new = (message(str(uuid4())) for _ in range(3))
    huge = {**message(str(uuid4())), "warnings": ["x" * (16 * 1024 * 1024)]}
    outbox = Outbox(tmp_path / "outbox")
    for waiting in (first, huge, last):
        outbox.keep(waiting)
    work = work_with(courier, outbox)
    assert await work.send_outbox() == 2
    assert [await work.delivery.deliver({**huge, "run_id": RUN}), await work.delivery.deliver(new)] == [False, True]
    assert [take(amqp.url).headers["id"] for _ in range(3)] == [message_id(first), message_id(last), message_id(new)]
    assert outbox.files() == []
    assert [message_id(huge) in outbox.aside()[0].name, RUN in outbox.aside()[1].name] == [True, True]
    assert ["larger than configured max size" in said and ".refused" in said for said in work.told.undelivered] == [
        True
    ] * 2
    later = work_with(courier, outbox)
    assert await later.send_outbox() == 0
    assert (later.told.undelivered, later.told.warnings) == (
        [],
        [f"2 messages lie aside in {outbox.folder}: look at them, then delete"],
    )


def test_no_broker_is_said_with_its_address_and_without_its_password() -> None:
    courier = AmqpCourier("amqp://mt:topsecret@127.0.0.1:1//", RUN)
    with pytest.raises(Undelivered, match=r"RabbitMQ at amqp://mt:\*\*@127.0.0.1:1// does not answer") as caught:
        courier.open()
    assert "topsecret" not in str(caught.value)
    courier.close()


def test_one_run_at_a_time(amqp: Amqp, courier: AmqpCourier) -> None:
    second = AmqpCourier(amqp.url, str(uuid4()))
    with pytest.raises(AlreadyRunning, match=LOCK_QUEUE):
        second.open()
    second.close()
    courier.close()
    third = AmqpCourier(amqp.url, str(uuid4()))
    third.open()
    third.close()


def test_a_killed_run_frees_the_lock_by_itself(amqp: Amqp) -> None:
    code = (
        "import sys\nfrom match_scraper_agent.publisher import AmqpCourier\n"
        f"c = AmqpCourier(sys.argv[1], '{uuid4()}')\nc.open()\nprint('open', flush=True)\nsys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, amqp.url], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert child.stdin is not None
    child.stdin.close()
    for attempt in range(50):  # the broker notices a closed socket in its own time
        mine = AmqpCourier(amqp.url, str(uuid4()))
        try:
            mine.open()
        except AlreadyRunning:
            assert attempt < 49
            continue
        finally:
            mine.close()
        break


def test_a_connection_that_was_cut_is_replaced(amqp: Amqp, courier: AmqpCourier) -> None:
    courier.send(message())
    assert courier._publisher is not None
    courier._publisher.transport.close_connection(courier._publisher.connection)
    courier.send(message())
    assert take(amqp.url) is not None
    assert take(amqp.url) is not None


def test_a_frozen_broker_is_left_and_what_was_in_doubt_goes_again_under_the_same_id(
    amqp: Amqp, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = Relay(amqp.server.port)
    courier = AmqpCourier(amqp.url.replace(f":{amqp.server.port}/", f":{relay.port}/"), RUN)
    try:
        courier.open()
        courier.send(message())
        relay.freeze()
        with monkeypatch.context() as impatient:
            impatient.setattr(publisher, "CONFIRM_TIMEOUT_S", 0.5)
            impatient.setattr(publisher, "CONNECT_TIMEOUT_S", 0.5)
            with pytest.raises(Undelivered, match="does not confirm"):
                courier.send(message())
        relay.thaw()
        courier.send(message())
        ids = set()
        while (found := take(amqp.url)) is not None:
            ids.add(found.headers["id"])
        assert ids == {RUN}
    finally:
        courier.close()
        relay.close()


def test_a_receipt_that_comes_while_the_connection_is_lost_waits_for_the_run(amqp: Amqp) -> None:
    relay = Relay(amqp.server.port)
    courier = AmqpCourier(amqp.url.replace(f":{amqp.server.port}/", f":{relay.port}/"), RUN)
    try:
        courier.open()
        courier.send(message())
        reply_to = take(amqp.url).properties["reply_to"]
        relay.freeze()  # nothing gets through any more, and nobody has been told
        answer = {"status": "SUCCESS", "result": receipt(RUN).model_dump(mode="json")}
        with Connection(amqp.url, transport_options={"confirm_publish": True}) as connection:
            producer = Producer(connection.default_channel)
            producer.publish(answer, routing_key=reply_to, correlation_id=RUN, serializer="json", mandatory=True)
        relay.drop()
        relay.thaw()
        assert RUN in courier.receipts([RUN], 30)
    finally:
        courier.close()
        relay.close()


def test_a_run_that_ended_leaves_no_reply_queue(amqp: Amqp, courier: AmqpCourier) -> None:
    courier.close()
    with Connection(amqp.url) as connection, pytest.raises(NotFound):
        connection.default_channel.queue_declare(f"match-scraper-agent.reply.{RUN}", passive=True)


def test_preflight_sees_exchange_queue_and_consumers(amqp: Amqp) -> None:
    assert look_at_broker(amqp.url) == Broker(waiting=0, consumers=0)
    change(amqp.url, queue_delete={"queue": QUEUE})
    with pytest.raises(Undelivered, match="lacks a part"):
        look_at_broker(amqp.url)


async def test_preflight_binds_a_queue_that_is_not_bound_so_that_the_run_is_delivered(
    amqp: Amqp, courier: AmqpCourier
) -> None:
    change(amqp.url, queue_unbind={"queue": QUEUE, "exchange": EXCHANGE})
    with Connection(amqp.url) as worker:
        worker.default_channel.basic_consume(QUEUE)
        check = await look_at_queue(Settings(amqp_url=amqp.url))  # type: ignore[arg-type]
        assert (check.state, check.said) == ("up", "0 messages wait, 1 workers")
    courier.send(message())


async def test_preflight_says_that_a_user_who_may_not_bind_cannot_know_the_binding(amqp: Amqp) -> None:
    reader, secret = f"reader-{uuid4().hex[:8]}", uuid4().hex
    where = f"/api/permissions/{quote(amqp.vhost, safe='')}/{reader}"
    with amqp.server.management() as client:
        client.put(f"/api/users/{reader}", json={"password": secret, "tags": ""}).raise_for_status()
        try:
            rights = {"configure": "", "write": f"^{EXCHANGE}$", "read": ".*"}
            client.put(where, json=rights).raise_for_status()
            url = amqp.url.replace(f"{amqp.server.user}:{amqp.server.password}@", f"{reader}:{secret}@")
            with Connection(amqp.url) as worker:
                worker.default_channel.basic_consume(QUEUE)
                check = await look_at_queue(Settings(amqp_url=url))  # type: ignore[arg-type]
        finally:
            client.delete(f"/api/users/{reader}").raise_for_status()
    assert check.state == "warning"
    assert check.said.endswith("; whether the queue is bound nobody knows: this user may not bind")


def test_the_outbox_keeps_order_and_one_copy_of_each(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    first, second = message(str(uuid4())), message(str(uuid4()))
    outbox.keep(first)
    outbox.keep(second)
    outbox.keep(first)
    assert [message_id(found) for _, found in outbox.waiting()] == [message_id(first), message_id(second)]


def test_an_unreadable_file_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.keep(message())
    (tmp_path / "0-batch-x.json").write_text("{")
    assert [found for _, found in outbox.waiting()] == [message()]
    assert (tmp_path / "0-batch-x.unreadable").exists()


def test_a_full_disk_is_said_and_leaves_no_half_a_file(tmp_path: Path) -> None:
    outbox = Outbox(Path("/dev/full") / "outbox")
    with pytest.raises(Undelivered, match="does not take the message"):
        outbox.keep(message())
