"""Names on the broker, and the envelope of a Celery task, so that a plain AMQP client can send one.

Source: Celery's message protocol 2. The topology itself stands in deploy/rabbitmq/definitions.json.
"""

from datetime import datetime
from typing import Any

EXCHANGE = "matches-fanout"
QUEUE = "matches"
RETRY_EXCHANGE = "matches-retry"
RETRY_ROUTING_KEY = "retry"
DEAD_EXCHANGE = "matches.dead"
DEAD_QUEUE = "matches.dead"
LOCK_QUEUE = "match-scraper-agent.lock"
DELIVERY_LIMIT = 20
DEATH_HEADER = "mt-death-reason"
DEATH_TIME_HEADER = "mt-death-time"
"""On dead letters that the worker itself put there: why, and when. The broker's own say so in x-death."""
SENT_HEADER = "mt-sent-at"
"""When the message was first handed over, ISO 8601 in UTC: how long it waits is measured from it."""
SLOW_HEADER = "mt-slow-tries"
"""How many tries of a message took too long so far."""
TASK = "missing_table.ingest.ingest"


def task_headers(message_id: str, sent_at: datetime | None = None) -> dict[str, Any]:
    """The headers under which the worker takes a message as a call of TASK; `message_id` is the task's id."""
    headers = {"task": TASK, "id": message_id, "root_id": message_id, "lang": "py", "retries": 0}
    return headers if sent_at is None else {**headers, SENT_HEADER: sent_at.isoformat(timespec="milliseconds")}


def task_body(message: dict[str, Any]) -> list[Any]:
    """The body: [args, kwargs, embed], to be sent as JSON."""
    return [[message], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
