"""The way to the provider: one pooled client that passes bytes on as they are."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from multidict import CIMultiDict

from iron_claw.settings import Settings

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade".split()
)
OURS = HOP_BY_HOP | frozenset(
    b"host content-length authorization x-api-key accept-encoding x-request-id expect".split()
)
"""Request headers that are not passed on: the client's key stays here, and what was compressed could not be metered.
`expect` was answered here: the whole body has come."""

Headers = Iterable[tuple[bytes, bytes]]


def proxy_of(url: str) -> str | None:
    """The HTTP proxy that the environment names for this address. Read once: aiohttp would ask for it at every call."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


def open_client(settings: Settings) -> aiohttp.ClientSession:
    """The client. It adds no header of its own and unpacks nothing."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=settings.upstream_connect_timeout_s, sock_read=settings.upstream_read_timeout_s
        ),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
    )


def request_headers(theirs: Headers, key: str, request_id: str) -> CIMultiDict[str]:
    """The client's headers, with the provider's key in the place of the client's."""
    headers: CIMultiDict[str] = CIMultiDict(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in theirs if name.lower() not in OURS
    )
    headers["x-api-key"] = key
    headers["accept-encoding"] = "identity"
    headers["x-request-id"] = request_id
    return headers


def answer_headers(theirs: Headers) -> list[tuple[bytes, bytes]]:
    """Upstream's headers as the client gets them: all, repeated ones too, but those of the connection."""
    return [(name, value) for name, value in theirs if name.lower() not in HOP_BY_HOP]
