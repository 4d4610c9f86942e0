"""Kafka: a worker that reads prediction traffic, each message once."""

from __future__ import annotations

from driftwatch.integrations.kafka.state import WorkerState
from driftwatch.integrations.kafka.worker import KafkaWorker
from driftwatch.kafka_config import KafkaConfig

__all__ = ["KafkaConfig", "KafkaWorker", "WorkerState"]
