-- The league as people know it: seasons, brackets, clubs, teams, venues, matches. The only place where it is written.

create schema if not exists extensions;
create extension if not exists pg_trgm with schema extensions;
create extension if not exists unaccent with schema extensions;

create table public.seasons (
    id smallint generated always as identity primary key,
    name text not null unique check (name ~ '^\d{4}-\d{2}$'),
    first_day date not null,
    last_day date not null,
    check (first_day < last_day)
);

create table public.leagues (
    id smallint generated always as identity primary key,
    name text not null unique check (name in ('Homegrown', 'Academy', 'Flex')),
    slug text not null unique
);
insert into public.leagues (name, slug)
values ('Homegrown', 'homegrown'), ('Academy', 'academy'), ('Flex', 'flex');

create table public.age_groups (
    id smallint generated always as identity primary key,
    name text not null unique check (name ~ '^U\d{1,2}$'),
    years smallint not null generated always as (substr(name, 2)::smallint) stored
);

-- A division's plain name ("Northeast"); in Academy and Flex a conference plays its part.
create table public.divisions (
    id integer generated always as identity primary key,
    league_id smallint not null references public.leagues,
    name text not null,
    slug text not null,
    unique (league_id, name)
);

-- One table. version: raised by the merge in the transaction that changes anything the bracket's pages show.
create table public.brackets (
    id bigint generated always as identity primary key,
    source text not null check (source in ('assist', 'modular11')),
    season_id smallint not null references public.seasons,
    external_id text not null,
    league_id smallint not null references public.leagues,
    division_id integer not null references public.divisions,
    age_group_id smallint not null references public.age_groups,
    gender text not null default 'male',
    computed boolean not null default false,
    version bigint not null default 1,
    observed_at timestamptz not null,  -- of the newest observation of the bracket itself
    standings_observed_at timestamptz, -- of the newest snapshot that brought its teams, landed or not
    standings_hash text,
    synced_at timestamptz,             -- of the newest landed snapshot that covers it: how fresh the table is
    unique (source, season_id, external_id)
);
create index brackets_by_place on public.brackets (season_id, league_id, age_group_id, division_id);

create table public.clubs (
    id bigint generated always as identity primary key,
    source text not null,
    external_id text,                  -- null where the source has names only
    name text not null,
    crest_url text,
    observed_at timestamptz not null
);
create unique index clubs_by_external_id on public.clubs (source, external_id) where external_id is not null;
create unique index clubs_by_name on public.clubs (source, name) where external_id is null;
create index clubs_by_similarity on public.clubs using gin (name extensions.gin_trgm_ops);

-- A squad. name: as the standings document has it.
create table public.teams (
    id bigint generated always as identity primary key,
    source text not null,
    external_id text,                  -- the squad id; null where the source has names only
    club_id bigint references public.clubs,
    name text not null,
    short_name text,                   -- set by a person
    age_label text,
    observed_at timestamptz not null
);
create unique index teams_by_external_id on public.teams (source, external_id) where external_id is not null;
create unique index teams_by_name on public.teams (source, name, age_label) nulls not distinct where external_id is null;
create index teams_by_club on public.teams (club_id);
create index teams_by_similarity on public.teams using gin (name extensions.gin_trgm_ops);

-- Who stands in a bracket. listed: in the published document (false: joined its opponents' bracket by playing in it).
create table public.bracket_teams (
    bracket_id bigint not null references public.brackets on delete cascade,
    team_id bigint not null references public.teams,
    listed boolean not null default true,
    observed_at timestamptz not null,
    primary key (bracket_id, team_id)
);
create index bracket_teams_by_team on public.bracket_teams (team_id);

-- The newest published table. values: by the source's own keys, strings as published; {} where none are published.
create table public.published_standings (
    bracket_id bigint not null references public.brackets on delete cascade,
    team_id bigint not null references public.teams,
    position integer check (position >= 1),
    "values" jsonb not null default '{}',
    observed_at timestamptz not null,
    primary key (bracket_id, team_id)
);

create table public.venues (
    id bigint generated always as identity primary key,
    source text not null,
    external_id text,
    name text not null,
    observed_at timestamptz not null
);
create unique index venues_by_external_id on public.venues (source, external_id) where external_id is not null;
create unique index venues_by_name on public.venues (source, name) where external_id is null;
create index venues_by_similarity on public.venues using gin (name extensions.gin_trgm_ops);

-- kick_off is UTC; with time_set false only local_date means anything.
-- observed_at, content_hash: of the newest observation; score_observed_at, score_hash: of the newest that carried a score.
create table public.matches (
    id bigint generated always as identity primary key,
    source text not null,
    season_id smallint not null references public.seasons,
    external_id text not null,
    event_id text,
    league_id smallint not null references public.leagues,
    age_group_id smallint not null references public.age_groups,
    division_id integer references public.divisions,
    competition text,
    home_team_id bigint not null references public.teams,
    away_team_id bigint not null references public.teams,
    kick_off timestamptz,
    timezone text not null,
    local_date date not null,
    time_set boolean not null,
    venue_id bigint references public.venues,
    round_number integer,
    status text not null
        check (status in ('scheduled', 'live', 'tbd', 'completed', 'postponed', 'cancelled', 'forfeit')),
    source_status text not null default 'scheduled', -- of the newest observation, before what we know better
    home_score smallint check (home_score between 0 and 99),
    away_score smallint check (away_score between 0 and 99),
    home_shootout smallint check (home_shootout between 0 and 99),
    away_shootout smallint check (away_shootout between 0 and 99),
    observed_at timestamptz not null,
    content_hash text not null,
    score_observed_at timestamptz,
    score_hash text,
    absent_since timestamptz,          -- observed_at of the first landed snapshot that no longer had it
    absent_snapshots smallint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (source, season_id, external_id),
    check (home_team_id <> away_team_id),
    check ((home_score is null) = (away_score is null)),
    check ((home_shootout is null) = (away_shootout is null)),
    check (status <> 'completed' or home_score is not null),
    check (not time_set or kick_off is not null)
) with (fillfactor = 85);              -- every new document moves the clocks of its matches: room to do it in place
create index matches_by_home_team on public.matches (home_team_id, local_date);
create index matches_by_away_team on public.matches (away_team_id, local_date);
create index matches_by_date on public.matches (season_id, local_date, id);

-- In which brackets' tables a match counts, and for which of its sides.
create table public.match_brackets (
    match_id bigint not null references public.matches on delete cascade,
    bracket_id bigint not null references public.brackets,
    home boolean not null,
    away boolean not null,
    primary key (match_id, bracket_id),
    check (home or away)
);
create index match_brackets_by_bracket on public.match_brackets (bracket_id, match_id);

-- Names that people and older sources use for a team: data, not code. age_label null: for every age of the club.
create table public.team_aliases (
    id bigint generated always as identity primary key,
    source text,
    alias text not null,
    age_label text,
    team_id bigint references public.teams,
    club_id bigint references public.clubs,
    created_by uuid,
    created_at timestamptz not null default now(),
    unique nulls not distinct (source, alias, age_label),
    check (num_nonnulls(team_id, club_id) = 1)
);

-- Quality of Play rankings, stored only when they changed.
create table public.qop_snapshots (
    id bigint generated always as identity primary key,
    source text not null,
    season_id smallint not null references public.seasons,
    league_id smallint not null references public.leagues,
    age_group_id smallint not null references public.age_groups,
    division text not null,
    taken_at timestamptz not null,
    content_hash text not null,
    rows jsonb not null
);
create index qop_snapshots_newest on public.qop_snapshots
    (season_id, league_id, age_group_id, division, taken_at desc);

-- Chances, frozen before kick-off so that they can be held against what happened.
create table public.forecasts (
    match_id bigint not null references public.matches on delete cascade,
    model text not null,
    made_at timestamptz not null,
    frozen_at timestamptz,
    home_win double precision not null check (home_win between 0 and 1),
    tie double precision not null check (tie between 0 and 1),
    away_win double precision not null check (away_win between 0 and 1),
    details jsonb not null default '{}',
    primary key (match_id, model)
);
