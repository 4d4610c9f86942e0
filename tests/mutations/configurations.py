"""Mutated configurations: read, checked, and made into monitors."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import partial
from pathlib import Path

from driftwatch.cli.commands.config import check_config, write_config
from driftwatch.config.load import load_config
from driftwatch.config.monitors import MonitorConfig
from driftwatch.errors import DriftWatchError
from driftwatch.service.app import service_tokens
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.mutations.samples import monitor
from tests.mutations.values import changed_bytes

__all__ = ["Configurations"]

_FULL = """
store = "driftwatch.db"

[service]
host = "127.0.0.1"
port = 8765
allowed_hosts = ["drift.example.com", "*.example.com"]
requests_per_minute = 600
body_bytes = 8388608
tls_cert = "cert.pem"
tls_key = "key.pem"

[[service.tokens]]
name = "reader"
scopes = ["read", "ingest"]
monitors = ["scores"]
sha256 = "SIXTY_FOUR_DIGITS"

[monitors.scores]
reference = ["r.dwp"]
features = ["x", "c", "few"]
time = "t"
label = ["y"]
prediction = "p"
score = "s"
positive = 1
task = "binary"
cost = [[0.0, 1.0], [5.0, 0.0]]
rules = { x = { min = -9, max = 9 }, c = { in = ["a", "b"] } }
missing_words = ["NA", "-"]
window = "24h"
slide = "1h"
lateness = "30m"
idle_after = "2h"
keep_reports = "90d"
compare = "seasonal"
multivariate = false
false_alarms = "1 per 30d"
policy = "default"
flush_every = "10s"
every = "1m"
sinks = ["json:JSONEncoder"]

[monitors.scores.thresholds]
ks = 0.1
psi = [0.1, 0.25]
x = { ks = 0.2 }
share_drifted = 0.5

[monitors.scores.alerts]
open = "critical"
for = "3 windows"
escalate = true
repeat = "24h"
cooldown = "1h"
no_data = "3h"
delay = "5m"
downtime = ["daily 03:00-05:00"]
owner = "ml"
runbook = "https://wiki.example.com/drift"
labels = { team = "risk" }
url = "https://drift.example.com"

[[monitors.scores.alerts.rules]]
when = "psi > 0.3"
name = "much"
features = ["x"]
for = 2
level = "warning"

[monitors.scores.alerts.slack]
webhook_url_from = "env:DRIFTWATCH_SLACK_WEBHOOK_URL"

[[monitors.scores.alerts.webhook]]
url = "https://hooks.example.com/x"
secret_from = "file:secret"
template = { text = "$subject", more = ["$status", 1] }
headers_from = { Authorization = "env:DRIFTWATCH_HEADER" }

[monitors.scores.alerts.mail]
host = "smtp.example.com"
port = 587
sender = "driftwatch@example.com"
recipients = ["ml@example.com"]
tls = "starttls"
username = "me"

[monitors.scores.kafka]
bootstrap = "127.0.0.1:9092,127.0.0.1:9093"
topics = ["predictions"]
group = "g"
start = "latest"
features = "$.inputs[*]"
payload = "auto"
prediction = "predictions[*].score"
score_class = 1
at = "header:ts"
message_bytes = 1000000
dead_letters = "dead"
security = "sasl_ssl"
sasl_mechanism = "SCRAM-SHA-256"
username = "u"

[monitors.rows]
reference = "r.dwp"
window = "10000 rows"
slide = "1000 rows"
exclude = ["email"]
kinds = { n = "categorical" }
"""
_PYPROJECT = """
[project]
name = "x"

[tool.driftwatch.monitors.one]
reference = "r.dwp"
window = "7d"
slide = "6h"
thresholds = { psi = 0.2 }
"""
_DEEP = 100_000
_ODD = (
    "true", "false", "0", "-1", "0.5", "-0.0", "1e308", "nan", "-inf", "inf", "9223372036854775807",
    "1" + "0" * 400, "1" * 5_000, "0x" + "f" * 30, "1e999", '""', '" "', '"1"', '"\\\\ud800"',
    '"\\u202e"', '"\\u0000"', '"x"', '"' + "y" * 70_000 + '"', '"0s"', '"-1h"', '"1e400h"',
    '"99999999999999d"', '"0 rows"', '"9999999999999999999999 rows"', '"1 per 0s"', '"nan per 1d"',
    '"inf"', '"nan"', '"../.."', '"::error::x"', '"$.a[*][*]..b"', '"x:y"', '"http://["',
    '"https://[::1"', '"a > b > c"', '"psi > nan"', '"(((((("', "[]", "[[]]", "[1, 'x']",
    "['x', 'x']",
    "[[nan]]", "[[0.0, 1.0], [1.0]]", "{}", "{ x = 1 }", "{ x = { y = {} } }", "{ '' = 0 }",
    "{ ks = [1, 2, 3] }", "2026-01-01", "2026-01-01T00:00:00Z", "12:30:00", "'''\\n'''",
    "[" * 300 + "]" * 300, "[" * _DEEP + "]" * _DEEP, "{ a = " * 300 + "1" + " }" * 300,
    "[" + "0, " * 3_000 + "]", "&", "",
)  # fmt: skip
_VALUE = re.compile(r"(?<== )[^\n#]+|(?<=[\[,{] )[^\n,]+(?=[,\]}])|\"[^\"\n]*\"|\b\d[\d.]*\b")
_KEY = re.compile(r"^(?:# )?[\w.]+(?= = )", re.MULTILINE)
_TABLE = re.compile(r"^\[.*\]$", re.MULTILINE)


class Configurations:
    """``driftwatch.toml`` with every key, the template of ``init``, and a ``pyproject.toml``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store = MemoryStore()
        (folder / "r.dwp").write_bytes(monitor().reference.profile.to_bytes())
        write_config(folder / "template.toml", name="made", reference="r.dwp", time="t")
        template = (folder / "template.toml").read_text("utf-8")
        # With all that is in comments, too.
        every = re.sub(r"^# (?=\[|\w+ = )", "", template, flags=re.MULTILINE)
        full = _FULL.replace("SIXTY_FOUR_DIGITS", "0" * 64)
        self._sound = [full, full, full, template, every, _PYPROJECT]

    def sound(self) -> dict[str, bytes]:
        """What nothing is wrong with."""
        return {"driftwatch.toml": self._sound[0].encode()}

    def mutated(self, chance: random.Random) -> dict[str, bytes]:
        """One changed configuration."""
        text = chance.choice(self._sound)
        name = "pyproject.toml" if text is _PYPROJECT else "driftwatch.toml"
        if chance.random() < 0.15:
            return {name: changed_bytes(text.encode(), chance)}
        for _ in range(chance.choice([1, 1, 1, 2, 4])):
            text = _changed(text, chance)
        return {name: text.encode("utf-8", "surrogatepass")}

    def use(self, files: dict[str, bytes]) -> str:
        """Read it, as every command does, and make what it describes."""
        ((name, data),) = files.items()
        path = self._folder / name
        path.write_bytes(data)
        config = load_config(path)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            _tried(lambda: check_config(path))
        _tried(lambda: service_tokens(config.service))
        for each in config.monitors:
            _, settings = config.one(each)
            _tried(partial(self._made, settings, each))
        return "taken"

    def _made(self, settings: MonitorConfig, name: str) -> None:
        """The monitor of a table, with a store in memory; no collector is asked."""
        settings.monitor(name, folder=self._folder, store=self._store).close()


def _tried(act: Callable[[], object]) -> None:
    with suppress(DriftWatchError):
        act()


def _changed(text: str, chance: random.Random) -> str:
    way = chance.randrange(12)
    if way < 7 and (value := _one(_VALUE, text, chance)):
        others = [found[0] for found in _VALUE.finditer(text)]
        new = chance.choice([chance.choice(_ODD), chance.choice(others)])
        return text[: value.start()] + new + text[value.end() :]
    if way == 7 and (key := _one(_KEY, text, chance)):
        others = [found[0] for found in _KEY.finditer(text)]
        new = chance.choice([*others, '""', '"::error::x"', "x", f"{key[0]}.x", "'\u202e'", "= ="])
        return text[: key.start()] + new + text[key.end() :]
    if way == 8 and (table := _one(_TABLE, text, chance)):
        others = [found[0] for found in _TABLE.finditer(text)]
        new = chance.choice([*others, "[x]", "[[service]]", "[monitors.'']", "[monitors]", ""])
        return text[: table.start()] + new + text[table.end() :]
    lines = text.splitlines(keepends=True)
    at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
    if way == 9:
        del lines[at]
    elif way == 10:
        lines.insert(to, lines[at])
    else:
        lines[at], lines[to] = lines[to], lines[at]
    return "".join(lines)


def _one(pattern: re.Pattern[str], text: str, chance: random.Random) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return chance.choice(found) if found else None
