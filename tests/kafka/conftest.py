"""A real broker for slow tests, a mock of one for quick tests, and names for topics."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.kafka import clients
from tests.kafka.broker import Broker, started_or_skipped
from tests.kafka.mock_cluster import MockCluster, find_library
from tests.waiting import until


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real broker with SASL and TLS; tests that use it are slow."""
    with started_or_skipped(tmp_path_factory.mktemp("broker"), sasl=True, tls=True) as made:
        yield made


@pytest.fixture(scope="module")
def cluster() -> Iterator[MockCluster]:
    """librdkafka's mock cluster of one broker."""
    if find_library() is None:
        pytest.skip("no mock of Kafka: confluent-kafka with its librdkafka.so is not installed")
    with MockCluster() as running:
        yield running


@pytest.fixture
def topic() -> str:
    """The name of a topic that is not there yet."""
    return f"topic-{uuid.uuid4().hex[:12]}"


@pytest.fixture(autouse=True)
def _in_order_again(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did to a shared cluster, the next one finds it working."""
    yield
    if "broker" in request.fixturenames:
        broker: Broker = request.getfixturevalue("broker")
        broker.resume()
        if not broker.running:
            broker.start()
        until(lambda: clients.answers(broker.bootstrap))  # one that hung must register anew
    if "cluster" in request.fixturenames:
        cluster: MockCluster = request.getfixturevalue("cluster")
        cluster.reset()
