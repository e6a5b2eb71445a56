"""Answers as bytes with their validators: weak ETags, 304, Cache-Control. Endpoints say what, this says how."""

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

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


def json_answer(
    body: BaseModel | bytes, *, etag: str | None = None, request: Request | None = None, private: bool = False
) -> Response:
    """200 with JSON, or 304 where the request carries this very `etag`."""
    headers = {"Cache-Control": "no-store" if private else CACHE_CONTROL}
    if etag is not None:
        headers["ETag"] = etag
        if request is not None and matches_etag(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers=headers)
    content = body if isinstance(body, bytes) else body.model_dump_json().encode()
    return Response(content, media_type="application/json", headers=headers)
