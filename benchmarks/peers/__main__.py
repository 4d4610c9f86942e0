"""Run one peer over two files and print its verdicts as JSON: what the runner times.

python -m benchmarks.peers NAME reference.parquet production.parquet
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import cast

from benchmarks.peers import NAMES, Peer


def main() -> None:
    parser = argparse.ArgumentParser(description="Check two files for drift with one library.")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("reference", type=Path)
    parser.add_argument("production", type=Path)
    options = parser.parse_args()
    peer = cast("Peer", importlib.import_module(f"benchmarks.peers.{options.name}"))
    verdicts = peer.compare(peer.profile(options.reference), peer.profile(options.production))
    print(json.dumps({"label": peer.label, "columns": verdicts}))


if __name__ == "__main__":
    main()
