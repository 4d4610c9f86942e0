"""Which paths are watched: routes as frameworks write them, and with ``*`` for anything."""

from __future__ import annotations

import re
from collections.abc import Iterable

from driftwatch.errors import ConfigError, shown

__all__ = ["Routes"]

_PIECE = re.compile(
    r"(?P<whole>\{[^{}]*:path\}|<path:[^<>]*>)|(?P<one>\{[^{}]*\}|<[^<>]*>)|(?P<any>\*)|(?P<char>\?)"
)


class Routes:
    """Paths of requests that are watched.

    Args:
        routes: Such as ``/predict``, ``/models/{name}/predict``, ``/models/<name>/predict`` and
            ``/v1/*``; None for all. A slash at the end makes no difference.

    Raises:
        ConfigError: If they are no list of texts.

    Example:
        >>> routes = Routes(["/models/{name}/predict", "/v1/*"])
        >>> [routes.match(path) for path in ("/models/churn/predict", "/v1/a/b", "/models")]
        [True, True, False]
    """

    def __init__(self, routes: Iterable[str] | None, /) -> None:
        if isinstance(routes, str):
            raise ConfigError(f"routes must be a list, such as [{routes!r}]")
        self.routes = None if routes is None else tuple(routes)
        for route in self.routes or ():
            if str(route) != route or not route:
                raise ConfigError(f"routes are paths, such as '/predict'; got {shown(route)}")
        patterns = {route: _pattern_of(route) for route in self.routes or ()}
        self._pattern = (
            None if self.routes is None else re.compile("|".join(patterns.values()) or r"(?!)")
        )
        self._never = {route: re.compile(pattern) for route, pattern in patterns.items()}

    @property
    def never_matched(self) -> tuple[str, ...]:
        """The routes on which nothing has come so far."""
        return tuple(self._never)

    def match(self, *paths: str) -> bool:
        """Whether one of the spellings of a request's path is watched."""
        if self._pattern is None:
            return True
        bare = [path.rstrip("/") or "/" for path in paths]
        if not any(map(self._pattern.fullmatch, bare)):
            return False
        if self._never:
            never = self._never.items()
            self._never = {r: of for r, of in never if not any(map(of.fullmatch, bare))}
        return True


def _pattern_of(route: str) -> str:
    route = route if route.startswith(("/", "*")) else f"/{route}"
    route = route.rstrip("/") or "/"
    parts, at = [], 0
    for piece in _PIECE.finditer(route):
        parts.append(re.escape(route[at : piece.start()]))
        of = {"whole": ".+", "one": "[^/]+", "any": ".*", "char": "."}
        parts.append(of[str(piece.lastgroup)])
        at = piece.end()
    return f"(?:{''.join(parts)}{re.escape(route[at:])})"
