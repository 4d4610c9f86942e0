"""``driftwatch init`` and ``config check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.options import Config, Time
from driftwatch.cli.output.writing import put, tell
from driftwatch.config.load import load_config
from driftwatch.config.monitors import MonitorConfig
from driftwatch.config.rules_in_vain import rules_in_vain
from driftwatch.errors import ConfigError
from driftwatch.process.atomic_files import write_atomically
from driftwatch.profiling.files import find_files
from driftwatch.profiling.locations import shown_url

__all__ = ["check_config", "config_check", "init", "write_config"]


def init(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("driftwatch.toml"),
    name: Annotated[str, typer.Option(help="Name of the monitor.")] = "default",
    reference: Annotated[str, typer.Option(help="Where the reference is.")] = "train.parquet",
    time: Time = None,
) -> None:
    """Write a configuration to begin with; every key is in it, with what it means."""
    write_config(file, name=name, reference=reference, time=time)


config = typer.Typer(
    help="The configuration file.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@config.callback()
def _config() -> None:
    """The configuration file."""


@config.command("check")
def config_check(config: Config = None) -> None:
    """Read the configuration and say what is wrong with it, or what it means."""
    check_config(config)


_TEMPLATE = """\
# Where the sketches of all monitors are kept: a SQLite file, made when it is first needed.
# Or the address of a collector (`driftwatch serve` elsewhere): store = "https://drift.example.com"
store = "driftwatch.db"

# [service]                         # for `driftwatch serve`, which is that collector
# host = "0.0.0.0"                  # needs tokens: `driftwatch token --scope ingest`
# port = 8765
# tls_cert = "cert.pem"             # with tls_key, the files of a certificate: serve HTTPS
# tls_key = "key.pem"

[monitors.{name}]
reference = {reference}         # data of the training, or a .dwp profile of it
{time}
# features = ["age", "income"]      # all columns otherwise
# exclude = ["row"]                 # columns to leave out
# kinds = {{ zip = "categorical" }}   # what columns are, where the guess is wrong
# rules = {{ age = {{ min = 0, max = 120 }}, plan = {{ in = ["free", "pro"] }} }}
# id = ["customer_id"]              # columns that identify rows: not tested
# prediction = "says"               # the column of the model's predictions
# score = "probability"             # the column of its scores; with several classes a list
# label = ["churned"]               # the column of labels: how good the model is
# positive = "yes"                  # the positive class of two; the last in order otherwise

window = "24h"                      # or "10000 rows"
slide = "1h"                        # how far the window moves from one evaluation to the next
# lateness = "30m"                  # how long a pane stays open to late rows
# idle_after = "2h"                 # how long windows wait for a silent or lagging source
# keep_reports = "90d"              # how long reports are kept that changed no alarm
# compare = "frozen"                # or "sliding" (the window before), "seasonal" (same hours)
# pane = "1h"                       # learn the reference's own rhythm from panes of this length
# multivariate = true               # also watch how columns depend on each other

false_alarms = "1 per 30d"          # for all features together
# policy = "default"                # or "classic", for the textbook's rules

# [monitors.{name}.kafka]             # for `driftwatch worker`
# bootstrap = "127.0.0.1:9092"
# topics = ["predictions"]
# features = "$.inputs"             # where they stand in a message: an object, or a list of them
# payload = "auto"                  # or its shape: "records", "columns", "rows", "tensors", ...
# prediction = "$.score"            # or one a row: "predictions[*].score"
# at = "$.ts"                       # event time; "header:NAME", or "record" for Kafka's own

# [monitors.{name}.alerts]            # try them with `driftwatch alert test`
# open = "warning"                  # or "critical"
# repeat = "24h"                    # until somebody acknowledges; escalate = true: also if worse
# [[monitors.{name}.alerts.rules]]
# when = "psi > 0.3"                # any test, metric or status of a report
# for = "3 windows"
# [monitors.{name}.alerts.slack]
# webhook_url_from = "env:DRIFTWATCH_SLACK_WEBHOOK_URL"
# [monitors.{name}.alerts.mail]       # the password: DRIFTWATCH_SMTP_PASSWORD
# host = "smtp.example.com"
# sender = "driftwatch@example.com"
# recipients = ["ml@example.com"]

# [monitors.{name}.thresholds]
# ks = 0.1                          # warns at 0.1, critical at 0.2
# psi = [0.1, 0.25]                 # warning, critical
# age = {{ ks = 0.2 }}                # of one column
# share_drifted = 0.5               # the status follows the share of features that drifted
"""


def write_config(path: Path, /, *, name: str, reference: str, time: str | None) -> None:
    """Write a configuration to begin with.

    Raises:
        ConfigError: If the file is there already.
    """
    if path.exists():
        raise ConfigError(f"{path} is there already; name another file, or remove it")
    if not name.replace("_", "").replace("-", "").isalnum():
        raise ConfigError(
            f"a monitor's name has letters, digits, - and _; got {name!r}", code="DW005"
        )
    column = f"time = {_quoted(time)}" if time else '# time = "ts"'
    text = _TEMPLATE.format(
        name=name,
        reference=_quoted(reference),
        time=f"{column}                       # the column of event times",
    )
    write_atomically(path, text.encode())
    tell(f"{path} written; `driftwatch config check` reads it again\n")


def check_config(path: Path | None, /) -> None:
    """Read a configuration; print what each monitor does, and warn of rules that never hold.

    Raises:
        ConfigError: If anything in it is wrong.
    """
    config = load_config(path)
    if not config.monitors:
        raise ConfigError("no monitor is configured: add a [monitors.NAME]", code="DW005")
    for name in config.monitors:
        _, settings = config.one(name)
        spec, budget = settings.judged()
        _check_alerts(name, settings)
        for problem in rules_in_vain(settings):
            tell(f"driftwatch: warning: monitors.{name}.alerts.rules: {problem}\n")
        if (paths := settings.reference_in(config.folder)) is not None:
            find_files(paths)
        told = _told(settings.reference)
        kafka = f", from Kafka: {', '.join(settings.kafka.topics)}" if settings.kafka else ""
        put(
            f"{name}: {spec}, against {told} ({settings.compare}), "
            f"{budget or 'no budget of false alarms'}, in {_place(settings.store)}{kafka}\n"
            f"{_alerts(settings)}"
        )


def _told(reference: str | list[str] | None) -> str:
    if reference is None:
        return "the store's reference"
    paths = [reference] if isinstance(reference, str) else reference
    return ", ".join(map(shown_url, paths))


def _place(store: str | None) -> str:
    return "memory" if store is None else shown_url(store)


def _check_alerts(name: str, settings: MonitorConfig) -> None:
    """Check what a back end would say of its arguments, were it made; no secret is read."""
    if settings.alerts is None:
        return
    from driftwatch.integrations.alerting.configured import check_back_ends

    try:
        check_back_ends(settings.alerts)
    except ConfigError as error:
        problem, code = f"monitors.{name}.{error}", error.code
    else:
        return
    raise ConfigError(problem, code=code)


def _alerts(settings: MonitorConfig) -> str:
    if settings.alerts is None:
        return ""
    names = ", ".join(each.name for each in settings.alerts.back_ends()) or "nobody"
    return f"  alerts to {names}: {settings.alerts.alerts([]).in_words()}\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
