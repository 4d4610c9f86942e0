"""What is compared: a reference, and what is known of the model it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from driftwatch.core.profiles.reference import Reference

__all__ = ["Subject"]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A monitor's model, as far as a comparison has to know it.

    Attributes:
        reference: What current data are compared with.
        monitor: Name of the monitor, for reports.
        model_version: Version of the model; None if it is unknown, or given by the data.
        importances: Weights of the features in the model, by name.
        features: Columns that the caller named; None if all are of interest, new ones too.
        exclude: Columns that the caller left out.
    """

    reference: Reference
    monitor: str = "default"
    model_version: str | None = None
    importances: Mapping[str, float] = field(default_factory=dict)
    features: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()

    def compared_with(self, reference: Reference, /, *, version: str | None = None) -> Self:
        """The same model beside another reference, and in a version that the data name."""
        return replace(self, reference=reference, model_version=self.model_version or version)
