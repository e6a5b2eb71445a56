"""Whether a message off the queue may go to a task at all. Pure, so that `dead list` can say the same of a dead letter.

Celery acknowledges what it cannot decode, which loses it, and hangs on JSON of another shape. Neither gets that far.
"""

from typing import Any

from kombu import compression
from kombu.exceptions import ContentDisallowed, DecodeError
from kombu.message import Message

from match_contract import wire

MAX_BODY_BYTES = 8 * 1024 * 1024
"""A batch of 500 matches is about half a megabyte, the ids of the greatest document a quarter of one."""

ENVELOPE_PARTS = 3


class CompressedBody(Exception):
    """Nobody of ours compresses a body, and one that is small may be huge when opened."""


def refuse_compression() -> None:
    """From now on this process opens no compressed body: kombu would do so before anybody could look at it."""
    for content_type in compression.encoders():
        compression.register(None, _refuse, content_type)


def _refuse(_: bytes) -> bytes:
    raise CompressedBody("the body is compressed; it must be plain JSON")


def why_unreadable(message: Message) -> str | None:
    """A sentence, or None for a message that a task can be called with."""
    return _wrong_wrapping(message) or _wrong_body(message)


def _wrong_wrapping(message: Message) -> str | None:
    headers: dict[str, Any] = message.headers or {}
    if headers.get("compression"):
        return f"compressed with {str(headers['compression'])[:40]!r}: a body is plain JSON"
    if message.errors:
        return f"it could not be received: {message.errors[0][1]}"
    if message.content_type != "application/json" or str(message.content_encoding).lower() != "utf-8":
        kind = f"{str(message.content_type)[:60]!r} in {str(message.content_encoding)[:20]!r}"
        return f"content type {kind}: a body is application/json in utf-8"
    if headers.get("task") != wire.TASK:
        return f"it calls the task {str(headers.get('task'))[:80]!r}: there is only {wire.TASK}"
    return None if isinstance(headers.get("id"), str) else "it has no task id in its headers"


def _wrong_body(message: Message) -> str | None:
    size = len(message.body)
    if size > MAX_BODY_BYTES:
        return f"{size} bytes: at most {MAX_BODY_BYTES}"
    try:
        body = message.payload
    except (DecodeError, ContentDisallowed) as error:
        return f"not JSON, or nested too deep: {str(error)[:200]}"
    return _wrong_envelope(body)


def _wrong_envelope(body: Any) -> str | None:
    if not isinstance(body, list) or len(body) != ENVELOPE_PARTS:
        return "the body is not [args, kwargs, embed]"
    args, kwargs, embed = body
    if not isinstance(args, list) or len(args) != 1 or kwargs != {}:
        return "the task takes one argument, the message"
    if embed is not None and not isinstance(embed, dict):
        return "the third part of the body is no object"
    callbacks = ("callbacks", "errbacks", "chain", "chord")
    if embed and any(embed.get(name) for name in callbacks):
        return f"the body asks for one of {', '.join(callbacks)}: a message is only landed"
    return None
