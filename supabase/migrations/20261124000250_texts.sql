-- How a match's fields read in its history and in conflicts. Plain SQL, so that the planner inlines them.

create function public.match_score(home smallint, away smallint, home_shootout smallint, away_shootout smallint)
returns text language sql immutable parallel safe as $$
    select home || '-' || away || coalesce(' (' || home_shootout || '-' || away_shootout || ')', '')
$$;

-- UTC with a time, the local date alone without one.
create function public.match_moment(kick_off timestamptz, local_date date, time_set boolean)
returns text language sql immutable parallel safe as $$
    select case when time_set
        then to_char(kick_off at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        else to_char(local_date::timestamp, 'YYYY-MM-DD') end
$$;

create function public.match_teams(home_team_id bigint, away_team_id bigint)
returns text language sql stable parallel safe as $$
    select h.name || ' - ' || a.name
    from public.teams h, public.teams a where h.id = home_team_id and a.id = away_team_id
$$;

revoke all on function public.match_score from public;
revoke all on function public.match_moment from public;
revoke all on function public.match_teams from public;
grant execute on function public.match_score, public.match_moment, public.match_teams to service_role;
