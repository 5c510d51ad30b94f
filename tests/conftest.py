"""What all tests share: the same examples every time, so that a red run is red for everybody; two stores."""

import pytest
from hypothesis import settings
from tests.support import hubs, stores

settings.register_profile("fixed", derandomize=True, database=None, print_blob=True)
settings.load_profile("fixed")


@pytest.fixture(params=["folder", "url"])
def each_way(request, monkeypatch):
    """Run the test twice: with the Hub's store at hand, and with a server and a key."""
    with hubs.on_the_way(request.param, monkeypatch):
        yield request.param


@pytest.fixture(params=["embedded", pytest.param("remote", marks=pytest.mark.remote)])
def each_store(request, monkeypatch):
    """Run the test twice: whatever opens a store, here or in another process, opens this one."""
    if request.param == "remote":
        for name, value in stores.remote().items():
            monkeypatch.setenv(name, value)
    return request.param
