"""Lands the report of a run, as it ended."""

import psycopg
from psycopg.types.json import Jsonb

from match_contract import RunReport
from missing_table.ingest.known import Dimensions
from missing_table.ingest.landed import Landed
from missing_table.ingest.sql import load

_SQL = load("runs")


def land_run(connection: psycopg.Connection, _: Dimensions, run: RunReport) -> Landed:
    """Land a run's report; a newer one of the same run takes its place."""
    report = run.model_dump(mode="json")
    whole = {name: Jsonb(report[name]) for name in ("targets", "warnings")} | {"report": Jsonb(report)}
    plain = ("run_id", "started_at", "ended_at", "exit_code", "model", "tokens_in", "tokens_out", "cost_micro_usd")
    connection.execute(_SQL["keep"], {name: getattr(run, name) for name in plain} | whole)
    return Landed(events=[("run", {"run_id": run.run_id})])
