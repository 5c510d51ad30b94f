"""The documentation is true: what it shows loads, compiles and exists, and what exists is written down."""

import ast
import importlib
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from scripts import benchmarks, cli_docs
from tests.support.documents import DOCS, ROOT, Block, blocks, commands, pages

from genaiops import Answer, Context
from genaiops.app import load_project
from genaiops.arena.model import Ruler, ScorerUse
from genaiops.arena.scorers import BUILT_IN, build_scorers
from genaiops.core import Digest, ScorerSpec

GENERATED = {"cli.md"}
EVERY = [block for page in pages() for block in blocks(page)]
LINK = re.compile(r"\[[^\]]+\]\((?P<target>[^)\s]+)\)")


def of(*languages: str) -> list[Any]:
    return [pytest.param(block, id=block.place) for block in EVERY if block.language in languages]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@cache
def command_line() -> dict[tuple[str, ...], set[str]]:
    """Return every command by its words, with the options that it knows."""
    known = {
        words: {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        for words, command in cli_docs.tree()
    }
    return {**known, ("genaiops",): {"--version", "--help"}}


@pytest.mark.parametrize("block", of("python"))
def test_python_shown_compiles_and_its_imports_from_us_exist(block: Block) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("genaiops"):
            module = importlib.import_module(node.module or "")
            assert [name.name for name in node.names if not hasattr(module, name.name)] == []


@pytest.mark.parametrize("block", of("yaml"))
def test_yaml_shown_is_yaml_and_whole_project_files_load(block: Block, tmp_path: Path) -> None:
    value = yaml.safe_load(block.text)
    if isinstance(value, dict) and {"project", "app"} <= value.keys():
        (tmp_path / "genaiops.yaml").write_text(block.text, encoding="utf-8")
        assert load_project(tmp_path).project == value["project"]


@pytest.mark.parametrize("block", of("json"))
def test_json_shown_is_json(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", of("bash", ""))
def test_commands_shown_exist_with_their_options(block: Block) -> None:
    for command in commands(block):
        for words in calls_of_ours(command):
            known = next((key for key in named(words) if key in command_line()), None)
            assert known is not None, f"{block.place}: no command {' '.join(words[:3])!r}"
            options = {
                word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][a-z-]*(=.*)?", word)
            }
            assert options <= command_line()[known], f"{block.place}: {options - command_line()[known]}"


def calls_of_ours(command: str) -> Iterator[list[str]]:
    """Yield the words of each call of genaiops in a line of shell."""
    bare = re.sub(r'"\$(\([^"]*\))"', "FOLDER", command)
    lexer = shlex.shlex(bare, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for token in [*lexer, ";"]:
        if not re.fullmatch(r"[();<>|&]+", token):
            words += [token] if words or not re.match(r"[A-Z_]+=", token) else []
            continue
        if words and words[0] == "genaiops":
            yield words
        words = []


def named(words: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield what the first words may name, the longest first."""
    yield from (tuple(words[:size]) for size in (4, 3, 2, 1))


def test_commands_named_in_the_text_exist() -> None:
    groups = {key[:2] for key in command_line()}
    for page in pages():
        for line in re.findall(r"`(genaiops [a-z][^`]*)`", prose(page)):
            words = line.split()
            assert tuple(words[:2]) in groups, (page.name, line)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    for match in LINK.finditer(prose(page)):
        target, _, anchor = match["target"].partition("#")
        if "://" in target:
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name}: {match['target']}"
        if anchor:
            assert anchor in anchors(file), f"{page.name}: {match['target']}"


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_can_be_reached_from_the_index() -> None:
    linked = {match["target"].partition("#")[0] for match in LINK.finditer(prose(DOCS / "index.md"))}
    assert {page.name for page in DOCS.glob("*.md")} - linked == {"index.md"}


def test_every_key_of_the_project_file_is_documented() -> None:
    schema = json.loads((ROOT / "schemas" / "genaiops.schema.json").read_text(encoding="utf-8"))
    parts = [schema, *schema["$defs"].values()]
    keys = {key for part in parts for key in part.get("properties", {})}
    text = (DOCS / "project-file.md").read_text(encoding="utf-8")
    assert sorted(key for key in keys if f"`{key}`" not in text) == []


def test_everything_that_an_app_may_use_is_documented() -> None:
    text = (DOCS / "app.md").read_text(encoding="utf-8")
    members = [name for name in dir(Context) if not name.startswith("_")]
    assert [name for name in [*members, "params", "root", "seed"] if f"`ctx.{name}" not in text] == []
    assert [field.name for field in fields(Answer) if f"| `{field.name}` |" not in text] == []


def test_every_built_in_scorer_is_documented_as_its_spec_says() -> None:
    rows = {cells[0]: cells for cells in table_rows(DOCS / "scorers.md")}
    for spec in built_in_specs():
        cells = rows[f"`{spec.name}`"]
        assert cells[1:4] == [span(spec), spec.better, failure(spec)], spec.name


def built_in_specs() -> list[ScorerSpec]:
    uses = tuple(ScorerUse(name=name) for name in BUILT_IN)
    ruler = Ruler(name="docs", dataset_digest=Digest("sha256:" + "0" * 64), scorers=uses)
    return [scorer.spec for scorer in build_scorers(ruler)]


def span(spec: ScorerSpec) -> str:
    high = "unbounded" if spec.high is None else f"{spec.high:g}"
    return f"{spec.low:g} to {high}" + (f" {spec.unit}" if spec.unit not in ("", "share") else "")


def failure(spec: ScorerSpec) -> str:
    return "missing" if spec.failure_score is None else f"{spec.failure_score:g}"


def table_rows(page: Path) -> Iterator[list[str]]:
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def test_what_the_pages_name_in_the_code_is_there() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    for page in pages():
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"GAO-[A-Z]+-\d{3}", text)) | set(re.findall(r"\bOPENAI_[A-Z_]+", text))
        own = {name for name in re.findall(r"\bGENAIOPS_[A-Z_]+", text) if "__" not in name}
        assert {name for name in named | own if name not in source} == set(), page.name
        for path in re.findall(r"`((?:src|tests|scripts|bench|schemas)/[\w./-]+)`", text):
            assert (ROOT / path).exists(), f"{page.name}: {path}"


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    assert cli_docs.main(["--check"]) == 0


def test_the_page_of_benchmarks_shows_what_was_measured() -> None:
    assert benchmarks.main(["--check"]) == 0
