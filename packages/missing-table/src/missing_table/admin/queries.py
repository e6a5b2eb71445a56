"""What people write: one transaction each, with history, audit, versions, events, in the merge's own order of locks."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from missing_table.admin.schemas import AuditEntry, MatchConflict, MatchState, QuarantinedMatch
from missing_table.audit import audit
from missing_table.database import CHANNEL, Connection, many, one
from missing_table.ingest.events import TAIL_LOCK

STATE = """
select m.id, m.status, m.home_score, m.away_score, m.home_shootout, m.away_shootout, m.kick_off, m.local_date,
    m.time_set, m.home_team_id, m.away_team_id,
    array(select l.field from match_locks l where l.match_id = m.id order by l.field) as locks,
    match_score(m.home_score, m.away_score, m.home_shootout, m.away_shootout) as score_text,
    match_moment(m.kick_off, m.local_date, m.time_set) as moment_text
from matches m where m.id = %(match_id)s
"""
LOCKED_STATE = STATE + " for update of m"
SCORE = """
update matches set home_score = %(home)s, away_score = %(away)s, home_shootout = %(home_shootout)s,
    away_shootout = %(away_shootout)s, status = %(status)s, updated_at = now() where id = %(match_id)s
"""
STATUS = "update matches set status = %(status)s, updated_at = now() where id = %(match_id)s"
KICK_OFF = """
update matches set kick_off = %(at)s, local_date = %(local_date)s, time_set = %(at)s::timestamptz is not null,
    updated_at = now() where id = %(match_id)s
"""
# As match_moment writes it: UTC with a time, the local date alone without one.
TAKE_KICK_OFF = """
update matches set time_set = length(%(moment)s) > 10,
    kick_off = case when length(%(moment)s) > 10 then %(moment)s::timestamptz end,
    local_date = case when length(%(moment)s) > 10 then (%(moment)s::timestamptz at time zone timezone)::date
        else %(moment)s::date end,
    updated_at = now() where id = %(match_id)s
"""
LOCK = """
insert into match_locks (match_id, field, reason, locked_by)
values (%(match_id)s, %(field)s, %(reason)s, %(account_id)s)
on conflict (match_id, field) do update set reason = excluded.reason, locked_by = excluded.locked_by, locked_at = now()
"""
UNLOCK = "delete from match_locks where match_id = %(match_id)s and field = %(field)s returning field"
CHANGE = """
insert into match_changes (match_id, field, old_value, new_value, observed_at, account_id)
values (%(match_id)s, %(field)s, %(old)s, %(new)s, now(), %(account_id)s)
"""
BUMP = """
with bumped as (
    update brackets set version = version + 1
    where id in (select bracket_id from match_brackets where match_id = %(match_id)s) returning id, version)
insert into events (kind, bracket_id, version) select 'bracket', id, version from bumped order by id
"""
TELL = """
with told as (
    insert into events (kind, match_id, payload) values ('match', %(match_id)s, %(payload)s) returning id)
select pg_notify(%(channel)s, max(id)::text) from told
"""
CONFLICTS = """
select id, match_id, field, kept_value, offered_value, reason, observed_at, recorded_at, settlement
from match_conflicts
where (%(open)s is false or settled_at is null) and id > %(after_id)s order by id limit %(limit)s
"""
CONFLICT = """
select id, match_id, field, kept_value, offered_value, reason, observed_at, recorded_at, settlement
from match_conflicts where id = %(conflict_id)s for update
"""
SETTLE = """
update match_conflicts set settled_at = now(), settled_by = %(account_id)s, settlement = %(settlement)s
where id = %(conflict_id)s
"""
AUDITS = """
select id, at, actor, action, subject, subject_id, before, after, request_id
from audit_log where id > %(after_id)s order by id limit %(limit)s
"""
QUARANTINE = """
select id, external_id, target, reason, detail, payload, seen, first_seen_at, last_seen_at, state
from ingest_rejections where state = 'open' and id > %(after_id)s order by id limit %(limit)s
"""


async def locked_match(connection: Connection, *, match_id: int) -> dict[str, Any] | None:
    """A match, held until the transaction's end."""
    return await one(connection, LOCKED_STATE, {"match_id": match_id})


async def match_state(connection: Connection, *, match_id: int) -> MatchState | None:
    """A match's correctable fields."""
    row = await one(connection, STATE, {"match_id": match_id})
    return MatchState.model_validate(row) if row else None


async def finish(
    connection: Connection,
    *,
    match_id: int,
    before: dict[str, Any],
    account_id: UUID,
    action: str,
    request_id: str,
) -> MatchState:
    """History, audit, versions and events of what was done to a match; the last thing in its transaction."""
    row = await one(connection, STATE, {"match_id": match_id}) or {}
    fields = {"score": "score_text", "status": "status", "kick_off": "moment_text"}
    changed = [name for name, column in fields.items() if row[column] != before[column]]
    for name in changed:
        column = fields[name]
        await connection.execute(
            CHANGE,
            {
                "match_id": match_id,
                "field": name,
                "old": before[column],
                "new": row[column],
                "account_id": account_id,
            },
        )
    was, now = MatchState.model_validate(before), MatchState.model_validate(row)
    await audit(
        connection,
        actor=str(account_id),
        action=action,
        subject="match",
        subject_id=str(match_id),
        before=was.model_dump(mode="json"),
        after=now.model_dump(mode="json"),
        request_id=request_id,
    )
    if changed:
        await connection.execute(b"select pg_advisory_xact_lock(%s)", [TAIL_LOCK])
        await connection.execute(BUMP, {"match_id": match_id})
        payload = Jsonb({"fields": changed})
        await connection.execute(TELL, {"match_id": match_id, "payload": payload, "channel": CHANNEL})
    return now


async def conflicts(connection: Connection, *, only_open: bool, after_id: int, limit: int) -> list[MatchConflict]:
    """By id."""
    rows = await many(connection, CONFLICTS, {"open": only_open, "after_id": after_id, "limit": limit})
    return [MatchConflict.model_validate(row) for row in rows]


async def audits(connection: Connection, *, after_id: int, limit: int) -> list[AuditEntry]:
    """By id."""
    return [
        AuditEntry.model_validate(row) for row in await many(connection, AUDITS, {"after_id": after_id, "limit": limit})
    ]


async def quarantine(connection: Connection, *, after_id: int, limit: int) -> list[QuarantinedMatch]:
    """Open ones, by id."""
    rows = await many(connection, QUARANTINE, {"after_id": after_id, "limit": limit})
    return [QuarantinedMatch.model_validate(row) for row in rows]
