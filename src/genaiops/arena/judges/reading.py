"""Judges from the project file: the rubric read, the name checked, the anchors named by digest."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from genaiops.app import JudgeConfig, Project
from genaiops.arena.judges.anchors import anchors_digest, read_anchors
from genaiops.arena.model import Judge
from genaiops.arena.scorers import BUILT_IN
from genaiops.core import OutsideError, UserError, one_line

MOST_RUBRIC = 20_000


def read_judges(project: Project, names: Sequence[str]) -> tuple[Judge, ...]:
    """Return those of `names` that the project calls judges, whole.

    Raises `UserError` for a name that a built-in scorer has, and a rubric or anchors that cannot be read.
    """
    return tuple(_judge(project, name, project.judges[name]) for name in names if name in project.judges)


def judge_files(project: Project, names: Sequence[str]) -> list[str]:
    """Return the files that these judges are read from."""
    used = [project.judges[name] for name in names if name in project.judges]
    return [path for config in used for path in (config.rubric, config.anchors) if path]


def _judge(project: Project, name: str, config: JudgeConfig) -> Judge:
    where = f"judges.{name}"
    if name in BUILT_IN:
        raise UserError(
            "GAO-ARENA-311",
            f"a judge is called {name!r}, as a built-in scorer is",
            why="a suite could not say which of the two it means",
            fix="give the judge another name",
            where=where,
        )
    rubric = read_text(project.root, config.rubric, f"{where}.rubric")
    if not rubric.strip() or len(rubric) > MOST_RUBRIC:
        raise UserError(
            "GAO-ARENA-312",
            f"the rubric {config.rubric} is empty" if not rubric.strip() else f"{config.rubric} is too long",
            why=f"it must tell the judge what a good answer is, in at most {MOST_RUBRIC:,} characters",
            fix="write down what a person would look for",
            where=f"{where}.rubric",
        )
    judge = Judge(
        name=name,
        model=config.model,
        rubric=rubric,
        form=config.form,
        scale=() if config.form == "pair" else config.scale,
        sees=tuple(sorted(set(config.sees))),
        max_tokens=config.max_tokens,
    )
    if config.anchors is None:
        return judge
    text = read_text(project.root, config.anchors, f"{where}.anchors")
    return replace(judge, anchors=anchors_digest(read_anchors(text, config.anchors)))


def read_text(root: Path, name: str, where: str) -> str:
    """Return a text file of the project; raises `UserError` where it is none, or lies outside."""
    path = root / name
    try:
        if path.resolve().is_relative_to(root.resolve()) and path.is_file():
            return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            "GAO-ARENA-313",
            f"{name} is not UTF-8 text",
            why=f"byte {error.start} does not fit",
            fix="save it as UTF-8",
            where=where,
        ) from error
    except OSError as error:
        raise OutsideError("GAO-ARENA-314", f"{name} cannot be read", why=one_line(str(error))) from error
    raise UserError(
        "GAO-ARENA-315",
        f"there is no file {name!r} in the project",
        why="ARENA runs on what git knows of the project's folder: an ignored file is not exported",
        fix="correct the path, or let git know the file (git add; see .gitignore)",
        where=where,
    )
