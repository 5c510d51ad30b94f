"""What a project itself puts into prompts: its files in `prompts/`, and the texts in its Python code."""

import ast
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

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
_NOT_OURS = frozenset({"node_modules", "site-packages", "__pycache__"})


def own_words(root: Path) -> Passed:
    """Return the project's own words, as they stand in prompts: they are no text of anybody else.

    A document that it searches, or a data set, is none of them.
    """
    files = [path for path in sorted(root.glob("prompts/**/*")) if path.is_file() and not path.is_symlink()]
    rows = [_row(line) for path in files if path.suffix == ".jsonl" for line in _text(path).splitlines()]
    texts = [*(_text(path) for path in files if path.suffix != ".jsonl"), *_literals(_modules(root))]
    words = (part for text in texts for part in _FILLED.split(text))
    own = Passed()
    own.add(part for part in (*words, *rows) if any(map(str.isalnum, part)))
    return own


def _text(path: Path) -> str:
    return path.read_bytes()[:_MOST].decode("utf-8", "replace")


def _row(line: str) -> str:
    """Return a row of JSON with line breaks and quotes as they are said."""
    return line.replace("\\n", "\n").replace('\\"', '"')


def _modules(root: Path) -> Iterator[Path]:
    """Yield the project's Python files, without environments and hidden folders."""
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
            if name.endswith(".py") and left:
                left -= 1
                yield Path(folder, name)


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
