"""Prompt files: YAML front matter, then turns that begin at lines `# system`, `# user`, `# assistant`."""

import difflib
import re
from pathlib import Path
from typing import cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from genaiops.core import FrontMatter, Json, UserError, one_line, read_front_matter
from genaiops.prompts.model import Example, Head, Parameters, Prompt, Role, Turn

MAX_PROMPT_BYTES = 256_000
MAX_EXAMPLES_BYTES = 5_000_000

_MARKER = re.compile(r"^# (system|user|assistant)[ \t]*$", re.MULTILINE)
_ROW = TypeAdapter(dict[str, Json])


def load_prompt(path: Path, root: Path | None = None) -> Prompt:
    """Return the prompt in `path`.

    Its examples file, relative to it, must lie under `root` (default: the folder above the prompt's).
    """
    text = _read(path, MAX_PROMPT_BYTES, "GAO-PROMPTS-010")
    head, turns = parse_prompt(text, str(path))
    examples: tuple[Example, ...] = ()
    if head.examples is not None:
        examples = load_examples(_inside(path, head.examples, root or path.absolute().parent.parent))
    return Prompt(
        name=head.name or path.stem,
        turns=turns,
        description=head.description,
        parameters=head.parameters,
        examples=examples,
        where=str(path),
    )


def parse_prompt(text: str, where: str) -> tuple[Head, tuple[Turn, ...]]:
    """Return front matter and turns of a prompt file's text; pure."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    front = read_front_matter(text, where)
    return _head(front, where), _turns(text, front.body_start, where)


def load_examples(path: Path) -> tuple[Example, ...]:
    """Return the rows of a JSON Lines file; raises `UserError` with the line that is no JSON object."""
    return parse_examples(_read(path, MAX_EXAMPLES_BYTES, "GAO-PROMPTS-014"), str(path))


def parse_examples(text: str, where: str) -> tuple[Example, ...]:
    """Return the rows of an examples file's text; pure."""
    rows: list[Example] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            rows.append(_example(line, f"{where}:{number}"))
    if not rows:
        raise UserError(
            "GAO-PROMPTS-015",
            "the examples file holds no example",
            fix="add one JSON object a line, or remove `examples` from the prompt",
            where=where,
        )
    return tuple(rows)


def _example(line: str, where: str) -> Example:
    try:
        return _ROW.validate_json(line)
    except ValidationError as error:
        raise UserError(
            "GAO-PROMPTS-016",
            "an example is not a JSON object",
            why=one_line(error.errors(include_url=False)[0]["msg"]),
            fix='one object a line, for example {"question": "…", "answer": "…"}',
            where=where,
        ) from error


def _turns(text: str, start: int, where: str) -> tuple[Turn, ...]:
    markers = list(_MARKER.finditer(text, start))
    before = text[start : markers[0].start()] if markers else text[start:]
    line = _first_line(text, start)
    if before.strip() or not markers:
        raise UserError(
            "GAO-PROMPTS-011",
            "there is text before the first turn" if before.strip() else "the prompt has no turn",
            why="a turn begins at a line that is exactly # system, # user or # assistant",
            fix="put such a line above the text",
            where=f"{where}:{line}",
        )
    ends = [*(marker.start() for marker in markers[1:]), len(text)]
    return tuple(
        Turn(
            cast(Role, marker[1]),
            text[marker.end() : end].strip("\n"),
            _first_line(text, marker.end()),
        )
        for marker, end in zip(markers, ends, strict=True)
    )


def _first_line(text: str, at: int) -> int:
    blank = len(text[at:]) - len(text[at:].lstrip("\n"))
    return text.count("\n", 0, at + blank) + 1


def _head(front: FrontMatter, where: str) -> Head:
    try:
        return Head.model_validate(front.values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = tuple(part for part in first["loc"] if not isinstance(part, int))
    raise UserError(
        "GAO-PROMPTS-012",
        f"the prompt's {'.'.join(map(str, path))!r} cannot be used",
        why=one_line(first["msg"]),
        fix=_advice(str(path[-1]), Parameters if len(path) > 1 else Head, first["type"]),
        where=f"{where}:{front.lines.get(path, 1)}",
    )


def _advice(key: str, model: type[BaseModel], kind: str) -> str:
    if kind != "extra_forbidden":
        return "correct the value"
    known = sorted(model.model_fields)
    near = difflib.get_close_matches(key, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"


def _read(path: Path, limit: int, code: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise UserError(
            code, "the file cannot be read", why=error.strerror or "", fix="check its path", where=str(path)
        ) from error
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(
            code, "the file is not UTF-8", fix="save it as UTF-8", where=f"{path}:{line}"
        ) from error
    if len(content) > limit:
        raise UserError(
            code,
            "the file is too large",
            why=f"at most {limit:,} bytes",
            fix="make it shorter",
            where=str(path),
        )
    return text


def _inside(prompt: Path, relative: str, root: Path) -> Path:
    path = (prompt.absolute().parent / relative).resolve()
    if not path.is_relative_to(root.resolve()):
        raise UserError(
            "GAO-PROMPTS-013",
            "the examples file lies outside the project",
            why=f"{relative!r} leads out of {root}",
            fix="put it beside the prompt, or in the project's data folder",
            where=str(prompt),
        )
    return path
