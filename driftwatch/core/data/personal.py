"""Whether a column looks like personal data, by its name or its values."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from driftwatch.core.data.name_words import name_words, share_matching

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PERSONAL", "is_personal"]

PERSONAL = "looks like personal data"
"""The note of a column that is hashed for what it holds."""

_PERSONAL_WORDS = {
    "email", "mail", "phone", "mobile", "ssn", "passport", "iban", "surname", "lastname",
    "firstname", "fullname", "birthday", "ip",
}  # fmt: skip
_PERSONAL_VALUES = re.compile(
    r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}"  # e-mail address
    r"|\d{3}-\d{2}-\d{4}"  # US social security number
    r"|\d{1,3}(\.\d{1,3}){3}"  # IPv4 address
    r"|[A-Z]{2}\d{2}[A-Z0-9]{11,30}"  # IBAN
    r"|(\d{4}[ -]){3}\d{1,7}"  # payment card
)
_TELEPHONE = re.compile(r"\+?\d{1,3}[ .-]?\(?\d{2,4}\)?([ .-]?\d{2,4}){2,4}")
_DATE = re.compile(r"(\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})([ T].*)?")
"""What has as many digits as a telephone number, and is none."""
_SAMPLE = 200
_PERSONAL_SHARE = 0.05
"""A column where one value in twenty names a person is hashed as a whole."""
_TELEPHONE_SHARE = 0.5
"""Long numbers look like telephone numbers, so here most values must."""


def is_personal(name: str, texts: pa.Array, /) -> bool:
    """Whether the values of a column are to be hashed, since they seem to name persons.

    Args:
        name: Of the column.
        texts: Different values, as ``large_string``.

    Example:
        >>> import pyarrow as pa
        >>> is_personal("contact", pa.array(["ann@example.com", "bob@example.com"]))
        True
    """
    sample = texts.slice(0, _SAMPLE).to_pylist()
    personal = share_matching(_PERSONAL_VALUES, sample) >= _PERSONAL_SHARE
    others = [text for text in sample if not _DATE.fullmatch(text.strip())]
    telephones = share_matching(_TELEPHONE, others) * len(others) >= _TELEPHONE_SHARE * len(sample)
    words = name_words(name)
    joined = {first + second for first, second in pairwise(words)}  # first_name, e-mail
    named = _PERSONAL_WORDS & {*words, *joined}
    return bool(named) or personal or telephones
