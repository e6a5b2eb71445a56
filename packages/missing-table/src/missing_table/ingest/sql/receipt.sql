-- name: begin
-- Compiling (JIT) would take longer than any statement of a landing.
select set_config('mt.batch_id', %(message_id)s, true), set_config('statement_timeout', %(timeout)s, true),
    set_config('jit', 'off', true)

-- name: landed
select receipt from ingest_batches where message_id = %(message_id)s and state = 'landed'

-- name: keep
insert into ingest_batches (
    message_id, kind, run_id, snapshot_id, part, parts, state, reason, inserted, updated, unchanged, protected, rejected,
    receipt, committed_at)
values (
    %(message_id)s, %(kind)s, %(run_id)s, %(snapshot_id)s, %(part)s, %(parts)s, %(state)s, %(reason)s, %(inserted)s,
    %(updated)s, %(unchanged)s, %(protected)s, %(rejected)s, %(receipt)s, %(committed_at)s)
on conflict (message_id) do update set
    state = excluded.state, reason = excluded.reason, part = excluded.part, parts = excluded.parts,
    snapshot_id = excluded.snapshot_id, inserted = excluded.inserted, updated = excluded.updated,
    unchanged = excluded.unchanged, protected = excluded.protected, rejected = excluded.rejected,
    receipt = excluded.receipt, committed_at = excluded.committed_at

-- name: complete
-- The snapshot, if the message is its last part.
update feed_snapshots s set landed_at = now()
where snapshot_id = %(snapshot_id)s and landed_at is null and parts <= (
    select count(distinct b.part) from ingest_batches b
    where b.snapshot_id = s.snapshot_id and b.kind = 'batch' and b.state = 'landed')
returning snapshot_id::text, source, site, key, season_id, league_id, observed_at

-- name: accept_documents
-- The validators of a landed document become current.
insert into source_documents (
    source, site, key, path, etag, last_modified, sha256, synced_at, size_bytes, snapshot_id, landed_at)
select
    s.source, s.site, s.key, d.path, d.etag, d.last_modified, d.sha256, d.synced_at, d.size_bytes,
    s.snapshot_id, s.landed_at
from feed_snapshots s cross join lateral jsonb_to_recordset(s.documents) as d
    (path text, etag text, last_modified text, sha256 text, synced_at timestamptz, size_bytes bigint)
where s.snapshot_id = %(snapshot_id)s order by d.path
on conflict (source, site, path) do update set
    key = excluded.key, etag = excluded.etag, last_modified = excluded.last_modified, sha256 = excluded.sha256,
    synced_at = excluded.synced_at, size_bytes = excluded.size_bytes, snapshot_id = excluded.snapshot_id,
    landed_at = excluded.landed_at
where (excluded.synced_at, excluded.sha256, excluded.snapshot_id)
    > (source_documents.synced_at, source_documents.sha256, source_documents.snapshot_id)

-- name: fresh_brackets
-- A landed document's brackets are as fresh as it is.
update brackets b set synced_at = s.observed_at from feed_snapshots s
where s.snapshot_id = %(snapshot_id)s and b.source = s.source and b.season_id = s.season_id
    and b.league_id = s.league_id and (s.scope is null or b.external_id = any(s.scope))
    and (b.synced_at is null or b.synced_at < s.observed_at)
