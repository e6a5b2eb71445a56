"""The Celery worker: takes a message, lands it, sends the receipt. What it may retry, and how long it waits, is here.

A message is acknowledged after its commit. A fault that passes by itself sends it round through a delay queue, for as
long as it takes, though only so often where it took too long; any other fault rejects it to the dead letters at once.
"""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import structlog
from amqp import NotFound
from celery import Celery, Task
from celery.exceptions import Reject, SoftTimeLimitExceeded
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.exceptions import OperationalError

from match_contract import Receipt, wire
from missing_table.collector import collect_seldom
from missing_table.ingest.faults import SLOW_TRIES, delay_after, is_transient, took_too_long
from missing_table.ingest.known import Dimensions
from missing_table.ingest.land import land
from missing_table.ingest.moment import moment_of
from missing_table.ingest.publish import Letter, Publisher, Unsent
from missing_table.ingest.screen import refuse_compression
from missing_table.logs import configure_logs
from missing_table.settings import Settings, SettingsError
from missing_table.waits import REACH

SOFT_LIMIT_S = 90
HARD_LIMIT_S = 120
CONNECT_TIMEOUT_S = 5

log = structlog.get_logger(__name__)


class Landing:
    """One process's connection and memory. A connection that broke is opened again by the next message."""

    def __init__(self, dsn: str, now: Callable[[], datetime]) -> None:
        self._dsn = dsn
        self._now = now
        self._connection: psycopg.Connection | None = None
        self._dimensions = Dimensions()

    def land(self, message: Any) -> Receipt:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._dsn,
                autocommit=True,
                prepare_threshold=None,
                **REACH,
            )
        try:
            return land(self._connection, message, self._dimensions, now=self._now())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Forgets everything; harmless when there is nothing."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._dimensions = Dimensions()


def make_app(broker_url: str, dsn: str, now: Callable[[], datetime]) -> Celery:
    """The Celery application with its one task. Declares nothing: the queue must be there."""
    app = Celery("missing_table.ingest", broker=broker_url, set_as_current=False)
    queue = Queue(
        wire.QUEUE,
        Exchange(wire.RETRY_EXCHANGE, type="topic", no_declare=True),
        routing_key=wire.RETRY_ROUTING_KEY,
        no_declare=True,
        queue_arguments={"x-queue-type": "quorum"},  # known to Celery, which then counts prefetches per consumer
    )
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,  # receipts are sent by publish.py
        task_queues=[queue],
        task_default_queue=wire.QUEUE,
        task_create_missing_queues=False,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_acks_on_failure_or_timeout=False,
        task_soft_time_limit=SOFT_LIMIT_S,
        task_time_limit=HARD_LIMIT_S,
        worker_prefetch_multiplier=1,
        worker_consumer="missing_table.ingest.consumer:Consumer",
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_heartbeat=10,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"confirm_publish": True},
    )
    landing, publisher = Landing(dsn, now), Publisher(broker_url)

    @app.task(name=wire.TASK, bind=True)  # type: ignore[untyped-decorator]
    def ingest(task: Task, message: Any) -> None:
        run_task(task, landing, publisher, message)

    @worker_process_init.connect(weak=False)  # type: ignore[untyped-decorator]
    def settle(**_: Any) -> None:
        collect_seldom()

    @worker_process_shutdown.connect(weak=False)  # type: ignore[untyped-decorator]
    def close(**_: Any) -> None:
        landing.close()
        publisher.close()

    return app


def run_task(task: Task, landing: Landing, publisher: Publisher, message: Any) -> None:
    """The task's body: lands and sends the receipt; or a delay; or, after any other fault, a dead letter."""
    from missing_table.ingest import metrics  # noqa: PLC0415 - the worker chooses first how metrics are kept

    request = task.request
    headers: dict[str, Any] = request.headers or {}
    slow = headers.get(wire.SLOW_HEADER)
    letter = Letter(
        message,
        str(request.id),
        request.reply_to,
        moment_of(headers.get(wire.SENT_HEADER)),
        slow if isinstance(slow, int) else 0,
    )
    tries = request.retries or 0
    bound = log.bind(message_id=letter.message_id, tries=tries)
    metrics.took(letter.sent_at)
    started = time.perf_counter()
    try:
        receipt = landing.land(message)
    except Exception as error:
        why = f"{type(error).__name__}: {str(error).strip()[:300]}"
        too_long = isinstance(error, SoftTimeLimitExceeded) or took_too_long(error)
        if too_long:
            letter = letter._replace(slow_tries=letter.slow_tries + 1)
            why = f"{why}; took too long {letter.slow_tries} times"
        if (too_long or is_transient(error)) and letter.slow_tries < SLOW_TRIES:
            metrics.FAULTS.labels("transient").inc()
            _put_off(publisher, letter, error, why=why, tries=tries)
            return
        metrics.FAULTS.labels("permanent").inc()
        bound.exception("message cannot land: to the dead letters")
        publisher.reply(letter, status="FAILURE", result=why)
        try:
            publisher.bury(letter, why=why)
        except Unsent:  # then the broker buries it, and knows no more than "rejected"
            raise error from None
        return
    committed = time.perf_counter()
    metrics.observe(receipt, committed - started)
    publisher.reply(letter, status="SUCCESS", result=receipt.model_dump(mode="json"))
    bound.info(
        "message landed",
        kind=receipt.kind,
        state=receipt.state,
        reason=receipt.reason,
        detail=receipt.detail,
        seconds=round(committed - started, 4),
        **receipt.counts.model_dump(),
    )


def _put_off(publisher: Publisher, letter: Letter, error: Exception, *, why: str, tries: int) -> None:
    wait = delay_after(tries)
    bound = log.bind(message_id=letter.message_id, tries=tries)
    bound.warning("message will be tried again", error=why, delay=wait)
    try:
        publisher.delay(letter, tries=tries + 1, wait=wait)
    except Unsent as unsent:
        bound.warning("message goes back to the queue: the broker took no delay", error=str(unsent))
        raise Reject(str(unsent), requeue=True) from error


def check_topology(broker_url: str) -> None:
    """Raises SettingsError with a sentence where the queue is missing or the broker does not let us in."""
    try:
        with Connection(broker_url, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            connection.default_channel.queue_declare(wire.QUEUE, passive=True)
    except NotFound as error:
        raise SettingsError(
            f"the broker has no queue {wire.QUEUE!r} ({error}): load deploy/rabbitmq/definitions.json"
        ) from None


def run_worker(settings: Settings, *, concurrency: int) -> int:
    """Runs until SIGTERM (ends what is in progress, leaves the rest queued). The exit code."""
    dsn, broker_url = settings.pooled_dsn, settings.broker_url
    folder = Path(tempfile.mkdtemp(prefix="mt-metrics-"))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    from missing_table.ingest import metrics  # noqa: PLC0415 - after the folder is chosen

    configure_logs(settings.log_level)
    refuse_compression()

    @setup_logging.connect(weak=False)  # type: ignore[untyped-decorator]
    def keep_our_logs(**_: Any) -> None:
        configure_logs(settings.log_level)

    try:
        check_topology(broker_url)
    except (OperationalError, OSError) as error:
        log.warning("the broker does not answer yet", error=str(error)[:200])
    app = make_app(broker_url, dsn, settings.latest)
    server = (
        metrics.serve(settings.metrics_host, settings.metrics_port, dsn=dsn, broker_url=broker_url)
        if settings.metrics_port
        else None
    )
    worker = app.Worker(
        concurrency=concurrency,
        pool="prefork",
        without_gossip=True,
        without_mingle=True,
        quiet=True,
        loglevel="WARNING",
    )
    log.info("worker starts", concurrency=concurrency, queue=wire.QUEUE, metrics_port=settings.metrics_port)
    try:
        worker.start()
    finally:
        if server:
            server()
        metrics.forget(folder)
    return int(worker.exitcode or 0)
