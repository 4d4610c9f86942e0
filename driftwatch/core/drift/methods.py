"""The one table of drift tests: names, aliases, kinds, effect sizes, and the tests themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

from driftwatch.core.data.schema import DISCRETE, EVERY, Kind
from driftwatch.core.drift.cell_tests import (
    ChiSquared,
    Hellinger,
    JensenShannon,
    PopulationStability,
    TotalVariation,
)
from driftwatch.core.drift.numeric_tests import KolmogorovSmirnov, Wasserstein
from driftwatch.core.drift.rank_tests import AndersonDarling, CramerVonMises
from driftwatch.core.drift.tail_tests import Atoms, MeanShift, OutOfRange
from driftwatch.core.reports.report import Levels
from driftwatch.errors import ConfigError, did_you_mean
from driftwatch.protocols import DriftTest

__all__ = ["ALWAYS", "METHODS", "Method", "find_method", "known_thresholds", "with_own_tests"]


@dataclass(frozen=True, slots=True)
class Method:
    """A drift test, as thresholds and reports know it.

    Attributes:
        name: Name in thresholds and reports.
        kinds: Kinds of columns it is for.
        effect: Sizes of drift to warn of, and to call critical, by default.
        aliases: Other spellings, as other tools have them.
        is_share: Whether its effect is a share or a distance below 1.
        p_value: Name of the threshold that sets its significance level; None if it has none.
        test: Looks at the values; None of a test that counts rows without values.
        classic: What the textbook's policy puts in its place; the same test if None.
        on_request: Whether it is only computed where thresholds name it, since it takes as long as
            several of the others.
    """

    name: str
    kinds: frozenset[Kind]
    effect: Levels
    aliases: tuple[str, ...] = ()
    is_share: bool = False
    p_value: str | None = None
    test: DriftTest | None = None
    classic: DriftTest | None = None
    on_request: bool = False

    @classmethod
    def of(
        cls,
        test: DriftTest,
        /,
        *,
        aliases: tuple[str, ...] = (),
        is_share: bool = False,
        p_value: str | None = None,
        classic: DriftTest | None = None,
        on_request: bool = False,
    ) -> Self:
        """Make the row of a test, which knows its name, kinds and effect sizes."""
        kinds = frozenset(test.kinds)
        return cls(
            test.name, kinds, test.effect, aliases, is_share, p_value, test, classic, on_request
        )


METHODS: tuple[Method, ...] = (
    Method.of(
        KolmogorovSmirnov(),
        aliases=("kolmogorov_smirnov",),
        is_share=True,
        p_value="ks_pvalue",
    ),
    Method.of(
        PopulationStability(),
        aliases=("population_stability_index",),
        classic=PopulationStability(smoothing="floor", pool=False),
    ),
    Method.of(Wasserstein(), aliases=("wasserstein_distance", "emd")),
    Method.of(
        ChiSquared(),
        aliases=("chisquare", "chi_squared", "chi_square"),
        p_value="chi2_pvalue",
        classic=ChiSquared(pool=False),
    ),
    Method.of(JensenShannon(), aliases=("jensenshannon",), is_share=True),
    Method.of(Hellinger(), is_share=True),
    Method.of(TotalVariation(), aliases=("total_variation",), is_share=True),
    Method.of(AndersonDarling(), aliases=("anderson",), on_request=True),
    Method.of(
        CramerVonMises(), aliases=("cramervonmises", "cramer_von_mises_2samp"), on_request=True
    ),
    Method.of(MeanShift(), aliases=("mean_difference",)),
    Method.of(OutOfRange(), aliases=("range",), is_share=True),
    Method.of(Atoms(), aliases=("values",)),
    Method(
        "missing",
        EVERY,
        Levels(0.01, 0.05),
        aliases=("missing_rate",),
        is_share=True,
    ),
    Method("rule", EVERY, Levels(0.01, 0.05), aliases=("rules",), is_share=True),
    Method("rows", frozenset(), Levels(0.5, 0.9), aliases=("volume",), is_share=True),
    Method("unseen", DISCRETE, Levels(0.01, 0.05), aliases=("unseen_categories",), is_share=True),
)
"""Every test of the project, in the order of reports. `missing`, `rule`, `unseen` and those of
`ALWAYS` decide for every column of their kinds; the others where thresholds name them, or by
`Policy.gating`."""

ALWAYS = ("out_of_range", "atoms")
"""Tests of values that decide on every column they apply to, beside the ones that are named."""


def with_own_tests(tests: Iterable[DriftTest], /) -> tuple[Method, ...]:
    """The table with a caller's own tests after those of the project.

    Raises:
        ConfigError: If a test lacks what `driftwatch.protocols.DriftTest` asks for, or its name
            is taken.
    """
    methods = METHODS
    for test in tests:
        for needed in ("name", "kinds", "effect", "applies"):
            if not hasattr(test, needed):
                raise ConfigError(
                    f"tests: {type(test).__name__} has no {needed!r}; see "
                    "driftwatch.protocols.DriftTest",
                    code="DW006",
                )
        if not callable(test):
            raise ConfigError(f"tests: {test!r} cannot be called", code="DW006")
        for method in methods:
            if test.name in (method.name, method.p_value, *method.aliases):
                raise ConfigError(
                    f"tests: the name {test.name!r} is taken; choose another", code="DW006"
                )
        methods = (*methods, Method.of(test))
    return methods


def known_thresholds(methods: Iterable[Method], /) -> list[str]:
    """Names that thresholds may have."""
    methods = tuple(methods)
    return [m.name for m in methods] + [m.p_value for m in methods if m.p_value is not None]


def find_method(methods: Iterable[Method], key: object, /, *, also: Collection[str] = ()) -> Method:
    """The test that a threshold names, by any of its names.

    Args:
        methods: The tests.
        key: A name.
        also: Other names that could be meant, for the message.

    Raises:
        ConfigError: If there is none.
    """
    methods = tuple(methods)
    if not isinstance(key, str):
        raise ConfigError(f"thresholds are named by texts such as 'psi'; got {key!r}", code="DW006")
    for method in methods:
        if key in (method.name, method.p_value, *method.aliases):
            return method
    known = [*known_thresholds(methods), *also]
    raise ConfigError(
        f"unknown threshold {key!r}{did_you_mean(key, known)}; known: {', '.join(known)}",
        code="DW006",
    )
