"""The gateway as the agent sees it: the state of its own key, and the end of its session. Speaks no Messages API."""

from dataclasses import dataclass
from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

TIMEOUT_S = 5.0


class ProxyError(Exception):
    """The gateway did not answer, or refuses the key. The text says what happened and what to do."""


class ProxyStatus(BaseModel):
    """What `/status` says of the key sent; counts are tokens, money is micro-dollars, None where it is not known."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    no_radius_session: bool = False
    username: str | None = None
    session_id: str | None = None
    model_allowed: str | None = None
    policy_mode: Literal["enforce", "monitor"] | None = None
    token_budget: int | None = None
    tokens_used: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_remaining: int | None = None
    budget_pct: float | None = None
    monthly_budget: int | None = None
    monthly_used: int | None = None
    llm_calls: int | None = None
    max_llm_calls: int | None = None
    cost_micro_usd: int | None = None
    action: str | None = None
    resets_at: str | int | float | None = None


@dataclass(frozen=True)
class Proxy:
    """Address and key (`<user>.<password>`) of the gateway."""

    url: str
    key: str

    async def _ask(self, method: str, path: str) -> httpx.Response:
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
                return await http.request(method, f"{self.url.rstrip('/')}{path}", headers={"x-api-key": self.key})
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            raise ProxyError(f"iron-claw at {self.url} does not answer ({said}): start it, or see its log") from error

    async def status(self) -> ProxyStatus:
        """The state of this key; raises ProxyError."""
        answer = await self._ask("GET", "/status")
        if answer.status_code in (401, 403):
            raise ProxyError("iron-claw refuses the key: set AGENT_PROXY_KEY to <user>.<password>")
        try:
            answer.raise_for_status()
            return ProxyStatus.model_validate_json(answer.content)
        except (httpx.HTTPStatusError, ValidationError) as error:
            raise ProxyError(f"iron-claw at {self.url} answers {answer.status_code} to /status: see its log") from error

    async def end_session(self) -> None:
        """DELETE /v1/session; that there is none is no error."""
        answer = await self._ask("DELETE", "/v1/session")
        if answer.is_error and answer.status_code != httpx.codes.NOT_FOUND:
            raise ProxyError(
                f"iron-claw answers {answer.status_code} to DELETE /v1/session: the session ends by itself"
            )
