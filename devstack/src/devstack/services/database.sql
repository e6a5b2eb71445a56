-- What Supabase has in every database before our first migration. Once per database, as superuser; may be repeated.
-- `auth.uid()` and its like read the claims that a request carries, as there.
create schema if not exists extensions authorization postgres;
grant usage on schema extensions to anon, authenticated, service_role;
create schema if not exists auth;
grant usage on schema auth to postgres, anon, authenticated, service_role;
create or replace function auth.jwt() returns jsonb language sql stable as $$
    select coalesce(nullif(current_setting('request.jwt.claim', true), ''),
                    nullif(current_setting('request.jwt.claims', true), ''))::jsonb
$$;
create or replace function auth.uid() returns uuid language sql stable as $$
    select nullif(auth.jwt() ->> 'sub', '')::uuid
$$;
create or replace function auth.role() returns text language sql stable as $$
    select auth.jwt() ->> 'role'
$$;
grant usage on schema public to anon, authenticated, service_role;
-- There everything new in `public` is open to these roles until somebody closes it.
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on functions to anon, authenticated, service_role;
