"""Answers as bytes with their validators: weak ETags, 304, Cache-Control. Endpoints say what, this says how."""

from collections.abc import Hashable

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from missing_table.kept import Kept, Version
from missing_table.web.state import State

SHAPE = 1
"""To be raised when an answer's shape changes while its data do not."""
CACHE_CONTROL = "public, max-age=0, s-maxage=60"
"""A browser asks each time (and gets a 304); a CDN may keep an answer for a minute."""


def matches_etag(header: str | None, etag: str) -> bool:
    """If-None-Match against one of ours, compared weakly (RFC 9110, 8.8.3.2): Nginx weakens what it compresses."""
    if not header:
        return False
    if header.strip() == "*":
        return True
    ours = etag.removeprefix("W/")
    return any(part.strip().removeprefix("W/") == ours for part in header.split(","))


def etag_of(version: Version, asked: tuple[object, ...]) -> str:
    """A weak validator out of what decides an answer of a bracket: version, freshness, what was asked, this code."""
    synced = int(version.synced_at.timestamp()) if version.synced_at else 0
    what = "-".join("" if part is None else str(part) for part in asked)
    return f'W/"{SHAPE}-{version.bracket_id}-{version.version}-{synced}-{what}"'


def not_modified(etag: str) -> Response:
    """304."""
    return Response(status_code=304, headers={"Cache-Control": CACHE_CONTROL, "ETag": etag})


def json_answer(
    body: BaseModel | bytes, *, etag: str | None = None, request: Request | None = None, private: bool = False
) -> Response:
    """200 with JSON, or 304 where the request carries this very `etag`."""
    headers = {"Cache-Control": "no-store" if private else CACHE_CONTROL}
    if etag is not None:
        headers["ETag"] = etag
        if request is not None and matches_etag(request.headers.get("if-none-match"), etag):
            return not_modified(etag)
    content = body if isinstance(body, bytes) else body.model_dump_json().encode()
    return Response(content, media_type="application/json", headers=headers)


def kept_answer(request: Request, kept: Kept) -> Response:
    """A kept answer, or 304."""
    return json_answer(kept.body, etag=kept.etag, request=request)


def keep(state: State, version: Version, asked: Hashable, *, body: bytes, etag: str, ticket: int) -> Kept:
    """Makes an answer to be kept (if it may be), with the headers that the shortest way sends."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", CACHE_CONTROL.encode()),
        (b"etag", etag.encode()),
    ]
    kept = Kept(etag, body, headers)
    state.kept.keep(version.bracket_id, asked, version.version, kept, ticket=ticket)
    return kept
