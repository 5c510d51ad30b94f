"""The room's face: cheap to import, complete, and documented."""

import inspect
import subprocess
import sys

import pytest

from genaiops import stats


def test_importing_the_room_does_not_import_numpy() -> None:
    program = "import sys, genaiops.stats; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_public_name_exists_and_says_what_it_is() -> None:
    assert stats.__all__ == sorted(stats.__all__)
    for name in stats.__all__:
        thing = getattr(stats, name)
        if inspect.isfunction(thing) or inspect.isclass(thing):
            assert inspect.getdoc(thing), name


def test_every_public_function_says_when_it_raises() -> None:
    for name in stats.__all__:
        thing = getattr(stats, name)
        if inspect.isfunction(thing):
            assert "Raises ValueError" in " ".join((inspect.getdoc(thing) or "").split()), name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'bca'"):
        _ = stats.bca  # pyright: ignore[reportAttributeAccessIssue]


def test_results_cannot_be_changed() -> None:
    interval = stats.mean_interval([1.0, 2.0], [1, 2], 0.05)
    with pytest.raises(AttributeError):
        interval.low = 0.0  # pyright: ignore[reportAttributeAccessIssue]
