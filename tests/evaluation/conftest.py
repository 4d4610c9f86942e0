from __future__ import annotations

from tests.small_stream import batch_of, clock, reference, spec

__all__ = ["batch_of", "clock", "reference", "spec"]
