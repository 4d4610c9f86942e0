"""Messages that all hold one good record: decoded at a third of the cost of one at a time."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.instants import LARGEST_SECONDS
from driftwatch.integrations.kafka.messages.decoding import (
    Decoder,
    Message,
    header_of,
    is_too_deep,
    seconds_given,
)
from driftwatch.process.cached import cached_property

__all__ = ["Alike"]

_PIECE = 16
_WRAPPING = {dict, list}
_VALUE = attrgetter("value")


class Alike:
    """The records of messages, as nearly all messages are: one record each, nothing odd.

    A few are decoded at a time, and let go of before the next are, so that documents are still in
    the processor's cache when values are copied out of them. Whatever is odd about any of them
    raises an error of any kind; what it is, `Decoder.decode` tells.

    Args:
        decoder: Reads messages.
        messages: Some messages.

    Attributes:
        by_role: Values passed with each record, by role; filled while they are read.
        size: Bytes of the messages, likewise.
    """

    def __init__(self, decoder: Decoder, messages: Sequence[Message], /) -> None:
        self._decoder = decoder
        self._messages = messages
        self.by_role: dict[str, Sequence[Any]] = {}
        self.size = 0

    @property
    def pieces(self) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Values by column, of some records at a time; to be gone through once.

        Raises:
            Exception: If one of the messages is not like that.
        """
        values: list[Any] = list(map(_VALUE, self._messages))
        sizes = list(map(len, values))
        self.size = sum(sizes)
        if max(sizes) > self._decoder.config.message_bytes:  # nor if one is None
            raise ValueError("too large")
        paths = self._decoder.paths
        take, first_is_seen = paths.taker(), False
        columns: list[list[Any]] = [[] for _ in paths.words]
        reading = self._decoder.documents(values)
        while documents := list(islice(reading, _PIECE)):
            try:
                records, *by_role = zip(*map(take, documents), strict=True)
            except (LookupError, TypeError):
                take = paths.take  # which takes longer, and values may be absent
                records, *by_role = zip(*map(take, documents), strict=True)
            if not first_is_seen and is_too_deep(records[0]):
                raise ValueError("too deep")
            if not first_is_seen and not paths.payload.is_one_record(records[0]):
                raise ValueError("many records")
            first_is_seen = True
            for column, column_values in zip(columns, by_role, strict=True):
                column.extend(column_values)
            yield records
        self.by_role = dict(zip(paths.words, columns, strict=True))
        for word in ("prediction", "score"):
            answers = self.by_role.get(word, ())
            if not _WRAPPING.isdisjoint(map(type, answers)) and any(map(_is_wrapped, answers)):
                raise ValueError("answers below lists or objects")

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """Event time of each record, seconds since 1970; of records that were gone through.

        Raises:
            Exception: If one has none, or none that can be read.
        """
        if self._decoder.config.at == "record":
            return np.array([message.timestamp for message in self._messages]) / 1000
        values = self.by_role.get("at", ())
        if self._decoder.header is not None:
            name = self._decoder.header
            values = [header_of(message, name) for message in self._messages]
        if set(map(type, values)) <= {int, float}:
            times = np.frombuffer(struct.pack(f"{len(values)}d", *values))
            if (np.abs(times) < LARGEST_SECONDS).all():
                return times
        return np.array(list(map(seconds_given, values)))


def _is_wrapped(answer: Any) -> bool:
    """Whether the value stands in a list, or an object, of one."""
    return type(answer) is dict or (type(answer) is list and len(answer) == 1)
