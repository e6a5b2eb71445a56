-- The passwords of the first start, from the environment. The role radius is made here, since its password is needed
-- before our migrations (which make it where it is missing) have run.
\getenv owner POSTGRES_PASSWORD
\getenv radius RADIUS_DB_PASSWORD
alter role supabase_admin password :'owner';
alter role postgres password :'owner';
alter role authenticator password :'owner';
create role radius login nosuperuser nocreatedb nocreaterole noinherit password :'radius';
alter database postgres owner to postgres;
