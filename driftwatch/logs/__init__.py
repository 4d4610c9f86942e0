"""Log lines for machines: which events there are, and one JSON object a line.

Everything that DriftWatch logs goes to the logger ``driftwatch`` of the standard library, with an
event's name and its facts in ``record.driftwatch``. Nothing is set up on import but that names and
errors in its messages cannot break a line or be a command (`HarmlessFacts`): the handlers of the
host decide. `JsonFormatter` is one for them; `set_up` is for processes that have no other.

Example:
    >>> import logging, sys
    >>> from driftwatch.logs import JsonFormatter
    >>> handler = logging.StreamHandler(sys.stderr)
    >>> handler.setFormatter(JsonFormatter())
    >>> logging.getLogger("driftwatch").addHandler(handler)
    >>> logging.getLogger("driftwatch").removeHandler(handler)
"""

from __future__ import annotations

import logging

from driftwatch.logs.events import EVENTS, EventKind, event
from driftwatch.logs.harmless import HarmlessFacts
from driftwatch.logs.json_lines import JsonFormatter, json_schema, say, set_up

__all__ = [
    "EVENTS",
    "EventKind",
    "HarmlessFacts",
    "JsonFormatter",
    "event",
    "json_schema",
    "say",
    "set_up",
]

logging.getLogger("driftwatch").addFilter(HarmlessFacts())
