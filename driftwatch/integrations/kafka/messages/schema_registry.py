"""Schemas from a registry that speaks Confluent's protocol, and the frame that names them.

A framed message is a zero byte, the schema's number in four bytes, most significant first, and
what was written with that schema. A schema never changes under its number, so it is asked for
once. What the registry says cannot be had is asked for again after half a minute; a registry
that does not answer is left alone for as long, so that it does not slow down every message.
"""

from __future__ import annotations

import base64
import http.client
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import orjson

from driftwatch.config.kafka import REGISTRY_PASSWORD, KafkaConfig
from driftwatch.errors import ConfigError
from driftwatch.transport.client import HttpClient

__all__ = [
    "NotFramedError",
    "Read",
    "Registered",
    "RegistryAwayError",
    "SchemaRegistry",
    "Schemas",
    "WrongSchemaError",
    "asking",
]

_T = TypeVar("_T")

Read = Callable[[bytes], Any]
"""Makes a document of bytes that were written with one schema; raises any error if it cannot."""

_SECONDS = 5.0
"""For one answer of the registry."""

_AGAIN_SECONDS = 30.0
_MOST_SCHEMAS = 1_000
_MOST_BYTES = 4 << 20
_HEADER = 5
_UNKNOWN = (40401, 40402, 40403)
"""Confluent's codes for: no such subject, version, schema."""


class RegistryAwayError(Exception):
    """The registry does not answer as one does; the message may be good: read it again later."""


class WrongSchemaError(Exception):
    """The registry knows no such schema, or it is none that we can read with."""


class NotFramedError(Exception):
    """A message does not begin with the number of a schema."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A schema as it is registered.

    Attributes:
        type: ``"AVRO"``, ``"PROTOBUF"`` or ``"JSON"``.
        text: JSON; for Protobuf a file descriptor in base64.
        references: Names of the schemas it builds on, and where they are: path of the registry.
    """

    type: str
    text: str
    references: tuple[tuple[str, str], ...]


class SchemaRegistry:
    """Asks a registry, one short connection for each question.

    Redirects are not followed, and proxies not used: the password goes nowhere else.

    Args:
        config: Where the registry is, and who asks.
        environ: The environment, with the password.

    Raises:
        ConfigError: If the password or a certificate is missing.
    """

    def __init__(self, config: KafkaConfig, /, environ: Mapping[str, str] = os.environ) -> None:
        self.url = config.registry or ""
        parts = urlsplit(self.url)
        self._at = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
        trust = _context(config.registry_ca_file) if parts.scheme == "https" else None
        self._http = HttpClient(
            timeout=_SECONDS, trust=trust, proxies=False, most_bytes=_MOST_BYTES
        )
        self._headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if config.registry_user is not None:
            password = environ.get(REGISTRY_PASSWORD, "").strip()
            if not password:
                raise ConfigError(
                    f"the registry's password of {config.registry_user!r} is expected in "
                    f"{REGISTRY_PASSWORD}",
                    code="DW066",
                )
            login = base64.b64encode(f"{config.registry_user}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {login}"

    def schema(self, number: int, /, *, serialized: bool = False) -> Registered:
        """The schema of a number; serialized, as Protobuf needs it.

        Raises:
            RegistryAwayError: If the registry does not answer as one does.
            WrongSchemaError: If it knows no such schema.
        """
        asked = f"/schemas/ids/{number}{'?format=serialized' if serialized else ''}"
        return _registered(self._get(asked), self.url)

    def referenced(self, path: str, /, *, serialized: bool = False) -> Registered:
        """A schema that another one builds on.

        It is asked for by its number, for older registries serialize only what is asked for so.
        """
        answer = self._get(path)
        if serialized and isinstance(answer.get("id"), int):
            return self.schema(answer["id"], serialized=True)
        return _registered(answer, self.url)

    def _get(self, path: str) -> dict[str, Any]:
        got = self._http.send(self._at + path, headers=self._headers)
        if got.status == 0:
            raise self._away(got.reason)
        if len(got.body) > _MOST_BYTES:
            raise WrongSchemaError(f"a schema of more than {_MOST_BYTES} bytes: {path}")
        try:
            answer = orjson.loads(got.body)
        except orjson.JSONDecodeError:
            answer = None
        if got.status == http.client.NOT_FOUND and _code(answer) in _UNKNOWN:
            raise WrongSchemaError(f"not in the registry: {path}")
        if got.status != http.client.OK or not isinstance(answer, dict):
            raise self._away(f"status {got.status} for {path}")
        return answer

    def _away(self, why: str) -> RegistryAwayError:
        return RegistryAwayError(f"the schema registry {self.url} does not answer: {why}")


class Schemas:
    """Readers of framed messages, one for each schema, kept by number.

    Args:
        compiled: Makes the reader of a number; may raise `RegistryAwayError` or
            `WrongSchemaError`.
        clock: Seconds of a clock that only goes on.
    """

    def __init__(self, compiled: Callable[[int], Read], clock: Callable[[], float], /) -> None:
        self._compiled = compiled
        self._clock = clock
        self._reads: dict[int, Read] = {}
        self._refused: dict[int, float] = {}
        self._away: tuple[float, str] | None = None

    def reader(self, value: bytes, /) -> tuple[Read, bytes]:
        """The reader of a message, and what of the message it reads.

        Raises:
            NotFramedError: If the message does not begin with a number.
            RegistryAwayError: If the reader cannot be had now.
            WrongSchemaError: If it cannot be had.
        """
        if len(value) < _HEADER or value[0] != 0:
            raise NotFramedError
        number = int.from_bytes(value[1:_HEADER], "big")
        return self._reads.get(number) or self._asked(number), value[_HEADER:]

    def _asked(self, number: int) -> Read:
        now = self._clock()
        if self._refused.get(number, now) > now:
            raise WrongSchemaError(f"schema {number} was refused a moment ago")
        if self._away is not None and self._away[0] > now:
            raise RegistryAwayError(self._away[1])
        try:
            read = self._compiled(number)
        except RegistryAwayError as error:
            self._away = (self._clock() + _AGAIN_SECONDS, str(error))
            raise
        except WrongSchemaError:
            _keep(self._refused, number, self._clock() + _AGAIN_SECONDS)
            raise
        self._away = None
        _keep(self._reads, number, read)
        return read


def asking(
    config: KafkaConfig,
    compiled: Callable[[SchemaRegistry, int], Read],
    clock: Callable[[], float],
    /,
) -> Schemas:
    """Readers that are made of what a configuration's registry says.

    Raises:
        ConfigError: If the password or a certificate is missing.
    """
    return Schemas(partial(compiled, SchemaRegistry(config)), clock)


def _keep(kept: dict[int, _T], number: int, value: _T) -> None:
    kept.pop(number, None)
    kept[number] = value
    if len(kept) > _MOST_SCHEMAS:
        del kept[next(iter(kept))]


def _code(answer: Any) -> Any:
    return answer.get("error_code") if isinstance(answer, dict) else None


def _registered(answer: dict[str, Any], url: str) -> Registered:
    try:
        return Registered(
            answer.get("schemaType") or "AVRO",
            str(answer["schema"]),
            tuple((str(each["name"]), _path(each)) for each in answer.get("references") or ()),
        )
    except (KeyError, TypeError) as error:
        raise RegistryAwayError(f"no schema registry answers at {url}") from error


def _path(reference: dict[str, Any]) -> str:
    subject = quote(str(reference["subject"]), safe="")
    return f"/subjects/{subject}/versions/{int(reference['version'])}"


def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"registry_ca_file {ca_file} cannot be used: {error}", code="DW066"
        ) from error
