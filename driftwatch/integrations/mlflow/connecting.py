"""A client of MLflow, and its errors in our words."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from driftwatch.errors import DriftWatchError, MissingDependencyError
from driftwatch.transport.client import HttpClient

__all__ = ["MLflowError", "check_health", "client_of", "told"]

_HEALTH_SECONDS = 5.0


class MLflowError(DriftWatchError, OSError):
    """MLflow did not do what it was asked; its text holds no address and no secret."""


class told:  # noqa: N801 - used like a function
    """Errors of MLflow in our words, without its text, which may hold an address."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, DriftWatchError):
            code = getattr(error, "error_code", None)
            why = f"{type(error).__name__}{f' {code}' if code else ''}"
            raise MLflowError(f"{self._what}: {why}") from None


def client_of(tracking_uri: str | None, /) -> Any:
    """A client of the tracking server.

    Raises:
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If the address cannot be used.
    """
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise MissingDependencyError(
            "MLflow is not installed; pip install 'driftwatch-sketch[mlflow]'"
        ) from error
    with told("the tracking server cannot be used"):
        return MlflowClient(tracking_uri=tracking_uri)


def check_health(client: Any) -> None:
    """Find out in seconds that a server is away; MLflow itself would try for minutes."""
    uri = str(getattr(client, "tracking_uri", ""))
    if not uri.startswith(("http://", "https://")):
        return
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]  # a login is not needed to ask that
    address = urlunsplit((parts.scheme, host, f"{parts.path.rstrip('/')}/health", "", ""))
    answer = HttpClient(timeout=_HEALTH_SECONDS).send(address)
    if answer.status == 0 or answer.status >= 500:
        raise MLflowError(f"the tracking server is away ({answer.status or answer.reason})")
