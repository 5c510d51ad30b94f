"""Finding the app in a repository by reading its source: nothing is imported, nothing is run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NAMES = ("answer", "ask", "respond", "reply", "chat", "query", "predict", "generate", "invoke", "run", "main")
FIRST_ARGUMENTS = ("inputs", "question", "query", "prompt", "message", "text", "input")
_SKIP = frozenset(
    {"tests", "test", "docs", "node_modules", "venv", "build", "dist", "migrations", "site-packages"}
)
_MAX_FILES = 2000
_MAX_BYTES = 400_000


@dataclass(frozen=True, slots=True)
class Function:
    """A function that could be the app: `module:name`, the line it begins at, and how likely it is."""

    target: str
    file: str
    line: int
    points: int


def find_apps(root: Path) -> list[Function]:
    """Return functions that look like an app, the likeliest first, in a stable order."""
    found = [function for path in _sources(root) for function in _functions(root, path)]
    return sorted(found, key=lambda one: (-one.points, len(Path(one.file).parts), one.file, one.line))


def _sources(root: Path) -> Iterator[Path]:
    seen = 0
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if any(part.startswith(".") or part in _SKIP for part in parts[:-1]):
            continue
        if parts[-1].startswith(("test_", "conftest", "setup")) or path.stat().st_size > _MAX_BYTES:
            continue
        seen += 1
        if seen > _MAX_FILES:
            return
        yield path


def _functions(root: Path, path: Path) -> Iterator[Function]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):  # not our business here: the app that is named later must load
        return
    relative = path.relative_to(root)
    module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    if not all(part.isidentifier() for part in module.split(".")):
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (points := _points(node)):
            yield Function(f"{module}:{node.name}", str(relative), node.lineno, points)


def _points(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = [argument.arg for argument in [*node.args.posonlyargs, *node.args.args]]
    required = len(arguments) - len(node.args.defaults)
    if (
        node.name.startswith("_")
        or not arguments
        or required > 2
        or (required == 2 and arguments[1] != "ctx")
    ):
        return 0
    named = node.name in NAMES
    asked = arguments[0] in FIRST_ARGUMENTS
    if not named and not asked:
        return 0
    return (
        10 * named * (len(NAMES) - NAMES.index(node.name) if named else 0)
        + 60 * asked
        + 5 * ("ctx" in arguments)
    )
