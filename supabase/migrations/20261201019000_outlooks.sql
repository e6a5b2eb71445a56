-- What is still possible in a bracket, proved by a solver: one row a bracket, by one writer (`missing-table forecast`).
-- A row of another version than its bracket's is due and is not shown.
create table public.bracket_outlooks (
    bracket_id bigint primary key references public.brackets on delete cascade,
    version bigint not null,
    made_at timestamptz not null,
    -- [team, best, worst, proved, [[place, points that make it sure or null]], [[place, day on which it was lost]]]
    teams jsonb not null,
    -- by team: [results that lead to its best position, those that lead to its worst]
    ways jsonb not null
);
alter table public.bracket_outlooks enable row level security;
revoke all on public.bracket_outlooks from public, anon, authenticated;
grant all on public.bracket_outlooks to service_role;
grant select on public.bracket_outlooks to anon, authenticated;
create policy "everyone reads" on public.bracket_outlooks for select to anon, authenticated using (true);
