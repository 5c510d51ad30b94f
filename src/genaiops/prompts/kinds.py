"""What the Hub must know about a prompt."""

import difflib
import json
from collections.abc import Sequence
from typing import Any, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from genaiops.core import (
    Composed,
    Digest,
    DigestText,
    FileEntry,
    Json,
    Manifest,
    Read,
    UserError,
    typed_kind,
)
from genaiops.prompts.files import parse_examples, parse_prompt
from genaiops.prompts.model import Example, Parameters, Prompt, Role, prompt_facts

_CHARACTERS_A_TOKEN = 4


class TurnManifest(BaseModel):
    """One message of a prompt, as a template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role
    template: str


class PromptManifest(BaseModel):
    """A prompt: its turns, the parameters of the call, the content of its examples.

    `digest` covers these three, and neither name nor description.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str = ""
    turns: tuple[TurnManifest, ...] = Field(min_length=1)
    parameters: Parameters = Parameters()
    examples: tuple[dict[str, JsonValue], ...] = ()
    digest: DigestText


def _lines(manifest: Manifest) -> list[str]:
    """Return a prompt as the lines of its file, for people to compare."""
    lines: list[str] = []
    for key, value in sorted(cast("dict[str, Json]", manifest.get("parameters", {})).items()):
        lines.append(f"{key}: {json.dumps(value, ensure_ascii=False)}")
    for turn in cast("list[dict[str, str]]", manifest.get("turns", [])):
        lines += [f"# {turn['role']}", *turn["template"].split("\n")]
    for example in cast("list[Json]", manifest.get("examples", [])):
        lines.append(f"example: {json.dumps(example, ensure_ascii=False, sort_keys=True)}")
    return lines


def _tokens(manifest: Manifest) -> int:
    """Return about how many tokens the text has: every word a token for each four characters begun."""
    words = " ".join(_lines(manifest)).split()
    return sum(-(-len(word) // _CHARACTERS_A_TOKEN) for word in words)


def _diff(old: Manifest, new: Manifest, read: Read) -> list[str]:
    found = list(difflib.unified_diff(_lines(old), _lines(new), "before", "after", n=2, lineterm=""))
    before, after = _tokens(old), _tokens(new)
    return [*found, f"tokens: about {before} -> {after} ({after - before:+d})"] if found else []


def _compose(files: Sequence[FileEntry], read: Read) -> Composed:
    prompts = [entry for entry in files if entry.path.lower().endswith(".md")]
    if len(prompts) != 1:
        raise UserError(
            "GAO-PROMPTS-030",
            "a prompt is one Markdown file",
            why=f"there are {len(prompts)} among what is pushed",
            fix="push one file, and its file of examples where it names one",
        )
    path = prompts[0].path
    head, turns = parse_prompt(_text(prompts[0], read), path)
    prompt = Prompt(
        name=head.name or path.rpartition("/")[2][: -len(".md")],
        turns=turns,
        description=head.description,
        parameters=head.parameters,
        examples=_examples(head.examples, files, read, path),
        where=path,
    )
    return Composed(manifest=prompt_facts(prompt), blobs={})


def _examples(named: str | None, files: Sequence[FileEntry], read: Read, where: str) -> tuple[Example, ...]:
    if named is None:
        return ()
    found = [entry for entry in files if entry.path.rpartition("/")[2] == named.rpartition("/")[2]]
    if len(found) != 1:
        raise UserError(
            "GAO-PROMPTS-031",
            f"the examples of the prompt are not among what is pushed: {named}",
            why="they are part of the prompt",
            fix=f"push both: {where} and that file",
            where=where,
        )
    return parse_examples(_text(found[0], read), found[0].path)


def _text(entry: FileEntry, read: Read) -> str:
    try:
        return b"".join(read(Digest(entry.digest))).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            "GAO-PROMPTS-032",
            "the file is not UTF-8",
            why=f"byte {error.start} cannot stand there",
            fix="save it as UTF-8",
            where=entry.path,
        ) from error


def _files(manifest: Manifest, read: Read) -> dict[str, bytes | Digest]:
    """Return a prompt as the files that `genaiops` reads as this prompt."""
    prompt = PromptManifest.model_validate(dict(manifest))
    examples = f"{prompt.name}.examples.jsonl"
    head: dict[str, Any] = {"name": prompt.name, "description": prompt.description}
    head["parameters"] = prompt.parameters.model_dump(mode="json", exclude_defaults=True)
    head["examples"] = examples if prompt.examples else None
    front = yaml.safe_dump({key: value for key, value in head.items() if value}, sort_keys=False)
    turns = "\n\n".join(f"# {turn.role}\n{turn.template}" for turn in prompt.turns)
    files: dict[str, bytes | Digest] = {f"{prompt.name}.md": f"---\n{front}---\n{turns}\n".encode()}
    if prompt.examples:
        rows = [json.dumps(example, ensure_ascii=False) for example in prompt.examples]
        files[examples] = ("\n".join(rows) + "\n").encode()
    return files


PROMPT_KIND = typed_kind("prompt", PromptManifest, diff=_diff, compose=_compose, files=_files)
KINDS = (PROMPT_KIND,)
