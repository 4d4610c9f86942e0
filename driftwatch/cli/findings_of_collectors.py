"""What `driftwatch doctor` finds where a collector has the store: the way of deliveries to it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from driftwatch.cli.output.findings import Finding, ago, stamp
from driftwatch.config.monitors import MonitorConfig
from driftwatch.errors import DriftWatchError
from driftwatch.render.plain import plain
from driftwatch.transport.statuses import code_of_status

if TYPE_CHECKING:
    from driftwatch.stores.remote.client import CollectorClient
    from driftwatch.stores.remote.kept_back import KeptBack

__all__ = ["of_collector"]

_PATIENCE = 5.0
_LONG = 300
_NAMED = 5
_SOON = 600.0
"""Seconds after which a delivery that still waits counts as a problem."""
_AGAIN = "once that is right `driftwatch quarantine resend --all` sends them"
_OUTLOOK = {
    "stuck": "the collector gives no answer to them, and they are tried again behind the others",
    "held": _AGAIN,
    "refused": _AGAIN,
}
"""What becomes of deliveries by their state."""
_STATES = {"stuck": "DW051", "held": "DW055", "refused": "DW056"}
"""The code of each state."""


def of_collector(config: MonitorConfig, name: str, folder: Path, /) -> list[Finding]:
    """Whether the collector answers and knows us, what has not arrived there, and why.

    Args:
        config: The monitor's, whose store is a collector.
        name: Its name.
        folder: What paths of the configuration are relative to.
    """
    from driftwatch.stores.remote.client import AUTHORITY, CollectorClient
    from driftwatch.stores.remote.kept_back import kept_back
    from driftwatch.stores.remote.spool import spool_of

    try:
        authority = os.environ.get(AUTHORITY) or None
        token = os.environ.get("DRIFTWATCH_TOKEN") or None
        client = CollectorClient(
            str(config.store),
            token=token,
            token_from="DRIFTWATCH_TOKEN",  # noqa: S106 - the name of a variable
            timeout=_PATIENCE,
            authority=authority,
        )
    except DriftWatchError as error:
        return [Finding("collector", str(error), ok=False, code=error.code)]
    answer = client.get("/readyz")
    is_there = answer.status == 200
    trouble = "is not ready" if answer.status else "does not answer"
    said = "answers" if is_there else f"{trouble} ({client.why(answer)})"
    findings = [
        Finding(
            "collector",
            f"the collector {client.url} stores and evaluates: it {said}",
            ok=is_there,
            code=None if is_there else code_of_status(answer.status),
        )
    ]
    if is_there:
        findings += _of_login(client, name, has_token=token is not None)
    spool = spool_of(client.url, None if config.spool is None else folder / config.spool)
    found = [entry for entry in kept_back(spool) if entry.monitor in ("", name)]
    findings.append(_of_waiting(found, spool, is_there=is_there))
    for state, outlook in _OUTLOOK.items():
        some = [entry for entry in found if entry.state == state]
        if some:
            rows = sum(entry.rows for entry in some)
            text = f"{len(some):,} deliveries of {rows:,} rows; {outlook}"
            findings.append(Finding(state, text, ok=False, code=_STATES[state]))
        named = some[-_NAMED:] if state == "refused" else some[:_NAMED]
        findings += [
            Finding(state, _words_of(entry), ok=False, code=_STATES[state]) for entry in named
        ]
    return findings


def _of_login(client: CollectorClient, name: str, *, has_token: bool) -> Iterator[Finding]:
    """Whether the collector knows our token: deliveries with another wait, and are not refused."""
    answer = client.get(f"/v1/monitors/{quote(name, safe='')}")
    if answer.status == 401:
        wrong = "does not know the token in" if has_token else "wants a token, and there is none in"
        yield Finding("token", f"the collector {wrong} DRIFTWATCH_TOKEN", ok=False, code="DW052")


def _of_waiting(found: list[KeptBack], spool: Path, *, is_there: bool) -> Finding:
    wait = [entry for entry in found if entry.state != "refused"]
    size = sum(entry.bytes for entry in wait)
    text = f"{len(wait):,} deliveries wait in {spool}, {size:,} bytes"
    made = [entry.made for entry in wait if entry.state == "waiting" and entry.made >= 0]
    age = time.time() - min(made, default=time.time())
    if made:
        text += f", the first made {ago(age)}"
    late = is_there and age > _SOON
    return Finding(
        "spool",
        text + ("; does a process send them?" if late else ""),
        ok=not late,
        code="DW051" if late else None,
    )


def _words_of(entry: KeptBack) -> str:
    whose = (
        f"monitor {plain(entry.monitor)}, {entry.rows:,} rows" if entry.monitor else "unreadable"
    )
    text = f"{plain(entry.path.name, _LONG)}: {whose}"
    trouble = entry.trouble
    if trouble is None:
        return f"{text}; no reason was kept"
    since = "" if trouble.since is None else f" since {stamp(trouble.since)}"
    return f"{text}; tried {trouble.attempts} times{since}, last: {plain(trouble.why, _LONG)}"
