-- Budgets by the calendar: a window is a row here (its name, the period whose start it counts from, what it counts), and one
-- function answers for all of them. Periods turn in UTC; a week begins on Monday. A session counts in the period in which it
-- began, so the gateway ends one when the earliest of its windows turns.
create table public.radwindow (
    name text primary key,
    period text not null check (period in ('day', 'week', 'month')),
    unit text not null check (unit in ('tokens', 'micro_usd')),
    check_attribute text not null unique
);
insert into public.radwindow (name, period, unit, check_attribute) values
    ('daily', 'day', 'tokens', 'MT-Max-Daily-Tokens'),
    ('weekly', 'week', 'tokens', 'MT-Max-Weekly-Tokens'),
    ('monthly', 'month', 'tokens', 'MT-Max-Monthly-Tokens'),
    ('daily-cost', 'day', 'micro_usd', 'MT-Max-Daily-Cost'),
    ('weekly-cost', 'week', 'micro_usd', 'MT-Max-Weekly-Cost'),
    ('monthly-cost', 'month', 'micro_usd', 'MT-Max-Monthly-Cost');

alter table public.radwindow enable row level security;
revoke all on public.radwindow from public, anon, authenticated;
grant all on public.radwindow to service_role;
grant select on public.radwindow to radius;
create policy "radius reads" on public.radwindow for select to radius using (true);

-- `name:value` words as an object; a word without a value is left out.
create function public.radius_words(words text) returns jsonb
    language sql immutable parallel safe set search_path = ''
    return coalesce((
        select jsonb_object_agg(split_part(word, ':', 1), split_part(word, ':', 2))
        from regexp_split_to_table(words, ' ') as word where word ~ '^[a-z-]+:.'
    ), '{}');

-- The windows that `caps` (`daily:N monthly:N …`) names, with what the user's sessions used in each; `but` is left out.
create function public.radius_windows(who text, caps text, but text)
    returns table (name text, unit text, cap bigint, used bigint, starts timestamptz, resets timestamptz)
    language sql stable set search_path = ''
    as $$
    select w.name, w.unit, (given.value)::bigint, coalesce(a.used, 0)::bigint, turn.starts,
           (turn.starts at time zone 'UTC' + ('1 ' || w.period)::interval) at time zone 'UTC'
    from jsonb_each_text(public.radius_words(caps)) given
    join public.radwindow w on w.name = given.key
    cross join lateral (select date_trunc(w.period, now() at time zone 'UTC') at time zone 'UTC' as starts) turn
    left join lateral (
        select sum(case w.unit when 'tokens' then r.acctinputoctets + r.acctoutputoctets else r.costmicrousd end) as used
        from public.radacct r
        where r.username = who and r.acctstarttime >= turn.starts and r.acctsessionid is distinct from but
    ) a on true
    $$;

-- What a grant says of its windows, as FreeRADIUS reads reply rows: MT-Window is `name budget used resets`, the last one in
-- Unix time. A window that is used up adds the Reply-Message with which FreeRADIUS then refuses.
create function public.radius_window_rows(who text, caps text, but text)
    returns table (id integer, username text, attribute text, value text, op text)
    language sql stable set search_path = ''
    as $$
    with w as (select * from public.radius_windows(who, caps, but))
    select 0, who, 'MT-Window', concat_ws(' ', w.name, w.cap, w.used, extract(epoch from w.resets)::bigint), '+=' from w
    union all
    select 0, who, row.attribute, row.value::text, ':='
    from w, lateral (values
        ('MT-Monthly-Budget', least(w.cap, 4294967295), 'monthly'),
        ('MT-Monthly-Used', least(w.used, 4294967295), 'monthly'),
        ('MT-Monthly-Cost-Budget', w.cap, 'monthly-cost')
    ) as row (attribute, value, of_window)
    where row.of_window = w.name
    union all
    (select 0, who, 'Reply-Message',
            w.name || '-cap resets=' || to_char(w.resets at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ':='
     from w where w.used >= w.cap order by w.resets desc limit 1)
    $$;

grant execute on function public.radius_words(text) to radius, service_role;
grant execute on function public.radius_windows(text, text, text) to radius, service_role;
grant execute on function public.radius_window_rows(text, text, text) to radius, service_role;
