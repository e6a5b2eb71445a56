"""Match weekends: which days of play belong together. A weekend runs from Tuesday to Monday, so that a holiday Monday
closes the weekend before it and games on a weekday evening open the next one."""

from datetime import date, timedelta

TUESDAY = 1


def weekend_of(day: date) -> date:
    """The Tuesday on which the match weekend of `day` begins."""
    return day - timedelta(days=(day.weekday() - TUESDAY) % 7)
