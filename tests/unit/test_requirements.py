"""Requirements and tests hold each other: no id without a proof, no proof of an unknown id."""

import ast
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = tomllib.loads((ROOT / "tests" / "requirements.toml").read_text(encoding="utf-8"))
IDS = {name: entry for section in REQUIREMENTS.values() for name, entry in section.items()}


@cache
def proofs() -> frozenset[tuple[str, str]]:
    """Return (id, file) for every `@pytest.mark.proves("…")` in the tests."""
    found: set[tuple[str, str]] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "proves"
            ):
                for argument in node.args:
                    assert isinstance(argument, ast.Constant), f"{path.name}: ids are written out"
                    found.add((str(argument.value), path.name))
    return frozenset(found)


def test_every_requirement_is_proved_by_a_test_or_by_a_benchmark_that_was_run() -> None:
    proved = {name for name, _ in proofs()}
    by_benchmark = {
        name for name, entry in IDS.items() if isinstance(entry, dict) and (ROOT / entry["by"]).is_file()
    }
    assert sorted(set(IDS) - proved - by_benchmark) == []


def test_no_test_claims_to_prove_an_unknown_requirement() -> None:
    assert sorted({(name, file) for name, file in proofs() if name not in IDS}) == []
