"""Kafka: a worker that reads prediction traffic, each message once."""

from __future__ import annotations

from driftwatch.config.kafka import KafkaConfig
from driftwatch.integrations.kafka.state import WorkerState
from driftwatch.integrations.kafka.worker import KafkaWorker

__all__ = ["KafkaConfig", "KafkaWorker", "WorkerState"]
