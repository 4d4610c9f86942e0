"""Back ends of alerts: Slack, mail, and webhooks. Give them to ``Monitor(alerts=[...])``.

Example:
    >>> from driftwatch import Monitor
    >>> from driftwatch.integrations.alerting import WebhookAlert
    >>> hook = WebhookAlert("https://pager.example.com/hooks/drift", secret="keep-it-so")
    >>> hook
    WebhookAlert('https://pager.example.com/...')
    >>> monitor = Monitor({"age": list(range(20, 70)) * 40}, alerts=[hook])
    >>> monitor.close()
"""

from __future__ import annotations

from driftwatch.integrations.alerting.email import EmailAlert
from driftwatch.integrations.alerting.not_sent import NotSentError
from driftwatch.integrations.alerting.slack import SlackAlert
from driftwatch.integrations.alerting.webhook import WebhookAlert

__all__ = ["EmailAlert", "NotSentError", "SlackAlert", "WebhookAlert"]
