"""The sketches of one column, fed together and kept consistent."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.identifiers import why_numbers_identify, why_texts_identify
from driftwatch.core.data.personal import PERSONAL
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.schema import Basis, Column, Kind, Role, ValuePolicy
from driftwatch.core.data.values import Categories, Missing, Numbers, Opaque, typed_values
from driftwatch.core.profiles.evidence import Evidence, hidden_hashes
from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.sketches.distinct import DistinctSketch
from driftwatch.core.sketches.fingerprint import Fingerprint, hash_numbers, hash_texts, hash_words
from driftwatch.core.sketches.frequencies import Frequencies
from driftwatch.core.sketches.grid import Grid, GridCounts
from driftwatch.core.sketches.moments import Moments
from driftwatch.core.sketches.quantiles import CHUNK, QuantileSketch
from driftwatch.core.sketches.sizes import SketchConfig
from driftwatch.core.sketches.value_counts import ValueCounts
from driftwatch.errors import ProfileFormatError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CategorySketches", "ColumnProfile", "NumericSketches"]

_COUNTERS = struct.Struct("<6Q")
_HASHED_AT_ONCE = 16_384  # few enough that what is computed on the way stays in the cache
# Keeps the rounded part of an integer beyond 2**53 apart from the doubles it collides with.
_BEYOND_SALT = np.uint64(0xA5A5A5A55A5A5A5A)


@dataclass(slots=True)
class NumericSketches:
    """Everything kept of the finite values of a numeric column.

    Attributes:
        quantiles: KLL, always there.
        moments: Count, sum, variance, range.
        values: Exact counts by value, while they are few.
        grid: Exact counts in the reference's cells, where a reference is known.
    """

    quantiles: QuantileSketch
    moments: Moments
    values: ValueCounts
    grid: GridCounts | None = None

    @classmethod
    def empty(cls, k: int, config: SketchConfig, grid: Grid | None = None) -> Self:
        """Sketches that have seen nothing."""
        counts = GridCounts(grid) if grid is not None else None
        return cls(QuantileSketch(k), Moments(), ValueCounts(config.exact_values), counts)

    @property
    def count(self) -> int:
        """Values seen."""
        return self.moments.count

    def update(self, values: NDArray[np.float64], /) -> None:
        """Fold in finite values: sort a chunk once, and let every sketch read it sorted."""
        for start in range(0, values.size, CHUNK):
            chunk = values[start : start + CHUNK] + 0.0  # a copy, with -0.0 made 0.0
            chunk.sort()
            self.quantiles.update_sorted(chunk)
            self.moments.update(chunk)
            self.values.update_sorted(chunk)
            if self.grid is not None:
                self.grid.update_sorted(chunk)

    def merge(self, other: Self, /) -> None:
        """Add another column's values; `other` is left as it was.

        Counts on a grid survive only if both sides have them on the same grid; KLL with
        its bound takes over where they do not.
        """
        if self.grid is not None and other.grid is not None and self.grid.grid == other.grid.grid:
            self.grid.merge(other.grid)
        elif other.count:
            kept = other.grid if self.count == 0 else None
            self.grid = None if kept is None else kept.copy()
        self.quantiles.merge(other.quantiles)
        self.moments.merge(other.moments)
        self.values.merge(other.values)

    def copy(self) -> Self:
        """Return sketches that can change without these changing."""
        return type(self)(
            self.quantiles.copy(),
            replace(self.moments),
            self.values.copy(),
            None if self.grid is None else self.grid.copy(),
        )

    def cdf(self) -> Cdf:
        """The distribution: exact where every value was counted, else from the KLL."""
        return self.quantiles.cdf() if self.values.overflowed else self.values.cdf()

    def to_sections(self) -> dict[str, bytes]:
        """Serialize as named sections."""
        sections = {"kll": self.quantiles.to_bytes(), "moments": self.moments.to_bytes()}
        if not self.values.overflowed:
            sections["values"] = self.values.to_bytes()
        if self.grid is not None:
            sections["grid"] = self.grid.to_bytes()
        return sections

    @classmethod
    def from_sections(cls, sections: Mapping[str, bytes], k: int, config: SketchConfig, /) -> Self:
        """Rebuild the sketches and check that they describe the same values.

        Raises:
            ProfileFormatError: If a section is missing or damaged, or two disagree.
        """
        grid = sections.get("grid")
        sketches = cls(
            quantiles=QuantileSketch.from_bytes(_section(sections, "kll"), k=k),
            moments=Moments.from_bytes(_section(sections, "moments")),
            values=ValueCounts.from_bytes(sections.get("values"), limit=config.exact_values),
            grid=None if grid is None else GridCounts.from_bytes(grid),
        )
        count = sketches.moments.count
        agree = sketches.quantiles.count == count
        if not sketches.values.overflowed:
            agree = agree and sketches.values.count == count
        if sketches.grid is not None:
            agree = agree and sketches.grid.count == count
        if count and agree:
            kll = sketches.quantiles
            agree = (kll.minimum, kll.maximum) == (
                sketches.moments.minimum,
                sketches.moments.maximum,
            )
        if not agree:
            raise ProfileFormatError("sketches of one column disagree about its values")
        return sketches


@dataclass(slots=True)
class CategorySketches:
    """Everything kept of the values of a categorical column.

    Attributes:
        distinct: Estimated number of categories.
        frequencies: Counts by category; None for identifiers, which are not counted.
    """

    distinct: DistinctSketch
    frequencies: Frequencies | None = None

    @classmethod
    def empty(
        cls, column: Column, config: SketchConfig, dictionary: tuple[str, ...] | None = None
    ) -> Self:
        """Sketches that have seen nothing."""
        distinct = DistinctSketch(config.distinct_k)
        if column.role is Role.ID:
            return cls(distinct)
        frequencies = Frequencies(
            limit=config.exact_categories,
            dictionary_size=config.dictionary,
            lg=config.frequent_lg,
            dictionary=dictionary,
        )
        return cls(distinct, frequencies)

    def update(self, categories: Categories, policy: ValuePolicy, guard: ValueGuard, /) -> None:
        """Fold in distinct values with their counts."""
        hidden = policy is ValuePolicy.HASHED
        hashes = hidden_hashes(categories.texts, guard) if hidden else hash_texts(categories.texts)
        self.distinct.update(hashes, categories.counts)
        if self.frequencies is not None:
            kept = guard.kept(categories.texts, policy)
            self.frequencies.update(dict(zip(kept, categories.counts.tolist(), strict=True)))

    def merge(self, other: Self, /) -> None:
        """Add another column's values; `other` is left as it was."""
        self.distinct.merge(other.distinct)
        if self.frequencies is not None and other.frequencies is not None:
            self.frequencies.merge(other.frequencies)

    def copy(self) -> Self:
        """Return sketches that can change without these changing."""
        frequencies = None if self.frequencies is None else self.frequencies.copy()
        return type(self)(self.distinct.copy(), frequencies)

    def texts(self) -> pa.Array | None:
        """The categories, where every one is counted, in the order of their letters."""
        import pyarrow as pa

        if self.frequencies is None or not self.frequencies.is_exact:
            return None
        texts = (text.encode("utf-8", "replace") for text in sorted(self.frequencies.counts))
        return pa.array(list(texts), pa.large_binary()).cast(pa.large_string())

    def to_sections(self) -> dict[str, bytes]:
        """Serialize as named sections."""
        sections = {"distinct": self.distinct.to_bytes()}
        counts = self.distinct.counts_to_bytes()
        if counts is not None:
            sections["distinct_counts"] = counts
        if self.frequencies is not None:
            sections |= self.frequencies.to_sections()
        return sections

    @classmethod
    def from_sections(
        cls, column: Column, sections: Mapping[str, bytes], config: SketchConfig, /
    ) -> Self:
        """Rebuild the sketches.

        Raises:
            ProfileFormatError: If a section is missing or damaged.
        """
        distinct = DistinctSketch.from_bytes(
            _section(sections, "distinct"), sections.get("distinct_counts"), k=config.distinct_k
        )
        if column.role is Role.ID:
            return cls(distinct)
        frequencies = Frequencies.from_sections(
            sections,
            limit=config.exact_categories,
            dictionary_size=config.dictionary,
            lg=config.frequent_lg,
        )
        return cls(distinct, frequencies)


@dataclass(slots=True)
class ColumnProfile:
    """What is known of one column of some rows.

    Attributes:
        column: What the column is.
        rows: Rows seen, usable or not.
        missing: Rows without a usable value, by reason.
        fingerprint: Order-independent hash of the usable values.
        numbers: Sketches of a numeric or datetime column, else None.
        categories: Sketches of a categorical column whose values are kept; of numbers that are
            identifiers only how many there are, and how often each; else None.
        evidence: What the role is decided by as more rows come, while it is not; else None.
    """

    column: Column
    rows: int
    missing: Missing
    fingerprint: Fingerprint
    numbers: NumericSketches | None = None
    categories: CategorySketches | None = None
    evidence: Evidence | None = None

    @classmethod
    def empty(
        cls,
        column: Column,
        k: int,
        config: SketchConfig,
        *,
        grid: Grid | None = None,
        dictionary: tuple[str, ...] | None = None,
    ) -> Self:
        """A profile of no rows."""
        profile = cls(column, 0, Missing(), Fingerprint())
        if column.basis is Basis.UNDECIDED and column.kind in (Kind.NUMERIC, Kind.CATEGORICAL):
            profile.evidence = Evidence(DistinctSketch(config.distinct_k))
            column = replace(column, role=Role.FEATURE)
        if column.kind.is_ordered:
            profile.numbers = NumericSketches.empty(k, config, grid)
            if column.role is Role.ID:
                profile.categories = CategorySketches(DistinctSketch(config.distinct_k))
        elif keeps_categories(column):
            profile.categories = CategorySketches.empty(column, config, dictionary)
        return profile

    @property
    def count(self) -> int:
        """Rows with a usable value."""
        return self.rows - self.missing.total

    def update(self, array: pa.Array, guard: ValueGuard, /) -> None:
        """Fold in some rows of the column."""
        values = typed_values(array, self.column)
        self.rows += len(array)
        self.missing.merge(values.missing)
        match values:
            case Numbers():
                self._update_numbers(values)
            case Categories():
                self._update_categories(values, guard)
            case Opaque():
                pass
        self.decide()

    def update_absent(self, rows: int, /) -> None:
        """Count rows of a batch that did not have the column at all."""
        self.rows += rows
        self.missing.null += rows

    def _update_numbers(self, numbers: Numbers) -> None:
        for start in range(0, numbers.values.size, _HASHED_AT_ONCE):
            self.fingerprint.update(hash_numbers(numbers.values[start : start + _HASHED_AT_ONCE]))
        if numbers.beyond.size:
            exact = hash_words(numbers.beyond ^ _BEYOND_SALT)
            self.fingerprint.add_detail(exact)
        if self.numbers is not None:
            self.numbers.update(numbers.values)
        if self.evidence is not None:
            self.evidence.update_numbers(numbers.values)
        if self.categories is not None:
            unique, counts = np.unique(numbers.values, return_counts=True)
            self.categories.distinct.update(hash_numbers(unique), counts)

    def _update_categories(self, categories: Categories, guard: ValueGuard) -> None:
        self.fingerprint.update(hash_texts(categories.texts), categories.counts)
        if self.categories is not None:
            self.categories.update(categories, self.column.values, guard)
        if self.evidence is not None:
            self.evidence.update_texts(categories, guard)

    def decide(self) -> None:
        """Read the role of a column that was too short to have one from all that is known now."""
        column, evidence = self.column, self.evidence
        if evidence is None or column.basis is not Basis.UNDECIDED or column.is_computed:
            return
        distinct, why = evidence.distinct.estimate(), ""
        if self.numbers is not None:
            why = why_numbers_identify(column.name, self.count, distinct, evidence.order)
        elif self.categories is not None:
            frequencies = self.categories.frequencies
            if frequencies is not None and frequencies.is_exact:
                distinct = float(len(frequencies.counts))
            texts = self.categories.texts() if column.values is ValuePolicy.RAW else None
            why = why_texts_identify(column.name, self.count, distinct, texts)
        role = Role.ID if why else Role.FEATURE
        hashed = PERSONAL if column.values is ValuePolicy.HASHED else ""
        self.column = replace(column, role=role, note=why or hashed)

    @property
    def counts_categories(self) -> bool:
        """Whether its values are counted by category, as those of identifiers are not."""
        return self.categories is not None and self.categories.frequencies is not None

    def copy(self) -> Self:
        """Return a profile that can change without this changing."""
        return type(self)(
            self.column,
            self.rows,
            replace(self.missing),
            replace(self.fingerprint),
            None if self.numbers is None else self.numbers.copy(),
            None if self.categories is None else self.categories.copy(),
            None if self.evidence is None else self.evidence.copy(),
        )

    def content_hash(self) -> bytes:
        """Hash of name, kind and values, independent of their order and their container.

        NaN and null count as one: pandas and NumPy have no other missing number than NaN.
        """
        missing = replace(self.missing, null=self.missing.null + self.missing.nan, nan=0)
        facts = (self.column.name, self.column.kind.value, self.rows, *missing.to_tuple())
        digest = hashlib.blake2b(repr(facts).encode("utf-8", "surrogatepass"), digest_size=16)
        digest.update(self.fingerprint.to_bytes())
        return digest.digest()

    def to_sections(self) -> dict[str, bytes]:
        """Serialize as named sections."""
        sections = {
            "counters": _COUNTERS.pack(self.rows, *self.missing.to_tuple()),
            "fingerprint": self.fingerprint.to_bytes(),
        }
        if self.numbers is not None:
            sections |= self.numbers.to_sections()
        if self.categories is not None:
            sections |= self.categories.to_sections()
        if self.evidence is not None:
            sections |= self.evidence.to_sections()
        return sections

    @classmethod
    def from_sections(
        cls, column: Column, sections: Mapping[str, bytes], k: int, config: SketchConfig, /
    ) -> Self:
        """Rebuild a column's profile and check that its parts agree.

        Raises:
            ProfileFormatError: If a section is missing or damaged, or two disagree.
        """
        counters = _section(sections, "counters")
        if len(counters) != _COUNTERS.size:
            raise ProfileFormatError(f"counters of {len(counters)} bytes")
        rows, *reasons = _COUNTERS.unpack(counters)
        profile = cls(
            column,
            rows,
            Missing(*reasons),
            Fingerprint.from_bytes(_section(sections, "fingerprint")),
        )
        if rows > 1 << 53 or profile.count < 0:
            raise ProfileFormatError("a column has more missing values than rows")
        if column.kind in (Kind.NUMERIC, Kind.CATEGORICAL):
            profile.evidence = Evidence.from_sections(
                sections, k=config.distinct_k, count=profile.count
            )
        if column.kind.is_ordered:
            profile.numbers = NumericSketches.from_sections(sections, k, config)
            if "distinct" in sections:
                profile.categories = CategorySketches.from_sections(
                    replace(column, role=Role.ID), sections, config
                )
        elif keeps_categories(column):
            counted = column if profile.evidence is None else replace(column, role=Role.FEATURE)
            profile.categories = CategorySketches.from_sections(counted, sections, config)
        profile._check_counts()
        return profile

    def _check_counts(self) -> None:
        counted = []
        if self.column.kind not in (Kind.UNSUPPORTED, Kind.EMPTY):
            counted.append(self.fingerprint.count)
        if self.numbers is not None:
            counted.append(self.numbers.count)
        if self.categories is not None and self.categories.frequencies is not None:
            counted.append(self.categories.frequencies.count)
        if any(count != self.count for count in counted):
            raise ProfileFormatError("sketches of one column disagree about its rows")


def keeps_categories(column: Column) -> bool:
    """Whether anything is kept of the column's categories."""
    return column.kind.is_discrete and column.values is not ValuePolicy.NONE


def _section(sections: Mapping[str, bytes], name: str) -> bytes:
    try:
        return sections[name]
    except KeyError:
        raise ProfileFormatError(f"a column lacks its section {name!r}") from None
