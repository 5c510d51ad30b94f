"""Arms that are no tree of the repository: an HTTP endpoint named on the command line, or a recording.

They bring no suite. So the ruler stays that of a commit, the baseline's or the default baseline's: naming an
address must not be a way around the gate.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from genaiops.app import AppTarget, Project, Services
from genaiops.arena.arms import Prepared, prepare
from genaiops.arena.candidates import Exported
from genaiops.arena.model import ArmSource, Suite
from genaiops.arena.recordings import SUFFIX, Recording, read_recording
from genaiops.arena.suites import needs_fresh_latency
from genaiops.arena.surroundings import Surroundings
from genaiops.core import UserError

Elsewhere = AppTarget | Recording


def elsewhere(text: str | None) -> Elsewhere | None:
    """Return the endpoint (`http…`) or the recording (`….jsonl`) that `text` names; None for a git ref."""
    if text is None:
        return None
    if re.match(r"https?://", text):
        try:
            return AppTarget.at(text)
        except ValueError as error:
            raise UserError(
                "GAO-ARENA-159",
                "this is no address of an endpoint",
                why=str(error),
                fix="for example https://staging.example.org/answer; key and version stand in genaiops.yaml",
            ) from error
    return read_recording(text) if text.partition("#")[0].endswith(SUFFIX) else None


def moved(exported: Exported, arm: Elsewhere) -> Exported:
    """Return `exported`, whose suite rules, as the source of an arm that is elsewhere."""
    kind, ref = ("endpoint", arm.url) if isinstance(arm, AppTarget) else ("recording", arm.name)
    return replace(exported, source=ArmSource(kind=kind, ref=ref, commit=exported.source.commit))


def at_endpoint(project: Project, target: AppTarget) -> Project:
    """Return the project with the endpoint as its app; an endpoint reads neither params nor knowledge."""
    return replace(project, app=target, params={}, knowledge={})


async def made_ready(
    exported: Exported,
    project: Project,
    arm: Elsewhere | None,
    services: Services,
    surroundings: Surroundings,
) -> Prepared:
    """Return an arm made ready: the tree's own app, or what stands for it. Of a recording nothing runs."""
    if arm is None:
        return await prepare(exported, project, services, surroundings.facts, surroundings.own)
    source = moved(exported, arm)
    if isinstance(arm, Recording):
        return Prepared(source, project, {}, {}, {}, {}, {}, arm.digest, arm)
    return await prepare(source, at_endpoint(project, arm), services, surroundings.facts)


def refuse_recorded_latency(suite: Suite, arms: Iterable[Prepared]) -> None:
    """Raise `UserError` where the gate decides on latency and an arm is a recording."""
    names = [prepared.recording.name for prepared in arms if prepared.recording is not None]
    if names and needs_fresh_latency(suite):
        raise UserError(
            "GAO-ARENA-150",
            "the gate decides on latency, and an arm is a recording",
            why="times taken at another moment on another machine cannot be compared",
            fix="run both arms, or drop the claim or rule on latency_ms",
            where=names[0],
        )


def no_overrides(name: str) -> UserError:
    """Return the error for overrides of a candidate that is elsewhere."""
    return UserError(
        "GAO-ARENA-160",
        f"--set changes nothing of {name}",
        why="it changes values of the candidate's project file, and this candidate has none",
        fix="leave --set out, or name a branch, tag or commit",
    )
