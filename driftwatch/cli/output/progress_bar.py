"""Progress bars on stderr, where there is a terminal to see them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from driftwatch.render.plain import plain

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(
    label: str, size_bytes: int, /, *, quiet: bool, unit: str = "rows"
) -> Iterator[Callable[[int, int], None]]:
    """Give a function to call after every batch with the rows and bytes it took."""
    if quiet or not sys.stderr.isatty():
        yield lambda _rows, _bytes: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[rows]:,} {task.fields[unit]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(plain(label), total=max(size_bytes, 1), rows=0, unit=unit)
        seen = 0

        def advance(rows: int, size: int) -> None:
            nonlocal seen
            seen += rows
            bar.update(task, advance=size, rows=seen)

        yield advance
