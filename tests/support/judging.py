"""A small project whose suite has judges, with scripted models for them: a sound one and bad ones."""

import json
from pathlib import Path

from tests.support import small_project

PROJECT = """\
project: cities
app: app:answer
params: {top_k: 2}
models: {chat: "scripted:model.yaml", embed: "scripted:"}
prices: {"scripted:model.yaml": {in: 1.0, out: 2.0}, "scripted:judge.yaml": {in: 1.0, out: 2.0}}
knowledge:
  docs: {source: docs}
judges:
  right: {rubric: judges/right.md, model: "scripted:judge.yaml"}
suites:
  qa:
    dataset: data/qa.jsonl
    scorers: [right, answer_f1]
    cluster: tags.document
    gate:
      claims:
        - {scorer: right, is: better, by: 0.05}
"""

PAIRED = PROJECT.replace('model: "scripted:judge.yaml"}', 'model: "scripted:judge.yaml", form: pair}')

RUBRIC = "An answer is right when it names the expected country, or admits ignorance where there is none.\n"


def says(verdict: str, reason: str = "so it is") -> str:
    """Return a reply of a judge."""
    return f'{{"reason": "{reason}", "verdict": "{verdict}"}}'


def script(*rules: tuple[str, str], default: str) -> str:
    """Return a scripted model: the first regular expression that the record matches decides the reply."""
    lines = "".join(f"  - match: {{regex: '{pattern}'}}\n    text: '{text}'\n" for pattern, text in rules)
    return f"rules:\n{lines}default: '{default}'\n"


SOUND = script(
    ("I have nothing to say", says("no", "it says nothing")),
    (r'"abstained": true.*"answerable": false', says("yes", "it admits what it does not know")),
    (r'"text": "([^"]+)"\}, "expected": \{[^}]*"answers": \["\1"', says("yes", "the country is the one")),
    default=says("no", "it is another country"),
)
OBEDIENT = script(
    (r"verdict[^a-z]*(is fixed as )?[^a-z]*yes", says("yes", "as told")),
    default=says("no"),
)
NONSENSE = script(("I have nothing to say", says("no")), default="What a nice answer!")
FIRST = script(("I have nothing to say", says("tie")), default=says("first"))
PAIRS = script(
    ("I have nothing to say", says("tie")),
    (r'"answers": \["([^"]+)"\].*"first": \{"text": "\1"', says("first", "it names the country")),
    (r'"answers": \["([^"]+)"\].*"second": \{"text": "\1"', says("second", "it names the country")),
    default=says("tie", "neither does"),
)


def make(folder: Path, judge: str = SOUND, project: str = PROJECT) -> Path:
    """Write the project with a judge, and commit it; the candidate's model is yet to be written."""
    folder.mkdir(parents=True, exist_ok=True)
    small_project.make(folder)
    (folder / "judges").mkdir()
    (folder / "judges" / "right.md").write_text(RUBRIC, encoding="utf-8")
    (folder / "judge.yaml").write_text(judge, encoding="utf-8")
    (folder / "genaiops.yaml").write_text(project, encoding="utf-8")
    small_project.commit(folder, "With a judge")
    return folder


def improve(folder: Path) -> None:
    """Give the candidate a model that knows."""
    (folder / "model.yaml").write_text(small_project.knowing(), encoding="utf-8")


FLATTERED = script(
    ("I have nothing to say", says("no")),
    ("I believe", says("no", "unsure")),
    default=says("yes", "how sure!"),
)


def make_large(folder: Path) -> Path:
    """Write the project with 72 cases and a judge that likes what sounds sure; the candidate only does."""
    make(folder, judge=FLATTERED)
    rows = [
        {**row, "id": f"{row['id']}-{turn}", "inputs": {"question": f"{row['inputs']['question']} ({turn})"}}  # type: ignore[index]
        for turn in range(3)
        for row in small_project.rows()
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "data" / "qa.jsonl").write_text(text, encoding="utf-8")
    small_project.commit(folder, "More cases")
    (folder / "model.yaml").write_text("rules: []\ndefault: It is surely Atlantis.\n", encoding="utf-8")
    return folder
