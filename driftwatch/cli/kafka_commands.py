"""The commands on Kafka: worker, produce."""

from __future__ import annotations

from typing import Annotated

import typer

from driftwatch.cli.stream_commands import Config, Name, Quiet, request_of

__all__ = ["add_kafka_commands"]


def add_kafka_commands(app: typer.Typer, /) -> None:
    """Add the commands to the command line."""
    app.command()(worker)
    app.command()(produce)


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
    quiet: Quiet = False,
) -> None:
    """Read prediction traffic from Kafka into a stored window, each message once.

    What to read stands in [monitors.NAME.kafka] of the configuration. Start as many workers as
    there are partitions, if one is not enough; stop one with SIGTERM or Ctrl-C.
    """
    from driftwatch.cli.working import run_worker

    run_worker(
        request_of(config, monitor, None),
        evaluate=evaluate,
        metrics_port=metrics_port,
        quiet=quiet,
    )


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
    from driftwatch.cli.producing import run_produce

    run_produce(
        request_of(config, monitor, None),
        file,
        topic=topic,
        bootstrap=bootstrap,
        rate=rate,
        key=key,
        quiet=quiet,
    )
