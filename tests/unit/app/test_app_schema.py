"""The committed JSON Schemas: they are fresh, and they accept what people write."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from scripts.schemas import schemas, stale

FOLDER = Path(__file__).parents[3] / "schemas"
MADE = schemas()
FILE = """\
project: support-assistant
app: app:answer
params: {top_k: 6, rerank: true}
models: {chat: 'local:smollm2-135m', embed: 'local:minilm-l6'}
prices: {'local:smollm2-135m': {in: 0.02, out: 0.08}}
knowledge:
  docs: {source: data/docs, chunk: {by: heading, tokens: 130, overlap: 20}, access: front_matter}
suites:
  qa:
    dataset: data/qa.jsonl
    scorers: [{wrong_answers: {right: answer_f1, from: 0.5}}, answer_f1]
    cluster: tags.document
    gate: {claims: [{scorer: answer_f1, is: not_worse, margin: 0.05}], on_change: fail}
"""


def errors(text: str) -> list[str]:
    schema = json.loads((FOLDER / "genaiops.schema.json").read_text(encoding="utf-8"))
    found: Any = jsonschema_rs.iter_errors(schema, yaml.safe_load(text))
    return [error.message for error in found]


def test_the_committed_schemas_are_what_the_code_says() -> None:
    assert stale(FOLDER) == []


def test_a_changed_schema_is_noticed(tmp_path: Path) -> None:
    for path in FOLDER.iterdir():
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "case.schema.json").write_text("{}", encoding="utf-8")
    assert stale(tmp_path) == ["case.schema.json"]


@pytest.mark.parametrize("name", sorted(MADE))
def test_every_schema_is_a_schema(name: str) -> None:
    jsonschema_rs.meta.validate(MADE[name])


def test_an_editor_accepts_what_people_write() -> None:
    assert errors(FILE) == []
    assert errors("project: p\napp: {url: 'http://host/x', version: '2'}\n") == []


@pytest.mark.parametrize(
    "broken",
    [
        FILE.replace("cluster:", "clusters:"),
        FILE.replace("app: app:answer", "app: answer"),
        FILE.replace("answer_f1]", "7]"),
        FILE.replace("is: not_worse", "is: worse"),
        FILE.replace("project: support-assistant\n", ""),
    ],
)
def test_an_editor_marks_mistakes(broken: str) -> None:
    assert errors(broken)
