"""A benchmark of several parts: run those that are asked for, print and keep their results."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["run_parts"]


def run_parts(parts: Mapping[str, Callable[[], Any]], results: Path, about: str | None, /) -> None:
    """Run the parts whose names begin as ``--only`` says; all of them if it is not given."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(parts), help="parts, separated by commas")
    options = parser.parse_args()
    found = json.loads(results.read_text()) if results.exists() else {}
    for name in options.only.split(","):
        for part in [part for part in parts if part.startswith(name)]:
            found[part] = parts[part]()
            print(f"{part}:")
            for row in found[part] if isinstance(found[part], list) else [found[part]]:
                print("   ", row)
            results.write_text(json.dumps(found, indent=2) + "\n")
