"""Answers that are errors: why, and the code of which `driftwatch explain` says more."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.responses import JSONResponse

from driftwatch.transport.statuses import code_of_status

__all__ = ["CodedError", "not_valid", "problem_of"]


class CodedError(HTTPException):
    """An answer that is an error whose code says more than its status.

    Args:
        status: HTTP status.
        detail: Why.
        code: Such as ``DW041``.
        headers: Of the answer.
    """

    def __init__(
        self, status: int, detail: str, code: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, headers)
        self.code = code


async def problem_of(_: Request, error: Exception) -> JSONResponse:
    """The answer that an HTTP error is."""
    assert isinstance(error, AnyHTTPException)  # noqa: S101 - as it is registered
    code = getattr(error, "code", None) or code_of_status(error.status_code)
    return JSONResponse({"detail": error.detail, "code": code}, error.status_code, error.headers)


async def not_valid(_: Request, error: Exception) -> JSONResponse:
    """The answer to a request whose parameters are not what the route takes."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as it is registered
    details: Any = jsonable_encoder(error.errors())
    return JSONResponse({"detail": details, "code": "DW050"}, 422)
