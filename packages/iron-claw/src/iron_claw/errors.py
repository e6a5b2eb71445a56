"""What a client is told when its call does not go out: one shape, Anthropic's."""

from __future__ import annotations

import json
from typing import Any

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    415: "invalid_request_error",
    429: "rate_limit_error",
    502: "api_error",
    503: "api_error",
    504: "timeout_error",
}


class Refused(Exception):
    """A call that is answered here and not by upstream. `details` are added to the error object."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        retry_after_s: int | None = None,
        retry: bool | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after_s = retry_after_s
        self.retry = retry
        """x-should-retry: the SDK obeys it. None: not said."""
        self.details = {name: value for name, value in details.items() if value is not None}

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Of the answer, without those of every answer."""
        headers = [(b"content-type", b"application/json")]
        if self.retry_after_s is not None:
            headers.append((b"retry-after", str(self.retry_after_s).encode()))
        if self.retry is not None:
            headers.append((b"x-should-retry", b"true" if self.retry else b"false"))
        return headers

    def body(self, request_id: str) -> bytes:
        """Anthropic's error object."""
        error = {"type": TYPES.get(self.status, "api_error"), "message": self.message, **self.details}
        return json.dumps({"type": "error", "error": error, "request_id": request_id}).encode()
