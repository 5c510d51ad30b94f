"""What a child process may know of our environment: an allow-list, and names that the person adds."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from genaiops.core import UserError

# PYTHONPATH is left out on purpose: it would let the working tree's modules into the other arm
_ALLOWED = frozenset(
    {"PATH", "LANG", "LANGUAGE", "TZ", "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "SYSTEMROOT"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "NO_COLOR"}
    | {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
)


def child_environment(parent_env: Mapping[str, str], pass_env: Sequence[str], home: Path) -> dict[str, str]:
    """Return the environment of a child: what is harmless, what `pass_env` names, and a home of its own."""
    kept = {name: value for name, value in parent_env.items() if name in _ALLOWED or name.startswith("LC_")}
    folders = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), str(home))
    return {
        **kept,
        **folders,
        "PYTHONDONTWRITEBYTECODE": "1",  # the tree is read-only, or not ours to litter
        **{name: _passed(parent_env, name) for name in pass_env},
    }


def _passed(parent_env: Mapping[str, str], name: str) -> str:
    if name not in parent_env:
        raise UserError(
            "GAO-WORK-001",
            f"{name!r} is not set",
            why="--pass-env names it, so the app needs it",
            fix=f"set {name} in the environment, or leave --pass-env {name} out",
        )
    return parent_env[name]
