"""Matches: lists, one match, what changed in it."""
