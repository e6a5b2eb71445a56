-- name: store
with given as materialized (
    select * from unnest(%(divisions)s::text[], %(hashes)s::text[], %(rows)s::jsonb[]) as g (division, hash, rows)
),
judged as materialized (
    select g.*, before.content_hash as old_hash, later.id as later_id, later.content_hash as later_hash
    from given g
    left join lateral (
        select q.content_hash from qop_snapshots q
        where q.source = %(source)s and q.season_id = %(season_id)s and q.league_id = %(league_id)s
            and q.age_group_id = %(age_group_id)s and q.division = g.division and q.taken_at < %(taken_at)s
        order by q.taken_at desc limit 1
    ) before on true
    left join lateral (
        select q.id, q.content_hash from qop_snapshots q
        where q.source = %(source)s and q.season_id = %(season_id)s and q.league_id = %(league_id)s
            and q.age_group_id = %(age_group_id)s and q.division = g.division and q.taken_at > %(taken_at)s
        order by q.taken_at limit 1
    ) later on true
),
new as materialized (select * from judged where old_hash is distinct from hash),
earlier as (
    update qop_snapshots q set taken_at = %(taken_at)s from new n where q.id = n.later_id and n.later_hash = n.hash
),
added as (
    insert into qop_snapshots
        (source, season_id, league_id, age_group_id, division, taken_at, content_hash, rows)
    select %(source)s, %(season_id)s, %(league_id)s, %(age_group_id)s, division, %(taken_at)s, hash, rows
    from new where later_hash is distinct from hash order by division
    on conflict (source, season_id, league_id, age_group_id, division, taken_at) do update
    set content_hash = excluded.content_hash, rows = excluded.rows
    where excluded.content_hash collate "C" > qop_snapshots.content_hash collate "C"
    returning id
)
select (select count(*) from added), (select count(*) from given)
