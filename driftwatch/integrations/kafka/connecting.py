"""Clients of a cluster, with what a configuration says of security."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Mapping
from typing import Any

from driftwatch.config.kafka import PASSWORD, KafkaConfig
from driftwatch.errors import ConfigError, MissingDependencyError
from driftwatch.integrations.kafka.cancellation import let_go

__all__ = [
    "client_of",
    "client_options",
    "close_client",
    "close_consumer",
    "close_producer",
    "consumer_of",
    "producer_of",
    "reader_of",
]

_LEAST_SECONDS = 0.4


def client_options(
    config: KafkaConfig, /, environ: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """What every client of aiokafka is told.

    Raises:
        ConfigError: If the password or a certificate is missing.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": [each.strip() for each in config.bootstrap.split(",")],
        "security_protocol": config.security.upper(),
    }
    if config.security.endswith("ssl"):
        options["ssl_context"] = _context(config)
    if config.sasl_mechanism is not None:
        password = environ.get(PASSWORD, "").strip()
        if not password:
            raise ConfigError(
                f"the password of {config.username!r} is expected in {PASSWORD}", code="DW062"
            )
        options |= {
            "sasl_mechanism": config.sasl_mechanism,
            "sasl_plain_username": config.username,
            "sasl_plain_password": password,
        }
    return options


def _context(config: KafkaConfig) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=config.ca_file)
        if config.cert_file is not None:
            context.load_cert_chain(config.cert_file, config.key_file)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(f for f in (config.ca_file, config.cert_file, config.key_file) if f)
        raise ConfigError(
            f"the certificates cannot be used ({files}): {error}", code="DW062"
        ) from error
    return context


def consumer_of(config: KafkaConfig, group: str, /, membership: Any) -> Any:
    """A consumer of a group that is not started; otherwise as `reader_of`.

    Args:
        config: How to connect.
        group: The group.
        membership: Who shares its partitions, and how.
    """
    return reader_of(
        config,
        group_id=group,
        partition_assignment_strategy=(membership,),
        group_instance_id=config.instance,
        session_timeout_ms=int(config.session_seconds * 1000),
        heartbeat_interval_ms=int(config.session_seconds * 1000 / 15),
        rebalance_timeout_ms=int(max(10.0, config.session_seconds) * 1000),
        metadata_max_age_ms=10_000,
    )


def reader_of(config: KafkaConfig, /, **options: Any) -> Any:
    """A consumer that is not started; bytes as they are, offsets in our hands.

    What a transaction took back is not read.
    """
    return _aiokafka().AIOKafkaConsumer(
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        **client_options(config),
        **options,
    )


def client_of(config: KafkaConfig, /, **options: Any) -> Any:
    """A client for questions that is not connected."""
    return _aiokafka().AIOKafkaClient(**client_options(config), **options)


async def close_client(client: Any, /, *, seconds: float) -> None:
    """Let go of all connections, whether or not the brokers answer."""
    await asyncio.wait([asyncio.ensure_future(client.close())], timeout=seconds)


async def close_consumer(consumer: Any, /, *, seconds: float) -> None:
    """Leave the group, if the brokers answer soon, and let go of all connections anyway."""
    # No public method lets go of the connections alone.
    await _close(consumer.stop(), consumer._client, seconds)  # noqa: SLF001


async def close_producer(producer: Any, /, *, seconds: float) -> None:
    """Send what waits, if the brokers answer soon, and let go of all connections anyway."""
    await _close(producer.stop(), producer.client, seconds)


async def _close(stop: Awaitable[None], client: Any, seconds: float) -> None:
    seconds, stopping = max(_LEAST_SECONDS, seconds), asyncio.ensure_future(stop)
    await asyncio.wait([stopping], timeout=seconds)
    if not stopping.done():
        # Not cancelled: it would leave its connections, and a task that goes on fetching. Without
        # connections its request to leave fails, and it comes to the rest.
        await asyncio.wait([asyncio.ensure_future(client.close())], timeout=seconds)
        await asyncio.wait([stopping], timeout=seconds)
    await let_go(stopping)


def producer_of(config: KafkaConfig, /, **options: Any) -> Any:
    """A producer that is not started."""
    return _aiokafka().AIOKafkaProducer(acks="all", **client_options(config), **options)


def _aiokafka() -> Any:
    try:
        import aiokafka
    except ImportError as error:
        raise MissingDependencyError(
            "Kafka needs aiokafka; pip install 'driftwatch-sketch[kafka]'"
        ) from error
    return aiokafka
