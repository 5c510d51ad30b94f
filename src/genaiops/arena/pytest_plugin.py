"""ARENA in a test-suite: `@pytest.mark.arena` runs a suite, and the test fails where its gate says no.

pytest loads this file in every run where genaiops is installed, so it imports nothing of ours but lazy faces.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import pytest

from genaiops import arena, core, work

if TYPE_CHECKING:
    from genaiops.arena import Finished, RunOptions

FIXTURE = "arena_run"
INCONCLUSIVE = "arena_inconclusive"
_ENDS = ("fail", "skip", "pass")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a project may set."""
    parser.addini(
        INCONCLUSIVE,
        "how a test ends whose ARENA verdict is inconclusive: fail, skip or pass",
        default="fail",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line(
        "markers",
        "arena(suite, baseline, overrides): run a suite of ARENA; the test fails where its gate says no",
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a marked test run ARENA though it does not ask for the verdict."""
    names = item.fixturenames if isinstance(item, pytest.Function) else []
    if item.get_closest_marker("arena") and FIXTURE not in names:
        names.append(FIXTURE)


@pytest.fixture
def arena_run(request: pytest.FixtureRequest) -> "Finished":
    """The finished comparison of a test that is marked `arena`: its `verdict`, `run` and `bundle`."""
    try:
        return arena.run_in(request.path.parent, _options(request.node), work.Console(quiet=True))
    except core.GenaiopsError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Let the gate decide before the test's own body looks closer."""
    if FIXTURE in pyfuncitem.funcargs:
        finished = cast("Finished", pyfuncitem.funcargs[FIXTURE])
        _decide(finished, str(pyfuncitem.config.getini(INCONCLUSIVE)))


def _decide(finished: "Finished", inconclusive: str) -> None:
    verdict = finished.verdict
    if inconclusive not in _ENDS:
        pytest.fail(
            f"{INCONCLUSIVE} is {inconclusive!r}; it must be one of {', '.join(_ENDS)}", pytrace=False
        )
    end = {"pass": "pass", "fail": "fail", "inconclusive": inconclusive}[verdict.outcome]
    said = (
        f"{verdict.headline}\nevidence: {finished.bundle}\nto see it: genaiops arena show {finished.run.id}"
    )
    if end == "skip":
        pytest.skip(core.one_line(verdict.headline))
    if end == "fail":
        pytest.fail(core.plain(said), pytrace=False)


def _options(item: pytest.Item) -> "RunOptions":
    mark = item.get_closest_marker("arena")
    try:
        return _marked(*mark.args, **mark.kwargs) if mark else _marked()
    except TypeError as error:
        raise core.UserError(
            "GAO-ARENA-129",
            "the mark arena does not take this",
            why=core.one_line(str(error).partition(" ")[2]),
            fix='for example @pytest.mark.arena(suite="qa", baseline="main", overrides=["params.top_k=8"])',
            where=item.nodeid,
        ) from error


def _marked(
    *, suite: str | None = None, baseline: str | None = None, overrides: Sequence[str] = ()
) -> "RunOptions":
    return arena.RunOptions(suite=suite, baseline=baseline, overrides=tuple(overrides))
