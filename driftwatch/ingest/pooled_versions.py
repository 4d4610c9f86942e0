"""Rows of ever new model versions: which are counted together, found out before they are sketched.

A pane has so many versions and no more (`MOST_VERSIONS`), and rows of all further ones go into one
profile. To sketch them version by version would be a batch a row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from driftwatch.core.windows.model_versions import MOST_VERSIONS, OTHER_VERSIONS, version_name

__all__ = ["pooled_versions"]


def pooled_versions(
    versions: Sequence[str | None],
    panes: Iterable[int | None],
    /,
    *,
    named: Callable[[int], Collection[str]],
    keeps_name: Callable[[str], bool],
) -> list[str | None]:
    """The versions under which rows are counted: those that a pane has, or has room for.

    Args:
        versions: One a row, in the order in which the rows came.
        panes: The pane of each; None if it goes into none.
        named: Gives the versions that a pane has.
        keeps_name: Whether a version keeps its name however many there are.

    Example:
        >>> versions = [f"v{number}" for number in range(40)]
        >>> found = pooled_versions(
        ...     ["v39", *versions], [7] * 41, named=lambda _: (), keeps_name=lambda _: False
        ... )
        >>> found[:2], found[31:34]
        (['v39', 'v0'], ['v30', 'other versions', 'other versions'])
    """
    by_pane: dict[int | None, set[str]] = {None: set()}
    found: list[str | None] = []
    for version, pane in zip(versions, panes, strict=True):
        name = None if version is None else version_name(version)
        if name is None:
            found.append(version)
            continue
        if pane not in by_pane and pane is not None:
            by_pane[pane] = set(named(pane))
        have = by_pane[pane]
        if name not in have:
            has_room = pane is not None and len(have) < MOST_VERSIONS
            if not has_room and not keeps_name(name):
                name = OTHER_VERSIONS
            elif has_room:
                have.add(name)
        found.append(name)
    return found
