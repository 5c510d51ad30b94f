"""What all tests share: the same examples every time, so that a red run is red for everybody; two stores."""

import gc

import pytest
from hypothesis import settings
from tests.support import stores

# no deadline: a test says what is right, not how busy the machine is
settings.register_profile("fixed", derandomize=True, database=None, print_blob=True, deadline=None)
settings.load_profile("fixed")


@pytest.fixture(params=["folder", pytest.param("url", marks=pytest.mark.remote)])
def each_way(request, monkeypatch):
    """Run the test twice: with the Hub's store at hand, and with a server and a key."""
    from tests.support import hubs  # a second: only where a test reaches a server

    with hubs.on_the_way(request.param, monkeypatch):
        yield request.param


def pytest_collection_finish() -> None:
    """Keep the collector from what is loaded by now: it stays anyway, and statsmodels calls it each time."""
    gc.freeze()


@pytest.fixture(params=["embedded", pytest.param("remote", marks=pytest.mark.remote)])
def each_store(request, monkeypatch):
    """Run the test twice: whatever opens a store, here or in another process, opens this one."""
    if request.param == "remote":
        for name, value in stores.remote().items():
            monkeypatch.setenv(name, value)
    return request.param
