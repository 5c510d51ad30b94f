"""The pytest plug-in as pytest itself finds it: by the entry point of an installed genaiops."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not entry_points(group="pytest11", name="genaiops"),
    reason="genaiops was installed before it had the plug-in",
)
TESTS = """\
import sys

def test_the_mark_is_known(request):
    assert any(line.startswith("arena(") for line in request.config.getini("markers"))

def test_nothing_heavy_is_loaded():
    assert {"numpy", "pydantic", "sqlalchemy", "genaiops.arena.runs"} & set(sys.modules) == set()
"""


@pytest.mark.parametrize("before", ["", "import genaiops.arena; "])
def test_pytest_finds_the_plug_in_and_is_not_disturbed(tmp_path: Path, before: str) -> None:
    (tmp_path / "test_other.py").write_text(TESTS, encoding="utf-8")
    code = (
        f"import sys; {before}import pytest; sys.exit(pytest.main(['-W', 'error', '-p', 'no:cacheprovider']))"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
