-- What is worked out from the league's results, by one writer (`missing-table forecast`): see docs/forecasts.md.

-- A bracket's season played out, and how good its chances were so far. version: of the bracket whose results it is
-- made of; a bracket whose own version is another one is due. silent: why there are no chances.
create table public.bracket_forecasts (
    bracket_id bigint primary key references public.brackets on delete cascade,
    version bigint not null,
    model text not null,
    made_at timestamptz not null,
    silent text check (silent in ('too_young', 'no_matches')),
    simulations integer not null default 0,
    teams jsonb not null default '[]',     -- [team, attack, defence, mean points per match, [chance of each position]]
    -- walk forward, as sums over scored_matches
    scored_matches integer not null default 0 check (scored_matches >= 0),
    brier double precision not null default 0,
    base_brier double precision not null default 0,
    log_loss double precision not null default 0,
    base_log_loss double precision not null default 0
);

-- What a match weekend was worth talking about, by bracket. weekend: its Tuesday. weight: more first, within a kind.
create table public.weekend_insights (
    bracket_id bigint not null references public.brackets on delete cascade,
    weekend date not null,
    kind text not null check (kind in ('mover', 'upset', 'streak')),
    weight integer not null,
    body jsonb not null
);
create index weekend_insights_by_weekend on public.weekend_insights (weekend, kind, weight desc);
create index weekend_insights_by_bracket on public.weekend_insights (bracket_id);

-- Chances that stood when their match began are history: nobody makes them again.
create function public.keep_frozen_forecast() returns trigger language plpgsql set search_path = '' as $$
begin
    raise exception 'the forecast of match % is frozen since %: it is never made again', old.match_id, old.frozen_at
        using errcode = 'check_violation';
end
$$;
revoke all on function public.keep_frozen_forecast from public;
create trigger frozen_forecasts_stay before update on public.forecasts
    for each row when (old.frozen_at is not null) execute function public.keep_frozen_forecast();
create index forecasts_open on public.forecasts (match_id) where frozen_at is null;

do $$
declare
    name text;
begin
    foreach name in array array['bracket_forecasts', 'weekend_insights'] loop
        execute format('alter table public.%I enable row level security', name);
        execute format('revoke all on public.%I from public, anon, authenticated', name);
        execute format('grant all on public.%I to service_role', name);
        execute format('grant select on public.%I to anon, authenticated', name);
        execute format('create policy "everyone reads" on public.%I for select to anon, authenticated using (true)', name);
    end loop;
end
$$;
