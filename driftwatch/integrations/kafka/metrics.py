"""How a worker is doing, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError, MissingDependencyError
from driftwatch.integrations.kafka.worker import KafkaWorker

if TYPE_CHECKING:
    from prometheus_client import Metric

__all__ = ["WorkerMetrics", "serving_metrics"]


class WorkerMetrics:
    """Reads a worker's state whenever it is scraped; a collector of prometheus_client.

    Args:
        worker: The worker.

    Example:
        ``REGISTRY.register(WorkerMetrics(worker))``
    """

    def __init__(self, worker: KafkaWorker, /) -> None:
        self._worker = worker

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        state, counts = self._worker.state, self._worker.state.counts
        lag = GaugeMetricFamily(
            "driftwatch_kafka_lag_records",
            "Messages that are there and not read, open transactions' too.",
            labels=["topic", "partition"],
        )
        for name, behind in dict(state.lag).items():
            topic, _, partition = name.rpartition("/")
            lag.add_metric([topic, partition], behind)
        yield lag
        for name, about, value in (
            (
                "last_progress_timestamp_seconds",
                "When the partition that has stood still for longest last got on.",
                state.progress_at,
            ),
            ("waiting_records", "Taken, and not stored.", state.waiting),
            (
                "paused",
                "Whether reading waits for the store, a registry or another try.",
                state.paused,
            ),
        ):
            yield GaugeMetricFamily(f"driftwatch_kafka_{name}", about, value=value)
        for name, about in (
            ("rebalances", "Times that partitions were assigned."),
            ("reconnects", "Times that the connection was given up and made anew."),
            ("commits_failed", "Commits, for the broker's tools only, that failed."),
            ("end_offsets_failed", "Times that brokers did not say where partitions end."),
        ):
            yield CounterMetricFamily(f"driftwatch_kafka_{name}", about, value=counts[name])
        yield _by_label("records", "outcome", "Messages, by what became of them.", state.outcomes)
        for name, label, about in (
            ("segments", "result", "Deliveries to the store."),
            ("dead_letters", "result", "Messages sent on as they were."),
        ):
            prefix = f"{name}_"
            by_label = {
                k.removeprefix(prefix): n for k, n in counts.items() if k.startswith(prefix)
            }
            yield _by_label(name, label, about, by_label)


def _by_label(name: str, label: str, about: str, counts: dict[str, int]) -> Any:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(f"driftwatch_kafka_{name}", about, labels=[label])
    for value, count in list(counts.items()):
        family.add_metric([value.removeprefix("kafka_")], count)
    return family


@contextmanager
def serving_metrics(worker: KafkaWorker, port: int, /) -> Iterator[Callable[[], int]]:
    """Serve ``/metrics`` on 127.0.0.1; gives a function that tells the port.

    Raises:
        MissingDependencyError: If prometheus_client is not installed.
        ConfigError: If the port is taken.
    """
    try:
        from prometheus_client import CollectorRegistry, start_http_server
    except ImportError as error:
        raise MissingDependencyError(
            "metrics need prometheus-client; pip install 'driftwatch-sketch[service]'"
        ) from error
    registry = CollectorRegistry()
    registry.register(WorkerMetrics(worker))
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)
    except OSError as error:
        raise ConfigError(f"port {port} cannot be listened on: {error.strerror}") from error
    try:
        yield lambda: int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
