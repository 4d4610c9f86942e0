"""``driftwatch worker``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

import typer

from driftwatch.cli.monitors import (
    StreamRequest,
    configured,
    every_monitor,
    opened,
    opened_store,
)
from driftwatch.cli.options import Config, LogFormat, Name, Quiet, request_of, set_up_logs
from driftwatch.cli.output.exits import Exit, one_line
from driftwatch.cli.output.writing import put
from driftwatch.core.data.durations import parse_duration
from driftwatch.errors import ConfigError, DriftWatchError
from driftwatch.integrations.kafka import KafkaConfig, KafkaWorker
from driftwatch.integrations.kafka.examination import examine
from driftwatch.integrations.kafka.metrics import serving_metrics
from driftwatch.integrations.kafka.several import Workers
from driftwatch.integrations.kafka.standing import plan, set_cursors
from driftwatch.logs import say
from driftwatch.logs.events import event
from driftwatch.process.end_signals import signals_to

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
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Only ask the brokers whether it would work: addresses, login, topics, rights. "
            "Exit code 2 if not.",
        ),
    ] = False,
    reset: Annotated[
        str | None,
        typer.Option(
            help="Only set where reading goes on: earliest, latest, a time such as "
            "2026-01-31T00:00Z, or TOPIC/PARTITION=OFFSET,... What is read again counts again."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before --reset.")] = False,
    log_format: LogFormat = "text",
    quiet: Quiet = False,
) -> None:
    """Read prediction traffic from Kafka into stored windows, each message once.

    What to read stands in [monitors.NAME.kafka] of the configuration; without --monitor, all
    monitors that have it are served by this process. Start as many workers as there are partitions,
    if one is not enough; stop one with SIGTERM, SIGHUP or Ctrl-C.
    """
    set_up_logs(log_format)
    request = request_of(config, monitor, None)
    if check:
        raise typer.Exit(int(run_check(request)))
    if reset is not None:
        run_reset(request, reset, yes=yes)
        return
    run_worker(
        request,
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
            'bootstrap and topics, such as bootstrap = "127.0.0.1:9092", topics = ["predictions"]',
            code="DW069",
        )
    return config.kafka


def group_of(name: str, kafka: KafkaConfig, /) -> str:
    """The consumer group of a monitor."""
    return kafka.group or f"driftwatch-{name}"


def _readers(request: StreamRequest) -> list[StreamRequest]:
    """The monitors that read from Kafka, of those that are meant."""
    requests = every_monitor(request)
    readers = [each for each in requests if configured(each)[1].kafka is not None]
    if not readers:
        kafka_of(requests[0])  # says what to write
    return readers


def run_check(request: StreamRequest, /) -> Exit:
    """Ask the brokers whether workers could begin, and print what they say."""
    well = True
    for each in _readers(request):
        kafka, (name, _, _) = kafka_of(each), configured(each)
        for answer in asyncio.run(examine(kafka, group_of(name, kafka))):
            mark = "ok     " if answer.ok else "PROBLEM"
            end = "" if answer.ok else f" [{answer.code}]"
            put(f"{mark}  {name}: {one_line(ConfigError(answer.text))}{end}\n")
            well = well and (answer.ok or not answer.needed)
    return Exit.NO_DRIFT if well else Exit.USAGE


def run_reset(request: StreamRequest, to: str, /, *, yes: bool) -> None:
    """Set where a monitor's reading goes on, after saying what that means.

    Raises:
        ConfigError: If the cursors cannot be set like that, or there is no terminal to confirm at.
        StoreError: If a worker moved it meanwhile.
    """
    kafka = kafka_of(request)
    with opened_store(request) as (name, store):
        steps = asyncio.run(plan(kafka, store, name, to))
        for step in steps:
            put(f"{step}\n")
        if not yes:
            if not sys.stdin.isatty():
                raise ConfigError("nothing is set yet: say --yes to set it so", code="DW002")
            if not typer.confirm(f"Set the cursors of {name}?"):
                say(f"{name}: nothing is set")
                return
        set_cursors(store, name, steps, now=time.time())
        say(f"{name}: {len(steps)} partitions are read on from there; workers notice by themselves")


def run_worker(
    request: StreamRequest, /, *, evaluate: bool, metrics_port: int | None, quiet: bool
) -> None:
    """Work until SIGTERM, SIGHUP or SIGINT, for all monitors that are meant."""
    with contextlib.suppress(_StoppedError), _Signals() as signals:
        requests = _readers(request)
        with contextlib.ExitStack() as stack:
            workers = []
            for each in requests:
                try:
                    workers.append(_worker_of(each, stack, evaluate=evaluate, quiet=quiet))
                except DriftWatchError as error:
                    if len(requests) == 1:
                        raise
                    text = f"{each.monitor}: not read: {one_line(error)}"
                    _LOG.error(
                        "driftwatch: %s", text, extra=event("kafka.trouble", code=error.code)
                    )
            if not workers:
                raise ConfigError(
                    "none of the monitors can be read: see the errors above", code="DW060"
                )
            if metrics_port is not None:
                stack.enter_context(serving_metrics(metrics_port, *workers))
            stack.enter_context(_shown(workers, quiet=quiet))
            together = Workers(workers)
            signals.stop = together.stop
            together.run()
            for worker in workers:
                _say_the_end(worker, quiet=quiet)


def _worker_of(
    request: StreamRequest, stack: contextlib.ExitStack, *, evaluate: bool, quiet: bool
) -> KafkaWorker:
    """A monitor's worker, with its evaluation beside it, until the stack is left."""
    kafka = kafka_of(request)
    with contextlib.ExitStack() as own:
        monitor, config = own.enter_context(opened(request, tells=evaluate))
        worker = KafkaWorker(monitor, kafka)
        _say(f"{monitor.name}: reading {', '.join(kafka.topics)} as group {worker.group}", quiet)
        _LOG.info(
            "driftwatch: %s: reading %s",
            monitor.name,
            ", ".join(kafka.topics),
            extra=event("worker.started", monitor=monitor.name),
        )
        if evaluate:
            own.enter_context(worker.evaluating(every=parse_duration(config.every)))
        stack.push(own.pop_all())
    return worker


def _say_the_end(worker: KafkaWorker, *, quiet: bool) -> None:
    read, left = worker.state.counts["messages"], worker.state.waiting
    fate = f"{left:,} not stored, to be read again" if left else "all of them stored"
    name = worker.monitor.name
    _say(f"{name}: stopped; {read:,} messages read, {fate}", quiet)
    _LOG.info(
        "driftwatch: %s: stopped; %d messages read, %s",
        name,
        read,
        fate,
        extra=event("worker.stopped", monitor=name),
    )


class _StoppedError(BaseException):
    """Told to stop while starting, when nothing is read that would be lost."""


class _Signals:
    """What SIGTERM, SIGINT and SIGHUP do, from the start on: end it well.

    Attributes:
        stop: What ends the work; None while starting, which is ended where it is.
    """

    def __init__(self) -> None:
        self.stop: Callable[[], None] | None = None
        self._handled = signals_to(self._told)

    def __enter__(self) -> _Signals:
        self._handled.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._handled.__exit__(*error)

    def _told(self, *_: object) -> None:
        if self.stop is not None:
            self.stop()
            return
        self.stop = _nothing  # the rest is being put away; once is enough
        raise _StoppedError


def _nothing() -> None:
    pass


@contextlib.contextmanager
def _shown(workers: Sequence[KafkaWorker], *, quiet: bool) -> Iterator[None]:
    """A line on stderr now and then: how far each is, what lags, what waits."""
    done = threading.Event()

    def show() -> None:
        while not done.wait(_SHOWN_EVERY):
            for worker in workers:
                state = worker.state
                trouble = ", waiting for the store" if state.paused else ""
                trouble += f", stopped: {state.failure}" if state.failure else ""
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
