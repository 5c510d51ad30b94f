"""What a project itself puts into prompts: its files in `prompts/`, and the texts in its Python code."""

import ast
import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from genaiops.guard import Passed

_MOST = 200_000
"""Bytes of a file that are read."""
_FILES = 1_000
_FILLED = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{[^{}\n]{0,100}\}|%[-\d.]{0,9}[srdf]|\$\w{1,50}"
    r"|^# (?:system|user|assistant)[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
"""What of a template does not stand in the prompt: what is filled in, and marks of turns."""
_NOT_OURS = frozenset({"node_modules", "site-packages", "__pycache__", "tests"})


def own_words(root: Path) -> Passed:
    """Return the project's own words, as they stand in prompts: they are no text of anybody else.

    A document that it searches, or a data set, is none of them.
    """
    files = [path for path in sorted(root.glob("prompts/**/*")) if path.is_file() and not path.is_symlink()]
    lines = (line for path in files if path.suffix == ".jsonl" for line in _text(path).splitlines())
    rows = [text for line in lines for text in _row(line)]
    texts = [*(_text(path) for path in files if path.suffix != ".jsonl"), *_literals(_modules(root))]
    words = (part for text in texts for part in _FILLED.split(text))
    own = Passed()
    own.add(part for part in (*words, *rows) if any(map(str.isalnum, part)))
    return own


def _text(path: Path) -> str:
    """Return the beginning of a file; nothing where it cannot be read: then it is nobody's own word."""
    try:
        with path.open("rb") as opened:
            return opened.read(_MOST).decode("utf-8", "replace")
    except OSError:
        return ""


def _row(line: str) -> Iterator[str]:
    """Yield the texts of a row of JSON as they are said, names too; the line where it is none."""
    try:
        texts = list(_texts(json.loads(line)))
    except (ValueError, RecursionError):
        texts = [line]
    yield from texts


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, item in cast("dict[str, object]", value).items():
            yield name
            yield from _texts(item)


def _modules(root: Path) -> Iterator[Path]:
    """Yield the project's Python files, without environments, tests and what is hidden or lies elsewhere."""
    left = _FILES
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            one
            for one in folders
            if not one.startswith(".")
            and one not in _NOT_OURS
            and not Path(folder, one, "pyvenv.cfg").exists()
        )
        for name in sorted(files):
            if left and _is_module(Path(folder, name)):
                left -= 1
                yield Path(folder, name)


def _is_module(path: Path) -> bool:
    is_test = path.name.startswith("test_") or path.name == "conftest.py"
    return path.suffix == ".py" and path.name[0] != "." and not is_test and not path.is_symlink()


def _literals(modules: Iterable[Path]) -> Iterator[str]:
    for path in modules:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the project's own code: its own tools say them
                tree = ast.parse(_text(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # a module that cannot be read is said where the app is imported
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
