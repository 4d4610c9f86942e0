"""Prediction traffic from Kafka into a window, each message once.

docker compose -f examples/kafka_compose.yaml up -d
pip install '.[kafka]'
python examples/kafka_worker.py            # or with another broker: KAFKA=host:port
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time

import numpy as np
from aiokafka import AIOKafkaProducer

from driftwatch import Monitor
from driftwatch.integrations.kafka import KafkaConfig, KafkaWorker

BROKER = os.environ.get("KAFKA", "127.0.0.1:9092")
TOPIC = os.environ.get("TOPIC", f"predictions-{os.getpid()}")
MESSAGES = 5_000
rng = np.random.default_rng(0)


async def send() -> None:
    """What a service would do: a message for each prediction."""
    producer = AIOKafkaProducer(bootstrap_servers=BROKER)
    try:
        await producer.start()
        for age, plan in zip(
            rng.normal(48, 11, MESSAGES), rng.choice(["free", "pro"], MESSAGES), strict=True
        ):
            message = {
                "ts": time.time(),
                "inputs": {"age": round(age, 1), "plan": str(plan)},
                "score": 0.5,
            }
            await producer.send(TOPIC, json.dumps(message).encode())
    finally:
        await producer.stop()


def main() -> None:
    host, _, port = BROKER.partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        print(f"no broker at {BROKER}: docker compose -f examples/kafka_compose.yaml up -d")
        return
    asyncio.run(send())
    train = {
        "age": rng.normal(41, 11, 20_000).round(1),
        "plan": rng.choice(["free", "pro"], 20_000),
        "score": rng.uniform(size=20_000),
    }
    config = KafkaConfig(
        bootstrap=BROKER,
        topics=[TOPIC],
        features="$.inputs",
        prediction="$.score",
        at="$.ts",
    )
    # A file (store="driftwatch.db") would let other workers share it, and survive this one.
    with Monitor(train, roles={"score": "prediction"}, flush_every="1s") as monitor:
        worker = KafkaWorker(monitor, config)
        thread = threading.Thread(target=worker.run)
        thread.start()
        while worker.state.counts["messages"] < MESSAGES:
            time.sleep(0.1)
        worker.stop()
        thread.join()
        print(monitor.check().summary())
        print("of the messages:", monitor.counters)


if __name__ == "__main__":
    main()
