"""What the worker counts, and what it looks up when somebody asks: depth of the queues, freshness of the league.

Children count into files of one folder, the parent serves their sum: PROMETHEUS_MULTIPROC_DIR must be set before this
is imported in a worker.
"""

import shutil
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import psycopg
import structlog
from amqp import AMQPError
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from match_contract import Receipt, wire

values.ValueClass = (
    values.get_value_class()
)  # another module may have imported the library before the folder was chosen

log = structlog.get_logger(__name__)

MESSAGES = Counter("mt_ingest_messages_total", "Messages that landed, by kind and state.", ["kind", "state"])
MATCHES = Counter("mt_ingest_matches_total", "Matches by what became of them.", ["outcome"])
REJECTED = Counter("mt_ingest_rejected_total", "Rejections by reason.", ["reason"])
FAULTS = Counter("mt_ingest_faults_total", "Messages that did not land at this try, by kind of fault.", ["kind"])
SECONDS = Histogram(
    "mt_ingest_seconds",
    "From taking a message to its commit.",
    ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
WAITED = Histogram(
    "mt_queue_wait_seconds",
    "From the producer's sending a message to a worker's taking it, delays after faults included.",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600, 86400),
)
TAKEN = Gauge(
    "mt_queue_taken_sent_timestamp_seconds",
    "When the message was sent that a worker took last.",
    multiprocess_mode="mostrecent",
)
QUEUES = (wire.QUEUE, wire.DEAD_QUEUE, "matches.delay.2s", "matches.delay.10s", "matches.delay.60s")


def took(sent_at: datetime | None) -> None:
    """A worker has taken a message off the queue."""
    if sent_at is not None:
        WAITED.observe(max(0.0, time.time() - sent_at.timestamp()))
        TAKEN.set(sent_at.timestamp())


def observe(receipt: Receipt, seconds: float) -> None:
    """Counts one landed message. A replay counts no matches: they were counted when they landed."""
    MESSAGES.labels(receipt.kind, receipt.state).inc()
    SECONDS.labels(receipt.kind).observe(seconds)
    if receipt.state != "replayed":
        for outcome, count in receipt.counts.model_dump().items():
            MATCHES.labels(outcome).inc(count)
        for rejection in receipt.rejections:
            REJECTED.labels(rejection.reason).inc()


class Outside(Collector):
    """Asks broker and database when Prometheus asks us. What does not answer in two seconds is left out and logged."""

    def __init__(self, dsn: str, broker_url: str) -> None:
        self._dsn, self._broker_url = dsn, broker_url

    def collect(self) -> Iterable[Metric]:
        """Depths of the queues, the age of what waits; per competition when its last landed document was written; the
        open quarantine; what lies aside in the agent's outbox, as its newest report says.
        """
        depth = GaugeMetricFamily("mt_queue_messages", "Messages waiting.", labels=["queue"])
        waiting = GaugeMetricFamily(
            "mt_queue_age_seconds",
            "How long the oldest waiting message has waited at most: 0 for an empty queue, else since the message that"
            " was taken last had been sent.",
            labels=["queue"],
        )
        try:
            with Connection(self._broker_url, connect_timeout=2) as connection:
                for queue in QUEUES:
                    depth.add_metric([queue], connection.default_channel.queue_declare(queue, passive=True)[1])
            oldest = _age(int(depth.samples[0].value))
            if oldest is not None:
                waiting.add_metric([wire.QUEUE], oldest)
        except (OSError, AMQPError, OperationalError) as error:
            log.warning("queues could not be counted", error=str(error)[:200])
        yield from (depth, waiting)
        observed = GaugeMetricFamily(
            "mt_landed_observed_timestamp_seconds", "Newest landed document's own time.", labels=["league", "key"]
        )
        age = GaugeMetricFamily("mt_landed_age_seconds", "How old what people see is.", labels=["league", "key"])
        rejected = GaugeMetricFamily("mt_quarantine_open", "Open rejections.", labels=["reason"])
        outbox = GaugeMetricFamily("mt_outbox_messages", "Messages that lie aside in the agent's outbox.")
        try:
            with psycopg.connect(self._dsn, autocommit=True, prepare_threshold=None, connect_timeout=2) as connection:
                for league, key, moment in connection.execute(
                    "select l.name, s.key, extract(epoch from max(s.observed_at))::float8 from feed_snapshots s"
                    " join leagues l on l.id = s.league_id where s.landed_at is not null group by 1, 2"
                ):
                    observed.add_metric([league, key], moment)
                    age.add_metric([league, key], time.time() - moment)
                for reason, count in connection.execute(
                    "select reason, count(*) from ingest_rejections where state = 'open' group by 1"
                ):
                    rejected.add_metric([reason], count)
                for (left,) in connection.execute(
                    "select coalesce((report ->> 'outbox')::integer, 0) from runs order by started_at desc limit 1"
                ):
                    outbox.add_metric([], left)
        except psycopg.Error as error:
            log.warning("freshness could not be read", error=str(error)[:200])
        yield from (observed, age, rejected, outbox)


def _age(waiting: int) -> float | None:
    """Seconds; None where messages wait and no worker of ours has taken one yet. A queue is first in, first out."""
    if not waiting:
        return 0.0
    for metric in MultiProcessCollector(CollectorRegistry()).collect():
        if metric.name == "mt_queue_taken_sent_timestamp_seconds":
            return max(0.0, time.time() - float(metric.samples[0].value))
    return None


def serve(host: str, port: int, *, dsn: str, broker_url: str) -> Callable[[], None]:
    """Serves /metrics; returns what ends it."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(Outside(dsn, broker_url))
    server, thread = start_http_server(port, addr=host, registry=registry)

    def end() -> None:
        server.shutdown()
        thread.join(timeout=5)

    return end


def forget(folder: Path) -> None:
    """Removes the folder of a worker that has ended."""
    shutil.rmtree(folder, ignore_errors=True)
