-- How matches come in: what was read, what landed, what was turned away, what changed, and what people hold against it.

-- A competition season as read at one moment. landed_at: when its last part had landed; null while parts are missing.
create table public.feed_snapshots (
    snapshot_id uuid primary key,
    run_id uuid not null,
    source text not null,
    site text not null,
    key text not null,
    season_id smallint not null references public.seasons,
    league_id smallint not null references public.leagues,
    observed_at timestamptz not null,
    scope text[],                      -- external ids of the brackets submitted; null: all
    parts integer not null check (parts >= 0),
    external_ids text[] not null,
    scored integer not null check (scored >= 0),
    documents jsonb not null,
    accept_shrink boolean not null default false,
    received_at timestamptz not null default now(),
    landed_at timestamptz
);
create index feed_snapshots_newest_landed on public.feed_snapshots (source, site, key, observed_at desc)
    where landed_at is not null;

-- Validators that a reader may send: those of documents whose every part has landed.
create table public.source_documents (
    source text not null,
    site text not null,
    key text not null,
    path text not null,
    etag text,
    last_modified text,
    sha256 text not null,
    synced_at timestamptz not null,
    size_bytes bigint not null,
    snapshot_id uuid not null references public.feed_snapshots,
    landed_at timestamptz not null,
    primary key (source, site, path)
);

-- One row a message: the receipt, as it was sent.
create table public.ingest_batches (
    message_id uuid primary key,
    kind text not null check (kind in ('snapshot', 'batch', 'run_report')),
    run_id uuid not null,
    snapshot_id uuid,
    part integer,
    parts integer,
    state text not null check (state in ('landed', 'refused')),
    reason text,
    inserted integer not null default 0,
    updated integer not null default 0,
    unchanged integer not null default 0,
    protected integer not null default 0,
    rejected integer not null default 0,
    receipt jsonb not null,
    committed_at timestamptz not null default now()
);
create index ingest_batches_by_run on public.ingest_batches (run_id);
create index ingest_batches_by_snapshot on public.ingest_batches (snapshot_id, part);

-- The quarantine. payload is json, not jsonb: it keeps what came to the letter, NUL escapes and all.
create table public.ingest_rejections (
    id bigint generated always as identity primary key,
    batch_id uuid,
    run_id uuid,
    source text,
    external_id text,
    target text not null default '',
    reason text not null,
    detail text not null,
    payload json not null,
    payload_sha256 text not null,
    seen integer not null default 1 check (seen >= 1),
    first_seen_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    state text not null default 'open' check (state in ('open', 'replayed', 'dropped')),
    settled_at timestamptz,
    unique (payload_sha256, reason)
);
create index ingest_rejections_open on public.ingest_rejections (last_seen_at desc) where state = 'open';

-- What changed, from what, to what, when, by which batch or person. Values as text; null: there was none.
create table public.match_changes (
    id bigint generated always as identity primary key,
    match_id bigint not null references public.matches on delete cascade,
    field text not null,
    old_value text,
    new_value text,
    observed_at timestamptz not null,
    changed_at timestamptz not null default now(),
    batch_id uuid,
    account_id uuid
);
create index match_changes_by_match on public.match_changes (match_id, id);
create index match_changes_newest on public.match_changes (changed_at, id);

-- A field that a person corrected: the source may disagree, and does not win.
create table public.match_locks (
    match_id bigint not null references public.matches on delete cascade,
    field text not null check (field in ('score', 'kick_off', 'venue', 'status', 'teams')),
    reason text not null default '',
    locked_by uuid,
    locked_at timestamptz not null default now(),
    primary key (match_id, field)
);

-- What the source offers against a kept value: recorded once, open until someone settles it.
create table public.match_conflicts (
    id bigint generated always as identity primary key,
    match_id bigint not null references public.matches on delete cascade,
    field text not null,
    kept_value text,
    offered_value text,
    reason text not null,
    observed_at timestamptz not null,
    batch_id uuid,
    recorded_at timestamptz not null default now(),
    settled_at timestamptz,
    settled_by uuid,
    settlement text check (settlement in ('kept', 'taken')),
    unique nulls not distinct (match_id, field, offered_value)
);
create index match_conflicts_open on public.match_conflicts (match_id) where settled_at is null;

create table public.runs (
    run_id uuid primary key,
    started_at timestamptz not null,
    ended_at timestamptz,
    exit_code smallint,
    model text,
    tokens_in bigint not null default 0,
    tokens_out bigint not null default 0,
    cost_micro_usd bigint,             -- null: unknown, never 0
    targets jsonb not null default '[]',
    warnings jsonb not null default '[]',
    report jsonb not null default '{}',
    received_at timestamptz not null default now()
);
create index runs_newest on public.runs (started_at desc);

-- What /api/events resumes from. Rows are inserted last in a transaction, under an advisory lock: ids follow commits.
create table public.events (
    id bigint generated always as identity primary key,
    kind text not null,
    bracket_id bigint,
    match_id bigint,
    version bigint,
    payload jsonb not null default '{}',
    created_at timestamptz not null default now()
);
create index events_by_age on public.events (created_at);

-- People and keys. Roles come from here, never from what a user can edit.
create table public.accounts (
    id uuid primary key,               -- of the sign-in (auth.users)
    role text not null default 'reader' check (role in ('admin', 'manager', 'reader')),
    created_at timestamptz not null default now(),
    disabled_at timestamptz
);
create table public.account_teams (
    account_id uuid not null references public.accounts on delete cascade,
    team_id bigint not null references public.teams on delete cascade,
    primary key (account_id, team_id)
);
create table public.api_keys (
    id text primary key check (id ~ '^[a-z0-9-]{1,40}$'),
    name text not null,
    secret_sha256 text not null check (secret_sha256 ~ '^[0-9a-f]{64}$'),
    scopes text[] not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    last_used_at timestamptz
);
create table public.audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    subject text not null,
    subject_id text not null,
    before jsonb,
    after jsonb,
    request_id text
);
create index audit_log_by_subject on public.audit_log (subject, subject_id, id);
