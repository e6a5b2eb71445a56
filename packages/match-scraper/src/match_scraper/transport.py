"""Reach the source's hosts: where they are, and which certificates are trusted."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx

from match_scraper.outcomes import Outcome, SourceError


class Resolved(httpx.AsyncBaseTransport):
    """Sends named hosts to another address, with the right Host header, SNI and certificate check; no others."""

    def __init__(self, inner: httpx.AsyncBaseTransport, addresses: Mapping[str, str]) -> None:
        self._inner = inner
        self._addresses = addresses

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        address = self._addresses.get(host)
        if address is None:
            raise httpx.ConnectError(f"{host} is not in AGENT_SOURCE_RESOLVE, and no other host is asked")
        ip, _, port = address.rpartition(":")
        moved = httpx.Request(
            request.method,
            request.url.copy_with(host=ip, port=int(port)),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await self._inner.handle_async_request(moved)

    async def aclose(self) -> None:
        await self._inner.aclose()


def trust(ca: Path | None) -> ssl.SSLContext:
    """The system's certificates, or the one of a replica alone. Raises SourceError where the file cannot be read."""
    if ca is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=str(ca))
    except (OSError, ssl.SSLError) as error:
        told = f"AGENT_SOURCE_CA {str(ca)!r} is no readable certificate ({error}): start the replica, or unset it"
        raise SourceError(Outcome.UNREACHABLE, told) from error
