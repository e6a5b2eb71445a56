"""The RADIUS client: one Access-Request for a session, accounting records one by one. What they mean is said elsewhere.

Every Access-Request carries a Message-Authenticator and every answer to one must; pyrad drops answers that fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from pyrad import packet
from pyrad.client_async import ClientAsync
from pyrad.dictionary import Dictionary

from iron_claw.grant import LISTS
from iron_claw.settings import Settings

UINT32 = 2**32 - 1
PENDING = 128

AcctType = Literal["Start", "Interim-Update", "Stop", "Accounting-On", "Accounting-Off"]


class RadiusDown(Exception):
    """No valid answer came; the text says from where and after how many tries."""


@dataclass(frozen=True)
class Accept:
    """Let in, with these attributes (name to first value, of a list to all)."""

    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Reject:
    """Not let in; `message` is the Reply-Message (`bad-credentials`, `monthly-cap resets=…`)."""

    message: str


@cache
def dictionary() -> Dictionary:
    """The gateway's own dictionary."""
    with resources.as_file(resources.files("iron_claw").joinpath("dictionary")) as file:
        return Dictionary(str(file))


def named(received: packet.Packet) -> dict[str, Any]:
    """Return the attributes that the dictionary knows, by name: the first value, of a list all of them."""
    names = [name for name in received.keys() if isinstance(name, str)]  # noqa: SIM118
    return {name: received[name] if name in LISTS else received[name][0] for name in names}


def octets(value: int) -> tuple[int, int]:
    """(octets, gigawords) of a count: the low and the high 32 bits."""
    return value & UINT32, value >> 32


class RadiusClient:
    """Talks to one RADIUS server, at most PENDING requests at a time (a packet's id has 8 bits)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened = False
        self._opening = asyncio.Lock()
        self._pending = asyncio.Semaphore(PENDING)
        self._secret = settings.radius_secret.get_secret_value().encode()
        self._client = ClientAsync(
            server=settings.radius_host,
            auth_port=settings.radius_auth_port,
            acct_port=settings.radius_acct_port,
            secret=self._secret,
            dict=dictionary(),
            retries=settings.radius_tries - 1,
            timeout=settings.radius_timeout_s,
            enforce_ma=True,
        )

    async def _open(self) -> None:
        """Opens the sockets when they are not: the server's name may not resolve until the server is there."""
        if self._opened:
            return
        async with self._opening:  # pyrad shows a socket that another task is still opening as there
            try:
                await self._client.initialize_transports(enable_auth=True, enable_acct=True)
            except OSError as error:
                raise RadiusDown(f"cannot reach RADIUS at {self._settings.radius_host}: {error}") from error
            self._opened = True

    async def stop(self) -> None:
        """Closes the sockets."""
        await self._client.deinitialize_transports()

    async def authenticate(self, user: str, password: str, more: Mapping[str, Any] | None = None) -> Accept | Reject:
        """Send one Access-Request (PAP). RadiusDown when no valid answer comes."""
        return await self._request(user, password, more or {})

    async def authorize(self, user: str, attributes: Mapping[str, Any]) -> Accept | Reject:
        """Send one Access-Request of a running session, which has no password. RadiusDown when no answer comes."""
        return await self._request(user, None, attributes)

    async def _request(self, user: str, password: str | None, more: Mapping[str, Any]) -> Accept | Reject:
        await self._open()
        async with self._pending:
            request = self._client.CreateAuthPacket(code=packet.AccessRequest, User_Name=user)
            if password is not None:
                request["User-Password"] = request.PwCrypt(password)
            for name, value in more.items():
                request[name] = value
            self._name_us(request)
            reply = await self._send(request)
        attributes = named(reply)
        if reply.code == packet.AccessAccept:
            return Accept(attributes)
        return Reject(str(attributes.get("Reply-Message", "rejected without a reason")))

    async def account(self, kind: AcctType, attributes: Mapping[str, Any]) -> None:
        """Sends one record; returns when it was answered, which means that it is stored."""
        await self._open()
        request = self._client.CreateAcctPacket(Acct_Status_Type=kind)
        for name, value in attributes.items():
            request[name] = value
        self._name_us(request)
        await self._send(request)

    def _name_us(self, request: packet.Packet) -> None:
        request["NAS-Identifier"] = self._settings.nas_identifier
        request["NAS-IP-Address"] = self._settings.nas_ip

    async def _send(self, request: packet.Packet) -> Any:
        s = self._settings
        port = s.radius_acct_port if request.code == packet.AccountingRequest else s.radius_auth_port
        try:
            return await self._client.SendPacket(request)
        except (TimeoutError, OSError, asyncio.InvalidStateError) as error:
            tries = f"{s.radius_tries} tries of {s.radius_timeout_s:g} s"
            raise RadiusDown(f"no valid answer from RADIUS at {s.radius_host}:{port} after {tries}") from error
