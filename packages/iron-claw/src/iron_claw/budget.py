"""Reservation and settlement of one session's tokens. Pure arithmetic; who calls it writes the journal.

Before a call goes out, its worst case is reserved; when it ends it is settled, once, to what was used. Settled and
reserved together never pass the budget as long as no call uses more than its worst case.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Counts:
    """The four token counts, which have four prices."""

    input_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens_in(self) -> int:
        """Acct-Input-Octets: all that was sent."""
        return self.input_tokens + self.cache_write_tokens + self.cache_read_tokens

    @property
    def tokens_out(self) -> int:
        """Acct-Output-Octets: all that was generated."""
        return self.output_tokens

    @property
    def total(self) -> int:
        """What counts against a budget."""
        return self.tokens_in + self.output_tokens

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.input_tokens + other.input_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.output_tokens + other.output_tokens,
        )


@dataclass
class Budget:
    """What a session may use, has used and holds for calls that are under way. `limit` None: no limit."""

    limit: int | None
    settled: Counts = field(default_factory=Counts)
    held: dict[str, int] = field(default_factory=dict)
    """Tokens by call."""
    reserved: int = 0
    slice: int | None = None
    """Where several gateways share the budget: what this one may use in all."""
    elsewhere: int = 0
    """And what the others have used of it."""
    held_elsewhere: int = 0
    """And what they hold, which may come back."""

    @property
    def used(self) -> int:
        """Settled and reserved."""
        return self.settled.total + self.reserved

    @property
    def room(self) -> int | None:
        """What a new call may reserve; None: anything."""
        limits = [limit for limit in (self.limit, self.slice) if limit is not None]
        return max(0, min(limits) - self.used) if limits else None

    @property
    def on_ladder(self) -> tuple[int, int | None]:
        """Return what is used of how much, by all gateways that share the budget."""
        return self.used + self.elsewhere, None if self.limit is None else self.limit + self.elsewhere

    @property
    def busy(self) -> bool:
        """Return whether something is held that may come back: for calls under way, or by another gateway."""
        return bool(self.reserved or self.held_elsewhere)

    def reserve(self, call: str, tokens: int) -> bool:
        """Holds the tokens for the call, unless they do not fit. A call reserves once."""
        if call in self.held:
            raise ValueError(f"call {call!r} has reserved already")
        if self.room is not None and tokens > self.room:
            return False
        self.held[call] = tokens
        self.reserved += tokens
        return True

    def force(self, call: str, tokens: int) -> None:
        """Holds the tokens whether they fit or not: monitor mode, where nothing is refused."""
        self.held[call] = tokens
        self.reserved += tokens

    def settle(self, call: str, counts: Counts) -> bool:
        """Frees what the call holds and counts what it used. False when it holds nothing: it was settled before."""
        tokens = self.held.pop(call, None)
        if tokens is None:
            return False
        self.reserved -= tokens
        self.settled += counts
        return True
