"""Errors answered: in JSON where programs ask, as pages where people do."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from driftwatch.errors import ConfigError, DriftWatchError, StoreError, code_of
from driftwatch.logs.events import event
from driftwatch.service.dashboard.frame import NotFoundError
from driftwatch.service.dashboard.refusals import fault, for_people
from driftwatch.service.dashboard.sign_in import sign_in_needed
from driftwatch.service.problems import not_valid, problem_of
from driftwatch.service.security.bodies import BodyTooLongError
from driftwatch.service.security.page_guard import SignInNeededError

__all__ = ["answer_errors"]

_LOG = logging.getLogger("driftwatch")


def answer_errors(app: FastAPI, /) -> None:
    """Let an application answer all that the service raises."""
    app.add_exception_handler(HTTPException, for_people(problem_of))
    app.add_exception_handler(RequestValidationError, for_people(not_valid))
    app.add_exception_handler(BodyTooLongError, for_people(_too_long))
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(NotFoundError, _not_found)
    app.add_exception_handler(SignInNeededError, sign_in_needed)
    app.add_exception_handler(StoreError, for_people(_unavailable))
    app.add_exception_handler(DriftWatchError, for_people(_refused))
    app.add_exception_handler(Exception, fault)


async def _too_long(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BodyTooLongError)  # noqa: S101 - as it was registered
    return error.answer()


async def _gone(request: Request, _: Exception) -> JSONResponse:
    """Log one line without a traceback; the client is gone and reads no answer."""
    request.app.state.quiet.log(
        "gone",
        "driftwatch: a client (%s) went away before its request was whole",
        request.client.host if request.client is not None else "unknown",
        name="service.trouble",
    )
    return JSONResponse({"detail": "the request was not whole", "code": "DW050"}, 400)


async def _not_found(_: Request, error: Exception) -> Response:
    assert isinstance(error, NotFoundError)  # noqa: S101 - as it was registered
    return await run_in_threadpool(error.answer)


async def _unavailable(_: Request, error: Exception) -> JSONResponse:
    _LOG.warning("driftwatch: %s", error, extra=event("service.trouble"))
    said = {"detail": "the store cannot be used just now", "code": code_of(error)}
    return JSONResponse(said, 503, {"Retry-After": "2"})


async def _refused(_: Request, error: Exception) -> JSONResponse:
    status = 409 if isinstance(error, ConfigError) else 400
    return JSONResponse({"detail": str(error), "code": code_of(error)}, status)
