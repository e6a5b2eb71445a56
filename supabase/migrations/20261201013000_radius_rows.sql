-- What FreeRADIUS reads of a user: values that do not fit the wire are refused where a person writes them, a row may end by
-- itself, and radacct holds a session once, with what it cost and by which gateway.

-- Integers have 32 (or 64) bits there and a vendor's string 247 octets; FreeRADIUS cuts and wraps without a word.
create function public.radius_fits(attribute text, value text) returns boolean
    language sql immutable parallel safe set search_path = ''
    return case
        when lower(attribute) in (
            'mt-token-budget', 'mt-max-llm-calls', 'mt-max-pages', 'mt-browser-enabled', 'mt-shell-enabled',
            'mt-monthly-budget', 'mt-monthly-used', 'session-timeout', 'idle-timeout', 'acct-interim-interval'
        ) then case when value ~ '^[0-9]{1,10}$' then value::bigint <= 4294967295 else false end
        when lower(attribute) in (
            'mt-cost-budget', 'mt-max-daily-tokens', 'mt-max-weekly-tokens', 'mt-max-monthly-tokens',
            'mt-max-daily-cost', 'mt-max-weekly-cost', 'mt-max-monthly-cost'
        ) then case when value ~ '^[0-9]{1,19}$' then value::numeric <= 9223372036854775807 else false end
        when lower(attribute) in ('mt-model-allowed', 'mt-allowed-domains', 'mt-output-queue')
            then octet_length(value) between 1 and 247
        else true
    end;

-- Not valid: what is there already stays, refuses its user (radius_misfits) and is shown by `iron-claw users list`.
alter table public.radcheck add constraint radcheck_value_fits check (public.radius_fits(attribute, value)) not valid;
alter table public.radreply add constraint radreply_value_fits check (public.radius_fits(attribute, value)) not valid;
alter table public.radgroupcheck
    add constraint radgroupcheck_value_fits check (public.radius_fits(attribute, value)) not valid;
alter table public.radgroupreply
    add constraint radgroupreply_value_fits check (public.radius_fits(attribute, value)) not valid;

-- A row with a time is in force until then, and stands before the user's other rows of its attribute.
alter table public.radcheck add column until timestamptz;
alter table public.radreply add column until timestamptz;

create view public.radius_misfits with (security_invoker = true) as
    select username, 'radcheck' as place, attribute, value from public.radcheck
    where not public.radius_fits(attribute, value)
    union all
    select username, 'radreply', attribute, value from public.radreply where not public.radius_fits(attribute, value)
    union all
    select u.username, 'radgroupcheck', g.attribute, g.value
    from public.radusergroup u join public.radgroupcheck g using (groupname)
    where not public.radius_fits(g.attribute, g.value)
    union all
    select u.username, 'radgroupreply', g.attribute, g.value
    from public.radusergroup u join public.radgroupreply g using (groupname)
    where not public.radius_fits(g.attribute, g.value);

-- What FreeRADIUS reads in the place of radcheck and radreply. A value that does not fit refuses its user by name: without
-- the row there would be no limit at all.
create view public.radcheck_now with (security_invoker = true) as
    select c.id, c.username, c.attribute, c.op, c.value from public.radcheck c
    where public.radius_fits(c.attribute, c.value)
    and (c.until > now() or (c.until is null and not exists (
        select from public.radcheck t where t.username = c.username and t.attribute = c.attribute and t.until > now()
    )))
    union all
    select distinct 0, m.username, 'Auth-Type', ':=', 'Reject' from public.radius_misfits m;

create view public.radreply_now with (security_invoker = true) as
    select r.id, r.username, r.attribute, r.op, r.value from public.radreply r
    where public.radius_fits(r.attribute, r.value)
    and (r.until > now() or (r.until is null and not exists (
        select from public.radreply t where t.username = r.username and t.attribute = r.attribute and t.until > now()
    )))
    union all
    select 2147483647, m.username, 'Reply-Message', ':=', left('bad-value ' || string_agg(distinct m.attribute, ' '), 247)
    from public.radius_misfits m group by m.username;

alter table public.radacct add column costmicrousd bigint, add column nasidentifier text;

-- A session is known by its user and its own random id: a gateway that comes back under another name goes on in its row.
update public.radacct a set acctuniqueid = md5(a.username || ',' || a.acctsessionid)
where a.username is not null and not exists (
    select from public.radacct b
    where b.username = a.username and b.acctsessionid = a.acctsessionid and b.radacctid <> a.radacctid
);

create index radpostauth_rejects on public.radpostauth (authdate) where reply = 'Access-Reject';

grant execute on function public.radius_fits(text, text) to radius, service_role;
grant select on public.radius_misfits, public.radcheck_now, public.radreply_now to radius, service_role;
