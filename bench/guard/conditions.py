"""On what the guard's benchmarks ran."""

import os
import platform
from collections.abc import Sequence

import numpy as np


def conditions(before: Sequence[float]) -> dict[str, object]:
    """Return the machine, its load `before` and now, and the versions that matter."""
    return {
        "cores": os.cpu_count(),
        "load_before": before,
        "load_after": os.getloadavg(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
