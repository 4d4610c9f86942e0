"""Evidently's side: a workspace of one project, a report a day, and its dashboard.

    python evidently_workspace.py rows.parquet reference.parquet WORKSPACE NOW

Runs in evidently's own environment, without this package. Panels are those of "Add dashboard
panels" in its documentation: counters of the newest report, the share of drifted columns and the
quality of the model over time; and, as that page shows for several values in one panel, the drift
of every column as a line of its name. That one stands second, where it is seen without scrolling.
Tests are on, with the thresholds that come with them.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Report
from evidently.presets import ClassificationPreset, DataDriftPreset
from evidently.sdk.models import PanelMetric
from evidently.sdk.panels import counter_panel, line_plot_panel
from evidently.ui.workspace import Workspace

NUMBERS = ["age", "income", "debt_ratio", "score"]
CATEGORIES = ["country", "channel", "returning", "approved", "paid"]
DAY = 86_400.0


def dataset(frame: pd.DataFrame) -> Any:
    definition = DataDefinition(
        numerical_columns=NUMBERS,
        categorical_columns=CATEGORIES,
        classification=[
            BinaryClassification(
                target="paid",
                prediction_labels="approved",
                prediction_probas="score",
                pos_label="yes",
            )
        ],
    )
    return Dataset.from_pandas(frame.astype({"returning": "str"}), data_definition=definition)


def panels(project: Any) -> None:
    share = PanelMetric(
        legend="share", metric="DriftedColumnsCount", metric_labels={"value_type": "share"}
    )
    accuracy = PanelMetric(legend="accuracy", metric="Accuracy")
    columns = [
        PanelMetric(legend=name, metric="ValueDrift", metric_labels={"column": name})
        for name in (*NUMBERS, *CATEGORIES)
    ]
    add = project.dashboard.add_panel
    add(counter_panel(title="Share of drifted columns", values=[share], size="half"))
    add(counter_panel(title="Accuracy", values=[accuracy], size="half"))
    add(line_plot_panel(title="Drift of each column", values=columns, size="full"))
    add(line_plot_panel(title="Share of drifted columns over time", values=[share], size="half"))
    add(line_plot_panel(title="Accuracy over time", values=[accuracy], size="half"))


def main(rows: Path, reference: Path, folder: str, now: float) -> None:
    workspace = Workspace.create(folder)
    project = workspace.create_project("credit")
    panels(project)
    project.save()
    known = dataset(pd.read_parquet(reference).drop(columns=["at"]))
    frame = pd.read_parquet(rows)
    report = Report([DataDriftPreset(), ClassificationPreset()], include_tests=True)
    for back in reversed(range(round((now - frame["at"].min()) / DAY))):
        end = now - back * DAY
        of_day = frame[(frame["at"] > end - DAY) & (frame["at"] <= end)].drop(columns=["at"])
        moment = pd.Timestamp(end, unit="s").to_pydatetime()
        workspace.add_run(project.id, report.run(dataset(of_day), known, timestamp=moment))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
