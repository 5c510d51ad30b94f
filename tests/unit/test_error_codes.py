"""A code means one thing: each has its form and is written in one file only."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import genaiops

SOURCE = Path(genaiops.__file__).parent
CODE = re.compile(r"GAO-[A-Z]+-\d{3}")


@cache
def codes() -> frozenset[tuple[str, str]]:
    """Return (code, file) for every text in the source that begins like a code."""
    found: set[tuple[str, str]] = set()
    for path in SOURCE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "template" in path.parts or "GAO-" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and text.startswith("GAO-") and not text.endswith("-"):
                found.add((text, str(path.relative_to(SOURCE))))
    return frozenset(found)


def test_a_code_is_written_in_one_file_only() -> None:
    files: dict[str, set[str]] = defaultdict(set)
    for code, file in codes():
        files[code].add(file)
    assert {code: sorted(where) for code, where in files.items() if len(where) > 1} == {}


def test_a_code_has_its_form() -> None:
    assert sorted({code for code, _ in codes() if not CODE.fullmatch(code)}) == []
