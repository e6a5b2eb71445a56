"""What tokens cost, from a file. Integer micro-dollars; a model that the file lacks has no price, not 0."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from iron_claw.budget import Counts
from iron_claw.names import entry_of

MILLION = 1_000_000


class PricesError(ValueError):
    """The price file cannot be used; says which entry and why."""


@dataclass(frozen=True)
class Price:
    """Micro-dollars per million tokens, for each of the four counts."""

    input: int
    cache_write: int
    cache_read: int
    output: int
    max_output: int | None = None
    """The most tokens that the model takes as max_tokens, where the file says so."""

    def cost_micro_usd(self, counts: Counts) -> int:
        """The cost of a call, rounded up to a whole micro-dollar."""
        parts = (
            counts.input_tokens * self.input
            + counts.cache_write_tokens * self.cache_write
            + counts.cache_read_tokens * self.cache_read
            + counts.output_tokens * self.output
        )
        return -(-parts // MILLION)


Prices = Mapping[str, Price]


def served(asked: str, answered: str | None) -> str:
    """Return the model whose price holds: the one that answered.

    The name of what was asked for stands where the answer names a dated snapshot of it, or none.
    """
    return asked if answered is None or answered.startswith(asked) else answered


def cost_of(model: str, counts: Counts, prices: Prices) -> int | None:
    """Micro-dollars, None when the model's price is unknown. Nothing used costs nothing."""
    if counts.total == 0:
        return 0
    price = entry_of(model, prices)
    return None if price is None else price.cost_micro_usd(counts)


def load(file: Path) -> Prices:
    """Reads the price file (see prices.toml beside this module)."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PricesError(f"{file}: {error}") from error
    names = ("input", "cache_write", "cache_read", "output")
    prices: dict[str, Price] = {}
    for model, entry in document.items():
        wrong = [n for n in names if not isinstance(entry.get(n), int) or isinstance(entry[n], bool) or entry[n] < 0]
        if wrong:
            raise PricesError(f"{file}: {model!r}: {', '.join(wrong)} must be whole micro-dollars per million tokens")
        limit = entry.get("max_output")
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            raise PricesError(f"{file}: {model!r}: max_output must be a number of tokens")
        prices[model] = Price(**{name: entry[name] for name in names}, max_output=limit)
    return prices
