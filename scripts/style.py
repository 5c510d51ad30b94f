"""The style budgets as a check: sizes, nesting, docstrings, annotations, hidden imports, broad excepts.

An exception is a line of `scripts/style-exceptions.toml` with its reason; one that no longer applies is
an error too, so that the list only shrinks.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parent.parent
CAPS = {"src": 500, "scripts": 500, "bench": 500, "tests": 800}
FUNCTION_CAP = 60
NESTING_CAP = 4
TEMPLATES = "template/"  # what a blueprint copies into a user's project is theirs, not a module of ours

Function = ast.FunctionDef | ast.AsyncFunctionDef
_PARTS = ("body", "handlers", "orelse", "finalbody", "cases")
_BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def parts(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield the statements right below one, and what each is there; in no expression is what is judged."""
    for name in _PARTS:
        for child in cast("list[ast.AST]", getattr(node, name, ())):
            yield name, child


def below(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every statement below one."""
    for _, child in parts(node):
        yield child
        yield from below(child)


def functions(tree: ast.Module) -> Iterator[tuple[Function, bool]]:
    """Yield every function with whether it belongs to the public surface of its module."""

    def walk(node: ast.AST, public: bool) -> Iterator[tuple[Function, bool]]:
        for _, child in parts(node):
            if isinstance(child, Function):
                yield child, public and is_public(child.name)
                yield from walk(child, False)
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, public and is_public(child.name))
            else:
                yield from walk(child, public)

    return walk(tree, True)


def is_public(name: str) -> bool:
    """Say whether a name is part of the surface; dunder methods are documented by the language."""
    return not name.startswith("_")


def depth(node: ast.AST, level: int = 0) -> int:
    """Return the deepest nesting of blocks below `node`; an `elif` is no deeper than its `if`."""
    deepest = level
    for name, child in parts(node):
        if isinstance(child, Function | ast.ClassDef):
            continue
        is_elif = name == "orelse" and isinstance(node, ast.If) and isinstance(child, ast.If)
        step = int(isinstance(child, _BLOCKS) and not is_elif)
        deepest = max(deepest, depth(child, level + step))
    return deepest


def function_findings(node: Function, public: bool) -> Iterator[tuple[str, str]]:
    """Yield (rule, message) for one function."""
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if length > FUNCTION_CAP:
        yield "function-length", f"{node.name} has {length} lines (cap {FUNCTION_CAP})"
    if (levels := depth(node)) > NESTING_CAP:
        yield "nesting", f"{node.name} nests {levels} deep (cap {NESTING_CAP})"
    if public and not ast.get_docstring(node) and not is_overload(node):
        yield "docstring", f"{node.name} is public and says nothing"
    for inner in below(node):
        if isinstance(inner, ast.ImportFrom) and (inner.module or "").startswith("genaiops"):
            yield "hidden-import", f"{node.name} imports {inner.module} inside"


def is_overload(node: Function) -> bool:
    """Say whether a function is a typing overload or a property's setter, documented elsewhere."""
    return any(
        getattr(mark, "id", getattr(mark, "attr", "")) in {"overload", "setter"}
        for mark in node.decorator_list
    )


def file_findings(path: Path) -> Iterator[tuple[str, int, str]]:
    """Yield (rule, line, message) for one file."""
    text = path.read_text(encoding="utf-8")
    area = path.relative_to(ROOT).parts[0]
    if (lines := text.count("\n")) > CAPS[area]:
        yield "file-length", 1, f"{lines} lines (cap {CAPS[area]})"
    tree = ast.parse(text)
    if area == "src" and not ast.get_docstring(tree) and text.strip():
        yield "docstring", 1, "the module says nothing"
    for node, public in functions(tree):
        for rule, message in function_findings(node, public and area == "src"):
            yield rule, node.lineno, message
    for node in below(tree):
        if (
            isinstance(node, ast.ClassDef)
            and is_public(node.name)
            and area == "src"
            and not ast.get_docstring(node)
        ):
            yield "docstring", node.lineno, f"{node.name} is public and says nothing"


def main() -> int:
    """Print what is over budget and not listed; return the exit status."""
    listed = tomllib.loads((ROOT / "scripts" / "style-exceptions.toml").read_text())
    allowed = {(entry["file"], entry["rule"]): entry["reason"] for entry in listed.get("exception", [])}
    used: set[tuple[str, str]] = set()
    bad = 0
    files = sorted(
        file for area in CAPS for file in (ROOT / area).rglob("*.py") if TEMPLATES not in str(file)
    )
    for path in files:
        name = str(path.relative_to(ROOT))
        for rule, line, message in file_findings(path):
            if (name, rule) in allowed:
                used.add((name, rule))
                continue
            bad += 1
            print(f"{name}:{line}: {rule}: {message}")
    for file, rule in sorted(set(allowed) - used):
        bad += 1
        print(f"style-exceptions.toml: {rule} of {file} is listed and no longer needed")
    print(f"style: {len(files)} files, {bad} over budget, {len(used)} listed exceptions")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
