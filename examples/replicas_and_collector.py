"""Two replicas deliver to a collector, which sees what neither of them sees alone.

Each replica serves another country, so that each has half of the picture. The collector
is away for a moment: nothing is lost.

pip install '.[service]'
python examples/replicas_and_collector.py
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from driftwatch import Monitor

rng = np.random.default_rng(0)
CONFIG = """
store = "collector.db"

[monitors.fraud]
reference = "train.parquet"
window = "24h"
slide = "1h"
"""


def start(folder: Path, port: int, token: str) -> subprocess.Popen[bytes]:
    """``driftwatch serve``, on a machine that the replicas reach."""
    server = subprocess.Popen(
        [sys.executable, "-m", "driftwatch", "serve", f"--port={port}"],
        cwd=folder,
        env={**os.environ, "DRIFTWATCH_TOKENS": f"ingest+read:{token}"},
        stderr=subprocess.DEVNULL,
    )
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz"):
                return server
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the collector does not answer")


def main() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = "dw_" + secrets.token_urlsafe(32)  # or `driftwatch token --scope ingest --scope read`
    os.environ["DRIFTWATCH_TOKEN"] = token  # what the replicas call with
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train = {
            "amount": rng.lognormal(3, 1, 20_000),
            "country": rng.choice(["de", "fr"], 20_000),
        }
        pq.write_table(pa.table(train), folder / "train.parquet")
        (folder / "driftwatch.toml").write_text(CONFIG)
        replicas = {
            country: Monitor(
                folder / "train.parquet",
                name="fraud",
                store=url,
                spool=folder / "spool",
                source=f"replica-{country}",
            )
            for country in ("de", "fr")
        }
        collector = start(folder, port, token)
        try:
            for country, replica in replicas.items():
                traffic(replica, country, 3)
            print(replicas["de"].check().summary())  # alone it would see a drift of `country`
            collector.kill()
            collector.wait()
            for country, replica in replicas.items():
                traffic(replica, country, 5)  # amounts are seven times as high
            collector = start(folder, port, token)
            for replica in replicas.values():
                replica.close()  # sends what waits in the spool
            with Monitor(folder / "train.parquet", name="fraud", store=url) as anywhere:
                print(anywhere.check().summary())
        finally:
            collector.terminate()
            collector.wait()


def traffic(replica: Monitor, country: str, size: float) -> None:
    for amount in rng.lognormal(size, 1, 1_000):
        replica.observe({"amount": float(amount), "country": country})
    replica.flush()


if __name__ == "__main__":
    main()
