"""SciPy's special functions, imported with the first call: naming the package stays quick."""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["special"]


@cache
def special() -> Any:
    """The module `scipy.special`.

    An import statement inside of a function would look the module up at every call, which takes as
    long as what these functions compute.
    """
    import scipy.special

    return scipy.special
