"""Who may read a subject is said once, at its router: the gate and the kept pages go by it."""

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from missing_table.accounts.dependencies import service_caller, signed_in
from missing_table.server.app import SUBJECTS
from missing_table.web.router import SubjectRouter, reach_of

ASKS_WHO = {service_caller, signed_in}
ROUTES = [route for router in SUBJECTS for route in router.routes if isinstance(route, APIRoute)]


def _asks_who(dependant: Dependant) -> bool:
    return dependant.call in ASKS_WHO or any(_asks_who(inner) for inner in dependant.dependencies)


def test_what_is_private_follows_from_the_routers() -> None:
    reach = reach_of(SUBJECTS)
    assert set(reach.private) == {
        "/api/accounts/",
        "/api/admin/",
        "/api/admin/aliases/",
        "/api/admin/quarantine/",
        "/api/agent/",
        "/api/live/",
    }
    assert set(reach.never_kept) == {*reach.private, "/api/events", "/api/freshness"}


def test_every_route_that_asks_who_is_there_is_private() -> None:
    asking = [f"{route.path}/" for route in ROUTES if _asks_who(route.dependant)]
    assert len(asking) > 20
    assert [path for path in asking if not path.startswith(reach_of(SUBJECTS).private)] == []


def test_a_router_that_says_nothing_is_public() -> None:
    subjects = [APIRouter(prefix="/api/x"), SubjectRouter(prefix="/api/y", private=True, never_kept=["/now"])]
    assert reach_of(subjects) == (("/api/y/",), ("/api/y/", "/api/y/now"))
