"""Wait for what the database says of the messages that a run has sent."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic

import structlog

from match_contract import Receipt, Rejection
from match_scraper_agent.api import Api, ApiError
from match_scraper_agent.messages import Shipment
from match_scraper_agent.publisher import Courier
from match_scraper_agent.source import FeedKey
from match_scraper_agent.telling import RunLog

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ASK_API_EVERY_S = 10.0
LAST_ASK_S = 5.0


@dataclass
class Parcel:
    """What was sent of a feed, and what has come back."""

    key: FeedKey
    shipment: Shipment
    sent: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)


class Receipts:
    """The receipts of a run: those of its feeds, and `others`, of messages that belong to no target."""

    def __init__(self, courier: Courier | None, api: Api | None, told: RunLog) -> None:
        self.parcels: dict[str, Parcel] = {}
        self.others: dict[str, Receipt] = {}
        self.dead: dict[str, str] = {}
        """Why messages cannot land, by their ids: they lie among the dead letters."""
        self._waiting_elsewhere: list[str] = []
        self._courier = courier
        self._api = api
        self._told = told

    def expect(self, ids: Iterable[str]) -> None:
        """Wait for the receipts of messages that belong to no target as well."""
        self._waiting_elsewhere += ids

    @property
    def missing(self) -> set[str]:
        """Return the ids of messages that were sent and of which nobody has said anything yet."""
        missing = {name for name in self._waiting_elsewhere if name not in self.others}
        for parcel in self.parcels.values():
            missing |= set(parcel.sent) - parcel.receipts.keys()
        return missing - self.dead.keys()

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """Return every match that went to the quarantine, also of messages that an earlier run had left."""
        receipts = [receipt for parcel in self.parcels.values() for receipt in parcel.receipts.values()]
        return tuple(item for receipt in (*receipts, *self.others.values()) for item in receipt.rejections)

    def _file(self, found: Mapping[str, Receipt]) -> None:
        for name, receipt in found.items():
            if name in self._waiting_elsewhere:
                self.others[name] = receipt
            for parcel in self.parcels.values():
                if name in parcel.sent:
                    parcel.receipts[name] = receipt

    async def wait(self, timeout_s: float) -> None:
        """Wait until every message sent has its receipt, by the reply queue or, where that is silent, from the API."""
        if self._courier is None:
            return
        since = monotonic()
        deadline = since + timeout_s
        ask_at = since + min(ASK_API_EVERY_S, timeout_s / 2)
        if self.missing:
            self._told.say("waiting for receipts")
        while missing := self.missing:
            now = monotonic()
            if now >= deadline:
                break
            until = max(0.0, min(deadline, ask_at) - now)
            self._file(await asyncio.to_thread(self._courier.receipts, missing, until))
            self.dead |= self._courier.failures(missing)
            if monotonic() >= ask_at:
                await self._ask_api(min(LAST_ASK_S, timeout_s))
                ask_at = monotonic() + ASK_API_EVERY_S
        if self.missing:
            await self._ask_api(LAST_ASK_S)
        self._told.spend("receipts", since)

    async def _ask_api(self, within_s: float) -> None:
        if self._api is None:
            return
        try:
            async with asyncio.timeout(within_s):
                for name in sorted(self.missing):
                    receipt = await self._api.receipt(name)
                    if receipt is not None:
                        self._file({name: receipt})
        except (ApiError, TimeoutError) as error:
            log.warning("receipts.api", error=str(error) or "timeout")
