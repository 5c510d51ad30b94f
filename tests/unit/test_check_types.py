"""Types are checked again wherever another answer is possible."""

from pathlib import Path

import pytest
from scripts import check_types

SETTINGS = '[tool.pyright]\ninclude = ["src", "scripts"]\nexclude = ["src/room/template"]\n'
FILES = {
    "pyproject.toml": SETTINGS,
    "src/room/__init__.py": "from room.inner import (  # the face (of the room)\n    name,\n)\n",
    "src/room/inner.py": "name: int = 1\n",
    "src/room/template/app.py": "",
    "src/user.py": "def late() -> int:\n    from room import name\n\n    return name\n",
    "src/other.py": "import json\n",
    "scripts/near.py": "import helper\n",
    "scripts/helper.py": "",
}
EVERY = {name for name in FILES if name.endswith(".py") and "template" not in name}


def keys() -> dict[str, str]:
    """Return the keys as another process finds them."""
    for known in (check_types.imports, check_types.is_file, check_types.content):
        known.cache_clear()
    return check_types.keys()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(check_types, "ROOT", tmp_path)
    monkeypatch.setattr(check_types, "around", lambda: (tmp_path / "pyproject.toml").read_text())
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "text", "again"),
    [
        (
            "src/room/inner.py",
            'name: str = ""\n',
            {"src/room/__init__.py", "src/room/inner.py", "src/user.py"},
        ),
        ("src/room/name.py", "", {"src/room/name.py", "src/user.py"}),
        ("src/room/template/app.py", "1 + ''\n", set()),
        ("src/other.py", "import re\n", {"src/other.py"}),
        ("scripts/helper.py", "import re\n", {"scripts/helper.py", "scripts/near.py"}),
        ("pyproject.toml", SETTINGS + "strict = []\n", EVERY),
    ],
)
def test_a_file_is_checked_again_when_what_it_imports_changes(
    file: str, text: str, again: set[str], project: Path
) -> None:
    before = keys()
    (project / file).write_text(text)
    assert {name for name, key in keys().items() if before.get(name) != key} == again
