"""What a run left in the database: the receipts' counts and the report. Reads only; for scripts/trigger.sh."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from devstack.errors import Trouble
from devstack.stack import Stack

ASK_AGAIN_S = 0.3
LAST_RUN = """
select run_id, started_at, ended_at, exit_code, model, tokens_in, tokens_out from runs
where started_at >= coalesce(%s, '-infinity'::timestamptz) order by started_at desc limit 1
"""
RECEIPTS = """
select kind, count(*) as messages, sum(inserted)::int as inserted, sum(updated)::int as updated,
       sum(unchanged)::int as unchanged, sum(protected)::int as protected, sum(rejected)::int as rejected
from ingest_batches where run_id = %s group by kind order by kind
"""


def drained(stack: Stack, within_s: float) -> int:
    """Waits until nothing is left in the queue; how many messages still are when the time is up.

    Trouble where RabbitMQ does not tell.
    """
    deadline = time.monotonic() + within_s
    try:
        with stack.rabbitmq.management() as client:
            while True:
                queue = client.get(
                    "/api/queues/%2F/matches", params={"disable_stats": "true", "enable_queue_totals": "true"}
                )
                left = int(queue.raise_for_status().json().get("messages", 0))
                if left == 0 or time.monotonic() > deadline:
                    return left
                # RabbitMQ tells nobody that a queue ran empty: it is asked again until the deadline.
                threading.Event().wait(ASK_AGAIN_S)
    except httpx.HTTPError as error:
        raise Trouble(
            f"RabbitMQ does not tell what is left in the queue ({error}): ./mt logs rabbitmq says why, "
            "./mt up starts it."
        ) from error


def last_run(stack: Stack, since: datetime | None = None) -> dict[str, Any]:
    """The newest run (that began at `since` or later) and the sums of its receipts; `run` is null when no report of one
    has landed. Trouble where the database does not tell.
    """
    try:
        with psycopg.connect(
            stack.database_direct_url, row_factory=dict_row, prepare_threshold=None, connect_timeout=5
        ) as connection:
            run = connection.execute(LAST_RUN, [since]).fetchone()
            receipts = connection.execute(RECEIPTS, [run["run_id"]]).fetchall() if run else []
            matches = connection.execute("select count(*) as matches from matches").fetchone()
    except psycopg.Error as error:
        raise Trouble(
            f"the database {stack.database_shown} does not tell what landed ({' '.join(str(error).split())}): "
            "./mt logs postgres says why, ./mt up starts it."
        ) from error
    return {"run": run, "receipts": receipts, "matches_in_database": matches["matches"] if matches else 0}
