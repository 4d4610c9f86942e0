"""Texts that stand for no value: the same in every container, and the list can be changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftwatch import Kind, Monitor, Profile
from driftwatch.cli.app import run
from driftwatch.config.monitors import MonitorConfig
from driftwatch.core.data.batch import batches_of
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.missing_words import MISSING_WORDS, PLACEHOLDERS
from driftwatch.errors import ConfigError, MergeError, UnknownColumnError
from driftwatch.profiling.build import profile_data, profile_like

RNG = np.random.default_rng(2)
PLANS = RNG.choice(["free", "pro", "team"], 300).tolist()
AGES = [str(age) for age in RNG.integers(18, 80, 300)]
WAYS: dict[str, Any] = {
    "list": lambda values: {"v": values},
    "pandas": lambda values: pd.DataFrame({"v": values}),
    "pandas category": lambda values: pd.DataFrame({"v": pd.Categorical(values)}),
    "polars": lambda values: pl.DataFrame({"v": values}),
    "arrow": lambda values: pa.table({"v": pa.array(values, pa.string_view())}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("word", [*MISSING_WORDS, *PLACEHOLDERS])
def test_every_word_in_every_container(way: str, word: str, tmp_path: Path) -> None:
    values = [*PLANS, *[word, f" {word} "] * 10]
    path = tmp_path / "v.csv"
    path.write_text("v,w\n" + "".join(f'"{value}",1\n' for value in values))
    frame, file = profile_data(WAYS[way](values))["v"], profile_data(path)["v"]
    assert frame.content_hash() == file.content_hash()
    is_value = word in PLACEHOLDERS  # a category that the model was trained with
    assert frame.missing.to_tuple() == ((0 if is_value else 20), 0, 0, 0, 0)


@pytest.mark.parametrize("word", [*MISSING_WORDS, *PLACEHOLDERS])
def test_every_word_among_numbers_and_times(word: str, tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    rows = (f'{age},2026-01-{1 + n % 28:02},"{word}"\n' for n, age in enumerate(AGES))
    odd = f'"{word}","{word}",true\n' * 200  # many, and still no value that speaks for a kind
    path.write_text("age,day,flag\n" + odd + "".join(rows))
    found = profile_data(path)
    kinds = {"age": Kind.NUMERIC, "day": Kind.DATETIME, "flag": Kind.BOOLEAN}
    assert {name: column.column.kind for name, column in found.columns.items()} == kinds
    assert {c.missing.to_tuple() for c in found.columns.values()} == {
        (200, 0, 0, 0, 0),
        (300, 0, 0, 0, 0),
    }


def missing_in(profile: Profile, name: str = "v") -> int:
    return profile[name].missing.null


def test_the_list_can_be_changed_and_goes_with_the_profile() -> None:
    values = [*PLANS, "NA", "NA", "?", "none given"]
    data = {"v": values, "w": values}
    said = DeclaredColumns.of(missing_words={"v": ["none given", "?"]})
    profile = Profile.from_bytes(profile_data(data, said, reference=True).to_bytes())
    assert (missing_in(profile), missing_in(profile, "w")) == (2, 2)
    assert profile.schema["v"].missing_words == ("none given", "?")
    monitor = Monitor(profile)
    current = profile_like(monitor.reference, data)
    assert (missing_in(current), missing_in(current, "w")) == (2, 2)
    frequencies = current["v"].categories
    assert frequencies is not None
    assert frequencies.frequencies is not None
    assert frequencies.frequencies.counts["NA"] == 2


def test_no_word_at_all() -> None:
    monitor = Monitor({"v": [*PLANS, "", "NA"]}, missing_words=[])
    assert missing_in(monitor.reference.profile) == 0
    assert missing_in(profile_like(monitor.reference, {"v": ["", None, "NA"]})) == 1


def test_a_stream_reads_the_words_of_its_reference() -> None:
    with Monitor({"v": PLANS}, missing_words=["unknown"], window="1h", slide="1h") as monitor:
        for value in ["unknown", " unknown", "pro", None, "NA"]:
            monitor.observe({"v": value})
        monitor.flush()
        (feature,) = monitor.check().features
        assert feature.missing_current == pytest.approx(3 / 5)


def test_a_label_that_has_not_come_is_no_label() -> None:
    truth = RNG.choice(["yes", "no"], 400).tolist()
    said = truth[:300] + RNG.choice(["yes", "no"], 100).tolist()
    monitor = Monitor(
        {"y": truth, "says": said}, label="y", prediction="says", missing_words=["pending", ""]
    )
    report = monitor.check({"y": ["pending"] * 200 + truth[200:], "says": said})
    assert report.performance is not None
    assert report.performance.labelled == (400, 200)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("NA", r'missing_words must be a list of texts, such as \["", "NA"\]; got \'NA\''),
        ([1], "missing_words: a word is a text; got 1"),
        ({"v": "NA"}, "missing_words of 'v' must be a list of texts"),
        (5, "missing_words must be a list of texts"),
    ],
)
def test_what_are_no_words(words: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Monitor({"v": PLANS}, missing_words=words)


def test_words_of_a_column_that_is_not_there() -> None:
    with pytest.raises(UnknownColumnError, match="plan"):
        Monitor({"v": PLANS}, missing_words={"plan": []})


def test_a_profile_was_made_with_its_words() -> None:
    profile = profile_data({"v": PLANS}, reference=True)
    with pytest.raises(ConfigError, match="missing_words: column 'v' was profiled with other"):
        Monitor(profile, missing_words=["x"])


def test_words_in_a_configuration(tmp_path: Path) -> None:
    pq_path = tmp_path / "ref.csv"
    pq_path.write_text("v\n" + "\n".join([*PLANS, "none", "NA"]) + "\n")
    settings = {"reference": "ref.csv", "missing_words": {"v": ["none"]}}
    with MonitorConfig.model_validate(settings).monitor("m", folder=tmp_path) as monitor:
        assert monitor.reference.schema["v"].missing_words == ("none",)
        assert missing_in(monitor.reference.profile) == 1


def test_words_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "v.csv", tmp_path / "v.dwp"
    path.write_text("v,w\n" + "".join(f"{plan},1\n" for plan in [*PLANS, "NA", "none", "?"]))
    how = ["--null", "none", "--not-null", "NA", "-q"]
    assert run(["profile", str(path), "-o", str(out), *how]) == 0
    profile = Profile.from_bytes(out.read_bytes())
    assert missing_in(profile) == 1
    assert run(["check", "--ref", str(out), "--prod", str(path), "--null", "none"]) in (0, 1, 3)
    assert run(["profile", str(path), "-o", str(out), "--not-null", "pro"]) == 2
    assert "--not-null 'pro' stands for a value as it is" in capsys.readouterr().err


def test_words_in_records_of_a_batch() -> None:
    reference = Monitor({"v": PLANS}).reference
    profile = reference.new_profile()
    for batch in batches_of([{"v": "null"}, {"v": "-"}, {"v": "pro"}]):
        profile.update(batch)
    assert missing_in(profile) == 1


def test_parts_read_with_other_words_do_not_go_together() -> None:
    one = profile_data({"v": PLANS})
    other = profile_data({"v": PLANS}, DeclaredColumns.of(missing_words=["unknown"]))
    for first, second in ((one, other), (other, one)):
        with pytest.raises(MergeError, match=r"'v' is .*: other texts stand for no value"):
            first.merge(second)


def test_words_that_are_values_make_no_column_numeric(tmp_path: Path) -> None:
    """Nothing of it is missing then, and nothing a number."""
    path = tmp_path / "v.csv"
    path.write_text("v,w\n" + "NA,1\nNone,1\nnull,1\n" * 100)
    column = Monitor(path, missing_words=[]).reference.schema["v"]
    assert column.kind is Kind.CATEGORICAL
