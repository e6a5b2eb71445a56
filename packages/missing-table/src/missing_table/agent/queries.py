"""What the database holds, as the agent and monitors ask it. One statement a question."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from match_contract import (
    BracketSummary,
    CompetitionFreshness,
    Freshness,
    MatchSummary,
    RunSummary,
    Season,
    SourceDocument,
    SourceState,
)
from missing_table.agent.schemas import Run, RunDetail, RunTarget, StoredReceipt
from missing_table.database import Connection, many, one

LEAGUE_ZONE = ZoneInfo("America/New_York")
FRESH_FOR = timedelta(hours=36)
SEASON_ENDS_IN_MONTH = 6
"""Play-offs end in June; until August nothing is read and nothing is stale."""

MIGRATIONS = "select version from supabase_migrations.schema_migrations"

SUMMARY = """
select b.external_id, b.id as bracket_id, l.name as league, d.name as division, a.name as age_group,
    (select count(*) from bracket_teams bt where bt.bracket_id = b.id) as teams,
    coalesce(m.matches, 0) as matches, coalesce(m.completed, 0) as completed, coalesce(m.scheduled, 0) as scheduled,
    coalesce(m.tbd, 0) as tbd, coalesce(m.awaiting_score, 0) as awaiting_score,
    m.next_kick_off, m.last_score_observed_at, b.synced_at
from brackets b
join seasons s on s.id = b.season_id
join leagues l on l.id = b.league_id
join divisions d on d.id = b.division_id
join age_groups a on a.id = b.age_group_id
left join (
    select mb.bracket_id, count(*) as matches,
        count(*) filter (where m.status in ('completed', 'forfeit')) as completed,
        count(*) filter (where m.status = 'scheduled') as scheduled,
        count(*) filter (where m.status = 'tbd') as tbd,
        count(*) filter (where m.status in ('scheduled', 'tbd') and m.home_score is null
            and coalesce(m.kick_off < %(now)s, m.local_date < %(today)s)) as awaiting_score,
        min(m.kick_off) filter (where m.status = 'scheduled' and m.kick_off >= %(now)s) as next_kick_off,
        max(m.score_observed_at) as last_score_observed_at
    from match_brackets mb join matches m on m.id = mb.match_id
    join seasons s on s.id = m.season_id
    where s.name = %(season)s
    group by mb.bracket_id
) m on m.bracket_id = b.id
where s.name = %(season)s
order by l.id, a.years, d.name, b.id
"""

RUNS = """
select run_id::text, started_at, ended_at, exit_code, model, tokens_in, tokens_out, cost_micro_usd, targets, warnings,
    report
from runs order by started_at desc, run_id limit %(limit)s
"""

RUN = """
select run_id::text, started_at, ended_at, exit_code, model, tokens_in, tokens_out, cost_micro_usd, targets, warnings,
    report
from runs where run_id = %(run_id)s
"""

IN_THE_REPORT: dict[str, list[Any] | None] = {
    "budget": None,
    "budget_used": None,
    "changes": [],
    "awaited": [],
    "rejections": [],
    "official": None,
}

RECEIPTS = """
select message_id, kind, run_id, snapshot_id, part, parts, state, reason, coalesce(receipt ->> 'detail', '') as detail,
    inserted, updated, unchanged, protected, rejected, committed_at
from ingest_batches
where (%(run_id)s::uuid is null or run_id = %(run_id)s)
    and (%(state)s::text is null or state = %(state)s)
    and (%(after)s::uuid is null or (committed_at, message_id) < (
        select a.committed_at, a.message_id from ingest_batches a where a.message_id = %(after)s))
order by committed_at desc, message_id desc limit %(limit)s
"""

SOURCES = """
select distinct on (f.source, f.site, f.key) f.source, f.site, f.key, s.name as season, l.name as league,
    f.observed_at, f.landed_at, cardinality(f.external_ids) as matches, f.scored, f.scope,
    (select coalesce(json_agg(json_build_object('path', d.path, 'etag', d.etag, 'last_modified', d.last_modified,
        'sha256', d.sha256) order by d.path), '[]')
     from source_documents d where d.source = f.source and d.site = f.site and d.key = f.key) as documents
from feed_snapshots f
join seasons s on s.id = f.season_id
join leagues l on l.id = f.league_id
where f.landed_at is not null and (%(season)s::text is null or s.name = %(season)s)
order by f.source, f.site, f.key, f.observed_at desc, f.landed_at desc
"""

RECEIPT = "select receipt from ingest_batches where message_id = %(message_id)s"


async def applied_migrations(connection: Connection) -> set[str]:
    """Versions of the migrations that the database has."""
    return {row["version"] for row in await many(connection, MIGRATIONS, {})}


def today_of(now: datetime) -> date:
    """The league's day."""
    return now.astimezone(LEAGUE_ZONE).date()


async def match_summary(connection: Connection, *, season: str, now: datetime) -> MatchSummary:
    """Every bracket of a season with its counts, and the last ten runs."""
    today = today_of(now)
    rows = await many(connection, SUMMARY, {"season": season, "now": now, "today": today})
    last = await runs(connection, limit=10)
    return MatchSummary(
        season=season,
        today=today,
        brackets=[BracketSummary.model_validate(row) for row in rows],
        last_runs=[_summary(run) for run in last],
    )


def _summary(run: Run) -> RunSummary:
    return RunSummary(run_id=run.run_id, started_at=run.started_at, ended_at=run.ended_at, exit_code=run.exit_code)


async def runs(connection: Connection, *, limit: int) -> list[Run]:
    """The newest runs first."""
    rows = await many(connection, RUNS, {"limit": limit})
    return [Run.model_validate(_told(row)) for row in rows]


async def run(connection: Connection, *, run_id: UUID) -> RunDetail | None:
    """A run with its report, or None."""
    row = await one(connection, RUN, {"run_id": run_id})
    if row is None:
        return None
    return RunDetail.model_validate(_told(row))


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A run with what stands in its report alone; one of before 1.1 has none of it."""
    more = {name: row["report"].get(name, empty) for name, empty in IN_THE_REPORT.items()}
    return {**more, **row, "targets": [_target(t) for t in row["targets"]]}


async def receipts(
    connection: Connection, *, run_id: UUID | None, state: str | None, after: UUID | None, limit: int
) -> list[StoredReceipt]:
    """The newest first; `after`: those before that message."""
    values = {"run_id": run_id, "state": state, "after": after, "limit": limit}
    return [StoredReceipt.model_validate(row) for row in await many(connection, RECEIPTS, values)]


def _target(target: dict[str, Any]) -> RunTarget:
    counts = ("found", "inserted", "updated", "unchanged", "protected", "rejected")
    return RunTarget(
        target=target["target"],
        outcome=target.get("outcome"),
        detail=target.get("detail"),
        planned=target.get("planned"),
        **{name: target.get(name) or 0 for name in counts},
    )


async def sources(connection: Connection, *, season: str | None) -> list[SourceState]:
    """The last landed snapshot of each site's key."""
    rows = await many(connection, SOURCES, {"season": season})
    return [
        SourceState.model_validate({**row, "documents": [SourceDocument(**d) for d in row["documents"]]})
        for row in rows
    ]


async def receipt(connection: Connection, *, message_id: UUID) -> dict[str, Any] | None:
    """A message's receipt as it was sent, or None."""
    row = await one(connection, RECEIPT, {"message_id": message_id})
    return row["receipt"] if row else None


def in_season(season: Season, now: datetime) -> bool:
    """From 1 August to the end of June."""
    today = today_of(now)
    return season.first_day <= today <= season.last_day.replace(month=SEASON_ENDS_IN_MONTH, day=30)


async def freshness(connection: Connection, *, season: str, now: datetime) -> Freshness:
    """How old what we have is. Outside the season nothing is stale."""
    found = await sources(connection, season=season)
    last = await runs(connection, limit=1)
    landed = max((s.landed_at for s in found), default=None)
    playing = in_season(Season.parse(season), now)
    return Freshness(
        season=season,
        now=now.astimezone(UTC),
        in_season=playing,
        fresh=not playing or (landed is not None and now - landed <= FRESH_FOR),
        last_landed_at=landed,
        age_s=None if landed is None else max(0, int((now - landed).total_seconds())),
        competitions=[
            CompetitionFreshness(
                league=s.league,
                key=s.key,
                season=s.season,
                synced_at=s.observed_at,
                landed_at=s.landed_at,
                age_s=max(0, int((now - s.observed_at).total_seconds())),
                matches=s.matches,
                scored=s.scored,
            )
            for s in found
        ],
        last_run=_summary(last[0]) if last else None,
    )
