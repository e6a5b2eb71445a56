"""How often one may ask: token buckets, in this process alone. Clocks come in as arguments.

Two replicas count for themselves: what is allowed in all lies between one quota and as many as there are replicas. That
is meant: it keeps one caller from taking everything, and costs no server that all replicas would have to ask.
"""

import math
from collections import Counter, OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

WINDOW_S = 60
MOST = 50_000
"""Callers that are remembered; those who were silent longest are forgotten, and begin anew."""
ROUNDING = 1e-9
"""Whoever waits as long as was said gets through, although fractions of a second do not add up exactly."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands: whether this request is allowed, how many more are, when all of the quota is back."""

    name: str
    quota: int
    allowed: bool
    remaining: int
    reset_s: int
    retry_after_s: int

    @property
    def field(self) -> str:
        """An item of the header RateLimit (draft-ietf-httpapi-ratelimit-headers)."""
        return f'"{self.name}";r={self.remaining};t={self.reset_s}'

    @property
    def policy(self) -> str:
        """An item of the header RateLimit-Policy."""
        return f'"{self.name}";q={self.quota};w={WINDOW_S}'


@dataclass(slots=True)
class Limit:
    """At most `quota` requests at once, and `quota` a minute in the long run. 0: no limit."""

    name: str
    quota: int
    _left: OrderedDict[Hashable, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, caller: Hashable, now_s: float, *, cost: int = 1) -> Standing:
        """Counts a request; with `cost` 0 only says where the caller stands. `now_s`: a monotonic clock."""
        a_second = self.quota / WINDOW_S
        tokens, then_s = self._left.get(caller, (float(self.quota), now_s))
        tokens = min(float(self.quota), tokens + (now_s - then_s) * a_second)
        allowed = tokens >= 1 - ROUNDING
        if allowed and cost:
            tokens = max(0.0, tokens - cost)
        if cost:
            self._left[caller] = (tokens, now_s)
            self._left.move_to_end(caller)
            if len(self._left) > MOST:
                self._left.popitem(last=False)
        return Standing(
            self.name,
            self.quota,
            allowed,
            remaining=int(tokens),
            reset_s=math.ceil((self.quota - tokens) / a_second),
            retry_after_s=max(1, math.ceil((1 - tokens) / a_second)),
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process allows: to an address, to a key or an account, and how often an address may be refused (401)."""

    address: Limit
    key: Limit
    refusals: Limit


def limits_of(*, address: int, key: int, refusals: int) -> Limits:
    """Quotas a minute; 0: no limit."""
    return Limits(Limit("address", address), Limit("key", key), Limit("refusals", refusals))


@lru_cache(4096)
def caller_of(address: str) -> str:
    """Who counts as one: an IPv4 address, or a /64 of IPv6, which is what one household has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return address


@dataclass(slots=True)
class Places:
    """Places that callers hold for as long as they stay, such as open streams: so many in all, so many to a caller."""

    most: int = 9000
    most_each: int = 20
    held: Counter[str] = field(default_factory=Counter)
    total: int = 0

    def take(self, caller: str) -> bool:
        """Take a place. False: this caller has as many as it may have, or all are taken."""
        if self.total >= self.most or self.held[caller] >= self.most_each:
            if not self.held[caller]:
                del self.held[caller]
            return False
        self.held[caller] += 1
        self.total += 1
        return True

    def give_back(self, caller: str) -> None:
        """Leave a place."""
        self.held[caller] -= 1
        self.total -= 1
        if not self.held[caller]:
            del self.held[caller]
