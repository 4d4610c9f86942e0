"""What a configuration says of security is what the clients of the brokers do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from driftwatch.config.kafka import PASSWORD
from driftwatch.errors import ConfigError
from driftwatch.integrations.kafka import KafkaWorker
from driftwatch.integrations.kafka.examination import RefusedError
from tests.kafka import working
from tests.kafka.broker import Broker
from tests.waiting import until

MECHANISM = {"sasl_plaintext": "PLAIN", "sasl_ssl": "SCRAM-SHA-512"}
SECURITY = ["ssl", "sasl_plaintext", "sasl_ssl", "mutual"]


def settings(broker: Broker, security: str) -> dict[str, Any]:
    """What a configuration says to get in."""
    assert broker.certificates is not None
    files = {"ca_file": str(broker.certificates.authority)}
    login = {"username": broker.user, "sasl_mechanism": MECHANISM.get(security)}
    if security == "mutual":
        pair = str(broker.certificates.client)
        return {"security": "ssl", "cert_file": pair, "key_file": pair, **files}
    found: dict[str, Any] = {"security": security}
    if security.endswith("ssl"):
        found |= files
    return found | (login if security.startswith("sasl") else {})


def address(broker: Broker, security: str) -> str:
    addresses: Mapping[str, str] = {
        "ssl": broker.bootstrap_tls,
        "sasl_plaintext": broker.bootstrap_sasl,
        "sasl_ssl": broker.bootstrap_sasl_tls,
        "mutual": broker.bootstrap_mutual_tls,
    }
    return addresses[security]


def worker_of(broker: Broker, topic: str, security: str, **more: Any) -> KafkaWorker:
    how = settings(broker, security) | more
    config = working.config(address(broker, security), topic, **how)
    return KafkaWorker(working.daily(None), config)


@pytest.mark.slow
@pytest.mark.parametrize("security", SECURITY)
def test_messages_are_read_over_secured_connections(
    broker: Broker, topic: str, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, broker.password)
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-dead")
    working.produce(broker.bootstrap, topic, range(100))
    lengths = sorted(len(working.encoded(n)) for n in range(100))
    most = lengths[20]
    long = sum(length > most for length in lengths)
    assert long
    worker = worker_of(broker, topic, security, dead_letters=f"{topic}-dead", message_bytes=most)
    with working.running(worker):
        until(lambda: working.is_all_stored(worker.monitor, broker.bootstrap, topic))
        # Dead letters go by a producer, which has to be let in, too.
        until(lambda: worker.state.counts["dead_letters_sent"] == long)
    assert worker.state.counts["reconnects"] == 0
    expected = {"kafka_ok": 100 - long, "kafka_bad_too_large": long}
    assert working.counters(worker.monitor) == expected
    worker.monitor.close()


@pytest.mark.slow
@pytest.mark.parametrize("security", ["sasl_plaintext", "sasl_ssl"])
def test_a_wrong_password_is_said_and_not_shown_and_a_right_one_reads(
    broker: Broker,
    topic: str,
    security: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = "not-the-password"
    broker.create_topic(topic)
    working.produce(broker.bootstrap, topic, range(10))
    worker = worker_of(broker, topic, security)
    monkeypatch.setenv(PASSWORD, wrong)
    caplog.set_level(logging.INFO)  # aiokafka shows all that it sends to those who debug it
    with pytest.raises(RefusedError, match=f"refuses user 'worker': .* password in {PASSWORD}"):
        worker.run()
    assert worker.state.counts["reconnects"] == 0
    monkeypatch.setenv(PASSWORD, broker.password)  # it is read anew for every attempt
    with working.running(worker):
        until(lambda: working.is_all_stored(worker.monitor, broker.bootstrap, topic))
    assert wrong not in caplog.text
    assert broker.password not in caplog.text
    assert working.counters(worker.monitor) == {"kafka_ok": 10}
    worker.monitor.close()


@pytest.mark.slow
@pytest.mark.parametrize("wanted", ["authority", "certificate"])
def test_a_certificate_that_is_missing_is_said(broker: Broker, topic: str, wanted: str) -> None:
    broker.create_topic(topic)
    working.produce(broker.bootstrap, topic, range(10))
    without = {"authority": {"ca_file": None}, "certificate": {"cert_file": None, "key_file": None}}
    worker = worker_of(broker, topic, "mutual", **without[wanted])
    words = {
        "authority": "its certificate is not trusted",
        "certificate": "this client's certificate",
    }
    with pytest.raises(RefusedError, match=words[wanted]):
        worker.run()
    assert worker.state.counts["messages"] == 0
    worker.monitor.close()


@pytest.mark.parametrize("password", [None, "", "  "])
def test_a_password_that_is_missing_is_asked_for(
    password: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSWORD, raising=False)
    if password is not None:
        monkeypatch.setenv(PASSWORD, password)
    how = {"security": "sasl_plaintext", "sasl_mechanism": "PLAIN", "username": "worker"}
    worker = KafkaWorker(working.daily(None), working.config("127.0.0.1:1", "t", **how))
    with pytest.raises(ConfigError, match=f"password of 'worker' is expected in {PASSWORD}"):
        worker.run()
    worker.monitor.close()


def test_certificates_that_cannot_be_used_are_named(tmp_path: Any) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    config = working.config("127.0.0.1:1", "t", security="ssl", ca_file=str(bad))
    worker = KafkaWorker(working.daily(None), config)
    with pytest.raises(ConfigError, match=r"certificates cannot be used .*bad\.pem"):
        worker.run()
    worker.monitor.close()
