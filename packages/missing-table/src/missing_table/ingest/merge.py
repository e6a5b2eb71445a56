"""Lands one message in one transaction and says what became of it. The rules stand in merge.sql and absence.sql.

One statement a step, never a query a row. What many transactions want at once (receipts, versions of brackets, events)
comes last, behind one advisory lock that is held until the commit, so the ids of events follow the commits and nobody
waits for a lock while holding that one. The message's receipt is part of the same transaction.
"""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib import resources
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Json, Jsonb

from match_contract import (
    Counts,
    FeedSnapshot,
    Held,
    Match,
    MessageKind,
    QualitySnapshot,
    Receipt,
    Refusal,
    Rejection,
    RunReport,
    Source,
    shrank,
)
from missing_table.ingest.faults import RaceLost
from missing_table.ingest.judge import Judged, Reason, Refused, Whole, judge, name_of, refuse_match
from missing_table.ingest.places import (
    Places,
    Side,
    Teams,
    ensure_brackets,
    ensure_frame,
    ensure_teams,
    ensure_venues,
    venue_key,
)
from missing_table.ingest.quality import land_quality
from missing_table.waits import REACH

CHANNEL = "events"
"""NOTIFY channel; the payload is the id of the newest event of the transaction. Listeners read the table."""

TAIL_LOCK = 0x4D54_4556_454E_5453  # "MTEVENTS"
_RACES = 5
_STATEMENT_TIMEOUT = "60s"


def _file(name: str) -> str:
    return resources.files("missing_table.ingest").joinpath(name).read_text("utf-8")


_CREATE_INCOMING = _file("incoming.sql")
INCOMING = f"incoming_{zlib.crc32(_CREATE_INCOMING.encode()):08x}"
"""A session's table, empty between transactions: making one for each batch takes as long as filling it. Its name says
what shape it has, since behind a pooler the next transaction may be another version's."""
_MERGE = dict(
    section.replace("from incoming i", f"from {INCOMING} i").split("\n", 1)
    for section in _file("merge.sql").split("-- section: ")[1:]
)
_SNAPSHOT = _file("snapshot.sql")
_ABSENCE = _file("absence.sql")


class Rows(NamedTuple):
    """A batch as `incoming` wants it, and what had to be turned away on the way there."""

    rows: list[tuple[Any, ...]]
    refused: list[Refused]
    members: set[tuple[int, int]]
    renamed_teams: list[int]
    competitions: set[tuple[str, int, int]]


class Landed(NamedTuple):
    """What a message did, before its receipt is written."""

    counts: Counts
    by_target: dict[str, Counts]
    brackets: set[int]
    changed: list[tuple[int, list[str]]]
    absences: set[tuple[str, int, int]]
    external_ids: list[str]


NOTHING = Landed(Counts(), {}, set(), [], set(), [])


def land(connection: psycopg.Connection, message: Any, places: Places | None = None) -> Receipt:
    """Lands a message of any kind; `connection` is in autocommit mode. A race that was lost is run again, at once.

    Raises psycopg errors; what is wrong with the message itself never raises: it is in the receipt and the quarantine.
    """
    judged = judge(message)
    memory = places or Places()
    for attempt in range(_RACES):
        try:
            return _land_once(connection, judged, memory)
        except (
            RaceLost,
            psycopg.errors.DeadlockDetected,
            psycopg.errors.SerializationFailure,
            psycopg.errors.UniqueViolation,  # somebody made it meanwhile
            psycopg.errors.ForeignKeyViolation,  # what was remembered is gone: look again
        ):
            memory.forget()
            if attempt == _RACES - 1:
                raise
        except BaseException:
            memory.forget()
            raise
    raise AssertionError("the last attempt returned or raised")


def _land_once(
    connection: psycopg.Connection, judged: FeedSnapshot | QualitySnapshot | RunReport | Judged | Whole, places: Places
) -> Receipt:
    header = _header(judged)
    with connection.transaction():
        kept = _begin(connection, header.message_id)
        if kept is not None:
            return Receipt.model_validate(kept).model_copy(update={"state": "replayed"})
        landed, refused, refusal = NOTHING, list[Refused](), None
        if isinstance(judged, Whole):
            refused, refusal = [judged.refused], (Refusal(judged.refused.reason), judged.refused.detail)
        elif isinstance(judged, RunReport):
            _land_run(connection, judged)
        elif isinstance(judged, QualitySnapshot):
            landed = NOTHING._replace(counts=land_quality(connection, places, judged))
        elif isinstance(judged, FeedSnapshot):
            shrunk = _shrunk(connection, judged)
            if shrunk:
                refusal = (Refusal.SHRUNK, shrunk)
            else:
                landed = _land_snapshot(connection, places, judged)
        else:
            landed, refused = _land_batch(connection, places, judged)
        return _finish(connection, header, landed=landed, refused=refused, refusal=refusal)


class Header(NamedTuple):
    """What a receipt repeats of its message."""

    message_id: str
    kind: MessageKind
    run_id: str
    snapshot_id: str | None
    part: int | None = None
    parts: int | None = None


def _header(judged: FeedSnapshot | QualitySnapshot | RunReport | Judged | Whole) -> Header:
    if isinstance(judged, Whole):
        return Header(judged.message_id, judged.kind, judged.run_id, judged.snapshot_id)
    if isinstance(judged, FeedSnapshot):
        return Header(judged.snapshot_id, MessageKind.SNAPSHOT, judged.run_id, judged.snapshot_id, parts=judged.parts)
    if isinstance(judged, RunReport):
        return Header(judged.run_id, MessageKind.RUN_REPORT, judged.run_id, None)
    if isinstance(judged, QualitySnapshot):
        return Header(judged.quality_id, MessageKind.QUALITY, judged.run_id, None)
    batch = judged.header
    return Header(batch.batch_id, MessageKind.BATCH, batch.run_id, batch.snapshot_id, batch.part, batch.parts)


def _begin(connection: psycopg.Connection, message_id: str) -> Any | None:
    """Waits for a twin of this message, then returns the receipt if it landed. What was refused is judged again."""
    with connection.pipeline():
        connection.execute(
            "select set_config('mt.batch_id', %s, true), set_config('statement_timeout', %s, true),"
            " set_config('jit', 'off', true)",  # compiling would take longer than any of these statements
            [message_id, _STATEMENT_TIMEOUT],
        )
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [message_id])
        found = connection.execute(
            "select receipt from ingest_batches where message_id = %s and state = 'landed'", [message_id]
        )
    row = found.fetchone()
    return row[0] if row else None


def _results(connection: psycopg.Connection, script: str) -> list[tuple[int, list[tuple[Any, ...]]]]:
    """Runs several statements in one round trip; each one's row count and rows, in order."""
    found: list[tuple[int, list[tuple[Any, ...]]]] = []
    with connection.cursor() as cursor:
        cursor.execute(script.encode())
        while True:
            found.append((cursor.rowcount, cursor.fetchall() if cursor.description else []))
            if not cursor.nextset():
                return found


# --- batches


def _land_batch(connection: psycopg.Connection, places: Places, judged: Judged) -> tuple[Landed, list[Refused]]:
    prepared = _prepare(connection, places, judged)
    refused = judged.refused + prepared.refused
    by_target: dict[str, Counter[str]] = {}
    for repeated in judged.repeated:
        by_target.setdefault(repeated, Counter())["unchanged"] += 1
    for item in refused:
        by_target.setdefault(item.target, Counter())["rejected"] += 1
    merged = _merge(connection, prepared) if prepared.rows else NOT_MERGED
    if prepared.rows:
        _join_brackets(connection, places, prepared.members)
    for target, outcome, count in merged.outcomes:
        by_target.setdefault(target, Counter())[outcome] += count
    for target, count in (Counter(row[-1] for row in prepared.rows) - merged.counted()).items():
        by_target.setdefault(target, Counter())["unchanged"] += count
    brackets = merged.brackets | _brackets_of_teams(connection, prepared.renamed_teams)
    counts = {target: Counts(**counter) for target, counter in by_target.items()}
    late = _newer_landed(connection, judged, prepared.competitions if merged.wrote else set())
    ids = [match.external_id for match in judged.matches]
    return Landed(sum(counts.values(), start=Counts()), counts, brackets, merged.changed, late, ids), refused


class Merged(NamedTuple):
    """What merge.sql did: (target, outcome, count), the matches that changed and in what, the brackets that show it."""

    outcomes: list[tuple[str, str, int]]
    changed: list[tuple[int, list[str]]]
    brackets: set[int]
    wrote: bool

    def counted(self) -> Counter[str]:
        """Matches by target for which an outcome is known; the others are as they were."""
        counted: Counter[str] = Counter()
        for target, _, count in self.outcomes:
            counted[target] += count
        return counted


NOT_MERGED = Merged([], [], set(), False)


def _merge(connection: psycopg.Connection, prepared: Rows) -> Merged:
    connection.execute(_CREATE_INCOMING.replace("table if not exists incoming", f"table if not exists {INCOMING}"))
    _copy(connection, INCOMING, prepared.rows)
    *_, (_, new) = _results(connection, _MERGE["new"])
    outcomes: list[tuple[str, str, int]] = [(target, "inserted", count) for target, _, count in new]
    changed: list[tuple[int, list[str]]] = []
    brackets: set[int] = {bracket for _, named, _ in new for bracket in named}
    inserted = sum(count for *_, count in new)
    newer = differing = 0
    if inserted < len(prepared.rows):
        [(_, [(differing,)])] = _results(connection, _MERGE["differing"])
    if differing:
        _, (updated, _), *_, (_, [(newer,)]), (_, others), (_, changed), (_, touched) = _results(
            connection, _MERGE["changed"]
        )
        if updated != newer:
            raise RaceLost(f"{newer} matches were to be updated, {updated} were: another transaction came between")
        outcomes += others
        brackets |= {bracket for (bracket,) in touched}
    return Merged(outcomes, changed, brackets, bool(inserted or newer))


def _copy(connection: psycopg.Connection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"copy {table} from stdin".encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _prepare(connection: psycopg.Connection, places: Places, judged: Judged) -> Rows:
    matches, refused = judged.matches, list[Refused]()
    if not matches:
        return Rows([], [], set(), [], set())
    observed_at = max(match.observed_at for match in matches)
    ensure_frame(
        connection,
        places,
        seasons={match.season for match in matches},
        leagues={match.league.value for match in matches},
        ages={match.age_group for match in matches},
        divisions={(match.league.value, match.division) for match in matches if match.division},
    )
    sources = {match.source.value for match in matches}
    brackets = {
        (source, *key): identifier
        for source in sources
        for key, identifier in ensure_brackets(connection, places, source, judged.header.brackets, observed_at).items()
    }
    sides = [Side(str(match.source), team, match.observed_at) for match in matches for team in (match.home, match.away)]
    sides += [Side(source, team, observed_at, listed=True) for source in sources for team in judged.header.teams]
    teams = ensure_teams(connection, places, sides)
    venues = ensure_venues(
        connection, places, [(match.source, match.venue, match.observed_at) for match in matches if match.venue]
    )
    rows: list[tuple[Any, ...]] = []
    members: set[tuple[int, int]] = set()
    counted = _Counted(places, brackets)
    for match, content_hash, target in zip(matches, judged.hashes, judged.targets, strict=True):
        source, venue = str(match.source), match.venue
        home, away = teams.id_of(source, match.home), teams.id_of(source, match.away)
        where = counted.of(match, source)
        if home is None or away is None or home == away or where is None:
            refused.append(_unresolved(match, home, away, target))
            continue
        for bracket in where.home_in:
            members.add((bracket, home))
        for bracket in where.away_in:
            members.add((bracket, away))
        rows.append(
            (
                source,
                where.season_id,
                match.external_id,
                match.event_id,
                where.league_id,
                where.age_group_id,
                where.division_id,
                match.competition,
                home,
                away,
                match.kick_off,
                match.timezone,
                match.local_date,
                match.time_set,
                venues[venue_key(source, venue)] if venue else None,
                match.round_number,
                str(match.status),
                match.home_score,
                match.away_score,
                match.home_shootout,
                match.away_shootout,
                match.observed_at,
                content_hash,
                where.ids,
                where.sides,
                target,
            )
        )
    return Rows(rows, refused, members, teams.renamed, {where.competition for where in counted.found()})


class Counting(NamedTuple):
    """In which tables a match counts and what it is a match of, in the forms that are needed.

    `ids` and `sides` are arrays as COPY reads them; a side is 1 for home, 2 for away, 3 for both.
    """

    competition: tuple[str, int, int]
    season_id: int
    league_id: int
    age_group_id: int
    division_id: int | None
    ids: str
    sides: str
    home_in: tuple[int, ...]
    away_in: tuple[int, ...]


class _Counted:
    """Most matches of a batch are of the same few tables: each combination is worked out once."""

    def __init__(self, places: Places, brackets: dict[tuple[str, str, str], int]) -> None:
        self._places, self._brackets = places, brackets
        self._known: dict[Any, Counting | None] = {}

    def of(self, match: Match, source: str) -> Counting | None:
        """None where the batch does not carry one of the brackets."""
        key = (
            *(source, match.season, match.league.value, match.age_group, match.division),
            *(match.home_brackets, match.away_brackets),
        )
        try:
            return self._known[key]
        except KeyError:
            found = self._known[key] = self._work_out(match, source)
            return found

    def found(self) -> Iterable[Counting]:
        """Every combination that came."""
        return (found for found in self._known.values() if found is not None)

    def _work_out(self, match: Match, source: str) -> Counting | None:
        try:
            home_in, away_in = (
                tuple(self._brackets[source, match.season, external_id] for external_id in named)
                for named in (match.home_brackets, match.away_brackets)
            )
        except KeyError:
            return None
        brackets = tuple(dict.fromkeys(home_in + away_in))
        league = match.league.value
        season_id, league_id = self._places.seasons.ids[match.season,], self._places.leagues.ids[league,]
        return Counting(
            competition=(source, season_id, league_id),
            season_id=season_id,
            league_id=league_id,
            age_group_id=self._places.ages.ids[match.age_group,],
            division_id=self._places.divisions.ids[league, match.division] if match.division else None,
            ids=f"{{{','.join(str(bracket) for bracket in brackets)}}}",
            sides=f"{{{','.join(str((bracket in home_in) + 2 * (bracket in away_in)) for bracket in brackets)}}}",
            home_in=home_in,
            away_in=away_in,
        )


def _unresolved(match: Match, home: int | None, away: int | None, target: str) -> Refused:
    unknown = [team.name for team, found in ((match.home, home), (match.away, away)) if found is None]
    if unknown:
        reason, detail = Reason.UNKNOWN_TEAM, f"no team is called {' or '.join(map(repr, unknown))}"
        detail += ": add an alias and replay"
    elif home == away:
        reason, detail = Reason.MALFORMED, f"{match.home.name!r} and {match.away.name!r} are the same team"
    else:
        named = ", ".join(dict.fromkeys((*match.home_brackets, *match.away_brackets)))
        reason, detail = Reason.UNKNOWN_BRACKET, f"not all of its brackets ({named}) are among those of the batch"
    return refuse_match(match.model_dump(mode="json"), detail, reason, target=target)


def _join_brackets(connection: psycopg.Connection, places: Places, members: set[tuple[int, int]]) -> None:
    """Teams that play in a bracket belong to it, listed or not."""
    new = sorted(members - places.members)
    if new:
        connection.execute(
            "insert into bracket_teams (bracket_id, team_id, listed, observed_at)"
            " select b, t, false, now() from unnest(%s::bigint[], %s::bigint[]) as m (b, t) on conflict do nothing",
            [[bracket for bracket, _ in new], [team for _, team in new]],
        )
        places.members |= set(new)


def _brackets_of_teams(connection: psycopg.Connection, teams: list[int]) -> set[int]:
    if not teams:
        return set()
    found = connection.execute("select bracket_id from bracket_teams where team_id = any(%s)", [teams])
    return {bracket for (bracket,) in found}


def _newer_landed(
    connection: psycopg.Connection, judged: Judged, competitions: set[tuple[str, int, int]]
) -> set[tuple[str, int, int]]:
    """Competitions of which a newer snapshot landed before this batch did: their absences must be judged again."""
    if not competitions:
        return set()
    oldest = min(match.observed_at for match in judged.matches)
    found = connection.execute(
        "select distinct source, season_id, league_id from feed_snapshots"
        " where landed_at is not null and observed_at > %s"
        " and (source, season_id, league_id) in (select * from unnest(%s::text[], %s::smallint[], %s::smallint[]))",
        [oldest, *(list(column) for column in zip(*sorted(competitions), strict=True))],
    )
    return {(source, season, league) for source, season, league in found}


# --- snapshots and runs


def _shrunk(connection: psycopg.Connection, snapshot: FeedSnapshot) -> str | None:
    """The shrink guard: why this document is not to be believed, or None."""
    if snapshot.accept_shrink:
        return None
    row = connection.execute(
        "select cardinality(external_ids), scored, observed_at from feed_snapshots"
        " where source = %s and site = %s and key = %s and landed_at is not null order by observed_at desc limit 1",
        [snapshot.source.value, snapshot.site, snapshot.key],
    ).fetchone()
    if row is None or snapshot.observed_at <= row[2]:
        return None
    return shrank(snapshot.key, Held(row[0], row[1]), Held(len(snapshot.external_ids), snapshot.scored))


def _land_snapshot(connection: psycopg.Connection, places: Places, snapshot: FeedSnapshot) -> Landed:
    source = snapshot.source.value
    ensure_frame(
        connection, places, seasons={snapshot.season}, leagues={snapshot.league.value}, ages=set(), divisions=set()
    )
    ids = ensure_brackets(connection, places, source, snapshot.brackets, snapshot.observed_at)
    teams = ensure_teams(
        connection,
        places,
        (
            Side(source, row.team, snapshot.observed_at, listed=True)
            for bracket in snapshot.brackets
            for row in bracket.teams
        ),
    )
    touched = _land_standings(connection, snapshot, ids, teams) | _brackets_of_teams(connection, teams.renamed)
    connection.execute(
        "insert into feed_snapshots (snapshot_id, run_id, source, site, key, season_id, league_id, observed_at, scope,"
        " parts, external_ids, scored, documents, accept_shrink)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (snapshot_id) do nothing",
        [
            snapshot.snapshot_id,
            snapshot.run_id,
            source,
            snapshot.site,
            snapshot.key,
            places.seasons.ids[snapshot.season,],
            places.leagues.ids[snapshot.league.value,],
            snapshot.observed_at,
            list(snapshot.scope) if snapshot.scope is not None else None,
            snapshot.parts,
            list(snapshot.external_ids),
            snapshot.scored,
            Jsonb([document.model_dump(mode="json") for document in snapshot.documents]),
            snapshot.accept_shrink,
        ],
    )
    return NOTHING._replace(brackets=touched)


def _land_standings(
    connection: psycopg.Connection, snapshot: FeedSnapshot, ids: dict[tuple[str, str], int], teams: Teams
) -> set[int]:
    """The brackets whose published table says something else now."""
    if not snapshot.brackets:
        return set()
    covered: list[tuple[Any, ...]] = []
    standing: dict[tuple[int, int], tuple[Any, ...]] = {}
    for bracket in snapshot.brackets:
        bracket_id = ids[bracket.season, bracket.external_id]
        text = json.dumps([row.model_dump(mode="json") for row in bracket.teams], sort_keys=True)
        covered.append((bracket_id, snapshot.observed_at, hashlib.sha256(text.encode()).hexdigest()))
        for row in bracket.teams:
            team_id = teams.id_of(snapshot.source.value, row.team)
            if team_id is not None:
                standing[bracket_id, team_id] = (
                    bracket_id,
                    team_id,
                    row.position,
                    Jsonb(row.values),
                    snapshot.observed_at,
                )
    connection.execute(
        "create temporary table covered (bracket_id bigint, observed_at timestamptz, hash text) on commit drop"
    )
    connection.execute(
        "create temporary table standing (bracket_id bigint, team_id bigint, position integer, values jsonb,"
        " observed_at timestamptz) on commit drop"
    )
    for table, rows in (("covered", covered), ("standing", standing.values())):
        with connection.cursor() as cursor, cursor.copy(f"copy {table} from stdin".encode()) as copy:
            for values in rows:
                copy.write_row(values)
    *_, (_, changed) = _results(connection, _SNAPSHOT)
    return {bracket for (bracket,) in changed}


def _land_run(connection: psycopg.Connection, run: RunReport) -> None:
    report = run.model_dump(mode="json")
    connection.execute(
        "insert into runs (run_id, started_at, ended_at, exit_code, model, tokens_in, tokens_out, cost_micro_usd,"
        " targets, warnings, report) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (run_id) do update"
        " set ended_at = excluded.ended_at, exit_code = excluded.exit_code, model = excluded.model,"
        " tokens_in = excluded.tokens_in, tokens_out = excluded.tokens_out, cost_micro_usd = excluded.cost_micro_usd,"
        " targets = excluded.targets, warnings = excluded.warnings, report = excluded.report",
        [
            run.run_id,
            run.started_at,
            run.ended_at,
            run.exit_code,
            run.model,
            run.tokens_in,
            run.tokens_out,
            run.cost_micro_usd,
            Jsonb(report["targets"]),
            Jsonb(report["warnings"]),
            Jsonb(report),
        ],
    )


# --- the end of every transaction


def _finish(
    connection: psycopg.Connection,
    header: Header,
    *,
    landed: Landed,
    refused: list[Refused],
    refusal: tuple[Refusal, str] | None,
) -> Receipt:
    _quarantine(connection, header, refused)
    row = connection.execute("select now()").fetchone()
    receipt = Receipt.model_validate(
        {
            "message_id": header.message_id,
            "kind": header.kind,
            "run_id": header.run_id,
            "snapshot_id": header.snapshot_id,
            "state": "landed" if refusal is None else "refused",
            "reason": refusal[0] if refusal else None,
            "detail": refusal[1] if refusal else "",
            "counts": landed.counts,
            "by_target": landed.by_target,
            "rejections": [
                Rejection(
                    external_id=item.external_id,
                    reason=item.reason,
                    detail=item.detail,
                    target=item.target,
                    home=name_of(item.payload, "home"),
                    away=name_of(item.payload, "away"),
                )
                for item in refused
            ],
            "committed_at": row[0] if row else None,
        }
    )
    named = [*landed.external_ids, *(item.external_id for item in refused if item.external_id is not None)]
    completed, waiting = _keep_receipt(connection, header, receipt, named)
    if waiting:
        _settle(connection, waiting)
    brackets, events = set(landed.brackets), list[tuple[str, Any]]()
    absences = set(landed.absences)
    if completed is not None:
        absences.add(_accept_documents(connection, completed))
        events.append(("landed", completed.about))
    for source, season_id, league_id in sorted(absences):
        # the opposite of merge.sql: every match against every listed id, of which the planner expects a hundred
        connection.execute(
            "select set_config('enable_hashjoin', 'on', true), set_config('enable_seqscan', 'on', true),"
            " set_config('enable_nestloop', 'off', true)"
        )
        found = connection.execute(
            _ABSENCE,
            {"source": source, "season_id": season_id, "league_id": league_id, "message_id": header.message_id},
        )
        brackets |= {bracket for (bracket,) in found}
    if header.kind is MessageKind.RUN_REPORT and refusal is None:
        events.append(("run", {"run_id": header.run_id}))
    _announce(connection, brackets, landed.changed, events)
    return receipt


def _quarantine(connection: psycopg.Connection, header: Header, refused: list[Refused]) -> None:
    rows: dict[tuple[str, str], tuple[int, Refused]] = {}
    for item in refused:
        fingerprint = payload_fingerprint(item.payload)
        seen, _ = rows.get((fingerprint, item.reason), (0, item))
        rows[fingerprint, item.reason] = (seen + 1, item)
    if not rows:
        return
    columns: list[list[Any]] = [list(column) for column in zip(*_quarantine_rows(rows), strict=True)]
    connection.execute(
        "insert into ingest_rejections (batch_id, run_id, source, external_id, target, reason, detail, payload,"
        " payload_sha256, seen)"
        " select %s, %s, g.* from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::json[],"
        " %s::text[], %s::integer[]) as g"
        " on conflict (payload_sha256, reason) do update set seen = ingest_rejections.seen + excluded.seen,"
        " last_seen_at = now(), batch_id = excluded.batch_id, run_id = excluded.run_id, detail = excluded.detail,"
        " payload = excluded.payload, settled_at = case when ingest_rejections.state = 'dropped'"
        " then ingest_rejections.settled_at end,"
        " state = case when ingest_rejections.state = 'dropped' then 'dropped' else 'open' end",
        [header.message_id, header.run_id, *columns],
    )


def _quarantine_rows(rows: dict[tuple[str, str], tuple[int, Refused]]) -> Iterable[tuple[Any, ...]]:
    for (fingerprint, reason), (seen, item) in sorted(rows.items(), key=lambda row: row[0]):
        payload = Json(item.payload)
        yield (_source_of(item.payload), item.external_id, item.target, reason, item.detail, payload, fingerprint, seen)


def payload_fingerprint(payload: Any) -> str:
    """The same for the same bad match every day: when and where in a document it was seen is no part of it."""
    if isinstance(payload, dict):
        payload = {key: value for key, value in payload.items() if key not in ("observed_at", "target", "rejected")}
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _source_of(payload: Any) -> str | None:
    source = _word(payload, "source")
    return source if source in tuple(Source) else None


def _word(payload: Any, name: str) -> str | None:
    """What a rejected match says of itself, or the reader said of it where that refused it."""
    told = payload.get("rejected", payload) if isinstance(payload, dict) else None
    word = told.get(name) if isinstance(told, dict) else None
    return word if isinstance(word, str) else None


def _settle(connection: psycopg.Connection, waiting: list[tuple[int, str, str, str, Any]]) -> None:
    """Closes the open rejections of matches that landed after all: from the same document or a newer one.

    What stands twice in a document is rejected once and lands once: there only a newer document counts.
    """
    landed = {
        (source, season, external_id): observed_at
        for source, season, external_id, observed_at in connection.execute(
            "select m.source, s.name, m.external_id, m.observed_at from matches m join seasons s on s.id = m.season_id"
            " where m.external_id = any(%s)",
            [[external_id for _, _, external_id, *_ in waiting]],
        )
    }
    settled: list[int] = []
    for identifier, source, external_id, reason, payload in waiting:
        newest = landed.get((source, _word(payload, "season") or "", external_id))
        rejected_at = _moment(_word(payload, "observed_at"))
        if newest is None or rejected_at is None:
            continue
        if newest > rejected_at or (newest == rejected_at and reason not in (Reason.DUPLICATE_ID, "duplicate")):
            settled.append(identifier)
    if settled:
        connection.execute(
            "update ingest_rejections set state = 'replayed', settled_at = now() where id = any(%s)", [settled]
        )


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


class Completed(NamedTuple):
    """A snapshot whose last part has just landed."""

    snapshot_id: str
    source: str
    site: str
    key: str
    season_id: int
    league_id: int
    observed_at: datetime

    @property
    def about(self) -> dict[str, Any]:
        return {"source": self.source, "key": self.key, "observed_at": self.observed_at.isoformat()}


def _keep_receipt(
    connection: psycopg.Connection, header: Header, receipt: Receipt, external_ids: list[str]
) -> tuple[Completed | None, list[tuple[int, str, str, str, Any]]]:
    """From here on this transaction is alone. Returns the snapshot if this was its last part, and the open rejections
    of these matches: id, source, external id, reason, payload.

    One that another transaction holds is left to that one, which comes here next.
    """
    counts = receipt.counts
    with connection.pipeline():
        connection.execute("select pg_advisory_xact_lock(%s)", [TAIL_LOCK])
        connection.execute(
            "insert into ingest_batches (message_id, kind, run_id, snapshot_id, part, parts, state, reason, inserted,"
            " updated, unchanged, protected, rejected, receipt, committed_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict (message_id) do update set state = excluded.state, reason = excluded.reason,"
            " part = excluded.part, parts = excluded.parts, snapshot_id = excluded.snapshot_id,"
            " inserted = excluded.inserted, updated = excluded.updated, unchanged = excluded.unchanged,"
            " protected = excluded.protected, rejected = excluded.rejected, receipt = excluded.receipt,"
            " committed_at = excluded.committed_at",
            [
                header.message_id,
                header.kind,
                header.run_id,
                header.snapshot_id,
                header.part,
                header.parts,
                receipt.state,
                receipt.reason,
                counts.inserted,
                counts.updated,
                counts.unchanged,
                counts.protected,
                counts.rejected,
                Jsonb(receipt.model_dump(mode="json")),
                receipt.committed_at,
            ],
        )
        found = connection.execute(
            "update feed_snapshots s set landed_at = now()"
            " where snapshot_id = %s and landed_at is null and parts <= ("
            "   select count(distinct b.part) from ingest_batches b"
            "   where b.snapshot_id = s.snapshot_id and b.kind = 'batch' and b.state = 'landed')"
            " returning snapshot_id::text, source, site, key, season_id, league_id, observed_at",
            [header.snapshot_id],
        )
        waiting = connection.execute(
            "select id, source, external_id, reason, payload from ingest_rejections"
            " where state = 'open' and external_id = any(%s) and source is not null for update skip locked",
            [external_ids],
        )
    row = found.fetchone()
    return Completed(*row) if row else None, waiting.fetchall()


def _accept_documents(connection: psycopg.Connection, done: Completed) -> tuple[str, int, int]:
    """The validators of a landed document become current, and its brackets are as fresh as it is."""
    with connection.pipeline():
        connection.execute(
            "insert into source_documents (source, site, key, path, etag, last_modified, sha256, synced_at, size_bytes,"
            " snapshot_id, landed_at)"
            " select s.source, s.site, s.key, d.path, d.etag, d.last_modified, d.sha256, d.synced_at, d.size_bytes,"
            " s.snapshot_id, s.landed_at"
            " from feed_snapshots s cross join lateral jsonb_to_recordset(s.documents) as d"
            " (path text, etag text, last_modified text, sha256 text, synced_at timestamptz, size_bytes bigint)"
            " where s.snapshot_id = %s order by d.path"
            " on conflict (source, site, path) do update set key = excluded.key, etag = excluded.etag,"
            " last_modified = excluded.last_modified, sha256 = excluded.sha256, synced_at = excluded.synced_at,"
            " size_bytes = excluded.size_bytes, snapshot_id = excluded.snapshot_id, landed_at = excluded.landed_at"
            " where (excluded.synced_at, excluded.sha256, excluded.snapshot_id)"
            " > (source_documents.synced_at, source_documents.sha256, source_documents.snapshot_id)",
            [done.snapshot_id],
        )
        connection.execute(
            "update brackets b set synced_at = s.observed_at from feed_snapshots s"
            " where s.snapshot_id = %s and b.source = s.source and b.season_id = s.season_id"
            " and b.league_id = s.league_id and (s.scope is null or b.external_id = any(s.scope))"
            " and (b.synced_at is null or b.synced_at < s.observed_at)",
            [done.snapshot_id],
        )
    return (done.source, done.season_id, done.league_id)


def _announce(
    connection: psycopg.Connection,
    brackets: Iterable[int],
    changed: list[tuple[int, list[str]]],
    events: list[tuple[str, Any]],
) -> None:
    """Raises the versions of the brackets, writes the events, and wakes the listeners at the commit."""
    touched = sorted(brackets)
    if not (touched or changed or events):
        return
    statements: list[tuple[str, list[Any]]] = [
        (
            "with bumped as (update brackets set version = version + 1 where id = any(%s) returning id, version)"
            " insert into events (kind, bracket_id, version) select 'bracket', id, version from bumped order by id",
            [touched],
        ),
        (
            "insert into events (kind, match_id, payload)"
            " select 'match', m, jsonb_build_object('fields', f) from unnest(%s::bigint[], %s::jsonb[]) as c (m, f)",
            [[match for match, _ in changed], [Jsonb(fields) for _, fields in changed]],
        ),
        (
            "insert into events (kind, payload) select k, p from unnest(%s::text[], %s::jsonb[]) as e (k, p)",
            [[kind for kind, _ in events], [Jsonb(payload) for _, payload in events]],
        ),
    ]
    with connection.pipeline():
        for (statement, values), wanted in zip(statements, (touched, changed, events), strict=True):
            if wanted:
                connection.execute(statement.encode(), values)
        connection.execute("select pg_notify(%s, max(id)::text) from events", [CHANNEL])


def deliver(message: Any, *, dsn: str) -> Receipt:
    """Lands one message over a connection of its own: the task's body without a broker (`./mt run --embedded`)."""
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None, **REACH) as connection:
        return land(connection, message)
