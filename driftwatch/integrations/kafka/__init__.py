"""Kafka: a worker that reads prediction traffic, each message once."""

from __future__ import annotations

from driftwatch.integrations.kafka.worker import KafkaWorker, WorkerState
from driftwatch.kafka_config import KafkaConfig

__all__ = ["KafkaConfig", "KafkaWorker", "WorkerState"]
