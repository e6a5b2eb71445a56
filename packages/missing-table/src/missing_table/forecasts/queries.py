"""Forecasts in the database: what is due, what is written, what is read."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from missing_table.database import Connection, many, one
from missing_table.tables.queries import BRACKET, CAMPAIGN, OWN_COUNTS, Campaign, campaign_of
from missing_table.tables.schemas import Bracket

MODEL = "dixon-coles-1"
"""Name and version: goes up whenever the same results give other chances."""
YOUNGEST = 15
"""Chances are made for U15 and older."""

DUE = """
select b.id from brackets b join seasons s on s.id = b.season_id
left join bracket_forecasts f on f.bracket_id = b.id
where f.version is distinct from b.version or f.model is distinct from %(model)s
order by s.first_day, b.id
"""
"""Older seasons first: they are the next one's prior."""

CLAIM = "select pg_try_advisory_xact_lock(hashtext('missing_table.forecasts'), hashint8(%(bracket_id)s)) as claimed"

DUE_OUTLOOKS = """
select b.id from brackets b join seasons s on s.id = b.season_id
left join bracket_outlooks o on o.bracket_id = b.id
where o.version is distinct from b.version
order by s.first_day desc, b.id
"""
"""Newest season first: that is what people look at while the rest is being proved."""

CLAIM_OUTLOOK = (
    "select pg_try_advisory_xact_lock(hashtext('missing_table.outlooks'), hashint8(%(bracket_id)s)) as claimed"
)

LOST_BEFORE = """
select o.teams from bracket_outlooks o join brackets b on b.id = o.bracket_id
where o.bracket_id = %(bracket_id)s and o.version <= b.version
"""
"""What is lost stays lost, so days that were found need not be looked for again."""

KEEP_OUTLOOK = """
insert into bracket_outlooks (bracket_id, version, made_at, teams, ways)
values (%(bracket_id)s, %(version)s, %(now)s, %(teams)s, %(ways)s)
on conflict (bracket_id) do update set
    version = excluded.version, made_at = excluded.made_at, teams = excluded.teams, ways = excluded.ways
"""

OUTLOOK = f"""
select c.*, o.teams as proof_rows, o.made_at as proved_at
from ({CAMPAIGN}) c left join bracket_outlooks o on o.bracket_id = c.id and o.version = c.version
"""  # noqa: S608

WAYS = """
select b.version, o.made_at, o.teams, o.ways -> %(team)s as ways
from brackets b left join bracket_outlooks o on o.bracket_id = b.id and o.version = b.version
where b.id = %(bracket_id)s
"""

ABOUT = """
select a.years, b.league_id, b.age_group_id, b.season_id,
    (select p.id from seasons p where p.first_day < s.first_day order by p.first_day desc limit 1) as last_season_id,
    (select coalesce(array_agg(mb.match_id), '{}') from match_brackets mb join matches m on m.id = mb.match_id
     where mb.bracket_id = b.id and m.status = 'forfeit') as forfeits,
    (select coalesce(array_agg(mb.match_id), '{}') from match_brackets mb where mb.bracket_id = b.id and not exists (
        select from match_brackets o join brackets ob on ob.id = o.bracket_id
        join age_groups oa on oa.id = ob.age_group_id
        where o.match_id = mb.match_id and (o.bracket_id < b.id or oa.years < %(youngest)s))) as own
from brackets b join seasons s on s.id = b.season_id join age_groups a on a.id = b.age_group_id
where b.id = %(bracket_id)s
"""
"""`own`: the matches whose chances this bracket makes: a match that counts in two is the one's with the lower id."""

PRIOR = """
with last as (
    select (entry ->> 0)::bigint as team_id, (entry ->> 1)::float8 as attack, (entry ->> 2)::float8 as defence,
        b.age_group_id
    from bracket_forecasts f
    join brackets b on b.id = f.bracket_id
    cross join jsonb_array_elements(f.teams) as entry
    where b.season_id = %(last_season_id)s and b.league_id = %(league_id)s
), pairs as (
    select t.id, l.attack, l.defence, 1 as nearness
    from teams t join last l on l.team_id = t.id
    where t.id = any(%(team_ids)s)
    union all
    select t.id, l.attack, l.defence, 2
    from teams t join clubs c on c.id = t.club_id
    join clubs lc on lc.id = c.id or lower(lc.name) = lower(c.name)
    join teams lt on lt.club_id = lc.id
    join last l on l.team_id = lt.id and l.age_group_id = %(age_group_id)s
    where t.id = any(%(team_ids)s)
)
select id, avg(attack) as attack, avg(defence) as defence
from pairs p where nearness = (select min(q.nearness) from pairs q where q.id = p.id)
group by id
"""
"""Last season's ratings: the squad's own, or else those of its club at this age."""

_BEGUN = """(m.status not in ('scheduled', 'postponed') or case when m.time_set then m.kick_off <= %(now)s
    else m.local_date <= (%(now)s at time zone m.timezone)::date end)"""

FREEZE = f"""
update forecasts f set frozen_at = %(now)s from matches m
where f.frozen_at is null and m.id = f.match_id and {_BEGUN}
    and m.id in (select mb.match_id from match_brackets mb where mb.bracket_id = %(bracket_id)s)
"""  # noqa: S608  constants of this file alone

KEEP_MATCHES = f"""
insert into forecasts (match_id, model, made_at, home_win, tie, away_win, details)
select g.match_id, %(model)s, %(now)s, g.home_win, g.tie, g.away_win,
    jsonb_build_object('home_goals', g.home_goals, 'away_goals', g.away_goals)
from unnest(%(match_ids)s::bigint[], %(home_win)s::float8[], %(tie)s::float8[], %(away_win)s::float8[],
    %(home_goals)s::float8[], %(away_goals)s::float8[])
    as g (match_id, home_win, tie, away_win, home_goals, away_goals)
join matches m on m.id = g.match_id
where not {_BEGUN}
on conflict (match_id, model) do update set made_at = excluded.made_at, home_win = excluded.home_win,
    tie = excluded.tie, away_win = excluded.away_win, details = excluded.details
where forecasts.frozen_at is null
"""  # noqa: S608
"""Only of matches that have not begun; what is frozen stays."""

KEEP_BRACKET = """
insert into bracket_forecasts (bracket_id, version, model, made_at, silent, simulations, teams, scored_matches, brier,
    base_brier, log_loss, base_log_loss)
values (%(bracket_id)s, %(version)s, %(model)s, %(now)s, %(silent)s, %(simulations)s, %(teams)s, %(scored)s, %(brier)s,
    %(base_brier)s, %(log_loss)s, %(base_log_loss)s)
on conflict (bracket_id) do update set version = excluded.version, model = excluded.model, made_at = excluded.made_at,
    silent = excluded.silent, simulations = excluded.simulations, teams = excluded.teams,
    scored_matches = excluded.scored_matches, brier = excluded.brier, base_brier = excluded.base_brier,
    log_loss = excluded.log_loss, base_log_loss = excluded.base_log_loss
"""

FORGET_INSIGHTS = "delete from weekend_insights where bracket_id = %(bracket_id)s"
KEEP_INSIGHTS = """
insert into weekend_insights (bracket_id, weekend, kind, weight, body)
select %(bracket_id)s, g.* from unnest(%(weekends)s::date[], %(kinds)s::text[], %(weights)s::integer[],
    %(bodies)s::jsonb[]) as g
"""

_MATCH_FIELDS = f"""
m.id as match_id, m.home_team_id, m.away_team_id, m.local_date, f.home_win, f.tie, f.away_win,
(f.details ->> 'home_goals')::float8 as home_goals, (f.details ->> 'away_goals')::float8 as away_goals,
f.model, f.made_at, (f.frozen_at is not null or {_BEGUN}) as frozen
"""

CHANCES = f"""
with b as ({BRACKET} {OWN_COUNTS} where b.id = %(bracket_id)s)
select b.*, bf.version as made_of, bf.model, bf.made_at, bf.silent, bf.simulations, bf.scored_matches, bf.brier,
    bf.base_brier, bf.log_loss, bf.base_log_loss, a.years,
    coalesce((select json_agg(json_build_object('team', json_build_object('id', t.id, 'name', t.name,
            'short_name', t.short_name, 'club_id', t.club_id, 'crest_url', c.crest_url), 'position', e.at,
            'attack', e.entry -> 1, 'defence', e.entry -> 2, 'points_per_match', e.entry -> 3,
            'first', e.entry -> 4 -> 0, 'chances', e.entry -> 4) order by e.at)
        from jsonb_array_elements(bf.teams) with ordinality as e (entry, at)
        join teams t on t.id = (e.entry ->> 0)::bigint left join clubs c on c.id = t.club_id), '[]') as team_rows,
    coalesce((select json_agg(row_to_json(x) order by x.local_date, x.match_id) from (
        select {_MATCH_FIELDS} from forecasts f join matches m on m.id = f.match_id
        join match_brackets mb on mb.match_id = m.id and mb.bracket_id = %(bracket_id)s
        where f.model = %(model)s and m.status not in ('completed', 'forfeit', 'cancelled')) x), '[]') as match_rows
from b join age_groups a on a.name = b.age_group
left join bracket_forecasts bf on bf.bracket_id = b.id and bf.model = %(model)s
"""  # noqa: S608

MATCH_CHANCES = f"""
select m.id, (select min(a.years) from match_brackets mb join brackets b on b.id = mb.bracket_id
        join age_groups a on a.id = b.age_group_id where mb.match_id = m.id) as years,
    {_BEGUN} as begun,
    (select row_to_json(x) from (select {_MATCH_FIELDS} from forecasts f
        where f.match_id = m.id and f.model = %(model)s) x) as chances
from matches m where m.id = %(match_id)s
"""  # noqa: S608

WALKED = """
select sum(f.scored_matches)::int as matches, sum(f.brier) as brier, sum(f.base_brier) as base_brier,
    sum(f.log_loss) as log_loss, sum(f.base_log_loss) as base_log_loss
from bracket_forecasts f
join brackets b on b.id = f.bracket_id
join seasons s on s.id = b.season_id
join leagues l on l.id = b.league_id
join age_groups a on a.id = b.age_group_id
where f.model = %(model)s and s.name = %(season)s and (%(league)s::text is null or l.name = %(league)s)
    and (%(age_group)s::text is null or a.name = %(age_group)s)
"""

FROZEN = """
with held as (
    select f.home_win, f.tie, f.away_win,
        (m.home_score > m.away_score)::int as h, (m.home_score = m.away_score)::int as t,
        (m.home_score < m.away_score)::int as a
    from forecasts f
    join matches m on m.id = f.match_id
    join seasons s on s.id = m.season_id
    join leagues l on l.id = m.league_id
    join age_groups ag on ag.id = m.age_group_id
    where f.model = %(model)s and f.frozen_at is not null and m.status = 'completed' and s.name = %(season)s
        and (%(league)s::text is null or l.name = %(league)s)
        and (%(age_group)s::text is null or ag.name = %(age_group)s)
), shares as (select avg(h) as h, avg(t) as t, avg(a) as a from held)
select count(*)::int as matches,
    sum((home_win - held.h) ^ 2 + (tie - held.t) ^ 2 + (away_win - held.a) ^ 2) as brier,
    count(*) * (1 - (min(shares.h) ^ 2 + min(shares.t) ^ 2 + min(shares.a) ^ 2)) as base_brier,
    sum(-ln(greatest(held.h * home_win + held.t * tie + held.a * away_win, 1e-6))) as log_loss,
    count(*) * -(coalesce(min(shares.h) * ln(nullif(min(shares.h), 0)), 0)
        + coalesce(min(shares.t) * ln(nullif(min(shares.t), 0)), 0)
        + coalesce(min(shares.a) * ln(nullif(min(shares.a), 0)), 0)) as base_log_loss
from held cross join shares
"""
"""The base rate here knows how often these very matches ended each way: it is hard to beat on purpose."""

WEEKENDS = """
select coalesce(array_agg(w.weekend order by w.weekend), '{}') as weekends from (
    select distinct i.weekend from weekend_insights i
    join brackets b on b.id = i.bracket_id join seasons s on s.id = b.season_id where s.name = %(season)s) w
"""

INSIGHTS = """
with ranked as (
    select i.kind, i.weight, i.body, b.id as bracket_id, l.name as league, d.name as division, a.name as age_group,
        '/' || s.name || '/' || l.slug || '/' || lower(a.name) || '/' || d.slug as path,
        row_number() over (partition by i.kind order by i.weight desc, a.years desc, b.id, i.body ->> 'team') as at
    from weekend_insights i
    join brackets b on b.id = i.bracket_id
    join seasons s on s.id = b.season_id
    join leagues l on l.id = b.league_id
    join divisions d on d.id = b.division_id
    join age_groups a on a.id = b.age_group_id
    where i.weekend = %(weekend)s and s.name = %(season)s and (%(league)s::text is null or l.name = %(league)s)
        and (%(age_group)s::text is null or a.name = %(age_group)s)
)
select r.*, to_json(t) as team, to_json(o) as opponent
from ranked r
join lateral (select t.id, t.name, t.short_name, t.club_id, c.crest_url
    from teams t left join clubs c on c.id = t.club_id where t.id = (r.body ->> 'team')::bigint) t on true
left join lateral (select t.id, t.name, t.short_name, t.club_id, c.crest_url
    from teams t left join clubs c on c.id = t.club_id where t.id = (r.body ->> 'opponent')::bigint) o on true
where r.at <= %(limit)s
order by r.kind, r.at
"""


@dataclass(frozen=True, slots=True)
class ProvedCampaign:
    """A bracket's season and what is proved of it: `proofs` are null while the solver is at it."""

    campaign: Campaign
    proved_at: datetime | None
    proofs: list[Any] | None

    @property
    def bracket(self) -> Bracket:
        return self.campaign.bracket


async def any_due(connection: Connection) -> bool:
    """Return whether any bracket's forecast or outlook is not of its version."""
    if await one(connection, f"{DUE} limit 1", {"model": MODEL}) is not None:
        return True
    return await one(connection, f"{DUE_OUTLOOKS} limit 1", {}) is not None


async def proved_campaign(connection: Connection, *, bracket_id: int) -> ProvedCampaign | None:
    """Return a bracket's season with what is proved of its present version, in one statement, or None."""
    row = await one(connection, OUTLOOK, {"bracket_id": bracket_id})
    if row is None:
        return None
    return ProvedCampaign(campaign_of(row), row["proved_at"], row["proof_rows"])


async def ways(connection: Connection, *, bracket_id: int, team_id: int) -> dict[str, Any] | None:
    """Return `version, made_at, teams, ways` of a bracket, the last three null until it is proved; None without it."""
    return await one(connection, WAYS, {"bracket_id": bracket_id, "team": str(team_id)})


async def bracket_chances(connection: Connection, *, bracket_id: int, now: datetime) -> dict[str, Any] | None:
    """A bracket with its forecast, if one was made."""
    return await one(connection, CHANCES, {"bracket_id": bracket_id, "model": MODEL, "now": now})


async def match_chances(connection: Connection, *, match_id: int, now: datetime) -> dict[str, Any] | None:
    """`id, years, begun, chances` of a match, or None where there is no such match."""
    return await one(connection, MATCH_CHANCES, {"match_id": match_id, "model": MODEL, "now": now})


async def scores(
    connection: Connection, *, season: str, league: str | None, age_group: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sums of the walk-forward score and of the frozen forecasts."""
    params = {"season": season, "league": league, "age_group": age_group, "model": MODEL}
    walked, frozen = await one(connection, WALKED, params), await one(connection, FROZEN, params)
    return walked or {}, frozen or {}


async def weekends(connection: Connection, *, season: str) -> list[date]:
    """The first days of the weekends that have insights, oldest first."""
    row = await one(connection, WEEKENDS, {"season": season})
    return row["weekends"] if row else []


async def insights(
    connection: Connection, *, season: str, weekend: date, league: str | None, age_group: str | None, limit: int
) -> list[dict[str, Any]]:
    """The heaviest of each kind, at most `limit`."""
    params = {"season": season, "weekend": weekend, "league": league, "age_group": age_group, "limit": limit}
    return await many(connection, INSIGHTS, params)
