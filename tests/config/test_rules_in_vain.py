"""``config check`` warns of rules that no report of the monitor can make true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from driftwatch.cli.app import run
from driftwatch.config.monitors import MonitorConfig
from driftwatch.config.rules_in_vain import rules_in_vain

MODEL = {"label": ["left"], "prediction": "says"}


def problems(*when: str, **settings: Any) -> list[str]:
    rules = [{"when": each} for each in when]
    given = {"reference": "ref.csv", "alerts": {"rules": rules}, **settings}
    return list(rules_in_vain(MonitorConfig.model_validate(given)))


@pytest.mark.parametrize(
    "when", ["roc_auc < 0.8", "roc_auc.loss > 0.1", "performance >= warning", "error >= warning"]
)
def test_what_a_model_does_is_known_only_with_labels(when: str) -> None:
    assert problems(when) == [
        f"{when!r} can never hold: the monitor has no label, and neither prediction nor score"
    ]
    assert problems(when, prediction="says") == [
        f"{when!r} can never hold: the monitor has no label"
    ]
    assert problems(when, label=["left"]) == [
        f"{when!r} can never hold: the monitor has no prediction, and no score"
    ]
    for known in (MODEL, {"label": ["left"], "score": "p"}, {"reference": "r.dwp"}):
        assert problems(when, **known) == []
    assert problems(when, reference=None) == []


def test_a_prediction_needs_no_label() -> None:
    assert len(problems("prediction >= warning")) == 1
    assert problems("prediction >= warning", prediction="says") == []


@pytest.mark.parametrize(
    "when",
    [
        "status > critical",
        "status < ok",
        "ks > 1",
        "ks >= 1.2",
        "psi < 0",
        "share_drifted > 1",
        "not_used_share > 20",
        "schema_changes < 0",
        "roc_auc > 1",
        "jensen_shannon == 2",
    ],
)
def test_a_bound_that_nothing_reaches_is_found(when: str) -> None:
    assert problems(when, **MODEL) == [
        f"{when!r} can never hold: no value of it reaches that bound"
    ]


def test_rules_that_may_hold_are_not_warned_of() -> None:
    when = ["status >= critical", "status == ok", "ks >= 1", "psi > 7", "share_drifted == 1"]
    when += [
        "schema_changes > 0",
        "r2 < -3",
        "rmse > 1000",
        "mean_shift < -1",
        "not_used_share > 0.2",
    ]
    assert problems(*when, **MODEL) == []


def test_a_test_that_is_not_made_is_found() -> None:
    assert "thresholds name it" in problems("anderson_darling > 3")[0]
    assert problems("anderson_darling > 3", thresholds={"anderson_darling": 3.0}) == []
    assert problems("anderson_darling > 3", thresholds={"age": {"anderson": 3.0}}) == []


def test_config_check_warns_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ref.csv").write_text("age\n1\n")
    Path("driftwatch.toml").write_text(
        '[monitors.churn]\nreference = "ref.csv"\n'
        '[[monitors.churn.alerts.rules]]\nwhen = "roc_auc < 0.8"\n'
    )
    assert run(["config", "check"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("churn: ")
    assert "warning: monitors.churn.alerts.rules: 'roc_auc < 0.8' can never hold" in err
