"""``driftwatch worker``."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from typing import Annotated

import typer

from driftwatch.cli.monitors import StreamRequest, configured, opened
from driftwatch.cli.options import Config, LogFormat, Name, Quiet, request_of, set_up_logs
from driftwatch.core.data.durations import parse_duration
from driftwatch.errors import ConfigError
from driftwatch.integrations.kafka import KafkaConfig, KafkaWorker
from driftwatch.integrations.kafka.metrics import serving_metrics
from driftwatch.logs import say
from driftwatch.logs.events import event

__all__ = ["kafka_of", "run_worker", "worker"]


def worker(
    config: Config = None,
    monitor: Name = None,
    evaluate: Annotated[
        bool,
        typer.Option("--evaluate/--no-evaluate", help="Also evaluate the windows that are due."),
    ] = True,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve /metrics for Prometheus on this port of 127.0.0.1.")
    ] = None,
    log_format: LogFormat = "text",
    quiet: Quiet = False,
) -> None:
    """Read prediction traffic from Kafka into a stored window, each message once.

    What to read stands in [monitors.NAME.kafka] of the configuration. Start as many workers as
    there are partitions, if one is not enough; stop one with SIGTERM or Ctrl-C.
    """
    set_up_logs(log_format)
    run_worker(
        request_of(config, monitor, None),
        evaluate=evaluate,
        metrics_port=metrics_port,
        quiet=quiet or log_format == "json",
    )


_SHOWN_EVERY = 10.0
_LOG = logging.getLogger("driftwatch")


def kafka_of(request: StreamRequest, /) -> KafkaConfig:
    """What the monitor that is meant reads.

    Raises:
        ConfigError: If its configuration does not say.
    """
    name, config, _ = configured(request)
    if config.kafka is None:
        raise ConfigError(
            f"monitor {name!r} reads nothing from Kafka: add [monitors.{name}.kafka] with "
            'bootstrap and topics, such as bootstrap = "127.0.0.1:9092", topics = ["predictions"]'
        )
    return config.kafka


def run_worker(
    request: StreamRequest, /, *, evaluate: bool, metrics_port: int | None, quiet: bool
) -> None:
    """Work until SIGTERM or SIGINT."""
    kafka = kafka_of(request)
    with opened(request, tells=evaluate) as (monitor, config):
        worker = KafkaWorker(monitor, kafka)
        _say(f"{monitor.name}: reading {', '.join(kafka.topics)} as group {worker.group}", quiet)
        _LOG.info(
            "driftwatch: %s: reading %s",
            monitor.name,
            ", ".join(kafka.topics),
            extra=event("worker.started", monitor=monitor.name),
        )
        every = parse_duration(config.every)
        evaluating = worker.evaluating(every=every) if evaluate else contextlib.nullcontext()
        metrics: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
        if metrics_port is not None:
            metrics = serving_metrics(worker, metrics_port)
        with _stopped_by_signals(worker), metrics, evaluating, _shown(worker, quiet=quiet):
            worker.run()
        read = worker.state.counts["messages"]
        left = worker.state.waiting
        fate = f"{left:,} not stored, to be read again" if left else "all of them stored"
        _say(f"{monitor.name}: stopped; {read:,} messages read, {fate}", quiet)
        _LOG.info(
            "driftwatch: %s: stopped; %d messages read, %s",
            monitor.name,
            read,
            fate,
            extra=event("worker.stopped", monitor=monitor.name),
        )


@contextlib.contextmanager
def _stopped_by_signals(worker: KafkaWorker) -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: worker.stop()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextlib.contextmanager
def _shown(worker: KafkaWorker, *, quiet: bool) -> Iterator[None]:
    """A line on stderr now and then: how far it is, what lags, what waits."""
    done = threading.Event()

    def show() -> None:
        while not done.wait(_SHOWN_EVERY):
            state = worker.state
            trouble = ", waiting for the store" if state.paused else ""
            _say(
                f"{worker.monitor.name}: {state.counts['messages']:,} messages, "
                f"{sum(state.lag.values()):,} behind, {len(state.next)} partitions{trouble}",
                quiet,
            )

    thread = threading.Thread(target=show, name="driftwatch-shown", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _say(line: str, quiet: bool) -> None:  # noqa: FBT001 - of the command's option
    if not quiet:
        say(line)
