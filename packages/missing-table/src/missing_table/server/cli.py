"""The command that serves: `missing-table serve`."""

import asyncio
from socket import socket
from typing import Annotated

import typer
import uvicorn

from missing_table.collector import collect_seldom
from missing_table.forecasts.watch import keep_forecasting
from missing_table.live.feed import Feed
from missing_table.logs import configure_logs
from missing_table.server.app import create_app
from missing_table.settings import load_settings
from missing_table.web.state import State

GRACE_S = 5


def register(app: typer.Typer) -> None:
    """Hangs this subject's commands into the front door."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; MT_HOST where none is given.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; MT_PORT where none is given.", min=1, max=65535)] = None,
) -> None:
    """Serve the API (and the built site, where MT_SITE_DIR names it) until SIGTERM."""
    settings = load_settings()
    configure_logs(settings.log_level)
    settings.say_database()
    application = create_app(settings)
    config = uvicorn.Config(
        application,
        host=host or settings.host,
        port=port or settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACE_S,
    )
    state: State = application.state.missing_table
    _Server(config, state).run()


class _Server(uvicorn.Server):
    """Has forecasts made while it serves. Ends the open streams when it is told to stop: it would wait for them."""

    def __init__(self, config: uvicorn.Config, state: State) -> None:
        super().__init__(config)
        self._state = state
        self._forecasting: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        collect_seldom()
        if (feed := self._state.part(Feed)) is not None:
            self._forecasting = asyncio.create_task(keep_forecasting(self._state, feed), name="forecasts")

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        if self._forecasting is not None:
            self._forecasting.cancel()
            await asyncio.wait({self._forecasting})
        self._state.stop()
        await super().shutdown(sockets)
