"""``driftwatch demo``."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.output.exits import Exit
from driftwatch.cli.output.writing import put, tell

__all__ = ["demo"]


def demo(
    headless: Annotated[
        bool,
        typer.Option(
            "--headless",
            help="End when the day is over. Exit code 0 only if the drift and the performance drop "
            "were named, and nothing else was called CRITICAL; else 1.",
        ),
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep store, configuration and reports in a new folder."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 7,
) -> None:
    """A day of traffic with a drift and a performance drop, in a minute, on this machine only.

    A small model is fitted on generated data and served behind DriftWatch's middleware. A collector
    evaluates what is observed, where driftwatch-sketch[service] is installed; the monitors do it
    themselves otherwise. Applications come hour by hour by a simulated clock, outcomes three hours
    later. At one hour two features are moved, at another the model begins to be wrong more often.
    What the stored reports say is compared with that.

    Without --headless the servers stay until Ctrl-C, so that one can look around. Nothing is left
    behind: servers end and the temporary folder goes, also when a signal ends the command.
    """
    from driftwatch.demo.endings import EndedBySignal, ended_in_order

    try:
        with ended_in_order():
            from driftwatch.demo.run import DemoSettings, run

            found = run(
                DemoSettings(time.time(), seed, keep),
                say=put,
                look_around=None if headless else _until_interrupted,
            )
    except EndedBySignal as ended:
        tell(f"driftwatch: ended by {ended.name}, and everything it had started with it\n")
        raise typer.Exit(ended.code) from None
    raise typer.Exit(int(Exit.NO_DRIFT if found.is_right else Exit.DRIFT))


def _until_interrupted() -> None:
    never = threading.Event()
    try:
        put("Ctrl-C ends the servers, and removes what is not kept.\n")
        while not never.wait(1.0):  # without a limit some systems keep the signal waiting
            pass
    except KeyboardInterrupt:
        put("\n")
