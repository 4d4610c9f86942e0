"""How workers are doing, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError, MissingDependencyError
from driftwatch.integrations.kafka.state import WorkerState
from driftwatch.integrations.kafka.worker import KafkaWorker

if TYPE_CHECKING:
    from prometheus_client import Metric

__all__ = ["WorkerMetrics", "serving_metrics"]


_GAUGES: tuple[tuple[str, str, Callable[[WorkerState], float]], ...] = (
    (
        "last_progress_timestamp_seconds",
        "When the partition that has stood still for longest last got on.",
        lambda state: state.progress_at,
    ),
    ("waiting_records", "Taken, and not stored.", lambda state: state.waiting),
    (
        "paused",
        "Whether reading waits for the store, a registry or another try.",
        lambda state: state.paused,
    ),
    ("up", "Whether it works: 0 while what is wrong has ended it.", lambda s: not s.failure),
    (
        "group_shared",
        "Whether somebody else reads with its consumer group.",
        lambda state: bool(state.shared_with),
    ),
)
_COUNTERS = (
    ("rebalances", "Times that partitions were assigned."),
    ("reconnects", "Times that the connection was given up and made anew."),
    ("commits_failed", "Commits, for the broker's tools only, that failed."),
    ("end_offsets_failed", "Times that brokers did not say where partitions end."),
    ("group_warnings", "Times that another reader of the consumer group was noticed."),
)
_BY_LABEL = (
    ("segments", "result", "Deliveries to the store."),
    ("dead_letters", "result", "Messages sent on as they were."),
)


class WorkerMetrics:
    """Reads the states of workers whenever it is scraped; a collector of prometheus_client.

    Args:
        workers: The workers, each of another monitor.

    Example:
        ``REGISTRY.register(WorkerMetrics(worker))``
    """

    def __init__(self, *workers: KafkaWorker) -> None:
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        states = [(worker.monitor.name, worker.state) for worker in self._workers]
        lag = GaugeMetricFamily(
            "driftwatch_kafka_lag_records",
            "Messages that are there and not read, open transactions' too.",
            labels=["monitor", "topic", "partition"],
        )
        for monitor, state in states:
            for name, behind in dict(state.lag).items():
                topic, _, partition = name.rpartition("/")
                lag.add_metric([monitor, topic, partition], behind)
        yield lag
        for name, about, value in _GAUGES:
            gauge = GaugeMetricFamily(f"driftwatch_kafka_{name}", about, labels=["monitor"])
            for monitor, state in states:
                gauge.add_metric([monitor], float(value(state)))
            yield gauge
        for name, about in _COUNTERS:
            counter = CounterMetricFamily(f"driftwatch_kafka_{name}", about, labels=["monitor"])
            for monitor, state in states:
                counter.add_metric([monitor], state.counts[name])
            yield counter
        records = {monitor: dict(state.outcomes) for monitor, state in states}
        yield _by_label("records", "outcome", "Messages, by what became of them.", records)
        for name, label, about in _BY_LABEL:
            prefix = f"{name}_"
            by_label = {
                monitor: {
                    key.removeprefix(prefix): count
                    for key, count in dict(state.counts).items()
                    if key.startswith(prefix)
                }
                for monitor, state in states
            }
            yield _by_label(name, label, about, by_label)


def _by_label(name: str, label: str, about: str, counts: Mapping[str, Mapping[str, int]]) -> Any:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(f"driftwatch_kafka_{name}", about, labels=["monitor", label])
    for monitor, by_value in counts.items():
        for value, count in by_value.items():
            family.add_metric([monitor, value.removeprefix("kafka_")], count)
    return family


@contextmanager
def serving_metrics(port: int, /, *workers: KafkaWorker) -> Iterator[Callable[[], int]]:
    """Serve ``/metrics`` of workers on 127.0.0.1; gives a function that tells the port.

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
    registry.register(WorkerMetrics(*workers))
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)
    except OSError as error:
        raise ConfigError(
            f"port {port} cannot be listened on: {error.strerror}", code="DW008"
        ) from error
    try:
        yield lambda: int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
