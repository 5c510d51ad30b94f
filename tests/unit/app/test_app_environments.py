"""Which environment a lockfile makes, what installs it, and what the worker needs there."""

import subprocess
import sys
from pathlib import Path

import pytest

from genaiops.app.environments import NEEDED
from genaiops.app.installing import installation, read_lockfile
from genaiops.core import UserError


def digest(folder: Path, name: str, text: str, tree: str = "one") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return read_lockfile(folder / name, tree).digest


@pytest.mark.proves("B-ENV-ONCE")
def test_equal_lockfiles_of_two_trees_make_one_environment(tmp_path: Path) -> None:
    pinned = "numpy==2.1 --hash=sha256:00\n"
    assert digest(tmp_path, "requirements.txt", pinned, "one") == digest(
        tmp_path, "requirements.txt", pinned, "two"
    )
    assert digest(tmp_path, "requirements.txt", "numpy==2.2\n") != digest(
        tmp_path, "requirements.txt", pinned
    )


@pytest.mark.proves("B-ENV-OWN")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "-r base.txt\n"),
        ("requirements.txt", "numpy\n-c constraints.txt\n"),
        ("requirements.txt", "-e .\n"),
        ("requirements.txt", "./lib\n"),
        ("requirements.txt", "lib @ file:///srv/lib\n"),
        ("uv.lock", '[[package]]\nname = "lib"\nsource = { editable = "lib" }\n'),
        ("poetry.lock", '[package.source]\ntype = "directory"\nurl = "lib"\n'),
    ],
)
def test_a_lockfile_that_names_files_beside_it_makes_one_for_each_tree(
    tmp_path: Path, name: str, text: str
) -> None:
    assert digest(tmp_path, name, text, "one") != digest(tmp_path, name, text, "two")


def test_the_project_itself_is_no_file_beside_its_lockfile(tmp_path: Path) -> None:
    text = '[[package]]\nname = "app"\nsource = { editable = "." }\n'
    assert digest(tmp_path, "uv.lock", text, "one") == digest(tmp_path, "uv.lock", text, "two")


@pytest.mark.proves("B-ENV-OWN")
@pytest.mark.parametrize(
    ("name", "tool"),
    [("uv.lock", "uv"), ("pylock.toml", "uv"), ("poetry.lock", "poetry"), ("pdm.lock", "pdm")],
)
def test_a_lockfile_is_installed_by_its_own_tool_without_the_project(
    tmp_path: Path, name: str, tool: str
) -> None:
    program = tmp_path / tool
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    install = installation(tmp_path / name, tmp_path / "env", {"PATH": str(tmp_path)})
    assert install.argv[0] == str(program)
    alone = {"--no-install-project", "--no-root", "--no-self"} & set(install.argv)
    assert alone or name == "pylock.toml"
    assert str(tmp_path / "env") in " ".join([*install.argv, *install.env.values()])


@pytest.mark.proves("B-BAD-ENV-TOOL")
@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "Pipfile.lock", "conda-lock.yml"])
def test_what_nothing_here_installs_says_how_to_go_on(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError) as caught:
        installation(tmp_path / name, tmp_path / "env", {"PATH": str(tmp_path)})
    assert name in str(caught.value)
    assert "--same-env" in caught.value.fix


@pytest.mark.proves("B-ENV-OWN")
def test_the_worker_imports_nothing_that_it_is_not_given() -> None:
    code = (
        "import sys, genaiops.app.worker, genaiops.app.context\n"
        "import genaiops.prompts.files, genaiops.prompts.budget, genaiops.prompts.sandbox\n"
        "names = {name.partition('.')[0] for name, module in sys.modules.items()"
        " if 'site-packages' in (getattr(module, '__file__', None) or '')}\n"
        "print(*sorted(names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - {"_distutils_hack"} <= set(NEEDED)
