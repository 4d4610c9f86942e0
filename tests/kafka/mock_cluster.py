"""librdkafka's mock of a Kafka cluster, in a process of its own: quick, and faulty on demand.

It is there in the wheel of confluent-kafka and starts within a second. It does not do everything
that a broker does: it keeps some 5 MB a partition only, knows no transactions' outcome for readers,
creates a topic of four partitions where a client asks for one that is missing, and forgets all
when it ends. What must hold with a real broker is tested with `broker.py`.

Run as a program it is the other end: it says where its brokers are, then does what each line of its
standard input says, and ends with that.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any, Self
from unittest import mock

ROOT = Path(__file__).parent.parent.parent
DISCONNECT = -195
"""Instead of an error's code: the connection ends without an answer."""


class Api(IntEnum):
    """Kafka's numbers of the requests that a consumer makes."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    OFFSET_COMMIT = 8
    OFFSET_FETCH = 9
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    LEAVE_GROUP = 13
    SYNC_GROUP = 14


def find_library() -> Path | None:
    """The librdkafka that comes with confluent-kafka, if it is one for this system."""
    found = importlib.util.find_spec("confluent_kafka")
    if found is None or found.origin is None:
        return None
    libraries = Path(found.origin).parent.parent / "confluent_kafka.libs"
    return next(iter(sorted(libraries.glob("librdkafka*.so*"))), None)


class MockCluster:
    """A mock cluster, from entering to leaving ``with``; brokers are numbered from 1."""

    def __init__(self, brokers: int = 1) -> None:
        self.brokers = brokers
        self.bootstrap = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kafka.mock_cluster", str(self.brokers)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests, which end it
        )
        self.bootstrap = self._read()
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def create_topic(self, name: str, partitions: int = 1) -> None:
        self._tell("topic", name, partitions)

    def delete_topic(self, name: str) -> None:
        self._tell("delete_topic", name)

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Let retention overtake a consumer."""
        self._tell("delete_records", topic, partition, before)

    def move_leader(self, topic: str, partition: int, broker: int) -> None:
        self._tell("leader", topic, partition, broker)

    def down(self, broker: int | None = None) -> None:
        """Let a broker, or all, end all connections and take none."""
        self._each("down", broker)

    def up(self, broker: int | None = None) -> None:
        self._each("up", broker)

    def delay(self, milliseconds: int, broker: int | None = None) -> None:
        """Let every answer of a broker, or of all, take that much longer."""
        self._each("delay", broker, milliseconds)

    def errors(self, api: Api, *codes: int) -> None:
        """Answer the next requests of a kind with these codes: 0 for none, or `DISCONNECT`."""
        self._tell("errors", int(api), *codes)

    def errors_of(self, broker: int, api: Api, *codes: int) -> None:
        """The same, of one broker; these are not taken back by `clear_errors`."""
        self._tell("errors_of", broker, int(api), *codes)

    def clear_errors(self, api: Api) -> None:
        self._tell("clear_errors", int(api))

    def pause(self) -> None:
        """Let it hang: connections are still made, and nothing is answered."""
        self._running.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._running.send_signal(signal.SIGCONT)

    def reset(self) -> None:
        """No more faults; topics and records stay."""
        self.resume()
        self.up()
        self.delay(0)
        for api in Api:
            self.clear_errors(api)

    @property
    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None
        return self._process

    def _each(self, command: str, broker: int | None, *what: int) -> None:
        for number in range(1, self.brokers + 1) if broker is None else [broker]:
            self._tell(command, number, *what)

    def _tell(self, *words: object) -> None:
        stdin = self._running.stdin
        assert stdin is not None
        stdin.write(" ".join(map(str, words)) + "\n")
        stdin.flush()
        answer = self._read()
        assert answer == "done", f"{words}: {answer or 'the mock cluster has died'}"

    def _read(self) -> str:
        assert self._running.stdout is not None
        return self._running.stdout.readline().strip()


@contextmanager
def patient_leader(seconds: float = 0.05) -> Iterator[None]:
    """Let a group's leader in this process wait a little before it says who reads what.

    The mock takes a group for settled once it knows that, and refuses the members that ask for
    their part later (SyncGroup: INVALID_REQUEST). A real broker has an answer for them.
    """
    from aiokafka.consumer.group_coordinator import (  # type: ignore[import-untyped,unused-ignore]
        GroupCoordinator,
    )

    original = GroupCoordinator._perform_assignment

    async def later(self: Any, response: Any) -> Any:
        assignment = await original(self, response)
        await asyncio.sleep(seconds)
        return assignment

    with mock.patch.object(GroupCoordinator, "_perform_assignment", later):
        yield


_WITHOUT_RESULT = {
    "clear_request_errors",
    "group_initial_rebalance_delay_ms",
    "push_request_errors_array",
}


class _Library:
    """The mock cluster through ctypes, in the process that may die of it."""

    def __init__(self, brokers: int) -> None:
        path = find_library()
        assert path is not None
        self._library = ctypes.CDLL(str(path))
        handle = self._function("rd_kafka_new", ctypes.c_void_p)
        reason = ctypes.create_string_buffer(512)
        size = ctypes.c_size_t(len(reason))
        settings = ctypes.c_void_p(self._function("rd_kafka_conf_new", ctypes.c_void_p)())
        quiet = (b"log_level", b"3")  # else it warns that this client has no brokers of its own
        self._function("rd_kafka_conf_set", ctypes.c_int)(settings, *quiet, reason, size)
        producer = handle(0, settings, reason, size)
        assert producer, reason.value
        new = self._function("rd_kafka_mock_cluster_new", ctypes.c_void_p)
        self._cluster = ctypes.c_void_p(new(ctypes.c_void_p(producer), brokers))
        self._call("group_initial_rebalance_delay_ms", ctypes.c_int32(0))
        bootstraps = self._function("rd_kafka_mock_cluster_bootstraps", ctypes.c_char_p)
        self.bootstrap: str = bootstraps(self._cluster).decode()

    def do(self, command: str, words: list[str]) -> None:
        """Carry out what a line says."""
        if command in {"topic", "delete_topic", "delete_records", "leader"}:
            self._do_to_topic(command, words[0].encode(), [int(word) for word in words[1:]])
            return
        numbers = [int(word) for word in words]
        if command == "errors":
            codes = (ctypes.c_int * (len(numbers) - 1))(*numbers[1:])
            count = ctypes.c_size_t(len(codes))
            self._call("push_request_errors_array", ctypes.c_int16(numbers[0]), count, codes)
        elif command == "errors_of":
            for code in numbers[2:]:
                where = (ctypes.c_int32(numbers[0]), ctypes.c_int16(numbers[1]))
                one = (ctypes.c_size_t(1), ctypes.c_int(code), ctypes.c_int(0))  # at once
                self._call("broker_push_request_error_rtts", *where, *one)
        elif command == "clear_errors":
            self._call("clear_request_errors", ctypes.c_int16(numbers[0]))
        else:
            names = {"down": "broker_set_down", "up": "broker_set_up", "delay": "broker_set_rtt"}
            self._call(names[command], *map(ctypes.c_int32, numbers))

    def _do_to_topic(self, command: str, topic: bytes, numbers: list[int]) -> None:
        if command == "topic":
            self._call("topic_create", topic, numbers[0], 1)
        elif command == "delete_topic":
            self._call("topic_delete", topic)
        elif command == "leader":
            self._call("partition_set_leader", topic, *map(ctypes.c_int32, numbers))
        else:
            partition, before = numbers
            where = (ctypes.c_int32(partition), ctypes.c_int64(before))
            self._call("partition_delete_records", topic, *where)

    def _call(self, name: str, *what: Any) -> None:
        result = None if name in _WITHOUT_RESULT else ctypes.c_int
        code = self._function(f"rd_kafka_mock_{name}", result)(self._cluster, *what)
        if code:
            raise ValueError(f"librdkafka's error {code}")

    def _function(self, name: str, result: type | None) -> Callable[..., Any]:
        function = getattr(self._library, name)
        function.restype = result
        return function  # type: ignore[no-any-return]


def main() -> None:
    """Run a cluster of as many brokers as the only argument says."""
    library = _Library(int(sys.argv[1]))
    sys.stdout.write(library.bootstrap + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        command, *words = line.split()
        try:
            library.do(command, words)
        except (ValueError, AttributeError) as error:  # what it refuses, what a version lacks
            sys.stdout.write(f"{error}\n")
        else:
            sys.stdout.write("done\n")
        sys.stdout.flush()
    os._exit(0)  # its threads need no goodbye


if __name__ == "__main__":
    main()
