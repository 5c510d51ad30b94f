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

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_INDEXES = frozenset(
    {
        *("PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS"),
        *("PIP_CERT", "PIP_CLIENT_CERT", "PIP_TRUSTED_HOST", "PIP_PROXY", "PIP_CONSTRAINT", "PIP_CACHE_DIR"),
        *("PIP_DEFAULT_TIMEOUT", "PIP_RETRIES", "PIP_ONLY_BINARY", "PIP_NO_BINARY", "PIP_PREFER_BINARY"),
        *("UV_CONFIG_FILE", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"),
        *("UV_NO_INDEX", "UV_FIND_LINKS", "UV_OFFLINE", "UV_CACHE_DIR", "UV_NATIVE_TLS", "UV_HTTP_TIMEOUT"),
        *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *_PROXIES,
        *(name.lower() for name in _PROXIES),
    }
)
_CONFIGURATION = {"PIP_CONFIG_FILE": "pip/pip.conf", "UV_CONFIG_FILE": "uv/uv.toml"}


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


def install_environment(parent_env: Mapping[str, str], home: Path, cache: Path) -> dict[str, str]:
    """Return the environment of what installs packages: a child's, and where packages come from.

    `cache` is a folder for downloads. An index's address may hold a password: that is what it is for.
    """
    told = {name: value for name, value in parent_env.items() if name in _INDEXES}
    files = {name: _own_file(parent_env, place) for name, place in _CONFIGURATION.items()}
    known = {name: value for name, value in files.items() if value}
    return {
        **known,
        **child_environment(parent_env, (), home),
        "XDG_CACHE_HOME": str(cache),
        "PIP_CACHE_DIR": str(cache / "pip"),
        **told,
    }


def _own_file(parent_env: Mapping[str, str], place: str) -> str:
    """Return a configuration file of the person's: the child's home is another one."""
    home = parent_env.get("HOME", "")
    folder = parent_env.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    path = Path(folder, place)
    return str(path) if folder and path.is_file() else ""


def _passed(parent_env: Mapping[str, str], name: str) -> str:
    if name not in parent_env:
        raise UserError(
            "GAO-WORK-001",
            f"{name!r} is not set",
            why="--pass-env names it, so the app needs it",
            fix=f"set {name} in the environment, or leave --pass-env {name} out",
        )
    return parent_env[name]
