"""Client of the API's /api/agent: what the database knows. Asks and reads, keeps nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from match_contract import Freshness, MatchSummary, Receipt, SourceState

TIMEOUT_S = 10.0
M = TypeVar("M", bound=BaseModel)


class ApiError(Exception):
    """The API did not answer, or not as agreed. The text says what happened and what to do."""


@dataclass(frozen=True)
class Knowledge:
    """Everything that a plan needs to know of the database; `error` says why nothing is known."""

    summary: MatchSummary | None = None
    sources: tuple[SourceState, ...] = ()
    error: str | None = None


class _Sources(BaseModel):
    items: tuple[SourceState, ...]


class Api:
    """The API as the agent uses it. One connection pool; close it with `async with`."""

    def __init__(self, url: str, key: str | None, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"X-Api-Key": key} if key else {}
        self._http = httpx.AsyncClient(
            base_url=self.url, headers=headers, timeout=TIMEOUT_S, transport=transport, trust_env=False
        )

    async def __aenter__(self) -> "Api":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def _get(self, path: str, **query: str | int) -> httpx.Response:
        try:
            answer = await self._http.get(path, params=query)
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            raise ApiError(f"the API at {self.url} does not answer ({said}): is the backend running?") from error
        if answer.status_code in (401, 403):
            raise ApiError(f"the API refuses the service key ({answer.status_code}): set AGENT_API_KEY")
        if answer.is_error and answer.status_code != httpx.codes.NOT_FOUND:
            raise ApiError(f"the API answers {answer.status_code} to {path}: see the backend's log")
        return answer

    async def _model(self, model: type[M], path: str, **query: str | int) -> M:
        answer = await self._get(path, **query)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise ApiError(f"the API knows no {path}: AGENT_API_URL {self.url} is not this project's backend")
        try:
            return model.model_validate_json(answer.content)
        except ValidationError as error:
            raise ApiError(f"the API's answer to {path} is not as agreed: {error.errors()[0]['msg']}") from error

    async def summary(self, season: str) -> MatchSummary:
        """GET /api/agent/match-summary."""
        return await self._model(MatchSummary, "/api/agent/match-summary", season=season)

    async def sources(self, season: str) -> tuple[SourceState, ...]:
        """GET /api/agent/sources: what landed last, per site and key."""
        return (await self._model(_Sources, "/api/agent/sources", season=season)).items

    async def freshness(self, season: str) -> Freshness:
        """GET /api/freshness: how fresh the site is, and how its tables compare with the league's own."""
        return await self._model(Freshness, "/api/freshness", season=season)

    async def knowledge(self, season: str) -> Knowledge:
        """Both of the above; a run goes on without them, and says so."""
        try:
            return Knowledge(await self.summary(season), await self.sources(season))
        except ApiError as error:
            return Knowledge(error=str(error))

    async def receipt(self, message_id: str) -> Receipt | None:
        """GET /api/agent/batches/{id}: the receipt as the database keeps it, None while there is none."""
        answer = await self._get(f"/api/agent/batches/{message_id}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        try:
            return Receipt.model_validate_json(answer.content)
        except ValidationError as error:
            raise ApiError(f"the API's receipt of {message_id} is not as agreed: {error.errors()[0]['msg']}") from error

    async def runs(self, limit: int) -> list[dict[str, Any]]:
        """GET /api/runs: the newest runs first."""
        answer = await self._get("/api/runs", limit=limit)
        found = answer.json()
        items: list[dict[str, Any]] = found["items"] if isinstance(found, dict) else found
        return items

    async def changes_since(self, since: datetime, limit: int) -> list[dict[str, Any]]:
        """GET /api/changes: `match_id, field, before, after` of what changed since then, oldest first."""
        answer = await self._get("/api/changes", since=since.isoformat(), limit=limit)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def match(self, match_id: int) -> dict[str, Any]:
        """GET /api/matches/{id}: a match with its teams' names."""
        found: dict[str, Any] = (await self._get(f"/api/matches/{match_id}")).json()
        return found

    async def alive(self) -> None:
        """Raises ApiError where the API does not answer; without a database it is not ready."""
        answer = await self._get("/health/ready")
        if answer.status_code != httpx.codes.OK:
            raise ApiError(f"the API at {self.url} answers {answer.status_code} to /health/ready")
