"""What `/metrics` shows, in Prometheus' format; the GenAI names are OpenTelemetry's. All stand in docs/iron-claw.md."""

from __future__ import annotations

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from iron_claw.budget import Counts

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300)
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576)


class Metrics:
    """The gateway's metrics, in a registry of their own."""

    def __init__(self) -> None:
        r = self.registry = CollectorRegistry()
        model = ("gen_ai_request_model",)
        self.tokens = Histogram(
            "gen_ai_client_token_usage", "Tokens of a call", (*model, "gen_ai_token_type"), buckets=TOKENS, registry=r
        )
        self.duration = Histogram(
            "gen_ai_server_request_duration", "Seconds of a call", (*model, "ending"), buckets=SECONDS, registry=r
        )
        self.first_token = Histogram(
            "gen_ai_server_time_to_first_token", "Seconds to the first byte", model, buckets=SECONDS, registry=r
        )
        self.sessions = Gauge("iron_claw_sessions", "Sessions that are open", registry=r)
        self.sessions_ended = Counter("iron_claw_sessions_ended", "Sessions that ended", ("cause",), registry=r)
        self.actions = Counter("iron_claw_ladder_actions", "Decisions of the ladder", ("action", "mode"), registry=r)
        self.refusals = Counter("iron_claw_refusals", "Calls that were refused", ("reason",), registry=r)
        self.reservations = Gauge("iron_claw_reservations", "Calls that hold a reservation", registry=r)
        self.reserved_tokens = Gauge("iron_claw_reserved_tokens", "Tokens held by reservations", registry=r)
        self.settled = Counter("iron_claw_settled_calls", "Calls that were settled", ("ending",), registry=r)
        self.cost = Counter("iron_claw_cost_micro_usd", "Cost of calls whose price is known", registry=r)
        self.unpriced = Counter("iron_claw_unpriced_calls", "Calls whose price is unknown", registry=r)
        self.unmetered = Counter("iron_claw_free_requests", "Requests that use no tokens", ("route",), registry=r)
        self.month = Gauge(
            "iron_claw_month_used_ratio", "Share of a user's tokens of the month that is used", ("user",), registry=r
        )
        self.journal_depth = Gauge(
            "iron_claw_journal_depth", "Records that wait for RADIUS or the database", ("kind",), registry=r
        )
        self.journal_bytes = Gauge("iron_claw_journal_bytes", "Size of the journal file", registry=r)
        self.radius = Histogram(
            "iron_claw_radius_round_trip_seconds",
            "Seconds until RADIUS answered",
            ("request", "result"),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 3),
            registry=r,
        )
        self.coa = Counter("iron_claw_coa_requests", "CoA and Disconnect requests", ("kind", "result"), registry=r)

        # labels() makes text of its values and takes a lock each time; what every call needs is remembered
        self._settled_by, self._duration_of = cache(self.settled.labels), cache(self.duration.labels)
        self._tokens_of = cache(self.tokens.labels)

    def call_settled(self, model: str, ending: str, seconds: float, counts: Counts) -> None:
        """Counts a call, how long it took, and its tokens by OpenTelemetry's token types and the two of the cache."""
        self._settled_by(ending).inc()
        self._duration_of(model, ending).observe(seconds)
        numbers = (counts.input_tokens, counts.cache_write_tokens, counts.cache_read_tokens, counts.output_tokens)
        for kind, number in zip(("input", "cache_write", "cache_read", "output"), numbers, strict=True):
            if number:
                self._tokens_of(model, kind).observe(number)

    def render(self) -> bytes:
        """The text of `/metrics`."""
        return generate_latest(self.registry)
