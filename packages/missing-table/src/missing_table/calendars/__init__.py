"""Calendars, feeds and exports: the league outside this site."""
