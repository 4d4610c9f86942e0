"""The command line put together: options in, exit code out."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from driftwatch.cli.importing import importing
from driftwatch.cli.output.exits import Exit, one_line
from driftwatch.cli.parameters import without_validators
from driftwatch.errors import DataError, DriftWatchError, code_of
from driftwatch.logs import say

__all__ = ["COMMANDS", "app", "run"]

_LONGEST_PATH = 200

COMMANDS = {
    "demo": ("demo", "A day of traffic with a drift and a performance drop, in a minute."),
    "check": ("check", "Compare production files with reference files, or show the open window."),
    "profile": ("profile", "Sketch files into a small profile."),
    "merge": ("merge", "Merge profiles, of replicas or parts, into one."),
    "report": ("report", "Show the last report again, or a given one, in another form."),
    "replay": ("replay", "Replay a history: the alarms a monitor would have raised."),
    "init": ("config", "Write a configuration to begin with."),
    "config": ("config", "Check the configuration file."),
    "ingest": ("feed", "Take files into a stored window."),
    "watch": ("feed", "Follow a growing file or a folder, and report on every window."),
    "evaluate": ("evaluate", "Evaluate the window of a stored stream that is due."),
    "reference": ("reference", "List, add and choose the references of a stream."),
    "alert": ("alert", "List incidents, acknowledge or silence them, and try the back ends."),
    "quarantine": ("quarantine", "What was set aside or turned down: list it, give it back."),
    "explain": ("explain", "Say what a code, a log event or a status means, and what to do."),
    "doctor": ("doctor", "Look at configuration, store, clock, data and evaluations."),
    "worker": ("worker", "Read prediction traffic from Kafka into a stored window."),
    "produce": ("produce", "Send a file's rows to a Kafka topic."),
    "serve": ("serve", "Collect the sketches of replicas and evaluate them, over HTTP."),
    "dashboard": ("dashboard", "Show the pages of stored streams in a browser; changes nothing."),
    "token": ("serve", "Make a token for the collector."),
}
"""Every command: the module of `driftwatch.cli.commands` that has it, and a line of help.

The module has a function of the command's name, or a Typer application of its subcommands. It
is imported when its command is used, so that each command loads what it needs and no more.
"""


class _Commands(TyperGroup):
    """The commands of `COMMANDS`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment] # names to suggest

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        without_validators(self)
        return super().make_context(*arguments, **settings)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        home, _ = COMMANDS[cmd_name]
        with importing():
            module = importlib.import_module(f"driftwatch.cli.commands.{home}")
        command = getattr(module, cmd_name)
        if not isinstance(command, typer.Typer):
            single = typer.Typer(
                add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
            )
            single.command(cmd_name)(command)
            command = single
        made = typer.main.get_command(command)
        made.name = cmd_name
        without_validators(made)
        return made

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


app = typer.Typer(
    cls=_Commands,
    name="driftwatch",
    help="Says whether production data still look like the data a model was trained on.",
    epilog="Errors and warnings end with a code, of which `driftwatch explain` says more. Tab "
    "completes commands, options, their words, files and names of monitors, once `driftwatch "
    "--install-completion` was run in the shell: bash, zsh, fish or PowerShell.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:  # noqa: FBT001 - typer's callback
    if asked:
        from driftwatch.cli.output.versions import versions
        from driftwatch.cli.output.writing import put

        put(versions())
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[  # noqa: FBT002 - an option is a parameter
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show versions, a line each."
        ),
    ] = False,
) -> None:
    """Options of the command itself."""


def run(arguments: Sequence[str], /) -> int:
    """Run the command and return its exit code; nothing but that and output leaves it."""
    try:
        result: Any = app(list(arguments) or ["--help"], standalone_mode=False)
    except DriftWatchError as error:
        return _complain(one_line(error), Exit.USAGE, error.code)
    except KeyboardInterrupt:
        say("driftwatch: interrupted", logging.ERROR)
        return int(Exit.USAGE)
    except BrokenPipeError:
        # The reader of our output has closed the pipe; a traceback would not help.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.NO_DRIFT)
    except OSError as error:  # of a path that no file system takes, or of one that is full
        return _complain(one_line(_without_number(error)), Exit.USAGE, code_of(error))
    except Exception as error:  # noqa: BLE001 - the edge: any other error is our fault
        show = getattr(error, "format_message", None)
        if show is not None and getattr(error, "exit_code", None) is not None:
            return _complain(one_line(ValueError(show())), Exit.USAGE, "DW002")
        if os.environ.get("DRIFTWATCH_DEBUG"):
            say(traceback.format_exc().rstrip(), logging.ERROR)
        hint = "set DRIFTWATCH_DEBUG=1 for the traceback"
        told = f"internal error: {type(error).__name__}: {one_line(error)} ({hint})"
        return _complain(told, Exit.INTERNAL, code_of(error))
    return int(result or 0)


def _without_number(error: OSError) -> Exception:
    """The error as path and reason, as those of our own are."""
    if error.filename is None or not error.strerror:
        return error
    name = str(error.filename)
    shown = name if len(name) <= _LONGEST_PATH else f"{name[:_LONGEST_PATH]}…"
    return DataError(f"{shown}: {error.strerror}")


def _complain(message: str, status: Exit, code: str) -> int:
    say(f"driftwatch: {message}", logging.ERROR, code=code)
    if sys.stderr.isatty():
        say(f"`driftwatch explain {code}` says more")
    return int(status)
