"""The way to upstream: which address, which key, which HTTP proxy."""

from __future__ import annotations

from typing import Any

import aiohttp
from yarl import URL

from iron_claw import upstream
from iron_claw.http import Request
from iron_claw.settings import Settings

UPSTREAM_PATHS = ("/v1/messages", "/v1/messages/count_tokens", "/v1/models")


class Forwarder:
    """Open requests to upstream."""

    def __init__(self, settings: Settings, client: aiohttp.ClientSession) -> None:
        self._client = client
        self._key = settings.upstream_key.get_secret_value()
        base = settings.upstream_url.rstrip("/")
        self._urls = {path: URL(f"{base}{path}", encoded=True) for path in UPSTREAM_PATHS}
        self._proxy = upstream.proxy_of(base)

    def open(self, request: Request, raw: bytes | None) -> Any:
        """Return the request to upstream, as a context manager of its response."""
        url = self._urls[request.path]
        if request.query:
            url = URL(f"{url}?{request.query.decode('latin-1')}", encoded=True)
        headers = upstream.request_headers(request.raw_headers, self._key, request.id)
        return self._client.request(
            request.method, url, data=raw, headers=headers, allow_redirects=False, proxy=self._proxy
        )
