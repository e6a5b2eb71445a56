"""Starts and stops the gateway: journal first, then RADIUS, the CoA port, the HTTP port; and back in good order."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from contextlib import suppress

import structlog
import uvicorn

from iron_claw import accounting, prices, recovery, replay, upstream
from iron_claw.coa import CoaServer
from iron_claw.journal import Journal
from iron_claw.metering import Metering
from iron_claw.metrics import Metrics
from iron_claw.proxy import Proxy
from iron_claw.radius import RadiusClient
from iron_claw.sessions import Sessions
from iron_claw.settings import Settings
from iron_claw.slices import Slices

log = structlog.get_logger()

STOP_WITHIN_S = 18.0
"""Then it closes what it has open: 20 s are allowed in all, and less than what Kubernetes waits."""


class PortTaken(Exception):
    """A port cannot be bound; the text says which and why."""


async def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT; returns when everything is settled and told, at most STOP_WITHIN_S later."""
    listener = _listen(settings)
    _say_database(settings)
    price_list = prices.load(settings.prices_file)
    journal = Journal(settings.state_dir, fsync_s=settings.journal_fsync_s)
    state = replay.replay(journal.open(), journal.file)
    radius = None if settings.bare else RadiusClient(settings)
    sessions = Sessions(settings, journal, radius, Metrics())
    slices = None
    if sessions.shares and radius is not None:
        slices = Slices(sessions, radius, lease_s=settings.slice_lease_s)
    metering = Metering(sessions, price_list, slices)
    journal.begin(recovery.restore(sessions, state, price_list))
    tasks = [
        asyncio.create_task(work, name=name)
        for name, work in (
            ("journal", journal.keep_synced()),
            ("accounting", sessions.books.accounting.send()),
            ("calls", sessions.books.store.store()),
            ("clock", _ticks(sessions, metering)),
        )
    ]
    for task in tasks:
        task.add_done_callback(_report)
    coa = await _listen_coa(settings, sessions)
    async with upstream.open_client(settings) as client:
        proxy = Proxy(metering, client)
        server = uvicorn.Server(
            uvicorn.Config(
                proxy,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                lifespan="off",
                timeout_graceful_shutdown=settings.drain_s,
            )
        )
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        _announce(settings)
        serving = asyncio.create_task(server._serve([listener]))  # without serve()'s handlers: signals are ours
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        deadline = time.monotonic() + STOP_WITHIN_S
        proxy.draining = True
        log.info("draining", under_way=sum(len(s.under_way) for s in sessions.open.values()), within_s=settings.drain_s)
        server.should_exit = True
        await serving
        await _say_goodbye(sessions, deadline)
    if coa is not None:
        coa.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if radius is not None:
        await radius.stop()
    journal.close()
    log.info("stopped", **sessions.books.waiting())


async def _say_goodbye(sessions: Sessions, deadline: float) -> None:
    """Stops every session and gives RADIUS and the database what time is left to hear of it; the rest is on disk."""
    for session in list(sessions.open.values()):
        sessions.close(session, "Admin-Reboot")
    left = max(0.1, deadline - time.monotonic() - 1)
    for session in list(sessions.ending.values()):
        with suppress(TimeoutError):
            async with asyncio.timeout(left / 2):
                await session.closed.wait()
    if sessions.radius is not None:
        sessions.books.accounting.put(accounting.entry("Accounting-Off", None, None, sessions.clock(), {}))
    books = sessions.books
    left = max(0.1, deadline - time.monotonic() - 1)
    told, stored = await asyncio.gather(books.accounting.flushed(left), books.store.flushed(left))
    if not (told and stored):
        log.warning(
            "told_later", accounting=len(sessions.books.accounting.queue), calls=len(sessions.books.store.queue)
        )


async def _ticks(sessions: Sessions, metering: Metering) -> None:
    while True:
        await asyncio.sleep(1)
        metering.check_leases()
        sessions.tick()
        if metering.slices is not None:
            metering.slices.tick()
        recovery.compact(sessions)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("task_died", task=task.get_name(), exc_info=error)
        signal.raise_signal(signal.SIGTERM)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise PortTaken(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    listener.setblocking(False)
    return listener  # bound, so that nobody else takes it; it listens when everything else is ready


async def _listen_coa(settings: Settings, sessions: Sessions) -> asyncio.DatagramTransport | None:
    secret = settings.coa_secret.get_secret_value()
    if settings.bare or not secret:
        return None
    try:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: CoaServer(sessions, secret), local_addr=(settings.coa_host, settings.coa_port)
        )
    except OSError as error:
        raise PortTaken(f"cannot listen on {settings.coa_host}:{settings.coa_port} (UDP): {error.strerror}") from error
    return transport


def _say_database(settings: Settings) -> None:
    """Before anything is written there."""
    if settings.database_url.get_secret_value():
        log.info("database", host=settings.database.host, database=settings.database.name, writes="llm_calls")


def _announce(settings: Settings) -> None:
    log.info(
        "started",
        address=f"http://{settings.host}:{settings.port}",
        upstream=settings.upstream_url,
        policy_mode=settings.policy_mode,
        no_radius_session=settings.bare,
        radius=None if settings.bare else f"{settings.radius_host}:{settings.radius_auth_port}",
        coa=None if settings.bare or not settings.coa_secret.get_secret_value() else settings.coa_port,
        calls_stored=bool(settings.database_url.get_secret_value()),
    )
    if settings.bare:
        log.warning("bare_mode", meaning="no RADIUS is set: everybody is let through, nothing is limited, only counted")
    if not settings.upstream_key.get_secret_value():
        log.warning("no_upstream_key", meaning="IRON_CLAW_UPSTREAM_KEY is not set: upstream will refuse every call")


def main(settings: Settings) -> None:
    """Runs the gateway on uvloop."""
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_loop()) as runner:
        runner.run(run(settings))


def _loop() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:  # not on every system; the standard loop serves too
        return None
    return uvloop.Loop
