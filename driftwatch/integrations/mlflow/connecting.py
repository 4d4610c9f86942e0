"""A client of MLflow, and its errors in our words."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from driftwatch.errors import ConfigError, DriftWatchError, MissingDependencyError

__all__ = ["MLflowError", "check_health", "client_of", "reached", "told"]

_HEALTH_SECONDS = 5.0
_HTTP = ("http://", "https://")


class MLflowError(DriftWatchError, OSError):
    """MLflow did not do what it was asked; its text holds no address and no secret."""

    code = "DW072"


class told:  # noqa: N801 - used like a function
    """Errors of MLflow in our words, without its text, which may hold an address.

    Raises:
        MissingDependencyError: If a library is missing that MLflow needs for this.
        MLflowError: Of every other error.
    """

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DriftWatchError) or not isinstance(error, Exception):
            return
        if isinstance(error, ImportError):
            raise MissingDependencyError(
                f"{self._what}: MLflow needs the library {error.name or 'that it did not find'}; "
                "a store without a server needs the whole of it: pip install mlflow"
            ) from None
        code = getattr(error, "error_code", None)
        why = f"{type(error).__name__}{f' {code}' if code else ''}"
        raise MLflowError(f"{self._what}: {why}") from None


def client_of(tracking_uri: str | None, /) -> Any:
    """A client of the tracking server; asks nothing of it.

    Raises:
        ConfigError: If the address is none.
        MissingDependencyError: If MLflow is not installed, or what it needs for such an address.
        MLflowError: If the store at the address, where it is no server, cannot be opened.
    """
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise MissingDependencyError(
            "MLflow is not installed; pip install 'driftwatch-sketch[mlflow]'"
        ) from error
    with told("the tracking server cannot be used"):
        try:
            client = MlflowClient(tracking_uri=tracking_uri)
            uri = str(client.tracking_uri)
            parts = urlsplit(uri)
            sound = not uri.startswith(_HTTP) or bool(parts.hostname and parts.port != 0)
        except Exception as error:
            code = getattr(error, "error_code", None)
            if code != "INVALID_PARAMETER_VALUE" and not isinstance(error, ValueError):
                raise
            sound = False
        if not sound:
            raise ConfigError(
                "the address of the tracking server is none like http://127.0.0.1:5000 (it is not "
                "shown): see tracking_uri, MLFLOW_TRACKING_URI and MLFLOW_REGISTRY_URI",
                code="DW072",
            )
    return client


def check_health(client: Any) -> None:
    """Find out in seconds that a server is away; MLflow itself would try for minutes.

    Asked as MLflow asks: with its login, its certificates and its proxies.

    Raises:
        MLflowError: If it is away.
    """
    uri = str(client.tracking_uri)
    if not uri.startswith(_HTTP):
        return
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    with told("the tracking server is away"):
        answer = http_request(
            get_default_host_creds(uri),
            "/health",
            "GET",
            max_retries=0,
            timeout=_HEALTH_SECONDS,
            raise_on_status=False,
        )
    if answer.status_code >= 500:
        raise MLflowError(f"the tracking server is away: HTTP {answer.status_code}")


def reached(tracking_uri: str | None, /) -> Any:
    """A client of a tracking server that has answered.

    Raises:
        ConfigError: If the address is none.
        MissingDependencyError: If MLflow is not installed, or what it needs for such an address.
        MLflowError: If the server is away.
    """
    client = client_of(tracking_uri)
    check_health(client)
    return client
