"""What runs the guides notices what is wrong with one, and leaves nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.guides.blocks import blocks
from tests.guides.running import run
from tests.guides.terminal import Terminal
from tests.waiting import until


def guide(tmp_path: Path, *parts: tuple[str, str]) -> Path:
    page = tmp_path / "guide.md"
    page.write_text("\n".join(f"```{language}\n{text}```\n" for language, text in parts), "utf-8")
    return page


WRONG = {
    "a failing command": ("console", "$ false\n$ true\n"),
    "another output": ("console", "$ echo one\ntwo\n"),
    "another exit code": ("console", "$ false\n$ echo $?\n2\n"),
    "output of no command": ("console", "one\n$ echo one\n"),
    "an assertion": ("python", "assert 1 == 2\n"),
    "another value": ("python", ">>> 1 + 1\n3\n"),
    "a warning": ("python", "import warnings\nwarnings.warn('odd', stacklevel=1)\n"),
    "a warning of a command": (
        "console",
        "$ python -c \"import warnings; warnings.warn('odd')\"\n",
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_noticed_and_where(wrong: tuple[str, str], tmp_path: Path) -> None:
    page = guide(tmp_path, ("python", "fine = True\n"), wrong)
    with pytest.raises((AssertionError, UserWarning)) as caught:
        run(page, tmp_path)
    assert caught.value.__notes__ == ["in the block of guide.md that begins at line 6"]


def test_blocks_share_a_folder_names_and_variables(tmp_path: Path) -> None:
    page = guide(
        tmp_path,
        ("toml", "# settings/a.toml\nport = 1234\n"),
        ("console", "$ export COLOUR=red\n$ cat settings/a.toml \\\n    | grep port\nport = 99\n"),
        ("python", "import os\nnumber = 41\nassert os.environ['COLOUR'] == 'red'\n"),
        ("python", "from pathlib import Path\n\ntext = Path('settings/a.toml').read_text()\n"),
        ("python", ">>> number + 1, text\n(42, '...99...')\n"),
        ("console", "$ false\n$ echo $?\n1\n"),
        ("python", "# Not run here: it needs more\nraise AssertionError\n"),
    )
    before = dict(os.environ), Path.cwd()
    run(page, tmp_path, {"1234": "99"})
    assert (dict(os.environ), Path.cwd()) == before


def test_a_block_knows_its_line_and_its_file(tmp_path: Path) -> None:
    page = guide(tmp_path, ("python", "1\n"), ("toml", "# a.toml\n"), ("json", "{}\n"))
    found = list(blocks(page))
    assert [(block.language, block.line, block.file) for block in found] == [
        ("python", 2, None),
        ("toml", 6, "a.toml"),
        ("json", 10, None),
    ]


def test_what_a_terminal_started_ends_with_it(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.run("python3 -c 'import signal; signal.pause()' &")
    number = int(terminal.run("echo $!")[0])
    terminal.close()
    until(lambda: not Path(f"/proc/{number}").exists() or _is_dead(number))


def _is_dead(number: int) -> bool:
    """Whether a process has ended and waits for nobody but its parent to notice."""
    try:
        return Path(f"/proc/{number}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
