"""A day of a small model's life in a minute: served, watched, and made to drift.

`run` puts it together; `driftwatch demo` is the command. Nothing leaves this machine. Everything
that is said of drift is read from the reports in the store and compared with what was injected
(`findings`); the clock is simulated, so that a day passes as fast as its rows are served.
"""

from __future__ import annotations
