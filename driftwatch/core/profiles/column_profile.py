"""The sketches of one column, fed together and kept consistent."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.identifiers import why_numbers_identify, why_texts_identify
from driftwatch.core.data.personal import PERSONAL
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.schema import Basis, Column, Kind, Role, ValuePolicy
from driftwatch.core.data.values import (
    Categories,
    Missing,
    Numbers,
    Opaque,
    floats_in,
    typed_values,
)
from driftwatch.core.profiles.column_sketches import CategorySketches, NumericSketches, section
from driftwatch.core.profiles.evidence import Evidence
from driftwatch.core.sketches.chunks import NotFinite, sorted_chunks
from driftwatch.core.sketches.distinct import DistinctSketch
from driftwatch.core.sketches.fingerprint import Fingerprint, hash_numbers, hash_texts, hash_words
from driftwatch.core.sketches.grid import Grid
from driftwatch.core.sketches.sizes import SketchConfig
from driftwatch.errors import ProfileFormatError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ColumnProfile"]

_COUNTERS = struct.Struct("<6Q")
# Keeps the rounded part of an integer beyond 2**53 apart from the doubles it collides with.
_BEYOND_SALT = np.uint64(0xA5A5A5A55A5A5A5A)


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
        self.rows += len(array)
        floats = self._floats_of(array)
        if floats is not None:
            self.missing.null += array.null_count
            self._update_sketches(floats)
            return
        values = typed_values(array, self.column)
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

    def _floats_of(self, array: pa.Array) -> NDArray[np.floating[Any]] | None:
        """Values of which only the sorted pieces are looked at; None where order counts too."""
        decided = self.evidence is None and self.categories is None
        return floats_in(array) if decided and self.column.kind is Kind.NUMERIC else None

    def _update_sketches(self, values: NDArray[np.floating[Any]]) -> None:
        """Fold numbers into hash and sketches, and count those that are not finite."""
        aside = NotFinite()
        for chunk in sorted_chunks(values, aside):
            self.fingerprint.update_numbers(chunk)
            if self.numbers is not None:
                self.numbers.update_sorted(chunk)
        self.missing.nan += aside.nan
        self.missing.positive_infinity += aside.positive_infinity
        self.missing.negative_infinity += aside.negative_infinity

    def _update_numbers(self, numbers: Numbers) -> None:
        self._update_sketches(numbers.values)
        if numbers.beyond.size:
            exact = hash_words(numbers.beyond ^ _BEYOND_SALT)
            self.fingerprint.add_detail(exact)
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
        counters = section(sections, "counters")
        if len(counters) != _COUNTERS.size:
            raise ProfileFormatError(f"counters of {len(counters)} bytes")
        rows, *reasons = _COUNTERS.unpack(counters)
        profile = cls(
            column,
            rows,
            Missing(*reasons),
            Fingerprint.from_bytes(section(sections, "fingerprint")),
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
