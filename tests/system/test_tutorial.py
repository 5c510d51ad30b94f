"""The tutorial is followed to the letter in an empty folder: its files, its commands, what they print."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import t as student_t
from tests.support.documents import DOCS, Block, blocks, commands

EXITS = re.compile(r"#\s*exits (\d+)\s*$")


@pytest.mark.system
@pytest.mark.proves("A-INIT")
def test_the_tutorial_can_be_followed_to_the_letter(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    environment = environment_of_a_new_user(tmp_path)
    printed = ""
    for block in blocks(DOCS / "tutorial.md"):
        if "norun" in block.words:
            continue
        if block.language == "bash":
            printed = run(block, shop, environment)
        elif block.words and "." in block.words[0]:
            put(block, shop / block.words[0])
        elif block.language == "text":
            for line in block.text.splitlines():
                assert_printed(line, printed, block)
    assert_recomputed_by_hand(shop)


def assert_recomputed_by_hand(project: Path) -> None:
    """The lines that the page on evidence shows give the interval that the verdict states."""
    shown = next(block for block in blocks(DOCS / "evidence.md") if block.language == "python")
    names: dict[str, Any] = {}
    exec(shown.text, names)
    bundles = list((project / ".genaiops" / "evidence").iterdir())
    assert bundles
    for bundle in bundles:
        verdict = json.loads((bundle / "verdict.json").read_text(encoding="utf-8"))
        stated = next(one["diff"] for one in verdict["comparisons"] if one["scorer"] == "answer_f1")
        mean, error = names["recompute"](bundle, "answer_f1")
        reach = student_t.ppf(1 - verdict["alpha"], stated["g_eff"] - 1) * error
        assert (stated["low"], stated["high"]) == pytest.approx((mean - reach, mean + reach), rel=1e-7)


def environment_of_a_new_user(home: Path) -> dict[str, str]:
    """Return the environment of somebody who never used genaiops or git before."""
    who = {
        f"GIT_{role}_{key}": "new@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for key in ("NAME", "EMAIL")
    }
    return {
        **who,
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
