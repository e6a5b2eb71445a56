"""From what the database has to a bracket's outlook. No I/O."""

from match_contract import League
from missing_table.forecasts.schemas import Outlook, Reachable, ScheduleStrength, Streak, TeamOutlook
from missing_table.league.reach import reach
from missing_table.league.schedule import Runs, Strength, ceilings, points_to_secure, runs, strengths
from missing_table.league.table import order
from missing_table.tables.queries import Campaign


def build_outlook(campaign: Campaign) -> Outlook:
    """Every team's outlook, in the table's order."""
    standing = campaign.standing
    places = order(standing.entrants, standing.results)
    tallies = {place.tally.entrant.team_id: place.tally for place in places}
    played, to_come = strengths(standing.results, tallies), strengths(campaign.fixtures, tallies)
    left = {team: one.home + one.away for team, one in to_come.items()}
    highest = ceilings(tallies, left)
    shootouts = standing.bracket.league is League.FLEX
    reachable = reach(standing.entrants, standing.results, campaign.fixtures, shootouts=shootouts, tallies=tallies)
    return Outlook(
        bracket=standing.bracket,
        teams=[
            TeamOutlook(
                position=place.position,
                team=standing.teams[team],
                played=place.tally.played,
                left=left[team],
                reachable=Reachable(**reachable[team]._asdict()),
                to_secure_first=points_to_secure(1, team, tallies, left, highest),
                streak=_streak(runs(place.tally.form)),
                schedule_played=_strength(played[team]),
                schedule_left=_strength(to_come[team]),
            )
            for place in places
            for team in [place.tally.entrant.team_id]
        ],
    )


def _streak(found: Runs) -> Streak:
    return Streak(
        result=found.latest,
        length=found.length,
        unbeaten=found.unbeaten,
        winless=found.winless,
        most_wins=found.most_wins,
        most_unbeaten=found.most_unbeaten,
    )


def _strength(found: Strength) -> ScheduleStrength:
    mean = found.points_per_match
    return ScheduleStrength(
        home=found.home,
        away=found.away,
        guests=found.unknown,
        opponents_points_per_match=None if mean is None else round(float(mean), 4),
    )
