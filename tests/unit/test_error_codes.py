"""A code means one thing: each has its form and is written in one file only."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import genaiops

SOURCE = Path(genaiops.__file__).parent
CODE = re.compile(r"GAO-[A-Z]+-\d{3}")


def codes() -> Iterator[tuple[str, str]]:
    """Yield (code, file) for every text in the source that begins like a code."""
    for path in SOURCE.rglob("*.py"):
        if "template" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and text.startswith("GAO-") and not text.endswith("-"):
                yield text, str(path.relative_to(SOURCE))


def test_a_code_is_written_in_one_file_only() -> None:
    files: dict[str, set[str]] = defaultdict(set)
    for code, file in codes():
        files[code].add(file)
    assert {code: sorted(where) for code, where in files.items() if len(where) > 1} == {}


def test_a_code_has_its_form() -> None:
    assert sorted({code for code, _ in codes() if not CODE.fullmatch(code)}) == []
