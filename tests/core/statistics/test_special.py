"""SciPy's compiled special functions, with and without the package around them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import scipy.special

import driftwatch
from driftwatch.core.statistics import special as module
from driftwatch.core.statistics.special import USED, import_without_package, special

ALONE = """
import sys
from driftwatch.core.statistics.special import USED, import_without_package, special

assert import_without_package()
quick = special()
assert "scipy.special" not in sys.modules, "the stand-in is left"
assert not {"numpy.f2py", "numpy.testing"} & set(sys.modules)
assert quick.ndtr(0.0) == 0.5

import scipy.special, scipy.stats
assert [n for n in USED if getattr(scipy.special, n) is not getattr(quick, n)] == []
assert scipy.special.logsumexp([0.0]) == 0.0
assert 0.05 < scipy.stats.ks_2samp([1, 2, 3], [2, 3, 4]).pvalue <= 1
assert special() is quick
assert not import_without_package(), "the package is there: nothing to gain"
"""


def test_the_functions_alone_are_those_of_the_package_which_can_still_be_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_the_list_of_functions_is_what_is_used() -> None:
    folder = Path(driftwatch.__file__).parent
    texts = [path.read_text("utf-8") for path in folder.rglob("*.py")]

    used = {name for text in texts for name in re.findall(r"\bspecial\(\)\.(\w+)", text)}

    assert used == set(USED)
    home = Path(str(module.__file__)).read_text("utf-8")
    assert [text for text in texts if text != home and "scipy.special import" in text] == []


@pytest.mark.parametrize("fault", ["raises", "lacks a function"])
def test_where_scipy_is_made_in_another_way_its_package_is_imported(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled_part() -> object:
        if fault == "raises":
            raise ImportError("no such module")
        return object()

    monkeypatch.delitem(sys.modules, "scipy.special")
    monkeypatch.setattr(module, "_compiled_part", compiled_part)

    assert not import_without_package()
    special.cache_clear()
    monkeypatch.setitem(sys.modules, "scipy.special", scipy.special)
    assert special() is scipy.special
