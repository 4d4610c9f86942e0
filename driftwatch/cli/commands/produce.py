"""``driftwatch produce``: a file's rows to a topic."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Annotated, Any

import orjson
import typer

from driftwatch.cli.commands.worker import kafka_of
from driftwatch.cli.monitors import StreamRequest
from driftwatch.cli.options import Config, Name, Quiet, request_of
from driftwatch.cli.output.progress_bar import progress_bar
from driftwatch.cli.output.writing import tell
from driftwatch.core.data.batch import Batch
from driftwatch.errors import ConfigError, DataError
from driftwatch.integrations.kafka import KafkaConfig
from driftwatch.integrations.kafka.connecting import producer_of
from driftwatch.profiling.files import DataFiles, find_files

__all__ = ["produce", "run_produce"]


def produce(
    file: Annotated[str, typer.Argument(help="Rows: parquet, CSV or JSON lines.")],
    topic: Annotated[str | None, typer.Option(help="The first of the configuration's.")] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="N/s", help="Rows a second. As fast as it goes otherwise.")
    ] = None,
    bootstrap: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A broker; the configuration's.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of the messages' keys.")
    ] = None,
    config: Config = None,
    monitor: Name = None,
    quiet: Quiet = False,
) -> None:
    """Send a file's rows to a topic as JSON, one message a row: for trying things out."""
    run_produce(
        request_of(config, monitor, None),
        file,
        topic=topic,
        bootstrap=bootstrap,
        rate=rate,
        key=key,
        quiet=quiet,
    )


_AT_ONCE = 500


def run_produce(
    request: StreamRequest,
    file: str,
    /,
    *,
    topic: str | None,
    bootstrap: str | None,
    rate: str | None,
    key: str | None,
    quiet: bool,
) -> None:
    """Send every row, at a rate if one is given, and say how many arrived.

    Raises:
        ConfigError: If no topic is named, or the brokers cannot be reached.
        DataError: If the file cannot be read.
    """
    files = find_files([file])
    if bootstrap is not None:
        if topic is None:
            raise ConfigError("say which topic with --topic", code="DW002")
        config = KafkaConfig.model_validate({"bootstrap": bootstrap, "topics": [topic]})
    else:
        config = kafka_of(request)
    pace = _pace(rate)
    with progress_bar(files.label, files.size_bytes, quiet=quiet) as progress:
        sent = asyncio.run(_send(config, topic or config.topics[0], files, pace, key, progress))
    tell(f"{sent:,} messages sent to {topic or config.topics[0]}\n")


async def _send(
    config: KafkaConfig, topic: str, files: DataFiles, pace: float, key: str | None, progress: Any
) -> int:
    from aiokafka.errors import KafkaError

    producer = producer_of(config, linger_ms=5)
    began, sent = time.monotonic(), 0
    try:
        await producer.start()
        for batch in files.batches():
            for rows in _pieces(batch, _AT_ONCE if pace == 0 else min(_AT_ONCE, int(pace) or 1)):
                await asyncio.gather(
                    *[
                        await producer.send(topic, orjson.dumps(row, default=str), _key(row, key))
                        for row in rows
                    ]
                )
                sent += len(rows)
                progress(len(rows), batch.size_bytes * len(rows) // batch.rows)
                if pace:
                    await asyncio.sleep(max(0.0, began + sent / pace - time.monotonic()))
    except KafkaError as error:
        raise ConfigError(
            f"{config.bootstrap} cannot be written to, after {sent:,} messages: {error}",
            code="DW061",
        ) from error
    finally:
        await producer.stop()
    return sent


def _pieces(batch: Batch, size: int) -> Iterator[list[dict[str, Any]]]:
    columns = {name: _typed(array, untyped=batch.untyped) for name, array in batch.arrays.items()}
    for start in range(0, batch.rows, size):
        part = {name: array.slice(start, size).to_pylist() for name, array in columns.items()}
        yield [dict(zip(part, row, strict=True)) for row in zip(*part.values(), strict=True)]


def _typed(array: Any, *, untyped: bool) -> Any:
    """A column of a format without types: numbers, if all of it are."""
    import pyarrow as pa

    if not untyped:
        return array
    for kind in (pa.int64(), pa.float64()):
        try:
            return array.cast(pa.string()).cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    return array


def _key(row: dict[str, Any], column: str | None) -> bytes | None:
    if column is None:
        return None
    if column not in row:
        raise DataError(f"there is no column {column!r}; there are {', '.join(row)}", code="DW020")
    return str(row[column]).encode()


def _pace(rate: str | None) -> float:
    """Rows a second; 0 for as fast as it goes."""
    if rate is None:
        return 0.0
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:/\s*s)?\s*", rate)
    if match is None or float(match[1]) == 0:
        raise ConfigError(f"a rate looks like 1000/s; got {rate!r}", code="DW002")
    return float(match[1])
