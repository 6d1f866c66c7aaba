"""Storage's refusals: its codes and words, and the status as text.

The HTTP status is 400 for nearly all of them; clients read `statusCode` in the body.

Source: supabase/storage, src/internal/errors/codes.ts and src/http/error-handler.ts
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import structlog
from psycopg import errors as pg
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

logger = structlog.get_logger("storage")


class StorageError(Exception):
    """A refusal. `status` is the real one; `http_status` is what HTTP says."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        error: str | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.error = error or code
        self.http_status = http_status or (status if status >= 500 else 400)

    @property
    def body(self) -> dict[str, str]:
        """Return what the client reads."""
        return {
            "statusCode": str(self.status),
            "code": self.code,
            "error": self.error,
            "message": self.message,
        }


def no_such_bucket() -> StorageError:
    """Say that there is no such bucket, or none that the caller may see."""
    return StorageError(404, "NoSuchBucket", "Bucket not found", error="Bucket not found")


def no_such_key() -> StorageError:
    """Say that there is no such object, or none that the caller may see."""
    return StorageError(404, "NoSuchKey", "Object not found", error="not_found")


def denied(message: str) -> StorageError:
    """Say that the caller may not."""
    return StorageError(403, "AccessDenied", message, error="Unauthorized")


def duplicate() -> StorageError:
    """Say that there is one already."""
    return StorageError(409, "KeyAlreadyExists", "The resource already exists", error="Duplicate")


def too_large() -> StorageError:
    """Say that it is larger than the bucket or this installation takes."""
    message = "The object exceeded the maximum allowed size"
    return StorageError(413, "EntityTooLarge", message, error="Payload too large")


def wrong_type(mimetype: str) -> StorageError:
    """Say that the bucket does not take this type."""
    message = f"mime type {mimetype} is not supported"
    return StorageError(415, "InvalidMimeType", message, error="invalid_mime_type")


def invalid_key(key: str) -> StorageError:
    """Say that an object cannot have this name."""
    return StorageError(400, "InvalidKey", f"Invalid key: {key}")


def invalid(message: str, *, code: str = "InvalidRequest") -> StorageError:
    """Say that the request makes no sense."""
    return StorageError(400, code, message, error="Error" if code == "InvalidRequest" else code)


def unavailable() -> StorageError:
    """Say that the database does not answer now."""
    return StorageError(503, "DatabaseError", "The service cannot answer now.")


def timed_out() -> StorageError:
    """Say that a statement took too long."""
    message = "The connection to the database timed out"
    return StorageError(544, "DatabaseTimeout", message)


def of_database(error: psycopg.Error | PoolTimeout) -> Exception:
    """Return an error of the database as a refusal, or as it is when it is a defect."""
    if isinstance(error, PoolTimeout):
        return unavailable()
    message = error.diag.message_primary or ""
    if isinstance(error, pg.InsufficientPrivilege):
        return denied(message)
    for kind, refusal in OF_DATABASE:
        if isinstance(error, kind):
            return refusal()
    if (error.sqlstate or "").startswith("PT"):
        # A function that a policy asks may refuse in our own way.
        return StorageError(int(str(error.sqlstate)[2:]), error.diag.message_detail or "", message)
    return error


# The first that fits.
OF_DATABASE: tuple[tuple[type[psycopg.Error], Callable[[], StorageError]], ...] = (
    (pg.UniqueViolation, duplicate),
    (
        pg.ForeignKeyViolation,
        lambda: StorageError(404, "InvalidRequest", "The related resource does not exist"),
    ),
    (
        pg.ObjectNotInPrerequisiteState,
        lambda: StorageError(409, "TransactionError", "The upload took too long."),
    ),
    (pg.QueryCanceled, timed_out),
    (pg.LockNotAvailable, lambda: StorageError(423, "ResourceLocked", "The resource is locked")),
    (psycopg.OperationalError, unavailable),
    (psycopg.DataError, lambda: invalid("The request holds a value that cannot be stored.")),
)


async def refused(_request: Request, error: Exception) -> Response:
    """Answer with a refusal, or for a defect without showing it."""
    if not isinstance(error, StorageError):
        logger.error("storage_failed", kind=type(error).__name__)
        error = StorageError(500, "InternalError", "Internal server error")
    headers = {"Cache-Control": "no-store"}
    if error.status == 503:
        headers["Retry-After"] = "1"
    return JSONResponse(error.body, error.http_status, headers)


async def by_status(request: Request, error: Exception) -> Response:
    """Answer a path or a method that there is not."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    message = f"Route {request.method}:{request.url.path} not found"
    body = {"statusCode": str(status), "error": "Not Found", "message": message}
    return JSONResponse(body, status)


async def hung_up(_request: Request, _error: Exception) -> Response:
    """Answer a client that is gone, as ASGI wants it."""
    return Response(status_code=400)
