"""Properties that are computed once, without a lock that a fork could leave held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

__all__ = ["cached_property"]

T = TypeVar("T")


class cached_property(Generic[T]):  # noqa: N801 - as the one of functools
    """As `functools.cached_property`, which until Python 3.11 computes under a lock of the class.

    A child that is forked while another thread computes could never compute it, for any object.
    Here two threads may compute it at the same time, and one of the results is kept.

    Example:
        >>> class Twice:
        ...     @cached_property
        ...     def value(self) -> list[int]:
        ...         return [1]
        >>> twice = Twice()
        >>> twice.value is twice.value
        True
    """

    def __init__(self, function: Callable[[Any], T]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> cached_property[T]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T: ...
    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if instance is None:
            return self
        return instance.__dict__.setdefault(self._name, self._function(instance))
