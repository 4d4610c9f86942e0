from __future__ import annotations

import tempfile

import pytest
from hypothesis import settings

# The first example of a law may pay for imports; no test here judges by the clock.
settings.register_profile("driftwatch", deadline=None)
settings.load_profile("driftwatch")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """No test reads or makes the hash key of the user who runs it, also while it is imported."""
    folder = tempfile.TemporaryDirectory(prefix="driftwatch-tests-")
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CONFIG_HOME", folder.name)
    patch.delenv("DRIFTWATCH_HASH_KEY", raising=False)
    # Else each of the hundreds of processes that tests start compiles the library anew.
    patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    config.add_cleanup(folder.cleanup)
    config.add_cleanup(patch.undo)
