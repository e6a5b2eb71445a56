"""Celery's consumer with three habits changed: what it cannot decode it rejects, it declares nothing on the broker, and
at SIGTERM it first ends what it took.

The topology is deploy/rabbitmq/definitions.json alone. Celery's own delay queues (28 of them) are left out: a retry
waits in matches.delay.*.

Celery's own warm stop gives up what a process of the pool took so recently that the parent has not heard of it: the
message comes again, and once in a hundred stops under load the worker waits for that process for ever. Here the worker
takes nothing more, goes on until it holds nothing, and only then stops as Celery does.
"""

import os
import signal
from collections.abc import Callable
from typing import Any

import structlog
from celery.worker import state
from celery.worker.consumer import Consumer as CeleryConsumer

from missing_table.ingest.screen import why_unreadable

IDLE_CHECK_S = 0.05

log = structlog.get_logger(__name__)


class Consumer(CeleryConsumer):  # type: ignore[misc]
    """Named in `worker_consumer`."""

    class Blueprint(CeleryConsumer.Blueprint):  # type: ignore[misc]
        default_steps = tuple(
            step for step in CeleryConsumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        )

    leaving = False
    _stop: Any = None
    """Celery's own handler of SIGTERM."""

    def on_ready(self) -> None:
        """Connected, in the parent's main thread. From now on SIGTERM is ours; before, it is Celery's."""
        super().on_ready()
        if self._stop is None:
            self._woken, self._wake = os.pipe()
            self._stop = signal.signal(signal.SIGTERM, self._leave)
        self.hub.add_reader(self._woken, self._take_no_more)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Without its connection nothing can be acknowledged: what it holds is queued again by the broker."""
        if self.leaving:
            self._stop(signal.SIGTERM, None)
        super().on_connection_error_after_connected(exc)

    def _leave(self, number: int, frame: Any) -> None:
        """The signal's handler. A second SIGTERM stops at once, and so does the first where there is no connection."""
        signal.signal(signal.SIGTERM, self._stop)
        if self.connection is None or not self.connection.connected or self.task_consumer is None:
            self._stop(number, frame)
            return
        self.leaving = True
        os.write(self._wake, b"-")  # the loop may be asleep until its next heartbeat

    def _take_no_more(self) -> None:
        self.hub.remove_reader(self._woken)
        self.task_consumer.cancel()
        log.info("worker takes no more", in_progress=len(state.reserved_requests))
        self._stop_when_idle()

    def _stop_when_idle(self) -> None:
        if state.reserved_requests:
            self.hub.call_later(IDLE_CHECK_S, self._stop_when_idle)
        else:
            self._stop(signal.SIGTERM, None)

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
