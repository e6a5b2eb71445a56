-- Supabase grants everything on new tables to anon and authenticated; row level security alone would then keep them out,
-- and TRUNCATE does not ask it. Here what is new is closed until its migration opens it.
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke all on functions from anon, authenticated;
alter default privileges revoke execute on functions from public;

-- And what was made before: reading where a policy says so, nothing else.
do $$
declare
    name text;
begin
    for name in select tablename from pg_tables where schemaname = 'public' loop
        execute format('alter table public.%I enable row level security', name);
        execute format('revoke all on public.%I from public, anon, authenticated', name);
        if exists (select from pg_policies p where p.schemaname = 'public' and p.tablename = name
                   and p.cmd = 'SELECT' and 'anon' = any(p.roles)) then
            execute format('grant select on public.%I to anon, authenticated', name);
        end if;
    end loop;
    for name in select sequencename from pg_sequences where schemaname = 'public' loop
        execute format('revoke all on sequence public.%I from public, anon, authenticated', name);
    end loop;
    for name in select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'public'::regnamespace loop
        execute format('revoke all on function %s from public, anon, authenticated', name);
    end loop;
end
$$;
