"""The lines of the table: what runs for each peer, and in which environment."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.peers import NAMES

__all__ = ["BASELINE", "LIBRARIES", "LINES", "SCRIPTS", "Line", "chosen"]

# What users type; every ratio is over it, and every run has it.
BASELINE = "driftwatch check"

_CUT_POINTS = ("cut-points",)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a command over a reference and a production file.

    Attributes:
        name: Of the line.
        environment: Whose environment it runs in, and with which pins.
        distribution: The one whose version is the line's.
        module: What ``python -m`` runs; the command of this package if there is none.
        before: Arguments before the two files.
        after: Arguments after them.
        checked: Whether its statistics are compared with exact ones.
        asking: Further arguments when they are, and the time does not count.
    """

    name: str
    environment: str
    distribution: str
    module: str | None = "benchmarks.peers"
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    checked: bool = False
    asking: tuple[str, ...] = field(default=())


def _library(name: str) -> Line:
    distributions = {
        "driftwatch": "driftwatch-sketch",
        "pandas_scipy": "scipy",
        "alibi_detect": "alibi-detect",
    }
    return Line(
        name,
        environment=name,
        distribution=distributions.get(name, name),
        before=(name,),
        checked=name == "pandas_scipy",
    )


def _script(name: str, script: str, environment: str, distribution: str, *after: str) -> Line:
    return Line(
        name,
        environment=environment,
        distribution=distribution,
        module=f"benchmarks.peers.scripts.{script}",
        after=after,
        checked=True,
        asking=_CUT_POINTS,
    )


LIBRARIES = tuple(_library(name) for name in NAMES)
SCRIPTS = (
    _script("pyarrow_read", "pyarrow_read", "pyarrow", "pyarrow"),
    _script("polars_10", "polars_bins", "polars", "polars", "10"),
    _script("polars_50", "polars_bins", "polars", "polars", "50"),
    _script("polars_1000", "polars_bins", "polars", "polars", "1000"),
    _script("duckdb_1000", "duckdb_bins", "duckdb", "duckdb", "1000"),
    _script("duckdb_exact", "duckdb_exact", "duckdb", "duckdb"),
    _script("scouter_psi", "scouter_psi", "scouter", "scouter-ml"),
    _script("scouter_profile", "scouter_profile", "scouter", "scouter-ml"),
    _script("driftwatch_pypi", "driftwatch_pypi", "driftwatch_pypi", "driftwatch"),
)
LINES = (
    Line(BASELINE, "driftwatch", "driftwatch-sketch", module=None, checked=True),
    *LIBRARIES,
    *SCRIPTS,
)
_SETS = {"all": LINES, "libraries": LIBRARIES, "scripts": SCRIPTS}


def chosen(text: str, /) -> tuple[Line, ...]:
    """Return the lines that a list of names, or of sets of them, stands for, and `BASELINE`.

    Args:
        text: Names separated by commas; "libraries", "scripts" and "all" are sets.

    Raises:
        ValueError: If there is no such line or set.
    """
    names = {BASELINE}
    for part in text.split(","):
        found = _SETS.get(part, tuple(line for line in LINES if line.name == part))
        if not found:
            known = ", ".join([*_SETS, *(line.name for line in LINES)])
            raise ValueError(f"no such peer: {part!r}; there are {known}")
        names.update(line.name for line in found)
    return tuple(line for line in LINES if line.name in names)
