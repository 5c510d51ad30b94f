"""Eight processes that publish and move at once, on both stores."""

import pytest
from bench.stores.checking import compete

pytestmark = pytest.mark.system


@pytest.mark.proves("C-STORE-WRITERS")
def test_eight_writers_at_once_lose_nothing(each_store, tmp_path):
    found = compete(tmp_path, writers=8, rounds=4)
    assert found["versions"] == 32
