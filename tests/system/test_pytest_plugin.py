"""The pytest plug-in in real test-suites: with the mark, without it, and with mistakes in it."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.plain_project import ECHO, environment, make

PLUG_IN = "genaiops.arena.pytest_plugin"
MARKED = """\
import pytest

@pytest.mark.arena
def test_it_may_be_merged():
    pass

def test_of_something_else():
    pass
"""
WORSE = 'def answer(question):\n    return "?"\n'


def run_pytest(folder: Path, *arguments: str, plug_in: bool = True) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder as its users do; every warning is an error, every mark must be known."""
    named = ["-p", PLUG_IN] if plug_in else []
    strict = ["-p", "no:cacheprovider", "-W", "error", "--strict-markers", "--strict-config"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *named, *strict, *arguments],
        cwd=folder,
        env=environment(folder.parent, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def project(folder: Path, before: str, after: str, tests: str = MARKED) -> Path:
    """Return a project whose app was `before` and is `after`, with a test-suite beside it."""
    root = make(folder / "plain", before)
    (root / "app.py").write_text(after, encoding="utf-8")
    (root / "tests").mkdir()
    (root / "tests" / "test_merge.py").write_text(tests, encoding="utf-8")
    return root


@pytest.mark.proves("B-PYTEST")
def test_the_test_passes_where_the_gate_says_yes(tmp_path: Path) -> None:
    done = run_pytest(project(tmp_path, WORSE, ECHO))
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.proves("B-PYTEST")
def test_the_test_fails_with_the_headline_where_the_gate_says_no(tmp_path: Path) -> None:
    done = run_pytest(project(tmp_path, ECHO, WORSE))
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "Do not merge: exact match" in done.stdout
    assert "genaiops arena show" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("setting", "ends"),
    [((), "1 failed, 1 passed"), (("skip",), "1 passed, 1 skipped"), (("pass",), "2 passed")],
)
def test_an_inconclusive_verdict_ends_as_the_project_says(
    tmp_path: Path, setting: tuple[str, ...], ends: str
) -> None:
    root = project(tmp_path, ECHO, ECHO + "\n\n# a comment\n")
    done = run_pytest(root, "-rs", *(f"-oarena_inconclusive={value}" for value in setting))
    assert ends in done.stdout
    assert ("Not decided yet" in done.stdout) == (setting != ("pass",))


def test_a_test_may_look_closer_and_several_may_share_a_run(tmp_path: Path) -> None:
    tests = """\
import pytest

@pytest.mark.arena(suite="first", baseline="HEAD")
def test_looks_closer(arena_run):
    assert arena_run.verdict.outcome == "pass"
    assert arena_run.bundle.is_dir()
    assert not arena_run.shown

@pytest.mark.arena(suite="first", baseline="main")
class TestMore:
    @pytest.mark.parametrize("scorer", ["exact_match", "latency_ms"])
    def test_is_shown_again(self, scorer, arena_run):
        assert scorer in {one.scorer for one in arena_run.verdict.comparisons}
        assert arena_run.shown and arena_run.run.model_calls == 0
"""
    done = run_pytest(project(tmp_path, WORSE, ECHO, tests))
    assert "3 passed" in done.stdout, done.stdout


@pytest.mark.proves("B-BAD-MARK")
@pytest.mark.parametrize(
    ("mark", "options", "said"),
    [
        ('(suite="secnd")', (), "GAO-ARENA-149"),
        ('(baseline="no-such-branch")', (), "GAO-ARENA-"),
        ('("first")', (), "GAO-ARENA-129"),
        ('(sweet="first")', (), "unexpected keyword argument 'sweet'"),
        ("", ("-oarena_inconclusive=maybe",), "must be one of fail, skip, pass"),
    ],
)
def test_what_does_not_fit_fails_the_marked_test_alone_in_a_few_lines(
    tmp_path: Path, mark: str, options: tuple[str, ...], said: str
) -> None:
    tests = MARKED.replace("@pytest.mark.arena", f"@pytest.mark.arena{mark}")
    done = run_pytest(project(tmp_path, WORSE, ECHO, tests), *options)
    assert done.returncode == 1
    assert "1 passed" in done.stdout
    assert said in done.stdout
    assert "Traceback" not in done.stdout
    assert "pytest_plugin.py" not in done.stdout


@pytest.mark.proves("B-BAD-MARK")
def test_a_marked_test_outside_of_a_project_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "test_merge.py").write_text(MARKED, encoding="utf-8")
    done = run_pytest(tmp_path)
    assert "1 passed, 1 error" in done.stdout
    assert "GAO-STORE-001" in done.stdout


OTHER = """\
import sys
import pytest

@pytest.fixture
def verdict():
    return 1

def test_nothing_of_ours_is_loaded(verdict, request):
    heavy = {"numpy", "pydantic", "sqlalchemy", "aiohttp", "rich", "genaiops.arena.runs"}
    assert heavy & set(sys.modules) == set()
    assert request.fixturenames == ["verdict", "request"]

class TestCase(__import__("unittest").TestCase):
    def test_of_unittest(self):
        pass

@pytest.mark.parametrize("n", range(3))
def test_with_parameters(n):
    pass
"""


@pytest.mark.proves("B-PYTEST")
def test_a_suite_without_the_mark_notices_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(OTHER, encoding="utf-8")
    (tmp_path / "test_doc.txt").write_text(">>> 1 + 1\n2\n", encoding="utf-8")
    done = run_pytest(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout
