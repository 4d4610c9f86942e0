"""Errors have codes that survive copying, pickling and being wrapped."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import (
    ConfigError,
    DataError,
    DriftWatchError,
    EmptySketchError,
    HashKeyError,
    MergeError,
    MissingDependencyError,
    NotReadableError,
    ProfileFormatError,
    SchemaError,
    StoreError,
    UnknownColumnError,
    code_of,
)
from driftwatch.integrations.alerting.not_sent import NotSentError

ERRORS = [
    DriftWatchError("message"),
    ConfigError("message", code="DW041"),
    ConfigError(),
    DataError("message", 7),
    UnknownColumnError("age", ["ages", "plan"], "the data"),
    SchemaError("message"),
    ProfileFormatError("message"),
    NotReadableError("message", "of_a_newer_format"),
    NotReadableError.newer("message"),
    HashKeyError("message"),
    MergeError("message"),
    EmptySketchError("Moments", "mean"),
    StoreError("message"),
    StoreError(13, "Permission denied", "a.db"),
    MissingDependencyError("message"),
    NotSentError("message", retry_after=3.0),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_copies_are_what_was_copied(error: DriftWatchError) -> None:
    for copied in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 - our own
        assert type(copied) is type(error)
        assert str(copied) == str(error)
        assert copied.args == error.args
        assert vars(copied) == vars(error)
        assert copied.code == error.code


def test_a_copy_that_is_made_while_another_is_handled_keeps_its_own_code() -> None:
    stored = pickle.dumps(ConfigError("a and b"))
    try:
        raise StoreError("a", code="DW037")
    except StoreError:
        copied = pickle.loads(stored)  # noqa: S301 - our own
    assert copied.code == ConfigError.code


def fail() -> None:
    raise UnknownColumnError("incme", ["income"], "the data")


def test_an_error_of_another_process_arrives() -> None:
    """One that cannot be pickled would break the pool, and its text be lost."""
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(UnknownColumnError, match="did you mean 'income'") as caught,
    ):
        pool.submit(fail).result()
    assert caught.value.code == "DW020"


@given(
    before=st.text(max_size=10),
    text=st.text(min_size=1, max_size=20),
    after=st.text(max_size=10),
    code=st.integers(0, 120).map("DW{:03}".format),
)
def test_whoever_quotes_an_error_has_its_code(
    before: str, text: str, after: str, code: str
) -> None:
    def wrap() -> None:
        try:
            raise DataError(text, code=code)
        except DataError as error:
            raise ConfigError(f"{before}{error}{after}") from error

    with pytest.raises(ConfigError) as wrapped:
        wrap()
    assert wrapped.value.code == code
    assert str(wrapped.value) == f"{before}{text}{after}"


def test_whoever_quotes_no_error_has_a_code_of_its_own() -> None:
    made = []
    try:
        raise StoreError("the disk is full", code="DW037")
    except StoreError as error:
        made += [DataError("something else"), DataError(f"a: {error}", code="DW011")]
    assert [error.code for error in made] == ["DW010", "DW011"]
    assert DataError("the disk is full").code == "DW010"


def test_tracebacks_say_where_to_read_more_and_the_text_does_not() -> None:
    error = StoreError("a.db is locked", code="DW031")
    assert str(error) == "a.db is locked"
    assert "DW031: `driftwatch explain DW031` says more" in "".join(
        traceback.format_exception(error)
    )


def test_errors_of_others_have_codes_for_the_command() -> None:
    assert code_of(StoreError("a", code="DW037")) == "DW037"
    assert code_of(PermissionError(13, "no")) == "DW013"
    assert code_of(ZeroDivisionError()) == "DW000"


def test_explanations_are_there_without_docstrings() -> None:
    done = subprocess.run(
        [sys.executable, "-OO", "-m", "driftwatch", "explain", "DW031"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("DW031  The store is away")
    assert "What to do" in done.stdout
