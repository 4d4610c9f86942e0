"""Workers of several monitors in one process, none of which stops the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from driftwatch.errors import ConfigError, DriftWatchError
from driftwatch.integrations.kafka.cancellation import Stop
from driftwatch.integrations.kafka.worker import KafkaWorker
from driftwatch.logs.events import event

__all__ = ["Workers"]

_LOG = logging.getLogger("driftwatch")
_AGAIN_SECONDS = 60.0


class Workers:
    """Workers that run in one event loop, each with its own group, cursors and store.

    What ends one, such as a topic that is not there, does not stop the others: it is said, and
    tried again every minute. Where it ends all of them, and none has worked, that is raised.

    Args:
        workers: The workers, each of another monitor.
    """

    def __init__(self, workers: Sequence[KafkaWorker], /) -> None:
        self._workers = workers
        self._stop = Stop()
        self._is_hopeless = False

    def stop(self) -> None:
        """End `run` after storing what was taken. From any thread, and from signal handlers."""
        self._stop.tell()
        for worker in self._workers:
            worker.stop()

    def run(self) -> None:
        """Work until `stop`.

        Raises:
            DriftWatchError: What has ended the only worker.
            ConfigError: What has ended all of several, before any has worked.
        """
        asyncio.run(self._run())

    async def _run(self) -> None:
        if len(self._workers) == 1:
            await self._workers[0].run_async()
            return
        await asyncio.gather(*map(self._keep, self._workers))
        if self._is_hopeless:
            raise ConfigError("; ".join(_said(worker) for worker in self._workers), code="DW060")

    async def _keep(self, worker: KafkaWorker) -> None:
        """Run one, again and again if something ends it."""
        while not self._stop.told:
            try:
                await worker.run_async()
            except DriftWatchError as error:
                worker.state.failure = str(error)
                _LOG.error("driftwatch: %s", _said(worker), extra=event("kafka.trouble"))
            except Exception as error:  # noqa: BLE001 - it is said, and the others go on
                worker.state.failure = f"{type(error).__name__}: {error}"
                _LOG.exception("driftwatch: %s", _said(worker), extra=event("kafka.trouble"))
            if all(each.state.failure and not each.has_worked for each in self._workers):
                self._is_hopeless = True
                self.stop()
            await self._stop.rest(_AGAIN_SECONDS)
            if not self._stop.told:
                worker.state.failure = ""


def _said(worker: KafkaWorker) -> str:
    return f"{worker.monitor.name}: {worker.state.failure}"
