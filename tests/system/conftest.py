"""What system tests share: the real weights, pulled once into this user's cache by our own code."""

import os

import pytest

from genaiops.core import Settings
from genaiops.models import Weights
from genaiops.work import Console


@pytest.fixture(scope="session")
def weights() -> Weights:
    """Both weights of the defaults, present and verified. Fetches them when they are absent."""
    held = Weights(Settings.from_env(os.environ))
    for name in ("minilm-l6", "smollm2-135m"):
        held.pull(name, None, Console(quiet=True))
    return held
