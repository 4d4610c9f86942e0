"""What a process printed, read as an answer: columns with their verdicts and statistics."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.peer_results import Answer

__all__ = ["flagged", "of_module", "of_report"]


def of_module(output: str, /) -> Answer:
    """Read what a module of `benchmarks.peers` printed.

    Raises:
        ValueError: If it printed no answer.
    """
    lines = output.splitlines()
    if not lines:
        raise ValueError("nothing was printed")
    answer: Answer = json.loads(lines[-1])  # libraries print, too; the module prints last
    return answer


def of_report(output: str, /) -> Answer:
    """Read the report that the command printed as JSON."""
    report = json.loads(output)
    drifted = set(report["drifted_features"])
    columns = {
        name: {"drift": name in drifted} | _statistics(feature["tests"])
        for name, feature in report["per_feature_metrics"].items()
    }
    return {"columns": columns}


def _statistics(tests: dict[str, Any]) -> dict[str, Any]:
    """KS and PSI of numbers with the intervals that hold the values of all rows."""
    if "ks" not in tests:
        return {}
    cells = tests["psi"]["method"]["cells"]
    return {
        "ks": tests["ks"]["statistic"],
        "psi": tests["psi"]["statistic"],
        "intervals": {name: tests[name]["interval"] for name in ("ks", "psi")},
        "cut_points": cells["edges"],
        "closed": cells["closed"],
    }


def flagged(answer: Answer, /) -> list[str] | None:
    """The columns that are called drifted; None if there is no verdict on any."""
    verdicts = {name: about.get("drift") for name, about in answer["columns"].items()}
    if all(verdict is None for verdict in verdicts.values()):
        return None
    return [name for name, verdict in verdicts.items() if verdict]
