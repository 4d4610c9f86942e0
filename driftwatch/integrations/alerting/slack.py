"""Messages to Slack, by an incoming webhook."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import orjson

from driftwatch.alerts.message import Line, Message
from driftwatch.alerts.wording import moment
from driftwatch.integrations.alerting.arguments import checked_flag, checked_name
from driftwatch.integrations.alerting.not_sent import refuse
from driftwatch.transport.client import HttpClient
from driftwatch.transport.urls import checked_url

__all__ = ["SlackAlert", "slack_payload"]

_SECONDS = 10.0
_MOST_LINES = 4
_HEADER, _SECTION, _FIELD, _TEXT, _URL = 150, 2_900, 1_900, 900, 3_000
_COLORS = {
    "CRITICAL": "#b3261e",
    "WARNING": "#b87500",
    "NO DATA": "#8b95a1",
    "RESOLVED": "#579b74",
    "TEST": "#5f90c9",
}
_NEWS = {"worse": "got worse: ", "still_on": "still on: ", "reminder": "still on: "}
_JOINER = "\u2060"
"""The word joiner, which nobody sees, and which no link, emoji or mention has in it."""
_PLAIN = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "*": "\u2217",  # asterisk operator
        "~": "\u223c",  # tilde operator
        "`": "\u02cb",  # modifier letter grave accent
        "@": f"@{_JOINER}",
        "#": f"#{_JOINER}",
    }
)
_AT_THE_END_OF_A_WORD = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BEGINS_A_LINK_OR_EMOJI = re.compile(r":(?=\S)|(?<=\S)\.(?=[^\W\d_])")


class SlackAlert:
    """Tells incidents to a Slack channel. Implements `driftwatch.protocols.Notifier`.

    Text from data formats nothing. It stands in ``plain_text`` blocks, where Slack knows neither
    mentions nor markup. The line of a notification has no such form: markup is switched off for
    it, characters that would format something are replaced by ones that look alike, and links,
    mentions and emoji are broken by a character that is not seen.

    Args:
        webhook_url: Of an incoming webhook: a secret, which is shown nowhere.
        name: What the store, logs and `driftwatch doctor` call it.
        allow_private: Also permit ``http`` and hosts that are not public, such as a proxy or a
            server of one's own.

    Raises:
        ConfigError: If the address is none, or another argument cannot be used.
    """

    def __init__(
        self, webhook_url: str, *, name: str = "slack", allow_private: bool = False
    ) -> None:
        self.name = checked_name(name)
        private = checked_flag(allow_private, "allow_private")
        self._url = checked_url(webhook_url, "webhook_url", https_only=not private)
        self._http = HttpClient(timeout=_SECONDS, only_public=not private)

    def __repr__(self) -> str:
        return f"SlackAlert('{urlsplit(self._url).scheme}://{urlsplit(self._url).hostname}/...')"

    def send(self, message: Message, /) -> None:
        """Post a message.

        Raises:
            NotSentError: If Slack does not take it now.
        """
        body = orjson.dumps(slack_payload(message))
        headers = {"Content-Type": "application/json; charset=utf-8"}
        refuse("Slack", self._http.send(self._url, body, headers=headers))


def slack_payload(message: Message, /) -> dict[str, Any]:
    """A message as Block Kit.

    Slack shows ``text`` as the first line of the message, above the blocks, and alone in a
    notification. So it says everything that matters, and the blocks do not say it again.

    Args:
        message: The message.
    """
    first = _first_line(message)
    head = f"{message.sign} {message.monitor}"
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(head, _HEADER)}]
    if len(first) > _TEXT:
        blocks.append({"type": "section", "text": _plain(message.text, _SECTION)})
    if message.more or not all(_is_said(line, first) for line in message.lines):
        shown = message.lines[:_MOST_LINES]
        more = message.more + len(message.lines) - len(shown)
        fields = [_plain(f"{line.sign} {line.text}", _FIELD) for line in shown]
        fields += [_plain(f"and {more} more", _FIELD)] if more else []
        blocks.append({"type": "section", "fields": fields})
    if links := _links(message):
        blocks.append({"type": "actions", "elements": links})
    context = [message.facts, f"rule: {message.rule}" if message.rule else ""]
    context.append(f"owner: {message.owner}" if message.owner else "no owner")
    context += [f"{label}: {text}" for label, text in message.labels.items()]
    told = " · ".join(part for part in context if part)
    blocks.append({"type": "context", "elements": [_plain(told, _SECTION)]})
    color = _COLORS.get(message.status, "#8b95a1")
    return {
        "text": _unformatted(_cut(first, _TEXT)),
        "mrkdwn": False,
        "attachments": [{"color": color, "blocks": blocks}],
    }


def _first_line(message: Message) -> str:
    """Status, monitor, what moved, how much, since when, and whether that is news."""
    news = _NEWS.get(message.kind, "")
    line = f"{message.status} {message.monitor}: {news}{message.text or message.title}"
    told = message.status == "NO DATA" or message.kind == "several"  # its text has its own times
    if told or message.since is None or moment(message.since) in line:
        return line
    return f"{line} Since {moment(message.since)}."


def _is_said(line: Line, first: str) -> bool:
    """Whether the first line of the message says already what a line of the list would."""
    return line.name in first and line.text.removeprefix(line.name).strip() in first


def _links(message: Message) -> list[dict[str, Any]]:
    links = []
    if message.url:
        links.append((f"Open incident {message.incident}", message.url))
        if message.status != "RESOLVED":
            links.append(("Acknowledge", f"{message.url}?do=ack"))
            links.append(("Silence", f"{message.url}?do=silence"))
    if message.runbook:
        links.append(("Runbook", message.runbook))
    return [
        {"type": "button", "text": _plain(text, 75), "url": url}
        for text, url in links
        if len(url) <= _URL
    ]


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "emoji": False, "text": _cut(text, most) or "–"}


def _unformatted(text: str) -> str:
    r"""Text that Slack shows as it is where it would read markup, links, emoji and mentions.

    Example:
        >>> _unformatted("*bold* of age_group & _it_ rose to 0.25")
        '∗bold∗ of age_group &amp; ＿it＿ rose to 0.25'
    """
    text = _AT_THE_END_OF_A_WORD.sub("\uff3f", text).translate(_PLAIN)  # full-width low line
    return _BEGINS_A_LINK_OR_EMOJI.sub(rf"\g<0>{_JOINER}", text)  # last: a stand-in is a letter


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
