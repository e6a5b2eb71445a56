"""Dynamic authorisation (RFC 5176): CoA and Disconnect requests while a session runs, on a UDP port of its own.

Dropped without a word: a wrong secret, a missing or wrong Message-Authenticator, an Event-Timestamp outside the window,
what cannot be read. A repetition is answered from memory, byte for byte, and does nothing again. A request without an
Event-Timestamp must name the session's id: its replay after the memory is gone then meets no session.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, cast

import structlog
from pyrad import packet

from iron_claw.grant import CHANGEABLE
from iron_claw.journal import JournalError
from iron_claw.radius import dictionary, named
from iron_claw.session import Session
from iron_claw.sessions import Sessions

log = structlog.get_logger()

WINDOW_S = 300
MEMORY = 4096
NAMES = {packet.CoARequest: "coa", packet.DisconnectRequest: "disconnect"}
IDENTIFYING = {
    "User-Name",
    "Acct-Session-Id",
    "NAS-Identifier",
    "NAS-IP-Address",
    "Event-Timestamp",
    "Message-Authenticator",
    "Proxy-State",
    "Class",
    "State",
}
UNSUPPORTED_ATTRIBUTE = 401
MISSING_ATTRIBUTE = 402
WRONG_NAS = 403
INVALID_REQUEST = 404
NO_SESSION = 503
NO_RESOURCES = 506


class Dropped(Exception):
    """A packet that gets no answer; the text says why, for the log."""


def verified(data: bytes, secret: bytes, now: float) -> packet.CoAPacket:
    """The request, if it is genuine and fresh. Dropped says why not."""
    try:
        request = packet.CoAPacket(dict=dictionary(), secret=secret, packet=data)
    except (packet.PacketError, ValueError, KeyError, IndexError, TypeError) as error:
        raise Dropped(f"not a RADIUS packet: {error}") from error
    if request.code not in NAMES:
        raise Dropped(f"code {request.code} is no CoA or Disconnect request")
    if not request.VerifyCoARequest():
        raise Dropped("wrong secret: the request's authenticator does not fit")
    if not request.message_authenticator:
        raise Dropped("no Message-Authenticator")
    if not request.verify_message_authenticator():
        raise Dropped("wrong Message-Authenticator")
    at = value_of(request, "Event-Timestamp")
    if at is not None and abs(now - int(at)) > WINDOW_S:
        raise Dropped(f"its Event-Timestamp is {int(now - int(at))} s away from now ({WINDOW_S} s are allowed)")
    return request


def value_of(request: packet.Packet, name: str) -> Any:
    """The first value of an attribute, None when it is not there."""
    try:
        return request[name][0]
    except (KeyError, IndexError):
        return None


class CoaServer(asyncio.DatagramProtocol):
    """The port. One datagram is one request."""

    def __init__(self, sessions: Sessions, secret: str) -> None:
        self._sessions = sessions
        self._secret = secret.encode()
        self._answers: OrderedDict[bytes, tuple[float, bytes | None]] = OrderedDict()
        """By the request's own bytes: when it came and what was answered (None: still at work)."""
        self._transport: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's hook. uvloop's transport is one by its methods, not by its class."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """One packet: dropped, answered from memory, or taken up."""
        now = self._sessions.steady()
        try:
            request = verified(data, self._secret, self._sessions.clock())
        except Dropped as why:
            self._sessions.metrics.coa.labels("unknown", "dropped").inc()
            log.warning("coa_dropped", reason=str(why), source=addr[0])
            return
        if data in self._answers:
            answer = self._answers[data][1]
            self._sessions.metrics.coa.labels(NAMES[request.code], "repeated").inc()
            if answer is not None:
                self._reply(answer, addr)
            return
        self._forget(now)
        self._answers[data] = (now, None)
        task = asyncio.get_running_loop().create_task(self._serve(request, now, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _forget(self, now: float) -> None:
        """Keeps answers for as long as a repetition could pass the window, and longer while there is room."""
        while len(self._answers) >= MEMORY:
            oldest = next(iter(self._answers))
            if now - self._answers[oldest][0] < 2 * WINDOW_S and len(self._answers) < 16 * MEMORY:
                return
            del self._answers[oldest]

    async def _serve(self, request: packet.CoAPacket, came: float, addr: tuple[str | Any, int]) -> None:
        error_cause = await self._obey(request)
        kind = NAMES[request.code]
        reply = request.CreateReply()
        if request.code == packet.CoARequest:
            reply.code = packet.CoAACK if error_cause is None else packet.CoANAK
        else:
            reply.code = packet.DisconnectACK if error_cause is None else packet.DisconnectNAK
        if error_cause is not None:
            reply["Error-Cause"] = error_cause
        data: bytes = reply.ReplyPacket()
        self._answers[request.raw_packet] = (came, data)
        self._sessions.metrics.coa.labels(kind, "ack" if error_cause is None else "nak").inc()
        log.info("coa", kind=kind, error_cause=error_cause, user=value_of(request, "User-Name"), source=addr[0])
        self._reply(data, addr)

    def _reply(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if self._transport is not None:
            self._transport.sendto(data, addr)

    async def _obey(self, request: packet.CoAPacket) -> int | None:  # noqa: PLR0911
        """Does what is asked, durably; None, or the Error-Cause of why not."""
        settings = self._sessions.settings
        identifier, address = value_of(request, "NAS-Identifier"), value_of(request, "NAS-IP-Address")
        if identifier not in (None, settings.nas_identifier) or address not in (None, settings.nas_ip):
            return WRONG_NAS
        user, session_id = value_of(request, "User-Name"), value_of(request, "Acct-Session-Id")
        if user is None and session_id is None:
            return MISSING_ATTRIBUTE
        if session_id is None and value_of(request, "Event-Timestamp") is None:
            return MISSING_ATTRIBUTE
        session = self._find(user, session_id, ending=request.code == packet.DisconnectRequest)
        if session is None:
            return NO_SESSION
        names = {name for name in request.keys() if isinstance(name, str)}  # noqa: SIM118
        unknown = names - IDENTIFYING
        if request.code == packet.CoARequest:
            unknown -= set(CHANGEABLE)
        if unknown or len(names) != len(list(request.keys())):
            return UNSUPPORTED_ATTRIBUTE
        if self._sessions.journal.broken is not None:
            return NO_RESOURCES
        try:
            if request.code == packet.DisconnectRequest:
                self._sessions.close(session, "Admin-Reset")
                session.cut()
            else:
                given = named(request)
                changes = {name: given[name] for name in names & set(CHANGEABLE)}
                if not changes:
                    return MISSING_ATTRIBUTE
                self._sessions.change(session, changes)
            await self._sessions.journal.sync()
        except ValueError as error:
            log.warning("coa_unreadable", error=str(error), session_id=session.id)
            return INVALID_REQUEST
        except (JournalError, OSError) as error:
            log.error("coa_not_durable", error=str(error), session_id=session.id)
            return NO_RESOURCES
        return None

    def _find(self, user: str | None, session_id: str | None, *, ending: bool) -> Session | None:
        """The session meant; `ending`: also one that only waits for its calls under way."""
        sessions = [*self._sessions.open.values()]
        if ending:
            sessions += self._sessions.ending.values()
        for session in sessions:
            if user in (None, session.user) and session_id in (None, session.id):
                return session
        return None
