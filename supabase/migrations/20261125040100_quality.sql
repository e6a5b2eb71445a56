-- Quality of Play rankings come through the queue as messages of their own, with receipts like all others.
alter table public.ingest_batches drop constraint ingest_batches_kind_check;
alter table public.ingest_batches
    add constraint ingest_batches_kind_check check (kind in ('snapshot', 'batch', 'quality', 'run_report'));

-- What a division's table said at a moment: one thing.
alter table public.qop_snapshots
    add constraint qop_snapshots_one_a_moment
    unique (source, season_id, league_id, age_group_id, division, taken_at);
