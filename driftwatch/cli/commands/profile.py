"""``driftwatch profile``: files in, a profile of some kilobytes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from driftwatch.cli.options import (
    Decimal,
    Delimiter,
    Encoding,
    Exclude,
    Features,
    Ids,
    Kinds,
    Labels,
    Multivariate,
    NotNull,
    Null,
    Positive,
    Predictions,
    Quiet,
    Scores,
    Task,
    Weights,
    column_options,
    csv_format,
)
from driftwatch.cli.output.progress_bar import progress_bar
from driftwatch.cli.output.writing import tell
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.durations import parse_duration
from driftwatch.core.sketches.sizes import SketchConfig
from driftwatch.errors import ConfigError
from driftwatch.process.atomic_files import write_atomically
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.delimited import CsvFormat
from driftwatch.profiling.files import find_files
from driftwatch.profiling.hash_keys import key_for
from driftwatch.profiling.second_pass import count_panes, measure_dependence

__all__ = ["ProfileRequest", "profile", "run_profile"]


def profile(
    files: Annotated[
        list[str], typer.Argument(help="Files, folders, globs, URLs of one data set.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .dwp file to write.")],
    features: Features = None,
    exclude: Exclude = None,
    kind: Kinds = None,
    time: Annotated[str | None, typer.Option(help="The column of times. Not tested.")] = None,
    pane: Annotated[
        str | None,
        typer.Option(help="Keep counts by pane of this length, e.g. 1h; needs --time."),
    ] = None,
    multivariate: Multivariate = False,
    id_: Ids = None,
    label: Labels = None,
    prediction: Predictions = None,
    score: Scores = None,
    positive: Positive = None,
    task: Task = None,
    weight: Weights = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    null: Null = None,
    not_null: NotNull = None,
    k: Annotated[
        int, typer.Option(help="Precision of the quantiles; 4096 makes a fine reference.")
    ] = 800,
    quiet: Quiet = False,
) -> None:
    """Sketch files into a small profile: a reference, or a part to merge."""
    request = ProfileRequest(
        files=files,
        output=output,
        columns=column_options(
            features,
            exclude,
            kind,
            time=time,
            id=id_,
            label=label,
            prediction=prediction,
            score=score,
            weight=weight,
            positive=positive,
            task=task,
            null=null,
            not_null=not_null,
        ),
        time=time,
        pane=pane,
        multivariate=multivariate,
        k=k,
        csv=csv_format(delimiter, decimal, encoding, null),
    )
    run_profile(request, quiet=quiet)


@dataclass(frozen=True, slots=True)
class ProfileRequest:
    """What to sketch, and into which file."""

    files: list[str]
    output: Path
    columns: Mapping[str, Any]
    time: str | None
    pane: str | None
    multivariate: bool
    k: int
    csv: CsvFormat


def run_profile(request: ProfileRequest, /, *, quiet: bool) -> None:
    """Sketch the files, write the profile and say on stderr what it holds."""
    if request.pane is not None and request.time is None:
        raise ConfigError("--pane needs --time with the name of the time column", code="DW024")
    width = None if request.pane is None else parse_duration(request.pane)
    config = SketchConfig()
    if request.k not in (config.k, config.reference_k):
        config = replace(config, k=request.k)
    files = find_files(request.files, csv=request.csv)
    guard = key_for().guard
    with progress_bar(files.label, files.size_bytes, quiet=quiet) as progress:
        profile = profile_data(
            files,
            DeclaredColumns.of(**request.columns),
            config=config,
            reference=request.k == config.reference_k,
            guard=guard,
            progress=progress,
        )
    if width is not None and request.time is not None:
        seconds = int(width.total_seconds())
        with progress_bar("counts by pane", files.size_bytes, quiet=quiet) as progress:
            count_panes(profile, files, time=request.time, width=seconds, progress=progress)
    if request.multivariate:
        with progress_bar("dependence", files.size_bytes, quiet=quiet) as progress:
            measure_dependence(profile, files, progress=progress)
    data = profile.to_bytes()
    write_atomically(request.output, data)
    if not quiet:
        tell(
            f"{request.output}: {profile.rows:,} rows, {len(profile.columns)} columns, "
            f"{len(data):,} bytes\n"
        )
