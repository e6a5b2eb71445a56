"""Errors as RFC 9457 has them: one shape for every route. No stack trace ever leaves; the log has it by request id."""

from http import HTTPStatus

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.exceptions import HTTPException
from starlette.responses import Response

from missing_table.web.schemas import FieldError, Problem

MEDIA_TYPE = "application/problem+json"
BLANK = "about:blank"
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"

log = structlog.get_logger(__name__)


class ApiError(Exception):
    """Base of what a subject refuses. `detail` says what happened, with what value, and what to do."""

    status = HTTPStatus.BAD_REQUEST
    kind = BLANK

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}


class BadRequest(ApiError):
    """The request says something that cannot be."""


class NotFound(ApiError):
    """There is no such thing."""

    status = HTTPStatus.NOT_FOUND


class Unauthorized(ApiError):
    """Nobody is signed in, or the key is not one of ours."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(ApiError):
    """Known, and not allowed."""

    status = HTTPStatus.FORBIDDEN


class Conflict(ApiError):
    """The state of things does not allow it now."""

    status = HTTPStatus.CONFLICT


class TooMany(ApiError):
    """Asked too often."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    kind = QUOTA_EXCEEDED


class Unavailable(ApiError):
    """Something that this needs does not answer."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    kind: str = BLANK,
    errors: list[FieldError] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The answer itself."""
    body = Problem(
        type=kind,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        request_id=request.scope.get("request_id", ""),
        errors=errors or [],
    )
    return Response(
        body.model_dump_json(),
        status_code=int(status),
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def _field_errors(error: RequestValidationError) -> list[FieldError]:
    return [FieldError(where=".".join(map(str, e["loc"])), message=str(e["msg"])) for e in error.errors()]


def add_problem_handlers(app: FastAPI) -> None:
    """Turns every kind of error into a Problem."""

    @app.exception_handler(ApiError)
    async def _refused(request: Request, error: ApiError) -> Response:
        return problem(request, error.status, error.detail, kind=error.kind, headers=error.headers)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        detail = {
            404: f"There is nothing at {request.url.path}: /api/openapi.json lists what there is.",
            405: f"{request.method} is not possible on {request.url.path}.",
        }.get(error.status_code, str(error.detail))
        return problem(request, error.status_code, detail, headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        errors = _field_errors(error)
        detail = "; ".join(f"{e.where}: {e.message}" for e in errors[:5])
        return problem(request, 422, detail, errors=errors)

    @app.exception_handler(psycopg.OperationalError)
    @app.exception_handler(PoolTimeout)
    @app.exception_handler(TooManyRequests)
    async def _no_database(request: Request, error: Exception) -> Response:
        log.error("database does not answer", error=str(error).strip(), path=request.url.path)
        return problem(
            request, 503, "The database does not answer: try again in a moment.", headers={"Retry-After": "5"}
        )
