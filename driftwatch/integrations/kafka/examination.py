"""Whether the brokers can be talked to as configured: what is asked before a worker begins."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from driftwatch.config.kafka import PASSWORD, KafkaConfig
from driftwatch.errors import ConfigError
from driftwatch.integrations.kafka.connecting import (
    client_of,
    client_options,
    close_client,
    close_consumer,
    reader_of,
)
from driftwatch.integrations.kafka.partitions.topic_identity import TopicIds, ids_of

__all__ = ["Answer", "RefusedError", "UnreachableError", "check_start", "connected", "examine"]

_SECONDS = 8.0
_AUTHORIZATION = {29, 30, 31}


class RefusedError(ConfigError):
    """The brokers refuse what is configured; trying again does not help."""

    code = "DW062"


class UnreachableError(ConfigError):
    """The brokers cannot be reached; that may pass."""

    code = "DW061"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question.

    Attributes:
        text: In words.
        ok: Whether it is as it should be.
        passing: Of what is not, whether it may pass by itself.
        needed: Whether nothing can be read without it.
        code: Of what is not, for `driftwatch explain`.
    """

    text: str
    ok: bool = True
    passing: bool = False
    needed: bool = True
    code: str = "DW060"


async def check_start(config: KafkaConfig, group: str, /) -> None:
    """See that a worker can begin.

    Raises:
        RefusedError: If the password, a topic or the rights are wrong.
        UnreachableError: If no broker can be reached, or a topic has no leader now.
        ConfigError: If the password or a certificate is missing.
    """
    answers = await examine(config, group)
    wrong = [answer for answer in answers if not answer.ok and answer.needed]
    lasting = [answer for answer in wrong if not answer.passing]
    if lasting:
        raise RefusedError("; ".join(answer.text for answer in lasting), code=lasting[0].code)
    if wrong:
        raise UnreachableError("; ".join(answer.text for answer in wrong), code=wrong[0].code)


async def examine(config: KafkaConfig, group: str, /) -> list[Answer]:
    """Ask the brokers for everything that a worker needs; nothing is changed by that.

    Args:
        config: How to talk to them.
        group: The consumer group.

    Returns:
        What was found, one for each question, those that nobody could answer left out.

    Raises:
        ConfigError: If the password or a certificate is missing.
    """
    client_options(config)
    try:
        async with asyncio.timeout(3 * _SECONDS), connected(config) as client:
            found = [Answer(f"brokers at {config.bootstrap} answer")]
            ids = await _ids(client, config)
            found += _of_topics(config, ids)
            if all(answer.ok for answer in found if answer.needed):
                found += await _of_reading(config, ids)
                found += await _of_group(client, group)
            return found
    except UnreachableError as error:
        return [Answer(str(error), ok=False, passing=True, code=error.code)]
    except RefusedError as error:
        return [Answer(str(error), ok=False, code=error.code)]
    except Exception as error:  # noqa: BLE001 - what aiokafka raises is of many kinds
        words = f"brokers at {config.bootstrap}: {_words(error)}"
        return [Answer(words, ok=False, passing=True, code="DW061")]


@asynccontextmanager
async def connected(config: KafkaConfig, /) -> AsyncIterator[Any]:
    """A client that has reached the brokers, from entering to leaving it.

    Raises:
        UnreachableError: If no broker can be reached.
        RefusedError: If they refuse user or password.
    """
    from aiokafka.errors import KafkaError

    client = client_of(config, request_timeout_ms=int(_SECONDS * 1000))
    try:
        try:
            await client.bootstrap()
        except (KafkaError, OSError, TimeoutError) as error:
            # It says that no address would do, and not why: each is tried by itself.
            reasons = await asyncio.gather(*(_why(config, *place) for place in _places(config)))
            refused = [text for text, lasting in reasons if lasting]
            if refused:
                raise RefusedError("; ".join(dict.fromkeys(refused))) from error
            text = "; ".join(text for text, _ in reasons)
            raise UnreachableError(f"no broker can be reached: {text}") from error
        yield client
    finally:
        await close_client(client, seconds=1.0)


def _places(config: KafkaConfig) -> Iterator[tuple[str, int]]:
    from aiokafka.conn import collect_hosts

    for host, port, _ in collect_hosts(client_options(config)["bootstrap_servers"]):
        yield host, port


async def _why(config: KafkaConfig, host: str, port: int) -> tuple[str, bool]:
    """Why an address will not do, and whether that lasts."""
    from aiokafka.conn import create_conn
    from aiokafka.errors import (
        AuthenticationFailedError,
        IllegalSaslStateError,
        SaslAuthenticationFailed,
        UnsupportedSaslMechanismError,
    )

    options = client_options(config)
    del options["bootstrap_servers"]
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(_SECONDS):
            connection = await create_conn(
                host, port, request_timeout_ms=int(_SECONDS * 1000), **options
            )
        await asyncio.wait([connection.close()], timeout=1.0)
    except (UnsupportedSaslMechanismError, IllegalSaslStateError):
        return f"{where} does not know sasl_mechanism {config.sasl_mechanism}", True
    except Exception as error:  # noqa: BLE001 - of DNS, of the network, of aiokafka
        cause = _cause(error)
        if isinstance(cause, ssl.SSLError):
            return f"{where}: {_tls_words(cause)}", True
        refusals = (AuthenticationFailedError, SaslAuthenticationFailed, ValueError)
        if config.sasl_mechanism is not None and isinstance(cause, refusals):  # SCRAM: ValueError
            user = f"user {config.username!r}"
            return f"{where} refuses {user}: see username, and the password in {PASSWORD}", True
        return f"{where}: {_words(cause)}", False
    security = f"security is {config.security!r}, is that what it wants?"
    return f"{where} was connected to, and does not answer: {security}", False


def _cause(error: BaseException) -> BaseException:
    """The innermost error, for those of aiokafka say little."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _words(error: BaseException) -> str:
    cause = _cause(error)
    if isinstance(cause, TimeoutError):
        return "no answer"
    if isinstance(cause, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(cause, socket.gaierror):
        return "the name is not known"
    return str(cause) or type(cause).__name__


def _tls_words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}): see ca_file"
    if "CERTIFICATE" in str(error).upper():
        return "it does not take this client's certificate: see cert_file and key_file"
    return f"TLS fails, is security right? ({error})"


async def _ids(client: Any, config: KafkaConfig) -> TopicIds:
    wanted = [*config.topics, *([config.dead_letters] if config.dead_letters else [])]
    ids = await ids_of(client, wanted)
    if ids is not None:
        return ids
    every = await client.fetch_all_metadata()  # of old brokers; asked by name, one makes topics
    partitions = {name: len(every.partitions_for_topic(name) or ()) for name in wanted}
    there = {name: count for name, count in partitions.items() if count}
    errors = {name: 29 if name in every.unauthorized_topics else 3 for name in wanted}
    missing = {name: code for name, code in errors.items() if name not in there}
    return TopicIds({}, missing, there, dict.fromkeys(there, 0))


def _of_topics(config: KafkaConfig, ids: TopicIds) -> Iterator[Answer]:
    user = f"user {config.username!r}" if config.username else "this client"
    for name in [*config.topics, *([config.dead_letters] if config.dead_letters else [])]:
        key = "dead_letters" if name == config.dead_letters else "topics"
        code = ids.errors.get(name)
        if code in _AUTHORIZATION:
            yield Answer(f"{user} may not see topic {name!r} of {key}", ok=False, code="DW062")
        elif name in ids.absent and name == config.dead_letters:
            text = f"there is no topic {name!r} for dead_letters, unless the brokers make it"
            yield Answer(text, ok=False, needed=False, code="DW063")
        elif name in ids.absent:
            yield Answer(
                f"there is no topic {name!r} (of {key}) at {config.bootstrap}",
                ok=False,
                code="DW063",
            )
        elif code is not None:
            yield Answer(f"topic {name!r}: Kafka's error {code}", ok=False, passing=code != 17)
        elif ids.leaderless.get(name):
            count = ids.leaderless[name]
            text = f"{count} partitions of topic {name!r} have no leader now"
            yield Answer(text, ok=False, passing=True)
        else:
            yield Answer(f"topic {name!r} has {ids.partitions[name]} partitions")


async def _of_reading(config: KafkaConfig, ids: TopicIds) -> list[Answer]:
    """Whether messages may be read: asked by reading one, whatever becomes of it."""
    from aiokafka import TopicPartition
    from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

    consumer = reader_of(config, request_timeout_ms=int(_SECONDS * 1000))
    try:
        await consumer.start()
        places = [TopicPartition(name, 0) for name in config.topics]
        consumer.assign(places)
        for place in places:
            consumer.seek(place, 0)
        await consumer.getmany(timeout_ms=300, max_records=1)
    except TopicAuthorizationFailedError as error:
        user = f"user {config.username!r}" if config.username else "this client"
        return [Answer(f"{user} may not read topics: {error.args[0]}", ok=False, code="DW062")]
    except KafkaError:
        return []  # it is no refusal: nothing is there any more, or what is there is damaged
    finally:
        await close_consumer(consumer, seconds=1.0)
    return [Answer("messages may be read")]


async def _of_group(client: Any, group: str) -> list[Answer]:
    from aiokafka.errors import GroupAuthorizationFailedError
    from aiokafka.protocol.coordination import FindCoordinatorRequest

    answer = await client.send(
        client.get_random_node(), FindCoordinatorRequest(group, coordinator_type=0)
    )
    if answer.error_code == GroupAuthorizationFailedError.errno:
        return [
            Answer(f"the right to read with group {group!r} is missing", ok=False, code="DW062")
        ]
    return []
