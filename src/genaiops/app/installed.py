"""What is installed: the distributions of an environment. As a main module: of the one that runs it.

python -m genaiops.app.installed FILE     also shows that the worker can be loaded there
"""

import json
import sys
from importlib import import_module
from importlib.metadata import distributions
from pathlib import Path

_LOADED = ("genaiops.app.worker", "genaiops.app.context", "genaiops.prompts.sandbox")


def installed_packages() -> dict[str, str]:
    """Return every installed distribution with its version, by normalised name."""
    metadata = [item.metadata for item in distributions()]  # read once: each access parses the file again
    return dict(
        sorted({(str(facts["Name"]).lower().replace("_", "-"), str(facts["Version"])) for facts in metadata})
    )


if __name__ == "__main__":
    for module in _LOADED:
        import_module(module)
    Path(sys.argv[1]).write_text(json.dumps(installed_packages()), encoding="utf-8")
