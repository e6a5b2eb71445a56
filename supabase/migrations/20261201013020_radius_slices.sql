-- Many gateways on one budget: a gateway holds a slice of what is left, asks for the next before the last is used, and gives
-- back what it did not use. One call of radius_slice_rows is one transaction under a lock of the user's own.

-- What a user's gateways share: the time in which the session's budget is used up by all of them together.
create table public.radline (
    username text primary key,
    started_at timestamptz not null,
    ends_at timestamptz not null
);
-- One row a session of a gateway. tokens, cost_micro_usd: what it may use in all; settled_*: what it says it has used.
create table public.radslice (
    username text not null,
    acctsessionid text not null,
    nasidentifier text not null,
    line_started_at timestamptz not null,
    number bigint not null,
    tokens bigint not null default 0 check (tokens >= 0),
    settled_tokens bigint not null default 0,
    cost_micro_usd bigint not null default 0 check (cost_micro_usd >= 0),
    settled_micro_usd bigint not null default 0,
    lease_until timestamptz not null,
    primary key (username, acctsessionid)
);

do $$
declare
    name text;
begin
    foreach name in array array['radline', 'radslice'] loop
        execute format('alter table public.%I enable row level security', name);
        execute format('revoke all on public.%I from public, anon, authenticated', name);
        execute format('grant all on public.%I to service_role', name);
        execute format('grant select, insert, update, delete on public.%I to radius', name);
        execute format('create policy "radius keeps" on public.%I to radius using (true) with check (true)', name);
    end loop;
end
$$;

-- Slices beside their accounting. A slice is given back by its session's Stop. Where a gateway died (its Stop, or the
-- Accounting-On that closed its row, says NAS-Reboot) that counts once the lease is over: until then it may still be spending.
create view public.radslice_now with (security_invoker = true) as
    select s.*, known.tokens as known_tokens, known.micro_usd as known_micro_usd, known.given_back,
        case when known.given_back then 0 else greatest(s.tokens - known.tokens, 0) end as held_tokens,
        case when known.given_back then 0 else greatest(s.cost_micro_usd - known.micro_usd, 0) end as held_micro_usd
    from public.radslice s
    left join public.radacct a on a.acctuniqueid = md5(s.username || ',' || s.acctsessionid)
    cross join lateral (
        select greatest(coalesce(a.acctinputoctets + a.acctoutputoctets, 0), s.settled_tokens) as tokens,
            greatest(coalesce(a.costmicrousd, 0), s.settled_micro_usd) as micro_usd,
            a.acctstoptime is not null
                and (a.acctterminatecause is distinct from 'NAS-Reboot' or s.lease_until < clock_timestamp()) as given_back
    ) known;

-- The lines of one user's budgets of a kind: what the others leave of each to the session `mine`, and what they hold of it.
create function public.radius_leaves(who text, mine text, caps text, unit text, of_session bigint, since timestamptz)
    returns table (leaves bigint, elsewhere bigint, held bigint)
    language sql volatile set search_path = ''
    as $$
    with others as (
        select case when radius_leaves.unit = 'tokens' then s.known_tokens else s.known_micro_usd end as used,
            case when radius_leaves.unit = 'tokens' then s.held_tokens else s.held_micro_usd end as held,
            case when radius_leaves.unit = 'tokens' then s.tokens_unreported else s.micro_usd_unreported end as unreported,
            s.line_started_at
        from (
            select n.*, n.known_tokens - coalesce(a.acctinputoctets + a.acctoutputoctets, 0) as tokens_unreported,
                n.known_micro_usd - coalesce(a.costmicrousd, 0) as micro_usd_unreported
            from public.radslice_now n
            left join public.radacct a on a.acctuniqueid = md5(n.username || ',' || n.acctsessionid)
            where n.username = who and n.acctsessionid <> mine
        ) s
    ), holding as (
        select coalesce(sum(held), 0)::bigint as held, coalesce(sum(unreported), 0)::bigint as unreported from others
    ), line as (
        select coalesce(sum(used), 0)::bigint as used, coalesce(sum(held), 0)::bigint as held
        from others where line_started_at = since
    )
    select of_session - line.used - line.held, line.used, line.held from line where of_session is not null
    union all
    select w.cap - w.used - holding.unreported - holding.held, 0, holding.held
    from public.radius_windows(who, caps, mine) w, holding where w.unit = radius_leaves.unit
    $$;

-- The slice of a gateway's session, as FreeRADIUS reads reply rows. `words`, as in radius_words: number (of the request, in
-- the session), lease (seconds asked for), timeout (Session-Timeout), and for tokens and cost: budget (the session's),
-- has (the slice it knows of), used (settled and reserved), settled, want (the room it needs at least; none: it gives back).
-- A repetition, or a request that was overtaken, changes nothing and reads what stands.
create function public.radius_slice_rows(who text, mine text, nas text, caps text, words text)
    returns table (id integer, username text, attribute text, value text, op text)
    language plpgsql volatile set search_path = ''
    as $$
declare
    w jsonb := public.radius_words(words);
    moment timestamptz;
    line public.radline;
    slice public.radslice;
    kind record;
    left_over record;
    share bigint;
    fresh boolean;
begin
    perform pg_advisory_xact_lock(hashtextextended('radslice ' || who, 0));
    moment := clock_timestamp();
    select * into line from public.radline l where l.username = who and l.ends_at > moment;
    if not found then
        insert into public.radline values (who, moment, case coalesce(w ->> 'timeout', '86400')
            when '0' then 'infinity' else moment + make_interval(secs => coalesce(w ->> 'timeout', '86400')::bigint) end)
        on conflict on constraint radline_pkey do update
            set started_at = excluded.started_at, ends_at = excluded.ends_at
        returning * into line;
        delete from public.radslice s using public.radslice_now n
            where s.username = who and n.username = who and n.acctsessionid = s.acctsessionid and n.given_back;
    end if;
    insert into public.radslice (username, acctsessionid, nasidentifier, line_started_at, number, lease_until)
        values (who, mine, nas, line.started_at, 0, moment) on conflict on constraint radslice_pkey do nothing;
    select * into slice from public.radslice s where s.username = who and s.acctsessionid = mine;
    fresh := (w ->> 'number')::bigint > slice.number;

    id := 0; username := who; op := ':=';
    for kind in select * from (values
        ('Tokens', 'tokens', w ->> 'budget-tokens', w ->> 'has-tokens', w ->> 'used-tokens', w ->> 'settled-tokens',
            w ->> 'want-tokens', slice.tokens),
        ('Cost', 'micro_usd', w ->> 'budget-cost', w ->> 'has-cost', w ->> 'used-cost', w ->> 'settled-cost',
            w ->> 'want-cost', slice.cost_micro_usd)
    ) as k (label, unit, budget, has, used, settled, want, stands)
    loop
        select l.* into left_over
            from public.radius_leaves(who, mine, caps, kind.unit, kind.budget::bigint, slice.line_started_at) l
            order by l.leaves limit 1;
        continue when not found;
        share := kind.stands;
        if fresh then
            -- A quarter of what is left, at least what is wanted: slices grow smaller as the end nears.
            share := coalesce(kind.used, '0')::bigint + case when kind.want is null then 0
                else greatest(kind.want::bigint, (left_over.leaves - coalesce(kind.used, '0')::bigint) / 4) end;
            -- What was given in an answer that never came is not the gateway's; what it has it may keep, unless it gives back.
            if kind.want is not null then
                share := greatest(share, least(kind.stands, coalesce(kind.has, '0')::bigint));
            end if;
            share := greatest(least(share, left_over.leaves), coalesce(kind.used, '0')::bigint, 0);
            if kind.label = 'Tokens' then
                update public.radslice s set tokens = share, settled_tokens = coalesce(kind.settled, '0')::bigint
                    where s.username = who and s.acctsessionid = mine;
            else
                update public.radslice s set cost_micro_usd = share, settled_micro_usd = coalesce(kind.settled, '0')::bigint
                    where s.username = who and s.acctsessionid = mine;
            end if;
        end if;
        attribute := 'MT-Slice-' || kind.label; value := share; return next;
        attribute := 'MT-Slice-Limit-' || kind.label; value := greatest(left_over.leaves, 0); return next;
        attribute := 'MT-Slice-Elsewhere-' || kind.label; value := left_over.elsewhere; return next;
        attribute := 'MT-Slice-Held-' || kind.label; value := left_over.held; return next;
    end loop;
    if fresh then
        update public.radslice s set number = (w ->> 'number')::bigint, nasidentifier = nas,
            lease_until = moment + make_interval(secs => least((w ->> 'lease')::bigint, 900))
            where s.username = who and s.acctsessionid = mine;
    end if;
    attribute := 'MT-Slice-Lease'; value := least((w ->> 'lease')::bigint, 900); return next;
    if line.ends_at < 'infinity' then
        attribute := 'Session-Timeout'; value := greatest(ceil(extract(epoch from line.ends_at - moment)), 1); return next;
    end if;
end
$$;

grant select on public.radslice_now to radius, service_role;
grant execute on function public.radius_leaves(text, text, text, text, bigint, timestamptz) to radius, service_role;
grant execute on function public.radius_slice_rows(text, text, text, text, text) to radius, service_role;
