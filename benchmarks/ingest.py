"""How fast matches land: `./mt bench ingest`. Starts what it needs on free ports and stops it again.

season_feed_to_committed_s   the whole generated season (24,623 matches, three competitions): read over HTTP from the
                             replica, understood by the reader, sent by the agent's courier through RabbitMQ with
                             confirms, landed by one worker with its two processes, until the last receipt is back
unchanged_source_s           the same again when nothing changed: six conditional requests, no body, a run report landed
merge_vs_copy_upsert         the merge of all batches into an empty league (places, history, receipts, events and all)
replay_vs_copy_upsert        the same batches once more under other ids: nothing changes
receipt_after_commit_ms      from the database's commit of a message until the agent holds its receipt, one message at a
                             time: the median; receipt_after_commit_p99_ms is the slowest but one of a hundred
The peer of merge and replay: the same rows by COPY and one upsert into a table of the same shape, in the same number of
transactions, on the same server with the same settings, batch by batch in turns with ours. PostgreSQL keeps its default
durability (it waits for the disk at each commit).

`--scale N` measures something else, for docs/scaling.md: how many matches a second one worker lands, with 1, 2 and 4
processes, into a league that holds N seasons of that size already. It is filled a season at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from functools import partial
from uuid import uuid4

import psycopg
from ingest_merge import merge_and_peer
from ingest_parts import (
    NOW,
    SEASON,
    VIEWER,
    Message,
    Servers,
    feed_to_committed,
    result,
    run_report,
    servers,
    wait_for,
    worker,
)
from ingest_scale import scaled
from listing import show

from devstack.services.postgres import create_database
from match_scraper import LandedFeed, Outcome, Reader, Validators, read_feed
from match_scraper.assist.keys import usual_keys
from match_scraper_agent.publisher import AmqpCourier
from missing_table.logs import configure_logs
from missing_table.migrate import migrate


async def unchanged(servers: Servers, amqp_url: str, dsn: str) -> float:
    """Seconds for a run that finds nothing new: what landed is asked, six 304s, a report that lands."""
    courier = AmqpCourier(amqp_url, str(uuid4()))
    courier.open()
    started = time.perf_counter()
    validators, landed = known(dsn)
    async with Reader(servers.reader) as reader:
        for key in usual_keys(SEASON):
            reading = await read_feed(
                reader, key, viewer_url=VIEWER, validators=validators, now=NOW, landed=landed[key.key]
            )
            if reading.outcome is not Outcome.UNCHANGED:
                sys.exit(f"{key.key} is not unchanged: {reading.outcome}: {reading.detail}")
    report = run_report()
    courier.send(report)
    wait_for(courier, {report["run_id"]})
    seconds = time.perf_counter() - started
    courier.close()
    return seconds


def receipts_after_commit(amqp_url: str, dsn: str, *, count: int = 100) -> list[float]:
    """Milliseconds from commit to receipt of so many messages, the fastest first."""
    courier = AmqpCourier(amqp_url, str(uuid4()))
    courier.open()
    arrived: dict[str, float] = {}
    for _ in range(count):
        report = run_report()
        courier.send(report)
        wait_for(courier, {report["run_id"]})
        arrived[report["run_id"]] = time.time()
    courier.close()
    question = (
        "select message_id::text, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 from ingest_batches"
        " where message_id = any(%s::uuid[])"
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        committed = dict(connection.execute(question, [list(arrived)]).fetchall())
    return sorted(1000 * (moment - committed[name]) for name, moment in arrived.items())


def known(dsn: str) -> tuple[dict[str, Validators], dict[str, LandedFeed]]:
    """What the API tells the agent: validators by path, what landed by key."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        documents = connection.execute("select path, etag, last_modified, sha256 from source_documents").fetchall()
        feeds = connection.execute(
            "select key, cardinality(external_ids), scored, observed_at from feed_snapshots where landed_at is not null"
        ).fetchall()
    return (
        {path: Validators(etag, modified, digest) for path, etag, modified, digest in documents},
        {key: LandedFeed(matches, scored, observed_at) for key, matches, scored, observed_at in feeds},
    )


def run() -> list[Message]:
    """Every number of this bench, in the shape of every bench."""
    configure_logs("error")
    with servers() as up:
        create_database(up.postgres, "season")
        dsn, amqp_url = up.postgres.dsn("season"), up.broker.url()
        migrate(dsn)
        with worker(dsn, amqp_url, up.folder):
            seconds, messages, inserted = asyncio.run(feed_to_committed(up, amqp_url))
            quiet = asyncio.run(unchanged(up, amqp_url, dsn))
            waits = receipts_after_commit(amqp_url, dsn)
        first, replayed = merge_and_peer(up.postgres, messages, "season")
    peer = f"COPY and one upsert of the same {inserted} rows"
    return [
        result("season_feed_to_committed_s", seconds, "s"),
        result("unchanged_source_s", quiet, "s"),
        result("merge_vs_copy_upsert", first[0], "s", peer, first[1]),
        result("replay_vs_copy_upsert", replayed[0], "s", peer, replayed[1]),
        result("receipt_after_commit_ms", waits[len(waits) // 2], "ms"),
        result("receipt_after_commit_p99_ms", waits[-2], "ms"),
    ]


def main() -> None:
    """Prints the list, as JSON or as a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the list alone, as JSON")
    parser.add_argument("--scale", type=int, help="matches a second into a league of so many seasons (docs/scaling.md)")
    options = parser.parse_args()
    measure = partial(scaled, options.scale) if options.scale else run
    show(measure, as_json=options.json)


if __name__ == "__main__":
    main()
