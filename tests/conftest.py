from __future__ import annotations

from hypothesis import settings

# The first example of a law may pay for imports; no test here judges by the clock.
settings.register_profile("driftwatch", deadline=None)
settings.load_profile("driftwatch")
