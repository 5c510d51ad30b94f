"""From guard.yaml to a pipeline: everything that can be wrong with a policy is said here, before any text."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import cast

from genaiops.core import Detector, DetectorSpec, Json, OutsideError, UserError
from genaiops.guard.pipeline import DECODING, Pipeline
from genaiops.guard.policy_file import GuardFile, read_guard_file
from genaiops.guard.reach import check_reach
from genaiops.guard.registry import BUILT_IN, build_detector

DEFAULT_NAME = "the default policy"


def utc_today() -> date:
    """Return the day by which exceptions end."""
    return datetime.now(UTC).date()


def load_guard(path: Path | None = None) -> Pipeline:
    """Return the pipeline of the policy at `path`, or of the one that the package brings.

    Raises `UserError` with file and line for what does not fit, `OutsideError` where it cannot be read.
    """
    return parse_guard(*policy_text(path))


def policy_text(path: Path | None = None) -> tuple[str, str]:
    """Return the text of the policy at `path`, or of the package's own, and what it is called in errors."""
    return (default_policy(), DEFAULT_NAME) if path is None else (_read(path), path.name)


def parse_guard(text: str, where: str, *, today: Callable[[], date] = utc_today) -> Pipeline:
    """Return the pipeline of the policy in `text`; `where` names it in errors."""
    policy, detectors = read_policy(text, where)
    return Pipeline(policy, detectors, ours=frozenset(detectors) & BUILT_IN.keys(), today=today)


def read_policy(text: str, where: str) -> tuple[GuardFile, Mapping[str, Detector]]:
    """Return a policy and its detectors, built and checked against its rules."""
    policy, places = read_guard_file(text, where)
    detectors = {
        name: build_detector(name, cast("Mapping[str, Json]", given), places.of("detectors", name))
        for name, given in policy.detectors.items()
    }
    specs: dict[str, DetectorSpec] = {name: each.spec for name, each in detectors.items()}
    check_reach(policy, specs, DECODING if policy.decode.depth else None, places)
    return policy, detectors


def default_policy() -> str:
    """Return the text of the policy that the package brings."""
    return files("genaiops.guard").joinpath("default.yaml").read_text(encoding="utf-8")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            "GAO-GUARD-030",
            f"there is no policy {path}",
            why="without one that was named, nothing is checked rather than something else",
            fix="correct the path, or leave --policy out for the default policy",
            where=str(path),
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(
            "GAO-GUARD-031",
            f"{path.name} is not UTF-8 text",
            why=f"byte {error.start} does not fit",
            fix="save it as UTF-8",
            where=str(path),
        ) from error
    except OSError as error:
        raise OutsideError(
            "GAO-GUARD-032",
            f"{path.name} cannot be read",
            why=error.strerror or str(error),
            fix="correct the path, or who may read the file",
            where=str(path),
        ) from error
