"""Names of devstack.testing under which the gateway's tests import them."""

from devstack.testing.gateway import Gateway, Scripted, gateway_environment, scripted_service
from devstack.testing.radius import Radius
from devstack.testing.running import Running
from devstack.testing.waiting import until_async as until

__all__ = ["Gateway", "Radius", "Running", "Scripted", "gateway_environment", "scripted_service", "until"]
