-- name: plan
-- The opposite of merge.sql: every match against every listed id, of which the planner expects a hundred.
select set_config('enable_hashjoin', 'on', true), set_config('enable_seqscan', 'on', true),
    set_config('enable_nestloop', 'off', true)

-- name: judge
-- Which matches of a competition season are in neither of the last two landed snapshots: flagged, and cancelled where
-- they were never scored. Judged anew from what landed, so the order of landing does not matter. A match is present in a
-- snapshot that lists it, and in every one that is not newer than its own last observation.
with ranked as materialized (
    select * from (
        select key, observed_at, external_ids,
            row_number() over (partition by key order by observed_at desc, snapshot_id desc) as back
        from feed_snapshots
        where source = %(source)s and season_id = %(season_id)s and league_id = %(league_id)s
            and landed_at is not null
    ) as s
    where back <= 2
),
keys as (
    select key, count(*) as known, max(observed_at) filter (where back = 1) as first_at,
        max(observed_at) filter (where back = 2) as second_at
    from ranked group by key
),
listed as (
    select r.key, e.external_id, min(r.back) as back
    from ranked r cross join lateral unnest(r.external_ids) as e (external_id) group by r.key, e.external_id
),
counted as materialized (
    select m.id, min(least(
        k.known,
        coalesce(l.back - 1, 2),
        case when m.observed_at >= k.first_at then 0 when m.observed_at >= k.second_at then 1 else 2 end
    )) as absent
    from matches m cross join keys k
    left join listed l on l.key = k.key and l.external_id = m.external_id
    where m.source = %(source)s and m.season_id = %(season_id)s and m.league_id = %(league_id)s
        -- what is not older than some newest snapshot is not absent; it matters only where it was thought to be
        and (m.observed_at < (select min(first_at) from keys) or m.absent_snapshots > 0)
    group by m.id
),
judged as materialized (
    select m.id, m.status as was_status, m.absent_snapshots as was_absent, c.absent, m.observed_at,
        case when c.absent > 0 then (
            select min(s.observed_at) from feed_snapshots s
            where s.source = m.source and s.season_id = m.season_id and s.league_id = m.league_id
                and s.landed_at is not null
                and s.observed_at > greatest(m.observed_at, (
                    select max(h.observed_at) from (
                        select * from feed_snapshots f
                        where f.source = m.source and f.season_id = m.season_id and f.league_id = m.league_id
                            and f.landed_at is not null
                        order by f.observed_at desc limit 30
                    ) as h
                    where m.external_id = any (h.external_ids)
                ))
        ) end as since,
        case
            when m.home_score is not null or m.status = 'live' or exists (
                select from match_locks l where l.match_id = m.id and l.field = 'status') then m.status
            when c.absent >= 2 and m.source_status in ('scheduled', 'tbd', 'postponed') then 'cancelled'
            else m.source_status
        end as now_status
    from counted c join matches m on m.id = c.id
    where c.absent > 0 or m.absent_snapshots > 0
),
moved as (
    update matches m
    set absent_snapshots = j.absent, absent_since = j.since, status = j.now_status,
        updated_at = case when j.now_status <> j.was_status then now() else m.updated_at end
    from judged j
    where m.id = j.id
        and (m.absent_snapshots, m.absent_since, m.status) is distinct from (j.absent::smallint, j.since, j.now_status)
),
logged as (
    insert into match_changes (match_id, field, old_value, new_value, observed_at, batch_id)
    select id, 'status', was_status, now_status, coalesce(since, observed_at), %(message_id)s
    from judged where now_status <> was_status order by id
)
select distinct b.bracket_id
from judged j join match_brackets b on b.match_id = j.id
where j.now_status <> j.was_status or (j.absent >= 2) <> (j.was_absent >= 2)
