"""Routers of subjects: beside their routes they say who may read them, which the gate and the kept pages go by."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from fastapi import APIRouter


class SubjectRouter(APIRouter):
    """The routes of a subject.

    `private`: every route is for a key or a sign-in alone; no other origin may read it and no answer is kept.
    `never_kept`: paths under the prefix whose answers are streamed or tell the time.
    """

    def __init__(
        self, *, prefix: str = "", private: bool = False, never_kept: Iterable[str] = (), **options: Any
    ) -> None:
        super().__init__(prefix=prefix, **options)
        self.private = private
        self.never_kept = tuple(prefix + path for path in never_kept)


class Reach(NamedTuple):
    """Beginnings of paths, for `str.startswith`."""

    private: tuple[str, ...]
    never_kept: tuple[str, ...]


def reach_of(routers: Iterable[APIRouter]) -> Reach:
    """Return which paths are private, and which are never kept."""
    subjects = [router for router in routers if isinstance(router, SubjectRouter)]
    private = tuple(sorted({f"{subject.prefix}/" for subject in subjects if subject.private}))
    untimely = tuple(sorted({path for subject in subjects for path in subject.never_kept}))
    return Reach(private, private + untimely)
