"""Seasons, brackets and their tables."""
