-- Who may see and write what. Every table has row level security; what no policy names is refused.
-- Backend and worker connect as the owner. anon and authenticated read the public tables and write nothing.
-- radius (FreeRADIUS and the gateway) has the rad* tables and llm_calls, and nothing else.

do $$
declare
    name text;
begin
    for name in select tablename from pg_tables where schemaname = 'public' loop
        execute format('alter table public.%I enable row level security', name);
        execute format('revoke all on public.%I from public, anon, authenticated', name);
        execute format('grant all on public.%I to service_role', name);
    end loop;

    foreach name in array array[
        'seasons', 'leagues', 'age_groups', 'divisions', 'brackets', 'clubs', 'teams', 'bracket_teams',
        'published_standings', 'venues', 'matches', 'match_brackets', 'qop_snapshots', 'forecasts'
    ] loop
        execute format('grant select on public.%I to anon, authenticated', name);
        execute format('create policy "everyone reads" on public.%I for select to anon, authenticated using (true)', name);
    end loop;

    if not exists (select from pg_roles where rolname = 'radius') then
        create role radius login nosuperuser nocreatedb nocreaterole noinherit;  -- its password is set by the operator
    end if;
    foreach name in array array[
        'radacct', 'radcheck', 'radreply', 'radgroupcheck', 'radgroupreply', 'radusergroup', 'radpostauth', 'llm_calls'
    ] loop
        execute format('grant select, insert, update, delete on public.%I to radius', name);
        execute format('create policy "radius keeps" on public.%I to radius using (true) with check (true)', name);
    end loop;
    for name in select sequencename from pg_sequences where schemaname = 'public' and sequencename like 'rad%' loop
        execute format('grant usage, select on sequence public.%I to radius', name);
    end loop;
end
$$;

grant usage on schema public to anon, authenticated, service_role, radius;
grant usage on schema extensions to anon, authenticated, service_role;
grant usage, select on all sequences in schema public to service_role;
