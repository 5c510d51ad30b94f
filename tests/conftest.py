"""What all tests share: the same examples every time, so that a red run is red for everybody; two stores."""

import gc

import pytest
from hypothesis import settings
from tests.support import stores

# no deadline: a test says what is right, not how busy the machine is
settings.register_profile("fixed", derandomize=True, database=None, print_blob=True, deadline=None)
settings.load_profile("fixed")


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


@pytest.fixture(
    params=["embedded", *(pytest.param(each, marks=pytest.mark.remote) for each in ("remote", "url"))]
)
def each_way(request, monkeypatch):
    """Run the test three times: on either store at hand, and with a server and a key in front of one."""
    from tests.support import hubs  # a second: only where a test reaches a server

    if request.param == "remote":
        for name, value in stores.remote().items():
            monkeypatch.setenv(name, value)
    with hubs.on_the_way(request.param, monkeypatch):
        yield request.param
