from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

# The first example of a law may pay for imports; no test here judges by the clock.
settings.register_profile("driftwatch", deadline=None)
settings.load_profile("driftwatch")


@pytest.fixture(autouse=True, scope="session")
def _configuration_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or makes the hash key of the user who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("configuration")))
        patch.delenv("DRIFTWATCH_HASH_KEY", raising=False)
        yield
