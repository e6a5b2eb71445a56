"""Fixtures of the agent's tests; what they are made of stands in agent_workshop.py."""

from agent_workshop import metered, workshop

__all__ = ["metered", "workshop"]
