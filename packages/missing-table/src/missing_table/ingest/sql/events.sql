-- name: brackets
with bumped as (
    update brackets set version = version + 1 where id = any(%(brackets)s) returning id, version
)
insert into events (kind, bracket_id, version) select 'bracket', id, version from bumped order by id

-- name: matches
insert into events (kind, match_id, payload)
select 'match', m, jsonb_build_object('fields', f) from unnest(%(matches)s::bigint[], %(fields)s::jsonb[]) as c (m, f)

-- name: others
insert into events (kind, payload) select k, p from unnest(%(kinds)s::text[], %(payloads)s::jsonb[]) as e (k, p)

-- name: notify
select pg_notify(%(channel)s, max(id)::text) from events
