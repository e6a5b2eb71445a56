-- What FreeRADIUS keeps (its stock PostgreSQL schema, 3.2) and what the gateway adds: one row a call of a model.
-- radpostauth has no password column: our raddb never writes one.

create table public.radacct (
    radacctid bigserial primary key,
    acctsessionid text not null,
    acctuniqueid text not null unique,
    username text,
    groupname text,
    realm text,
    nasipaddress inet not null,
    nasportid text,
    nasporttype text,
    acctstarttime timestamptz,
    acctupdatetime timestamptz,
    acctstoptime timestamptz,
    acctinterval bigint,
    acctsessiontime bigint,
    acctauthentic text,
    connectinfo_start text,
    connectinfo_stop text,
    acctinputoctets bigint,
    acctoutputoctets bigint,
    calledstationid text,
    callingstationid text,
    acctterminatecause text,
    servicetype text,
    framedprotocol text,
    framedipaddress inet,
    framedipv6address inet,
    framedipv6prefix inet,
    framedinterfaceid text,
    delegatedipv6prefix inet,
    class text
);
create index radacct_active_session on public.radacct (acctuniqueid) where acctstoptime is null;
create index radacct_bulk_close on public.radacct (nasipaddress, acctstarttime) where acctstoptime is null;
create index radacct_by_user on public.radacct (username, acctstarttime);

create table public.radcheck (
    id serial primary key,
    username text not null default '',
    attribute text not null default '',
    op varchar(2) not null default '==',
    value text not null default ''
);
create index radcheck_by_user on public.radcheck (username, attribute);
create table public.radreply (
    id serial primary key,
    username text not null default '',
    attribute text not null default '',
    op varchar(2) not null default '=',
    value text not null default ''
);
create index radreply_by_user on public.radreply (username, attribute);
create table public.radgroupcheck (
    id serial primary key,
    groupname text not null default '',
    attribute text not null default '',
    op varchar(2) not null default '==',
    value text not null default ''
);
create index radgroupcheck_by_group on public.radgroupcheck (groupname, attribute);
create table public.radgroupreply (
    id serial primary key,
    groupname text not null default '',
    attribute text not null default '',
    op varchar(2) not null default '=',
    value text not null default ''
);
create index radgroupreply_by_group on public.radgroupreply (groupname, attribute);
create table public.radusergroup (
    id serial primary key,
    username text not null default '',
    groupname text not null default '',
    priority integer not null default 0
);
create index radusergroup_by_user on public.radusergroup (username);
create table public.radpostauth (
    id bigserial primary key,
    username text not null,
    reply text,
    calledstationid text,
    callingstationid text,
    authdate timestamptz not null default now(),
    class text
);

-- Four token counts, since they have four prices. cost null: the price is unknown, which is never 0.
-- estimated: the stream was cut, and what was generated is counted from what was seen.
create table public.llm_calls (
    call_id text primary key,
    session_id text,
    username text not null,
    model_asked text not null,
    model text not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    input_tokens bigint not null check (input_tokens >= 0),
    cache_write_tokens bigint not null check (cache_write_tokens >= 0),
    cache_read_tokens bigint not null check (cache_read_tokens >= 0),
    output_tokens bigint not null check (output_tokens >= 0),
    cost_micro_usd bigint check (cost_micro_usd >= 0),
    status integer,
    ending text not null,
    action text not null default 'none',
    estimated boolean not null default false,
    request_id text
);
create index llm_calls_by_user on public.llm_calls (username, started_at);
create index llm_calls_by_session on public.llm_calls (session_id);
