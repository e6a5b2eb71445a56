-- The merge of one batch: `incoming` against `matches`, in the transaction that land.py opened. One statement a step.
-- batch.py runs the parts (`-- name:`) one by one, and leaves out those for which there is nothing to do.
--
-- The rules (docs/ingest.md). A match's score is that of the newest observation that carries one, its other fields are
-- the newest observation's; "newest" is the greatest (observed_at, content_hash), so that the result does not depend on
-- the order of arrival. A score never turns back into none. A locked field stands. While a match is live by hand the
-- source does not touch its score or status. What disagrees with a kept value is an open conflict, once.
--
-- mt.batch_id (a setting of the transaction) is the message. Rows of `matches` are found by index: the batch is small,
-- the table is not, and a temporary table has no statistics that could tell the planner so.

-- name: new
set local enable_hashjoin = off;
set local enable_mergejoin = off;
set local enable_seqscan = off;

-- New matches, and in which tables they count. Should somebody else make one of them meanwhile, then its unique key refuses
-- it, and the whole transaction is run again.
with new as materialized (
    select nextval('public.matches_id_seq') as id, i.*
    from {incoming} i
    where not exists (
        select from matches m
        where m.source = i.source and m.season_id = i.season_id and m.league_id = i.league_id
            and m.external_id = i.external_id)
    order by external_id
),
made as (
    insert into matches (
        id, source, season_id, external_id, event_id, league_id, age_group_id, division_id, competition,
        home_team_id, away_team_id, kick_off, timezone, local_date, time_set, venue_id, round_number,
        status, source_status, home_score, away_score, home_shootout, away_shootout,
        observed_at, content_hash, score_observed_at, score_hash
    )
    overriding system value
    select
        id, source, season_id, external_id, event_id, league_id, age_group_id, division_id, competition,
        home_team_id, away_team_id, kick_off, timezone, local_date, time_set, venue_id, round_number,
        status, status, home_score, away_score, home_shootout, away_shootout,
        observed_at, content_hash,
        case when home_score is not null then observed_at end, case when home_score is not null then content_hash end
    from new
),
placed as (
    insert into match_brackets (match_id, bracket_id, home, away)
    select n.id, b.bracket_id, (b.side & 1) > 0, (b.side & 2) > 0
    from new n cross join lateral unnest(n.brackets, n.sides) as b (bracket_id, side)
)
select target, brackets, count(*) from new group by target, brackets

-- name: differing
-- How many of the others say anything that is not stored yet.
select count(*)
from {incoming} i
join matches m on m.source = i.source and m.season_id = i.season_id and m.league_id = i.league_id
    and m.external_id = i.external_id
where (i.observed_at, i.content_hash) <> (m.observed_at, m.content_hash)

-- name: changed
-- Decide. was_*: as stored; the plain names of `incoming`: as offered; now_*: as it shall be.
create temporary table work on commit drop as
with existing as materialized (
    select
        i.*,
        m.id as match_id, m.xmin as row_version,
        m.event_id as was_event_id, m.age_group_id as was_age_group_id,
        m.division_id as was_division_id, m.competition as was_competition,
        m.home_team_id as was_home_team_id, m.away_team_id as was_away_team_id,
        m.kick_off as was_kick_off, m.timezone as was_timezone, m.local_date as was_local_date,
        m.time_set as was_time_set, m.venue_id as was_venue_id, m.round_number as was_round_number,
        m.status as was_status, m.source_status as was_source_status,
        m.home_score as was_home_score, m.away_score as was_away_score,
        m.home_shootout as was_home_shootout, m.away_shootout as was_away_shootout,
        m.observed_at as was_observed_at, m.content_hash as was_content_hash,
        m.score_observed_at as was_score_observed_at, m.score_hash as was_score_hash,
        m.absent_since as was_absent_since, m.absent_snapshots as was_absent_snapshots,
        (i.observed_at, i.content_hash collate "C") > (m.observed_at, m.content_hash collate "C") as is_newest,
        i.home_score is not null and (
            m.score_observed_at is null
            or (i.observed_at, i.content_hash collate "C") > (m.score_observed_at, m.score_hash collate "C")
        ) as is_newest_score,
        m.status = 'live' as live_by_hand,
        coalesce((select array_agg(l.field) from match_locks l where l.match_id = m.id), '{{}}') as locks
    from {incoming} i
    join matches m on m.source = i.source and m.season_id = i.season_id and m.league_id = i.league_id
        and m.external_id = i.external_id
    where (i.observed_at, i.content_hash) <> (m.observed_at, m.content_hash)
),
held as (
    select
        e.*,
        'score' = any(locks) or live_by_hand as score_held,
        'status' = any(locks) or live_by_hand as status_held,
        'kick_off' = any(locks) as kick_off_held,
        'venue' = any(locks) as venue_held,
        'teams' = any(locks) as teams_held,
        case when is_newest and (was_absent_since is null or observed_at >= was_absent_since)
            then 0 else was_absent_snapshots end as now_absent_snapshots
    from existing e
),
settled as (
    select
        h.*,
        case when is_newest_score and not score_held then home_score else was_home_score end as now_home_score,
        case when is_newest_score and not score_held then away_score else was_away_score end as now_away_score,
        case when is_newest_score and not score_held then home_shootout else was_home_shootout end
            as now_home_shootout,
        case when is_newest_score and not score_held then away_shootout else was_away_shootout end
            as now_away_shootout,
        case when is_newest then status else was_source_status end as now_source_status
    from held h
),
decided as (
    select
        s.*,
        case
            when status_held then was_status
            when is_newest_score and now_home_score is null and status = 'completed' then 'tbd'
            when is_newest_score then status
            when now_home_score is not null then was_status
            when now_absent_snapshots >= 2 and now_source_status in ('scheduled', 'tbd', 'postponed') then 'cancelled'
            else now_source_status
        end as now_status,
        case when is_newest then event_id else was_event_id end as now_event_id,
        case when is_newest then age_group_id else was_age_group_id end as now_age_group_id,
        case when is_newest then division_id else was_division_id end as now_division_id,
        case when is_newest then competition else was_competition end as now_competition,
        case when is_newest then round_number else was_round_number end as now_round_number,
        case when is_newest and not teams_held then home_team_id else was_home_team_id end as now_home_team_id,
        case when is_newest and not teams_held then away_team_id else was_away_team_id end as now_away_team_id,
        case when is_newest and not kick_off_held then kick_off else was_kick_off end as now_kick_off,
        case when is_newest and not kick_off_held then timezone else was_timezone end as now_timezone,
        case when is_newest and not kick_off_held then local_date else was_local_date end as now_local_date,
        case when is_newest and not kick_off_held then time_set else was_time_set end as now_time_set,
        case when is_newest and not venue_held then venue_id else was_venue_id end as now_venue_id
    from settled s
)
select
    d.*,
    (now_home_score, now_away_score, now_home_shootout, now_away_shootout)
        is distinct from (was_home_score, was_away_score, was_home_shootout, was_away_shootout) as score_changed,
    now_status <> was_status as status_changed,
    (now_kick_off, now_timezone, now_local_date, now_time_set)
        is distinct from (was_kick_off, was_timezone, was_local_date, was_time_set) as kick_off_changed,
    now_venue_id is distinct from was_venue_id as venue_changed,
    (now_home_team_id, now_away_team_id)
        is distinct from (was_home_team_id, was_away_team_id) as teams_changed,
    (now_event_id, now_age_group_id, now_division_id, now_competition, now_round_number)
        is distinct from (was_event_id, was_age_group_id, was_division_id, was_competition,
            was_round_number) as other_changed,
    is_newest and content_hash <> was_content_hash and (
        select string_agg(b.bracket_id || ':' || (b.home::integer + 2 * b.away::integer), ' ' order by b.bracket_id)
        from match_brackets b where b.match_id = d.match_id
    ) is distinct from (
        select string_agg(b.bracket_id || ':' || b.side, ' ' order by b.bracket_id)
        from unnest(d.brackets, d.sides) as b (bracket_id, side)
    ) as brackets_changed,
    case when content_hash <> was_content_hash then (
        select array_agg(b.bracket_id order by b.bracket_id) from match_brackets b where b.match_id = d.match_id
    ) end as was_brackets,
    case when content_hash <> was_content_hash then (
        select array_agg(b.home::integer + 2 * b.away::integer order by b.bracket_id)
        from match_brackets b where b.match_id = d.match_id
    ) end as was_sides,
    -- an older observation carries the score that the newest one lacks: it is kept, and the two disagree
    case
        when is_newest and is_newest_score then false
        when is_newest_score then true
        when is_newest then was_score_observed_at is not null
        else (was_score_observed_at, was_score_hash) <> (was_observed_at, was_content_hash)
    end as score_missing
from decided d;

-- What is newer, or carries a newer score. A row that changed since it was found is missing from the count: start again.
update matches m set
    event_id = now_event_id, age_group_id = now_age_group_id,
    division_id = now_division_id, competition = now_competition,
    home_team_id = now_home_team_id, away_team_id = now_away_team_id,
    kick_off = now_kick_off, timezone = now_timezone, local_date = now_local_date, time_set = now_time_set,
    venue_id = now_venue_id, round_number = now_round_number,
    status = now_status, source_status = now_source_status,
    home_score = now_home_score, away_score = now_away_score,
    home_shootout = now_home_shootout, away_shootout = now_away_shootout,
    observed_at = case when is_newest then w.observed_at else m.observed_at end,
    content_hash = case when is_newest then w.content_hash else m.content_hash end,
    score_observed_at = case when is_newest_score then w.observed_at else m.score_observed_at end,
    score_hash = case when is_newest_score then w.content_hash else m.score_hash end,
    absent_snapshots = now_absent_snapshots,
    absent_since = case when now_absent_snapshots > 0 then m.absent_since end,
    updated_at = case
        when score_changed or status_changed or kick_off_changed or venue_changed or teams_changed or other_changed
            or brackets_changed
        then now() else m.updated_at end
from work w
where m.id = w.match_id and m.xmin = w.row_version and (w.is_newest or w.is_newest_score);

-- In which tables they count.
delete from match_brackets b using work w
where w.brackets_changed and b.match_id = w.match_id and b.bracket_id <> all (w.brackets);

insert into match_brackets (match_id, bracket_id, home, away)
select w.match_id, b.bracket_id, (b.side & 1) > 0, (b.side & 2) > 0
from work w cross join lateral unnest(w.brackets, w.sides) as b (bracket_id, side)
where w.brackets_changed
on conflict (match_id, bracket_id) do update set home = excluded.home, away = excluded.away;

-- History: what was, what is, by which batch.
insert into match_changes (match_id, field, old_value, new_value, observed_at, batch_id)
select w.match_id, c.field, c.old_value, c.new_value, w.observed_at, current_setting('mt.batch_id')::uuid
from work w
cross join lateral (
    select 'score', match_score(was_home_score, was_away_score, was_home_shootout, was_away_shootout),
        match_score(now_home_score, now_away_score, now_home_shootout, now_away_shootout) where score_changed
    union all
    select 'status', was_status, now_status where status_changed
    union all
    select 'kick_off', match_moment(was_kick_off, was_local_date, was_time_set),
        match_moment(now_kick_off, now_local_date, now_time_set)
    where kick_off_changed
    union all
    select 'venue', (select name from venues where id = was_venue_id), (select name from venues where id = now_venue_id)
    where venue_changed
    union all
    select 'teams', match_teams(was_home_team_id, was_away_team_id), match_teams(now_home_team_id, now_away_team_id)
    where teams_changed
    union all
    select * from (values
        ('event_id', was_event_id, now_event_id),
        ('age_group', (select name from age_groups where id = was_age_group_id),
            (select name from age_groups where id = now_age_group_id)),
        ('division', (select name from divisions where id = was_division_id),
            (select name from divisions where id = now_division_id)),
        ('competition', was_competition, now_competition),
        ('round', was_round_number::text, now_round_number::text)
    ) as o (field, old_value, new_value)
    where other_changed and old_value is distinct from new_value
    union all
    select 'brackets', old_value, new_value
    from (
        select string_agg(name, ', ' order by name) filter (where not now) as old_value,
            string_agg(name, ', ' order by name) filter (where now) as new_value
        from (
            select n.now, concat_ws(' ', l.name, a.name, d.name, case side when 1 then '(home)' when 2 then '(away)' end)
            from (
                select false, * from unnest(was_brackets, was_sides)
                union all select true, * from unnest(w.brackets, w.sides)
            ) as n (now, bracket_id, side)
            join brackets b on b.id = n.bracket_id
            join leagues l on l.id = b.league_id
            join age_groups a on a.id = b.age_group_id
            join divisions d on d.id = b.division_id
        ) as named (now, name)
    ) as o
    where brackets_changed
) as c (field, old_value, new_value)
where score_changed or status_changed or kick_off_changed or venue_changed or teams_changed or other_changed
    or brackets_changed
order by w.match_id, c.field;

-- Conflicts: of each field that this batch has something new to say of, what is offered against what is kept.
create temporary table disputes on commit drop as
select w.match_id, c.field, c.kept_value, c.offered_value, c.reason, w.observed_at, c.open
from work w
cross join lateral (
    select
        'score', match_score(now_home_score, now_away_score, now_home_shootout, now_away_shootout),
        case when score_held
            then match_score(home_score, away_score, home_shootout, away_shootout) end,
        case when live_by_hand then 'live' when score_held then 'locked' else 'score_withdrawn' end,
        case
            when score_held then (home_score, away_score, home_shootout, away_shootout)
                is distinct from (was_home_score, was_away_score, was_home_shootout, was_away_shootout)
            else score_missing
        end
    where case when score_held then is_newest_score else is_newest or is_newest_score end
    union all
    select 'status', was_status, status, case when live_by_hand then 'live' else 'locked' end,
        status_held and status <> was_status
    where is_newest
    union all
    select 'kick_off', match_moment(was_kick_off, was_local_date, was_time_set),
        match_moment(kick_off, local_date, time_set), 'locked',
        kick_off_held and (kick_off, timezone, local_date, time_set)
            is distinct from (was_kick_off, was_timezone, was_local_date, was_time_set)
    where is_newest
    union all
    select 'venue', (select name from venues where id = was_venue_id), (select name from venues where id = venue_id),
        'locked', venue_held and venue_id is distinct from was_venue_id
    where is_newest
    union all
    select 'teams', match_teams(was_home_team_id, was_away_team_id), match_teams(home_team_id, away_team_id), 'locked',
        teams_held and (home_team_id, away_team_id) is distinct from (was_home_team_id, was_away_team_id)
    where is_newest
) as c (field, kept_value, offered_value, reason, open)
where (
    score_held or status_held or kick_off_held or venue_held or teams_held or score_missing
    or exists (select from match_conflicts o where o.match_id = w.match_id and o.settled_at is null)
);

update match_conflicts o set settled_at = now(), settlement = 'taken'
from disputes d
where o.settled_at is null and o.match_id = d.match_id and o.field = d.field
    and not (d.open and o.offered_value is not distinct from d.offered_value);

-- What was settled by nobody opens again when the source disagrees again; what a person settled stays settled. An open
-- one tells what is kept now, which may be another score that was late.
insert into match_conflicts (match_id, field, kept_value, offered_value, reason, observed_at, batch_id)
select match_id, field, kept_value, offered_value, reason, observed_at, current_setting('mt.batch_id')::uuid
from disputes where open
order by match_id, field
on conflict (match_id, field, offered_value) do update
set settled_at = null, settlement = null, kept_value = excluded.kept_value, reason = excluded.reason,
    observed_at = excluded.observed_at, batch_id = excluded.batch_id
where match_conflicts.settled_at is not null and match_conflicts.settled_by is null
    or match_conflicts.settled_at is null and match_conflicts.kept_value is distinct from excluded.kept_value;

-- Two observations of one moment that differ: the greater hash stands. A note, settled from the start, of the moment that
-- stands: a newer one takes it away, so that it does not depend on which of them came first.
with outdated as (
    delete from match_conflicts o using work w
    where o.match_id = w.match_id and o.reason = 'same_moment' and w.observed_at > w.was_observed_at
),
outdone as (
    update match_conflicts o set kept_value = w.content_hash
    from work w
    where o.match_id = w.match_id and o.reason = 'same_moment' and w.observed_at = w.was_observed_at
        and w.content_hash > w.was_content_hash
)
insert into match_conflicts
    (match_id, field, kept_value, offered_value, reason, observed_at, batch_id, settled_at, settlement)
select match_id, 'content', greatest(content_hash, was_content_hash), least(content_hash, was_content_hash),
    'same_moment', observed_at, current_setting('mt.batch_id')::uuid, now(), 'kept'
from work where observed_at = was_observed_at and content_hash <> was_content_hash
order by match_id
on conflict do nothing;

select count(*) from work where is_newest or is_newest_score;

-- What became of them: per target, which of them changed in what, and which brackets' pages show something else now.
select
    target, outcome, count(*)
from (
    select target, case
        when score_changed or status_changed or kick_off_changed or venue_changed or teams_changed or other_changed
            or brackets_changed then 'updated'
        when exists (select from disputes d where d.match_id = w.match_id and d.open) then 'protected'
        else 'unchanged'
    end as outcome
    from work w
) as outcomes
group by target, outcome;

select match_id, array_remove(array[
    case when score_changed then 'score' end, case when status_changed then 'status' end,
    case when kick_off_changed then 'kick_off' end, case when venue_changed then 'venue' end,
    case when teams_changed then 'teams' end], null)
from work
where score_changed or status_changed or kick_off_changed or venue_changed or teams_changed
order by match_id;

select distinct b.bracket_id
from work w
cross join lateral unnest(case when was_brackets is null or brackets_changed then w.brackets end || was_brackets)
    as b (bracket_id)
where score_changed or status_changed or kick_off_changed or venue_changed or teams_changed or other_changed
    or brackets_changed
