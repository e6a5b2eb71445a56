-- The roles that Supabase brings and a private Postgres lacks. Once per cluster, as its superuser; may be repeated.
-- Names and attributes follow Supabase: `postgres` owns the database but is no superuser.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['postgres', 'anon', 'authenticated', 'service_role', 'authenticator'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I nologin', wanted);
        end if;
    end loop;
end
$$;
alter role postgres login createrole createdb replication bypassrls;
alter role service_role bypassrls;
alter role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres with admin option;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
