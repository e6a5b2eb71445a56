"""JSON logs to stderr. Keys of any kind are taken out of every line, whatever wrote it."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO, cast

import msgspec
import structlog

_secret = re.compile(r"sk-ant-[A-Za-z0-9_-]+")


class _Stderr:
    """stderr, whose own trouble (a full disk behind it) stops no call: there is nowhere to tell of it."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            return sys.stderr.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def _json(event: Any, *, default: Callable[[Any], Any]) -> str:
    return msgspec.json.encode(event, enc_hook=default).decode()


def set_up(level: str, secrets: list[str]) -> None:
    """Structlog for everything, the standard library's loggers too. `secrets` never appear in a line."""
    hidden = [secret for secret in secrets if secret]

    def hide(_: Any, __: str, line: Any) -> str:
        text = str(line)
        for secret in hidden:
            text = text.replace(secret, "***")
        return _secret.sub("***", text) if "sk-ant-" in text else text

    shared: list[structlog.types.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_json), hide],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Stderr())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
                hide,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # uvicorn reports a stream that upstream cut short as an error of the application; the gateway's own line says why
    logging.getLogger("uvicorn.error").addFilter(
        lambda record: "without completing response" not in record.getMessage()
    )
