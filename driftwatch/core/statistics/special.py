"""SciPy's special functions, imported with the first call: naming the package stays quick."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["USED", "import_without_package", "special"]

_PACKAGE = "scipy.special"
_COMPILED = "scipy.special._ufuncs"
_alone: ModuleType | None = None

USED = (
    *("bdtr", "bdtrc", "betainc", "betaincinv", "chdtr", "chdtrc", "chdtri", "chndtr", "chndtrinc"),
    *("expit", "kolmogi", "kolmogorov", "ndtr", "ndtri", "owens_t", "psi", "rel_entr", "stdtrit"),
)
"""The functions that are used here."""


@cache
def special() -> Any:
    """The module that has the functions of `USED`: `scipy.special`, or its compiled part.

    An import statement inside of a function would look the module up at every call, which takes as
    long as what these functions compute.
    """
    if _alone is not None:
        return _alone
    import scipy.special

    return scipy.special


def import_without_package() -> bool:
    """Import the compiled special functions alone, and let `special` return these.

    The package around them looks at every name of numpy, which imports ``numpy.f2py``,
    ``numpy.testing`` and more: 0.3 s of CPU, where the functions take 0.02 s. They are the same
    objects, and a later ``import scipy.special`` gets the whole package.

    Only for a process of our own, where no other thread imports SciPy at the same time: for a
    moment another module stands where the package belongs. It is taken away again, whatever
    happens.

    Returns:
        Whether they are what `special` returns from now on. If not, because this SciPy is made in
        another way, nothing has changed.
    """
    global _alone  # noqa: PLW0603 - decided once, as the command starts
    if _PACKAGE in sys.modules:
        return False
    try:
        module = _compiled_part()
    except Exception:  # noqa: BLE001 - whatever a future SciPy raises: the ordinary import remains
        return False
    if not all(hasattr(module, name) for name in USED):
        return False
    _alone = module
    return True


def _compiled_part() -> ModuleType:
    import scipy

    stand_in = ModuleType(_PACKAGE)
    stand_in.__path__ = [str(Path(scipy.__file__).parent / "special")]
    sys.modules[_PACKAGE] = stand_in
    try:
        return importlib.import_module(_COMPILED)
    finally:
        del sys.modules[_PACKAGE]
