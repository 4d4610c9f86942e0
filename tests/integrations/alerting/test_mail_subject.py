"""The subject of a mail arrives as it was written, whatever is in it."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from email.header import decode_header, make_header
from email.headerregistry import Address

from hypothesis import example, given, settings
from hypothesis import strategies as st

from driftwatch.integrations.alerting.email import mail_of
from driftwatch.render.plain import plain
from tests.integrations.alerting.test_back_ends import MESSAGE

WORDS = ["age", "income", "Übergröße", "‘b’ 14 % → 57 %", "=?utf-8?q?x?=", "customer_segment", "…"]


@settings(max_examples=40)
@given(
    st.one_of(st.text(max_size=250), st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))
)
@example("employment_type (‘free plan’ 3 % → 9 %) and 3 more features drifted")
@example("=?utf-8?q?forged?=")
def test_the_subject_of_a_mail_arrives_as_it_was_written(title: str) -> None:
    """By both of Python's decoders: the one for whole mails, and that of RFC 2047 alone."""
    message = replace(MESSAGE, monitor="acs-employment", title=title)
    here = Address("d", "d", "example.com")
    written = mail_of(message, here, [here])
    expected = plain(f"◆ CRITICAL acs-employment: {title}", 200)
    assert written["Subject"] == expected
    raw = written.as_bytes(policy=written.policy.clone(linesep="\r\n"))
    assert email.message_from_bytes(raw, policy=email.policy.default)["Subject"] == expected
    folded = email.message_from_bytes(raw)["Subject"]
    assert str(make_header(decode_header(folded))) == expected
    assert max(map(len, raw.partition(b"\r\nFrom:")[0].split(b"\r\n"))) <= 78
