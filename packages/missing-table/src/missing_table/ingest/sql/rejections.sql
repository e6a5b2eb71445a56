-- name: keep
insert into ingest_rejections (
    batch_id, run_id, source, external_id, target, reason, detail, payload, payload_sha256, seen)
select %(batch_id)s, %(run_id)s, g.* from unnest(
    %(source)s::text[], %(external_id)s::text[], %(target)s::text[], %(reason)s::text[], %(detail)s::text[],
    %(payload)s::json[], %(fingerprint)s::text[], %(seen)s::integer[]) as g
on conflict (payload_sha256, reason) do update set
    seen = ingest_rejections.seen + excluded.seen, last_seen_at = now(), batch_id = excluded.batch_id,
    run_id = excluded.run_id, detail = excluded.detail, payload = excluded.payload,
    settled_at = case when ingest_rejections.state = 'dropped' then ingest_rejections.settled_at end,
    state = case when ingest_rejections.state = 'dropped' then 'dropped' else 'open' end

-- name: open
-- One that another transaction holds is left to that one, which comes here next.
select id, source, external_id, reason, payload from ingest_rejections
where state = 'open' and external_id = any(%(external_ids)s) and source is not null for update skip locked

-- name: landed
select m.source, s.name, m.external_id, l.name, m.observed_at
from matches m join seasons s on s.id = m.season_id join leagues l on l.id = m.league_id
where m.external_id = any(%(external_ids)s)

-- name: settle
update ingest_rejections set state = 'replayed', settled_at = now() where id = any(%(ids)s)

-- name: show
select id, batch_id, run_id, source, external_id, target, reason, detail, payload, seen, first_seen_at, last_seen_at,
    state, settled_at
from ingest_rejections
where (%(state)s::text is null or state = %(state)s) and (%(reason)s::text is null or reason = %(reason)s)
    and (%(ids)s::bigint[] is null or id = any(%(ids)s))
order by last_seen_at desc, id desc limit %(limit)s

-- name: drop
update ingest_rejections set state = 'dropped', settled_at = now() where state = 'open' and id = any(%(ids)s)
returning id

-- name: brackets
-- As a batch carries them.
select b.external_id, s.name as season, l.name as league, d.name as division, a.name as age_group, b.gender, b.computed
from brackets b
join seasons s on s.id = b.season_id
join leagues l on l.id = b.league_id
join divisions d on d.id = b.division_id
join age_groups a on a.id = b.age_group_id
where b.source = %(source)s and s.name = %(season)s and b.external_id = any(%(external_ids)s)
