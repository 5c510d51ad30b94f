"""Following a page of the documentation to the letter: its files, its commands, what they print."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.support.documents import Block, commands

EXITS = re.compile(r"#\s*exits (\d+)\s*$")


def follow(shown: Iterable[Block], folder: Path, environment: dict[str, str]) -> None:
    """Write the files and run the commands of `shown` in `folder`, and hold what they promise to print."""
    printed = ""
    for block in shown:
        if "norun" in block.words:
            continue
        if block.language == "bash":
            printed = run(block, folder, environment)
        elif block.words and "." in block.words[0]:
            put(block, folder / block.words[0])
        elif block.language == "text":
            for line in block.text.splitlines():
                assert_printed(line, printed, block)


def environment_of_a_new_user(home: Path) -> dict[str, str]:
    """Return the environment of somebody who never used genaiops or git before."""
    who = {
        f"GIT_{role}_{key}": "new@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for key in ("NAME", "EMAIL")
    }
    source = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}  # this tree's code
    return {
        **who,
        **source,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }


def run(block: Block, folder: Path, environment: dict[str, str]) -> str:
    """Run a block's commands one shell each (loops are one line), and return all that they print."""
    printed = ""
    for command in commands(block):
        wanted = EXITS.search(command)
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == int(wanted[1] if wanted else 0), (
            block.place,
            command,
            done.stdout,
            done.stderr,
        )
        assert "Traceback" not in done.stderr
        printed += done.stdout + done.stderr
    return printed


def put(block: Block, file: Path) -> None:
    """Write a file; `replace` puts a function in the place of the one that has its name."""
    file.parent.mkdir(exist_ok=True)
    if "replace" not in block.words:
        file.write_text(block.text, encoding="utf-8")
        return
    old = file.read_text(encoding="utf-8")
    first = block.text.splitlines()[0]
    assert old.count(first) == 1, block.place
    file.write_text(old[: old.index(first)] + block.text, encoding="utf-8")


def assert_printed(line: str, printed: str, block: Block) -> None:
    """Fail where no printed line reads like `line`; white space counts as one blank, … is anything."""
    pattern = r"\s+".join(re.escape(word) for word in line.split()).replace("…", ".*")
    assert re.search(pattern, printed), f"{block.place} promises {line!r}; printed was:\n{printed}"
