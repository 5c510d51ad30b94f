"""From names in a policy to detectors: built-in and plug-in ones come through the same door.

A factory takes the parameters of the policy and returns a detector. It is named `module:function`, as in an
entry point of the group `genaiops.detectors`; only the names that a policy uses are loaded.
"""

from collections.abc import Callable, Mapping
from typing import cast

from genaiops.core import Detector, DetectorSpec, Json, UserError, one_line
from genaiops.guard.policy_file import SURFACES, nearest
from genaiops.plugins import built_in, plug_in

GROUP = "genaiops.detectors"
_ROOM = "genaiops.guard.detectors"
BUILT_IN: Mapping[str, str] = {
    "hidden": f"{_ROOM}.hidden:hidden",
    "secrets": f"{_ROOM}.secrets:secrets",
    "pii": f"{_ROOM}.pii.detector:pii",
    "links": f"{_ROOM}.links:links",
    "code": f"{_ROOM}.code:code",
    "leak": f"{_ROOM}.leak:leak",
    "topics": f"{_ROOM}.topics:topics",
    "limits": f"{_ROOM}.limits:limits",
    "language": f"{_ROOM}.language:language",
    "json": f"{_ROOM}.json_form:json_form",
    "presidio": f"{_ROOM}.presidio:presidio",
    "harmful": f"{_ROOM}.harmful:harmful",
    "injection": "genaiops.guard.injection.detector:injection",
}

DetectorFactory = Callable[[Mapping[str, Json]], Detector]


def build_detector(name: str, parameters: Mapping[str, Json], where: str) -> Detector:
    """Return the detector `name`; raises `UserError` for an unknown one, or parameters that do not fit."""
    factory = _factory(name, where)
    try:
        detector = factory(parameters)
        spec = detector.spec
    except UserError as error:
        raise UserError(error.code, error.what, why=error.why, fix=error.fix, where=where) from error
    except Exception as error:
        if name in BUILT_IN:
            raise
        raise _unusable(name, f"{type(error).__name__}: {one_line(str(error))}", where) from error
    if name not in BUILT_IN and (wrong := _wrong(detector, spec)):
        raise _unusable(name, wrong, where)
    return detector


def _factory(name: str, where: str) -> DetectorFactory:
    if name in BUILT_IN:
        return built_in(GROUP, name, BUILT_IN[name])
    found = plug_in(GROUP, name, lambda why: _unusable(name, why, where))
    if found is None:
        raise UserError(
            "GAO-GUARD-020",
            f"unknown detector {name!r}",
            why=f"it is not built in, and no installed package offers it as {GROUP}",
            fix=nearest(name, list(BUILT_IN)) + "; or install the package that brings it",
            where=where,
        )
    return found


def _wrong(detector: object, spec: object) -> str:
    """Return what keeps a plug-in from being a detector; empty where nothing does."""
    if not callable(getattr(detector, "detect", None)):
        return f"it makes {type(detector).__name__}, which is no detector"
    if not isinstance(spec, DetectorSpec):
        return "its `spec` is no DetectorSpec"
    sound = spec.span == "whole" or (type(spec.span) is int and spec.span > 0)
    if not sound or not spec.surfaces or not spec.surfaces <= set(SURFACES):
        return "its `spec` names no surface that there is, or no span"
    begins = cast("object", spec.begins)
    signs = cast("tuple[object, ...]", begins) if isinstance(begins, tuple) else (None,)
    if not all(isinstance(sign, str) and sign for sign in signs):
        return "in its `spec`, `begins` are not signs"
    return "" if spec.cost in ("cheap", "model", "remote") else "its `spec` names a cost that there is not"


def _unusable(name: str, why: str, where: str) -> UserError:
    return UserError(
        "GAO-GUARD-021",
        f"the detector {name!r} cannot be used",
        why=why,
        fix=f"mend the package that offers it under the entry point group {GROUP}",
        where=where,
    )
