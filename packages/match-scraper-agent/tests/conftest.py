"""Fixtures of the agent's tests; what they are made of stands in devstack.testing.agent_workshop."""

from devstack.testing.agent_workshop import metered, workshop

__all__ = ["metered", "workshop"]
