"""Everything at once, for some minutes, and the account must close to the row.

    python -m benchmarks.soak --minutes 10     # needs Java and Maven (a broker) and a C compiler

Three gunicorn workers ship to a collector, two workers read from Kafka into a file, and an
evaluator looks at it. All the while, from a seed, processes are killed and ended, workers fork,
disks are full, stores are taken away or put back as they were, and clocks are off. It ends with 1
if a row is missing or counted twice, something hangs, or a process grows.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.soak.run import Outcome, soak

_RESULTS = Path(__file__).parent.parent / "results" / "soak.json"
_REPORTED_MINUTES = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--keep", type=Path, help="an empty folder for all files, which stay")
    parser.add_argument(
        "--results",
        type=Path,
        help="where the account goes as JSON; to benchmarks/results if it is ten minutes or more",
    )
    options = parser.parse_args()
    if options.keep is not None:
        outcome = soak(options.minutes, options.keep.resolve(), seed=options.seed)
    else:
        with tempfile.TemporaryDirectory(prefix="driftwatch-soak-") as folder:
            outcome = soak(options.minutes, Path(folder), seed=options.seed)
    _show(outcome)
    results = options.results or (_RESULTS if options.minutes >= _REPORTED_MINUTES else None)
    if results is not None:
        results.write_text(json.dumps(outcome.to_dict(), indent=2) + "\n", "utf-8")
    return 1 if outcome.wrong else 0


def _show(outcome: Outcome) -> None:
    for name, fact in outcome.facts.items():
        print(f"{name}: {fact}")
    for account in outcome.accounts:
        print(f"\n{account.monitor}: rows acknowledged {account.acknowledged:>10,}")
        for line in account.lines:
            print(f"  {line.rows:>10,}  {line.what}{'' if line.sums else ' (for information)'}")
        print(f"  {account.difference:>10,}  difference")
    for who, slope in outcome.slopes.items():
        print(f"grows by {slope:+.3f} MiB a minute: {who}")
    print("\nnothing is wrong" if not outcome.wrong else "\nwrong:")
    for words in outcome.wrong:
        print(f"  {words}")


if __name__ == "__main__":
    sys.exit(main())
