"""The gateway as the agent sees it: the state of its own key, and the end of its session. Speaks no Messages API."""

from dataclasses import dataclass
from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

TIMEOUT_S = 5.0
BARE = "iron-claw is in bare mode: no RADIUS, so no budget holds"


class ProxyError(Exception):
    """The gateway did not answer, or refuses the key. The text says what happened and what to do.

    `out_of_budget`: it is up, and this key's budget is used up.
    """

    def __init__(self, text: str, *, out_of_budget: bool = False) -> None:
        super().__init__(text)
        self.out_of_budget = out_of_budget


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

    @property
    def used_up(self) -> bool:
        """True where no call goes out any more: a session that was killed, or nothing that remains of its tokens."""
        return self.action == "kill" or self.tokens_remaining == 0


def message_of(answer: httpx.Response) -> str:
    """What the gateway's error object says; empty where there is none."""
    try:
        return str(answer.json()["error"]["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return ""


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
        said = message_of(answer)
        match answer.status_code:
            case 401:
                raise ProxyError(f"iron-claw refuses the key ({said}): set AGENT_PROXY_KEY to <user>.<password>")
            case 429:
                raise ProxyError(f"iron-claw lets nothing out (429: {said})", out_of_budget=True)
            case 503:
                raise ProxyError(f"iron-claw at {self.url} is not ready (503: {said}): is FreeRADIUS running?")
        try:
            answer.raise_for_status()
            return ProxyStatus.model_validate_json(answer.content)
        except (httpx.HTTPStatusError, ValidationError) as error:
            told = f"{answer.status_code} to /status" + (f" ({said})" if said else "")
            raise ProxyError(f"iron-claw at {self.url} answers {told}: see its log") from error

    async def end_session(self) -> None:
        """DELETE /v1/session; that there is none is no error."""
        answer = await self._ask("DELETE", "/v1/session")
        if answer.is_error and answer.status_code != httpx.codes.NOT_FOUND:
            raise ProxyError(
                f"iron-claw answers {answer.status_code} to DELETE /v1/session: the session ends by itself"
            )
