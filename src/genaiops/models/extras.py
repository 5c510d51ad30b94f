"""Optional dependencies: asked for by name, imported on first use."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from genaiops.core import UserError, one_line


def need_extra(package: str, extra: str, purpose: str) -> str:
    """Return the installed version of `package`; raises `UserError` naming the extra that brings it."""
    try:
        return version(package)
    except PackageNotFoundError as error:
        raise UserError(
            "GAO-MODELS-006",
            f"{purpose} needs {package}, which is not installed",
            fix=f"pip install 'genaiops[{extra}]'",
        ) from error


def load(module: str) -> Any:
    """Return an optional module, imported now; `need_extra` has said before whether it is there.

    Raises `UserError` where it is installed and cannot be imported: a broken package, a missing library.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise UserError(
            "GAO-MODELS-008",
            f"{module} is installed and cannot be imported",
            why=one_line(str(error)),
            fix=f"pip install --force-reinstall '{module}', or name another model in genaiops.yaml",
        ) from error
