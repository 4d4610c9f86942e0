"""The mergeable state of a model's performance: sums, confusion, and classes by score."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.aligned import MISSING
from driftwatch.core.data.outcomes import OutcomeColumns, OutcomeRows, Task, all_of
from driftwatch.core.sketches.grid import Grid
from driftwatch.core.sketches.paired_sums import PairedSums
from driftwatch.core.sketches.score_cells import ScoreCells
from driftwatch.errors import MISREAD, ConfigError, ProfileFormatError
from driftwatch.process.cached import cached_property

__all__ = [
    "CONFUSED",
    "ERROR_SUMS",
    "SCORE_SUMS",
    "OutcomeSpec",
    "Outcomes",
    "OwnLoss",
    "own_losses",
    "with_both",
]

CONFUSED = 50
"""Classes of a confusion matrix; those beyond are counted together, last."""
SCORE_SUMS = ("log_loss", "brier")
"""What is summed over rows with a label and a probability."""
ERROR_SUMS = ("error", "absolute", "square", "fourth", "label", "label_square", "ape", "sape")
"""What is summed over rows of a regression."""
MOST_CLASSES = 1_000

Floats = NDArray[np.float64]
OwnLoss = Callable[..., Any]
_COUNTERS = struct.Struct("<7Q")
_NAMES = ("rows", "labelled", "unknown", "unpredicted", "unscored", "unweighted", "failed")
_LARGEST_LOSS = 1e100
_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class OutcomeSpec:
    """How outcomes are counted: frozen with the reference.

    Attributes:
        columns: Which columns there are, and how they are read.
        grids: Cells for the scores: one for a binary task, one a class for several.
        centre: Mean label of the reference, in a regression; keeps sums of squares small.
        own: The caller's losses by name: a function of labels and predictions (and scores, if it
            takes three) to a loss a row; of classes it gets their places, 0 and 1 of two. None
            where only their sums are known.
    """

    columns: OutcomeColumns
    grids: tuple[Grid, ...] = ()
    centre: float = 0.0
    own: Mapping[str, OwnLoss | None] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """Short hash of everything but functions."""
        facts = json.dumps([self.columns.to_dict(), sorted(self.own), self.centre.hex()])
        digest = hashlib.blake2b(facts.encode(), digest_size=8)
        for grid in self.grids:
            digest.update(grid.id.encode())
        return digest.hexdigest()

    def to_sections(self) -> dict[str, bytes]:
        """Serialize as named sections."""
        head = {
            "columns": self.columns.to_dict(),
            "grids": [int(grid.edges.size) for grid in self.grids],
            "centre": self.centre,
            "own": sorted(self.own),
        }
        edges = [grid.edges.astype("<f8").tobytes() for grid in self.grids]
        return {"spec": json.dumps(head).encode(), "edges": b"".join(edges)}

    @classmethod
    def from_sections(cls, sections: Mapping[str, bytes], /) -> Self:
        """Rebuild it from `to_sections`.

        Raises:
            ProfileFormatError: If a section is missing or damaged.
        """
        try:
            head = json.loads(sections["spec"])
            columns = OutcomeColumns.from_dict(head["columns"])
            sizes, centre = [int(size) for size in head["grids"]], float(head["centre"])
            own: dict[str, OwnLoss | None] = dict.fromkeys(map(str, head["own"]))
            edges = np.frombuffer(sections["edges"], "<f8").astype(np.float64)
            if min(sizes, default=0) < 0 or sum(sizes) != edges.size or not np.isfinite(centre):
                raise ProfileFormatError("outcomes refused: the grids do not fit")
            grids = tuple(map(Grid, np.split(edges, np.cumsum(sizes)[:-1]))) if sizes else ()
        except MISREAD as error:
            raise ProfileFormatError(f"outcomes refused: {error}") from error
        if len(grids) != _scored(columns):
            raise ProfileFormatError("outcomes refused: the grids do not fit the classes")
        return cls(columns, grids, centre, own)

    def with_own(self, own: Mapping[str, OwnLoss | None], /) -> Self:
        """The same with functions for losses that are known by name."""
        known = {name: own.get(name) for name in self.own}
        return type(self)(self.columns, self.grids, self.centre, known)


class Outcomes:
    """What a model said beside what came true, of some rows; merged by adding.

    Args:
        spec: How to count.

    Attributes:
        rows: Rows seen, labelled or not.
        labelled: Rows with a label, of an unknown class too, or with a number.
        unknown: Rows whose label is of no class.
        unpredicted: Labelled rows without a prediction.
        unscored: Labelled rows without a score.
        unweighted: Rows with a label and without a usable weight.
        failed: Rows on which a loss of the caller's failed.
        losses: Sums over the labelled and scored rows: `SCORE_SUMS`, or `ERROR_SUMS`.
        own: Sums of the caller's losses, by name.
        cells: Classes by score, one a grid.
        confusion: Sums of weights by label and prediction; the last of both stands for classes
            beyond `CONFUSED` and for unknown ones.
        marginals: Sums of weights by class: labels, predictions, and both; unknown ones last.
        decided: Rows with label and prediction; the sum of their weights and of the squares.
    """

    def __init__(self, spec: OutcomeSpec, /) -> None:
        self.spec = spec
        self.rows = self.labelled = self.unknown = 0
        self.unpredicted = self.unscored = self.unweighted = self.failed = 0
        classes = len(spec.columns.classes)
        regression = spec.columns.task is Task.REGRESSION
        self.losses = PairedSums(len(ERROR_SUMS) if regression else len(SCORE_SUMS))
        self.own = {name: PairedSums(1) for name in spec.own}
        self.cells = [ScoreCells(grid) for grid in spec.grids]
        confused = min(classes, CONFUSED) + 1
        self.confusion = np.zeros((confused, confused))
        self.marginals = np.zeros((classes + 1, 3))
        self.decided = np.zeros(3)

    @property
    def effective_rows(self) -> float:
        """Rows of equal weight that say as much as those with label and prediction."""
        return float(self.decided[1] ** 2 / self.decided[2]) if self.decided[2] else 0.0

    def update(self, rows: OutcomeRows, /) -> None:
        """Count rows."""
        self.rows += rows.usable.size
        self.labelled += int(rows.labelled.sum())
        self.unweighted += int((rows.labelled & ~rows.usable).sum())
        chosen = rows.kept(rows.usable)
        if self.spec.columns.task is Task.REGRESSION:
            self._regress(chosen)
        else:
            self._classify(chosen)
        self._own_losses(chosen)

    def _regress(self, rows: OutcomeRows) -> None:
        assert rows.predicted is not None  # noqa: S101 - a regression has predictions
        known = np.isfinite(np.asarray(rows.predicted, dtype=np.float64))
        self.unpredicted += int((~known).sum())
        rows = rows.kept(known)
        assert rows.predicted is not None  # noqa: S101 - kept above
        truth, said = rows.truth, rows.predicted
        with np.errstate(over="ignore", invalid="ignore"):
            error = said - truth
            size, label = np.abs(error), truth - self.spec.centre
            both = np.abs(truth) + np.abs(said)
            columns = (
                error,
                size,
                size**2,
                size**4,
                label,
                label**2,
                size / np.maximum(np.abs(truth), _EPSILON),
                np.divide(2 * size, both, out=np.zeros_like(size), where=both > 0),
            )
            self.losses.update(np.column_stack(columns), rows.weights)

    def _classify(self, rows: OutcomeRows) -> None:
        truth = rows.truth.astype(np.intp, copy=False)
        self.unknown += int((truth < 0).sum())
        if self.spec.columns.task is Task.BINARY and (truth < 0).any():
            rows = rows.kept(truth >= 0)
            truth = truth[truth >= 0]
        if rows.predicted is not None:
            self._confuse(truth, rows)
        if rows.scores is None:
            return
        usable = np.isfinite(rows.scores)
        if self.spec.columns.probabilities:
            usable &= (rows.scores >= 0) & (rows.scores <= 1)
        scored = all_of(usable)
        self.unscored += int((~scored).sum())
        rows, truth = rows.kept(scored), truth[scored]
        assert rows.scores is not None  # noqa: S101 - kept above
        places = (1,) if self.spec.columns.task is Task.BINARY else range(len(self.cells))
        for cells, place, scores in zip(self.cells, places, rows.scores.T, strict=True):
            cells.update(scores, truth == place, rows.weights)
        if self.spec.columns.probabilities:
            self._score_losses(rows, truth)

    def _score_losses(self, rows: OutcomeRows, truth: NDArray[np.intp]) -> None:
        losses = rows.losses
        assert rows.scores is not None  # noqa: S101 - probabilities are scores
        assert losses is not None  # noqa: S101 - and have losses
        if self.spec.columns.task is Task.BINARY:
            brier = np.square(rows.scores[:, 0] - truth)
        else:
            hits = truth[:, None] == np.arange(rows.scores.shape[1])
            brier = np.square(rows.scores - hits).sum(axis=1)
        fine = np.isfinite(losses)
        both, weights = np.column_stack((losses, brier)), rows.weights
        if not fine.all():
            both, weights = both[fine], None if weights is None else weights[fine]
        self.losses.update(both, weights)

    def _confuse(self, truth: NDArray[np.intp], rows: OutcomeRows) -> None:
        known: NDArray[np.bool_] = np.asarray(rows.predicted) != MISSING
        self.unpredicted += int((~known).sum())
        rows, truth = rows.kept(known), truth if known.all() else truth[known]
        said, weights = np.asarray(rows.predicted, dtype=np.intp), rows.weights
        size, width = len(self.marginals), len(self.confusion)
        truth, said = (_with_others(side, size - 1) for side in (truth, said))
        pairs = np.minimum(truth, width - 1) * width + np.minimum(said, width - 1)
        table = np.bincount(pairs, weights, minlength=width * width).reshape(width, width)
        self.confusion += table
        if size == width:
            counted = [table.sum(axis=1), table.sum(axis=0), np.diag(table).astype(float)]
        else:
            right = truth == said
            of_right = None if weights is None else weights[right]
            counted = [
                np.bincount(truth, weights, minlength=size),
                np.bincount(said, weights, minlength=size),
                np.bincount(truth[right], of_right, minlength=size).astype(float),
            ]
        counted[2][-1] = 0.0  # two classes that are not known are the same only where they agree
        if rows.agreed is not None:
            agreed = rows.agreed if weights is None else weights[rows.agreed]
            counted[2][-1] = agreed.sum()
        self.marginals += np.column_stack(counted)
        of_weights = np.full(2, float(truth.size))
        if weights is not None:
            of_weights = np.array([weights.sum(), weights @ weights])
        self.decided += np.append(float(truth.size), of_weights)

    def _own_losses(self, rows: OutcomeRows) -> None:
        sides = with_both(self.spec.columns, rows)
        if sides is None:
            return
        for name, function in self.spec.own.items():
            if function is not None and sides.usable.size:
                try:
                    losses = own_losses(name, function, sides)
                except Exception:  # noqa: BLE001 - the host's function; its rows are counted
                    self.failed += sides.usable.size
                    continue
                fine = np.abs(losses) <= _LARGEST_LOSS  # false for NaN
                self.failed += int((~fine).sum())
                weights = None if sides.weights is None else sides.weights[fine]
                self.own[name].update(losses[fine][:, None], weights)

    def merge(self, other: Self, /) -> None:
        """Add other rows, counted by the same rules; `other` is left as it was."""
        for name in _NAMES:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.losses.merge(other.losses)
        for name, sums in self.own.items():
            sums.merge(other.own[name])
        for mine, theirs in zip(self.cells, other.cells, strict=True):
            mine.merge(theirs)
        self.confusion = self.confusion + other.confusion
        self.marginals = self.marginals + other.marginals
        self.decided = self.decided + other.decided

    def copy(self) -> Outcomes:
        """Return outcomes that can change without these changing."""
        twin = Outcomes(self.spec)
        twin.merge(self)
        return twin

    def on_grids(self, grids: tuple[Grid, ...], /) -> Outcomes:
        """The same outcomes with scores in larger cells, whose edges are edges of these."""
        spec = OutcomeSpec(self.spec.columns, grids, self.spec.centre, self.spec.own)
        twin = self.copy()
        twin.spec = spec
        twin.cells = [c.on_grid(grid) for c, grid in zip(twin.cells, grids, strict=True)]
        return twin

    def to_sections(self) -> dict[str, bytes]:
        """Serialize as named sections, the rules included."""
        counters = (getattr(self, name) for name in _NAMES)
        tables = np.concatenate((self.decided, self.marginals.ravel(), self.confusion.ravel()))
        sections = self.spec.to_sections()
        sections["counts"] = _COUNTERS.pack(*counters) + tables.astype("<f8").tobytes()
        sections["losses"] = self.losses.to_bytes()
        for index, name in enumerate(sorted(self.own)):
            sections[f"own{index}"] = self.own[name].to_bytes()
        for index, cells in enumerate(self.cells):
            sections[f"cells{index}"] = cells.to_bytes()
        return sections

    @classmethod
    def from_sections(cls, sections: Mapping[str, bytes], /) -> Self:
        """Rebuild outcomes from `to_sections`.

        Raises:
            ProfileFormatError: If a section is missing or damaged.
        """
        outcomes = cls(OutcomeSpec.from_sections(sections))
        try:
            outcomes._read_counts(sections["counts"])
            outcomes.losses = PairedSums.from_bytes(sections["losses"], outcomes.losses.size)
            for index, name in enumerate(sorted(outcomes.own)):
                outcomes.own[name] = PairedSums.from_bytes(sections[f"own{index}"], 1)
            for index, grid in enumerate(outcomes.spec.grids):
                outcomes.cells[index] = ScoreCells.from_bytes(sections[f"cells{index}"], grid)
        except KeyError as error:
            raise ProfileFormatError(f"outcomes lack their section {error}") from None
        return outcomes

    def _read_counts(self, data: bytes) -> None:
        sizes = (self.decided.size, self.marginals.size, self.confusion.size)
        if len(data) != _COUNTERS.size + 8 * sum(sizes):
            raise ProfileFormatError(f"outcomes refused: {len(data)} bytes of counts")
        counters = _COUNTERS.unpack_from(data)
        tables = np.frombuffer(data, "<f8", sum(sizes), _COUNTERS.size).astype(np.float64)
        if max(counters) > 1 << 53 or max(counters[:-1]) > counters[0]:
            raise ProfileFormatError("outcomes refused: more labels than rows")
        if not ((tables >= 0) & (tables <= _LARGEST_LOSS)).all():
            raise ProfileFormatError("outcomes refused: a count is out of range")
        for name, count in zip(_NAMES, counters, strict=True):
            setattr(self, name, count)
        self._check_counts(tables)
        self.decided, marginals, confusion = np.split(tables, np.cumsum(sizes)[:-1])
        self.marginals = marginals.reshape(self.marginals.shape)
        self.confusion = confusion.reshape(self.confusion.shape)

    def _check_counts(self, tables: Floats) -> None:
        """Raise where counts of decided rows contradict each other."""
        rows, weight, square = tables[:3]
        sound = rows <= self.labelled and (rows > 0) == (weight > 0) == (square > 0)
        if not sound or weight**2 > rows * square * (1 + 1e-9):
            raise ProfileFormatError("outcomes refused: counts contradict each other")


def _with_others(places: NDArray[np.intp], last: int) -> NDArray[np.intp]:
    """Places with that of unknown classes last."""
    return np.where(places < 0, last, places) if (places < 0).any() else places


def with_both(columns: OutcomeColumns, rows: OutcomeRows, /) -> OutcomeRows | None:
    """The rows with a usable label and a prediction, of known classes; None without predictions."""
    if rows.predicted is None:
        return None
    known = rows.usable & np.isfinite(np.asarray(rows.predicted, dtype=np.float64))
    if columns.task is not Task.REGRESSION:
        known &= (np.asarray(rows.predicted) >= 0) & (rows.truth >= 0)
    return rows.kept(known)


def own_losses(name: str, function: OwnLoss, rows: OutcomeRows, /) -> Floats:
    """A caller's loss of every row.

    Raises:
        ConfigError: If the function does not return a number a row.
    """
    sides = [rows.truth, rows.predicted]
    if _takes_scores(function):
        scores = rows.scores
        sides.append(scores[:, 0] if scores is not None and scores.shape[1] == 1 else scores)
    losses = np.asarray(function(*sides), dtype=np.float64)
    if losses.shape != rows.truth.shape:
        raise ConfigError(
            f"metrics: {name!r} must return a loss a row, {rows.truth.shape}; got {losses.shape}",
            code="DW092",
        )
    return losses


def _takes_scores(function: OwnLoss) -> bool:
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.kind in named and p.default is inspect.Parameter.empty]
    return len(needed) == 3


def _scored(columns: OutcomeColumns) -> int:
    """How many grids of scores there are."""
    if not columns.scores:
        return 0
    return 1 if columns.task is Task.BINARY else len(columns.classes)
