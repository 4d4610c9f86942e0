"""The figures that the front page and the guides name are those that were measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from driftwatch.ingest.payloads import Shape

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "examples" / "guides"


def measured(name: str) -> Any:
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text("utf-8"))


def page(*path: str) -> str:
    """A page without the ends of its lines."""
    return " ".join(ROOT.joinpath(*path).read_text("utf-8").split())


CALIBRATION = {line["measure"]: line["value"] for line in measured("calibration")["lines"]}
BUDGET = "90 days, hourly, 24 h window, 20 features, budget 1 per 90d: alarm episodes"
USUAL = "the same at 5 % an evaluation: alarm episodes"
FOUND = "one of 25 features shifted by 0.3 sd, 2,000/500: shown"


def test_the_table_of_the_calibration_is_that_of_its_results() -> None:
    text = (ROOT / "benchmarks" / "README.md").read_text("utf-8").partition("## Calibration")[2]
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert rows == [
        f"| {line['measure']} | {line['target']} | {line['value']:.4g} |"
        for line in measured("calibration")["lines"]
    ]


def test_the_front_page_names_what_was_measured() -> None:
    truth = measured("truth")
    intervals = sum(each["columns"] for each in truth["intervals"])
    assert intervals == sum(each["inside"] for each in truth["intervals"])
    controls = truth["verdicts"]["control: all features"]
    assert not {"WARNING", "CRITICAL"} & set(controls)
    drifts = {what: found for what, found in truth["verdicts"].items() if what.startswith("drift")}
    assert all(set(found) == {"CRITICAL"} for found in drifts.values())
    seconds = {each["name"]: each["seconds"] for each in measured("peers")["peers"]}
    ours = seconds["driftwatch check"]
    soak = measured("soak")
    assert not soak["wrong"]
    assert not any(account["difference"] for account in soak["accounts"].values())
    soaked = sum(account["acknowledged"] for account in soak["accounts"].values())
    killed = soak["accounts"]["web"]["in the memory of killed processes"]
    text = page("README.md")
    for cell in [
        f"17 real data sets, {sum(controls.values())} features: how many alarm? | none",
        f"all {sum(found['CRITICAL'] for found in drifts.values())}",
        f"{intervals:,} intervals: how many hold the statistic of the full rows? | all",
        f"one false alarm: how many? | {CALIBRATION[BUDGET]:.3g} |",
        f"as is usual: how many? | {CALIBRATION[USUAL]:.4g} |",
        f"how often is it found? | {CALIBRATION[FOUND]:.0%}".replace("%", " %"),
        f"{soaked:,} rows and messages: how many are lost, or counted twice? | {killed:,}",
        f"how long does `driftwatch check` take? | {ours:.1f} s",
        (
            f"{seconds['evidently'] / ours:.0f}, {seconds['whylogs'] / ours:.0f}, "
            f"{seconds['pandas_scipy'] / ours:.1f} times as long"
        ),
        f"how much longer? | {measured('service')['request']['added_on_path_us']:.0f} µs",
    ]:
        assert cell in text, cell


def test_the_guide_to_verdicts_names_what_was_measured() -> None:
    text = page("examples", "guides", "verdicts.md")
    boundary = [
        value
        for name, value in CALIBRATION.items()
        if name.startswith("KS, D = .05") and name.endswith("size at 0.05")
    ]
    coverage = [v for name, v in CALIBRATION.items() if name.startswith("coverage of the interval")]
    rhythm = "rhythm of 0.1 sd, 6 h window: alarm episodes"
    lines = measured("calibration")["lines"]
    without = lines[[line["measure"] for line in lines].index(rhythm) + 1]["value"]
    for cell in [
        (
            f"{len(boundary)} settings of KS: called larger, at level 0.05 "
            f"| at most 0.061 | {min(boundary):.3g} to {max(boundary):.2g} |"
        ),
        f"| {CALIBRATION['KS, no drift, n = m = 3,000: OK']:.3f} |",
        f"| {CALIBRATION['KS, D = .07, shift, n = m = 5,000: power']:.3f} |",
        f"| {CALIBRATION[FOUND]:.3f} |",
        f"| {CALIBRATION['the same without a shift: reports with drift']:.3f} |",
        f"| {CALIBRATION[BUDGET]:.3g} |",
        f"| {CALIBRATION[USUAL]:.4g} |",
        f"| at most 0.15 | {CALIBRATION[rhythm]:.3g} |",
        f"| the same without | | {without:.4g} |",
        f"{CALIBRATION['e-detector, D = 0.1, tolerance 0: median delay in panes']:.0f} |",
        (
            f"intervals of {len(coverage)} statistics that hold the value of the full rows "
            f"| at least 0.98 | {min(coverage):.3g} |"
        ),
    ]:
        assert cell in text, cell


def test_the_guide_to_services_has_every_shape_of_a_body() -> None:
    text = page("examples", "guides", "services.md")
    for shape in Shape:
        assert f"`{shape.value}`" in text
