from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from driftwatch.errors import ConfigError
from driftwatch.simulation import mean_shift, noise_injection, unit_change, variance_increase

Floats = NDArray[np.float64]
Injector = Callable[..., Any]

INJECTORS: list[Injector] = [mean_shift, variance_increase, noise_injection, unit_change]
SPREADERS = [mean_shift, variance_increase, noise_injection]

columns_of_floats = hnp.arrays(
    np.float64,
    st.integers(1, 60),
    elements=st.one_of(st.floats(-1e6, 1e6, width=32), st.just(np.nan)),
)
intensities = st.floats(-3.0, 3.0)


def normals(rows: int = 5000, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(50.0, 8.0, rows)


@given(columns_of_floats, intensities)
def test_mean_shift_adds_intensity_times_numpys_standard_deviation(x: Floats, a: float) -> None:
    present = x[~np.isnan(x)]
    sd = present.std() if np.unique(present).size > 1 else 0.0
    np.testing.assert_allclose(mean_shift(x, a), x + a * sd, rtol=1e-12, atol=1e-9)


@given(columns_of_floats, st.floats(-0.9, 3.0))
def test_variance_increase_scales_the_deviations_and_keeps_the_mean(x: Floats, a: float) -> None:
    wider = variance_increase(x, a)
    np.testing.assert_array_equal(np.isnan(wider), np.isnan(x))
    present, after = x[~np.isnan(x)], wider[~np.isnan(x)]
    if present.size:
        scale = float(np.abs(present).max())
        np.testing.assert_allclose(after.mean(), present.mean(), atol=1e-10 * (1 + scale))
        np.testing.assert_allclose(
            after.std(), (1 + a) * present.std(), rtol=1e-9, atol=1e-10 * (1 + scale)
        )


@given(columns_of_floats, st.integers(0, 2**32))
@pytest.mark.parametrize("inject", SPREADERS)
def test_intensity_zero_returns_equal_values(inject: Injector, x: Floats, seed: int) -> None:
    same = inject(x, 0, seed=seed)
    np.testing.assert_array_equal(same, x)
    assert not np.shares_memory(same, x)


@given(
    hnp.arrays(np.float64, st.integers(0, 30), elements=st.floats()),
    st.floats(-2.0, 2.0).filter(lambda a: a > -1.0),
)
@pytest.mark.parametrize("inject", INJECTORS)
def test_any_float_at_all_is_taken_and_missing_stays_missing(
    inject: Injector, x: Floats, a: float
) -> None:
    changed = inject(x, abs(a) + 0.1 if inject in (noise_injection, unit_change) else a)
    assert changed.dtype == x.dtype
    np.testing.assert_array_equal(np.isnan(changed), np.isnan(x))


def test_an_infinity_survives_noise_that_overflows() -> None:
    huge = np.array([1.6e308, -1.6e308, *[np.inf] * 20])
    assert np.isinf(noise_injection(huge, 3.0)[2:]).all()


def test_the_mean_moves_by_exactly_the_intensity_in_standard_deviations() -> None:
    x = normals()
    shifted = mean_shift(x)
    assert shifted.mean() - x.mean() == pytest.approx(0.3 * x.std(), rel=1e-12)
    assert shifted.std() == pytest.approx(x.std(), rel=1e-12)


def test_a_negative_intensity_moves_the_mean_down() -> None:
    x = normals()
    assert mean_shift(x, -1.0).mean() - x.mean() == pytest.approx(-x.std(), rel=1e-12)


def test_the_standard_deviation_grows_by_exactly_one_plus_the_intensity() -> None:
    x = normals()
    assert variance_increase(x).std() == pytest.approx(1.3 * x.std(), rel=1e-12)
    assert variance_increase(x, -0.5).std() == pytest.approx(0.5 * x.std(), rel=1e-12)


def test_noise_is_gaussian_draws_of_the_seed_times_intensity_and_spread() -> None:
    x = normals()
    draws = np.random.default_rng(5).standard_normal(x.size)
    np.testing.assert_allclose(noise_injection(x, 0.7, seed=5), x + 0.7 * x.std() * draws)


def test_each_column_of_a_matrix_moves_by_its_own_spread() -> None:
    x = np.column_stack([normals(seed=1), 100 * normals(seed=2)])
    np.testing.assert_allclose(mean_shift(x, 0.5), x + 0.5 * x.std(axis=0))


def test_infinite_values_stay_and_do_not_count_in_the_spread() -> None:
    x = np.array([1.0, 3.0, np.inf, -np.inf])
    np.testing.assert_array_equal(mean_shift(x, 1.0), [2.0, 4.0, np.inf, -np.inf])
    np.testing.assert_array_equal(variance_increase(x, 1.0), [0.0, 4.0, np.inf, -np.inf])


@pytest.mark.parametrize("inject", SPREADERS)
@pytest.mark.parametrize("value", [0.1, -7.3, 1e300])
def test_constant_columns_do_not_move(inject: Injector, value: float) -> None:
    x = np.full(1001, value)
    np.testing.assert_array_equal(inject(x, 2.0), x)


@pytest.mark.parametrize("inject", SPREADERS)
def test_a_single_row_does_not_move(inject: Injector) -> None:
    np.testing.assert_array_equal(inject(np.array([4.2]), 1.0), [4.2])


@pytest.mark.parametrize("inject", INJECTORS)
def test_columns_without_rows_or_values_are_returned_as_they_are(inject: Injector) -> None:
    assert inject(np.array([])).shape == (0,)
    assert inject(np.empty((0, 3))).shape == (0, 3)
    assert np.isnan(inject(np.full(3, np.nan))).all()
    assert inject([None, None]) == [None, None]
    assert inject(pl.DataFrame({"x": []}, schema={"x": pl.Float32})).schema == {"x": pl.Float32}
    assert inject(pl.Series("x", [None, None])).to_list() == [None, None]


@pytest.mark.parametrize("inject", [noise_injection, unit_change])
def test_the_seed_decides(inject: Injector) -> None:
    x, options = normals(), {"share": 0.5} if inject is unit_change else {}
    first = inject(x, 0.5, **options, seed=3)
    np.testing.assert_array_equal(first, inject(x, 0.5, **options, seed=3))
    assert (first != inject(x, 0.5, **options, seed=4)).any()
    assert (first != inject(x, 0.5, **options, seed=None)).any()
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(first, inject(x, 0.5, **options, seed=rng))
    assert (first != inject(x, 0.5, **options, seed=rng)).any()


@pytest.mark.parametrize("inject", INJECTORS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_floating_arrays_keep_their_type(inject: Injector, dtype: type) -> None:
    assert inject(np.array([1.0, 2.0, 4.0], dtype=dtype), 0.5).dtype == dtype


@pytest.mark.parametrize("inject", SPREADERS)
@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.uint64])
def test_integers_become_float64(inject: Injector, dtype: type) -> None:
    assert inject(np.arange(9, dtype=dtype), 0.5).dtype == np.float64


def test_a_float32_value_too_large_becomes_infinite_without_a_warning() -> None:
    x = np.array([-3e38, 3e38], dtype=np.float32)
    assert np.isinf(variance_increase(x, 1.0)).all()
    assert np.isinf(unit_change(x)).all()
    assert np.isinf(variance_increase(pl.Series(x), 1.0).to_numpy()).all()


@given(
    hnp.arrays(np.int16, st.integers(2, 80), elements=st.integers(-500, 500)),
    st.floats(-2.0, 2.0),
    st.integers(0, 99),
)
def test_keeping_integers_rounds_to_one_of_the_two_neighbours(
    x: NDArray[np.int16], a: float, seed: int
) -> None:
    exact = mean_shift(x, a)
    whole = mean_shift(x, a, keep_integers=True, seed=seed)
    assert whole.dtype == np.int16
    assert (np.abs(whole - exact) < 1.0 + 1e-9).all()


def test_keeping_integers_keeps_the_mean_right_on_average() -> None:
    x = np.random.default_rng(0).poisson(3.0, 200_000)
    moved = mean_shift(x, 0.3, keep_integers=True).mean() - x.mean()
    assert moved == pytest.approx(0.3 * x.std(), abs=5 * 0.5 / np.sqrt(x.size))


def test_keeping_integers_clips_to_the_range_of_the_type() -> None:
    x = np.array([0, 255], dtype=np.uint8)
    np.testing.assert_array_equal(mean_shift(x, 9.0, keep_integers=True), [255, 255])
    wide = np.array([-(2**63), 2**63 - 1])
    grown = variance_increase(wide, 3.0, keep_integers=True)
    assert grown[0] == -(2**63)
    assert grown[1] > 2**63 - 2000


@pytest.mark.parametrize("inject", SPREADERS)
def test_keeping_integers_keeps_the_types_of_frames(inject: Injector) -> None:
    nullable = pd.DataFrame({"n": pd.array([1, None, 5], dtype="Int16")})
    assert inject(nullable, keep_integers=True)["n"].dtype == "Int16"
    assert inject(nullable, keep_integers=True)["n"].isna().tolist() == [False, True, False]
    small = pl.DataFrame({"n": [1, None, 5]}, schema={"n": pl.UInt8})
    assert inject(small, keep_integers=True).schema == {"n": pl.UInt8}
    assert inject([1, None, 5], keep_integers=True)[1] is None
    assert all(isinstance(v, int) for v in inject([1, 2, 5], keep_integers=True))


@pytest.mark.parametrize("inject", SPREADERS)
def test_integers_of_frames_become_float64_of_the_same_family(inject: Injector) -> None:
    assert inject(pd.Series([1, 2], dtype="int32")).dtype == np.float64
    assert inject(pd.Series([1, None], dtype="Int32")).dtype == "Float64"
    assert inject(pd.Series([1, None], dtype="int32[pyarrow]")).dtype == "double[pyarrow]"
    assert inject(pl.Series([1, None], dtype=pl.Int8)).dtype == pl.Float64
    assert inject(pa.chunked_array([[1, None]])).type == pa.float64()


@pytest.mark.parametrize("inject", INJECTORS)
def test_floating_frames_keep_their_type(inject: Injector) -> None:
    assert inject(pd.Series([1.0, 2.0], dtype="float32")).dtype == np.float32
    assert inject(pd.Series([1.0, None], dtype="Float32")).dtype == "Float32"
    assert inject(pl.Series([1.0, None], dtype=pl.Float32)).dtype == pl.Float32
    single = pa.chunked_array([pa.array([1.0, None, 2.0], pa.float32())])
    assert inject(single).type == pa.float32()


@pytest.mark.parametrize("inject", INJECTORS)
def test_decimals_are_numbers_and_become_float64(
    inject: Injector, values_of: Callable[[Any], list[Any]]
) -> None:
    values = [Decimal("1.50"), None, Decimal("2.50")]
    expected = values_of(inject(np.array([1.5, np.nan, 2.5])))
    assert inject(pl.Series(values)).dtype == pl.Float64
    assert inject(pa.chunked_array([values])).type == pa.float64()
    for data in (values, pl.Series(values), pa.chunked_array([values]), pd.Series(values)):
        assert values_of(inject(data)) == pytest.approx(expected)


def test_polars_nulls_and_nans_each_stay_what_they_are() -> None:
    shifted = mean_shift(pl.Series([1.0, None, float("nan"), 3.0]), 1.0)
    assert shifted.is_null().to_list() == [False, True, False, False]
    assert np.isnan(shifted[2])
    assert (shifted[0], shifted[3]) == (2.0, 4.0)


def test_objects_stay_objects_and_none_stays_none() -> None:
    shifted = mean_shift(np.array([1, None, 3], dtype=object), 1.0)
    assert shifted.dtype == object
    assert shifted.tolist() == [2.0, None, 4.0]


@given(columns_of_floats, st.floats(0.0, 1.0), st.integers(0, 99))
def test_unit_change_multiplies_exactly_the_share_of_the_rows(
    x: Floats, share: float, seed: int
) -> None:
    x = np.where(np.isnan(x) | (x == 0.0), 1.0, x)
    changed = unit_change(x, 1000.0, share=share, seed=seed)
    moved = changed != x
    assert moved.sum() == round(share * x.size)
    np.testing.assert_array_equal(changed[moved], 1000.0 * x[moved])


def test_unit_change_takes_the_same_rows_in_every_column() -> None:
    x = 1.0 + np.random.default_rng(0).random((100, 3))
    moved = unit_change(x, share=0.3) != x
    assert (moved.sum(axis=1) % 3 == 0).all()
    assert moved.sum() == 90


def test_unit_change_keeps_integers_where_the_result_is_whole() -> None:
    small = np.array([1, 120], dtype=np.int8)
    changed = unit_change(small)
    assert changed.tolist() == [1000, 120_000]
    assert changed.dtype.name == "int64"
    assert unit_change(small, 0.5).dtype == np.float64
    assert unit_change(np.array([2**60]), 1000).dtype == np.float64
    assert unit_change(pl.Series([1, None]), -2).to_list() == [-2, None]
    assert unit_change([1, 2.0]) == [1000.0, 2000.0]


def test_factor_one_and_share_zero_change_nothing() -> None:
    x = np.arange(5)
    for same in (unit_change(x, 1.0), unit_change(x, share=0)):
        assert same.dtype == x.dtype
        np.testing.assert_array_equal(same, x)


@pytest.mark.parametrize("inject", SPREADERS)
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "0.3", None, True, 10**400, [0.3]])
def test_an_intensity_that_is_no_finite_number_is_refused(inject: Injector, bad: Any) -> None:
    with pytest.raises(ConfigError, match="intensity must be a finite number, got"):
        inject(normals(), bad)


def test_intensities_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 0"):
        noise_injection(normals(), -0.1)
    with pytest.raises(ConfigError, match="above -1"):
        variance_increase(normals(), -1.0)
    with pytest.raises(ConfigError, match="factor must not be 0"):
        unit_change(normals(), 0.0)
    with pytest.raises(ConfigError, match="factor must be a finite number"):
        unit_change(normals(), float("nan"))
    with pytest.raises(ConfigError, match=r"share is a share .* got 1\.5"):
        unit_change(normals(), share=1.5)


@pytest.mark.parametrize("inject", INJECTORS)
@pytest.mark.parametrize(
    "data",
    [
        np.array([True, False]),
        np.array(["1", "2"]),
        np.array([1 + 2j]),
        [1, "a"],
        [True, None],
        pd.DataFrame({"a": ["x"], "b": [True], "when": pd.to_datetime(["2024-01-01"])}),
        pl.DataFrame({"a": [[1]]}),
        pd.DataFrame(index=[1, 2]),
        {},
    ],
)
def test_data_without_a_numeric_column_is_refused(inject: Injector, data: Any) -> None:
    with pytest.raises(ConfigError, match="needs numeric columns, but"):
        inject(data)


@pytest.mark.parametrize("inject", INJECTORS)
def test_naming_a_column_of_text_is_refused(inject: Injector) -> None:
    with pytest.raises(ConfigError, match="'b' is categorical"):
        inject(pl.DataFrame({"a": [1.0], "b": ["x"]}), columns=["a", "b"])
