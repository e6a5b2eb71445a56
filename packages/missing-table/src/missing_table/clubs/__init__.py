"""Clubs, across their ages."""
