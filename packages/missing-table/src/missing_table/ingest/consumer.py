"""Celery's consumer with two habits changed: what it cannot decode it rejects, and it declares nothing on the broker.

The topology is deploy/rabbitmq/definitions.json alone. Celery's own delay queues (28 of them) are left out: a retry
waits in matches.delay.*.
"""

from collections.abc import Callable
from typing import Any

import structlog
from celery.worker.consumer import Consumer as CeleryConsumer

from missing_table.ingest.screen import why_unreadable

log = structlog.get_logger(__name__)


class Consumer(CeleryConsumer):  # type: ignore[misc]
    """Named in `worker_consumer`."""

    class Blueprint(CeleryConsumer.Blueprint):  # type: ignore[misc]
        default_steps = tuple(
            step for step in CeleryConsumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        )

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Called for what kombu itself could not open."""
        self._dead_letter(message, str(exc))

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        """Every message passes here first."""
        handle = super().create_task_handler(*args, **kwargs)

        def screened(message: Any) -> Any:
            reason = why_unreadable(message)
            return self._dead_letter(message, reason) if reason else handle(message)

        return screened

    def _dead_letter(self, message: Any, reason: str) -> None:
        log.error("message rejected to the dead letters", reason=reason, message_id=(message.headers or {}).get("id"))
        message.reject_log_error(log, self.connection_errors)
