"""``driftwatch merge``: profiles of replicas or parts into one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.options import Quiet
from driftwatch.cli.output.writing import tell
from driftwatch.errors import ConfigError
from driftwatch.process.atomic_files import write_atomically
from driftwatch.profiling.build import load_profile
from driftwatch.profiling.files import find_files
from driftwatch.profiling.hash_keys import key_for

__all__ = ["merge", "merge_profiles"]


def merge(
    profiles: Annotated[list[str], typer.Argument(help="The .dwp profiles of the parts.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .dwp file to write.")],
    quiet: Quiet = False,
) -> None:
    """Merge profiles, of replicas or parts, into one, as if it had seen all rows."""
    merge_profiles(profiles, output, quiet=quiet)


def merge_profiles(profiles: list[str], output: Path, /, *, quiet: bool) -> None:
    """Merge profiles into one file.

    Raises:
        DataError: If one cannot be read, or they do not go together.
    """
    files = find_files(profiles)
    if files.format != "profile":
        raise ConfigError(f"merge takes .dwp profiles; {files.label} is data", code="DW049")
    merged = load_profile(files, guard=key_for().guard)
    data = merged.to_bytes()
    write_atomically(output, data)
    if not quiet:
        tell(
            f"{output}: {merged.rows:,} rows of {len(files.paths)} profiles, {len(data):,} bytes\n"
        )
