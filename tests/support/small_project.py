"""A small real project in a real repository: an app, a few documents, a scripted model, a suite, a gate."""

import json
import subprocess
from pathlib import Path

CITIES = [
    ("oslo", "Norway", 709000),
    ("lima", "Peru", 10000000),
    ("accra", "Ghana", 2600000),
    ("hanoi", "Vietnam", 8000000),
    ("quito", "Ecuador", 2700000),
    ("riga", "Latvia", 605000),
    ("suva", "Fiji", 93000),
    ("lome", "Togo", 837000),
    ("doha", "Qatar", 2300000),
    ("bern", "Switzerland", 134000),
    ("cairo", "Egypt", 10100000),
    ("seoul", "South Korea", 9400000),
]

APP = '''\
from genaiops import Answer, Context


async def answer(inputs: dict, ctx: Context) -> Answer:
    """Look the question up and let the model say it."""
    passages = await ctx.search(inputs["question"], k=ctx.params.top_k)
    messages = ctx.prompt("answer").render(question=inputs["question"], passages=passages)
    reply = await ctx.chat(messages)
    silent = "don't know" in reply.text
    signals = {"support": passages[0].score or 0.0 if passages else 0.0}
    return Answer(None if silent else reply.text, passages=passages, abstained=silent, signals=signals)
'''

PROMPT = """\
---
name: answer
description: Answer from the passages.
parameters: {max_tokens: 24}
---
# system
Answer from the passages.
# user
{% for passage in passages %}{{ passage.text }}
{% endfor %}
Question: {{ question }}
"""

PROJECT = """\
project: cities
app: app:answer
params: {top_k: 2}
models: {chat: "scripted:model.yaml", embed: "scripted:"}
prices: {"scripted:model.yaml": {in: 1.0, out: 2.0}}
knowledge:
  docs: {source: docs}
suites:
  qa:
    dataset: data/qa.jsonl
    scorers:
      - {wrong_answers: {right: answer_f1, from: 0.5}}
      - answer_f1
      - {retrieval_recall: {k: 2}}
      - tokens
      - cost_usd
    cluster: tags.document
    slices: [expected.answerable]
    gate:
      claims:
        - {scorer: wrong_answers, is: better, by: 0.05}
        - {scorer: answer_f1, is: not_worse, margin: 0.05}
"""

NAIVE = "rules: []\ndefault: I believe it is Atlantis.\n"


def knowing() -> str:
    """Return the script of a model that knows every capital, and admits what it does not know."""
    rules = "".join(
        f"  - match: {{regex: 'Question: .*{name.title()}.*country'}}\n    text: {country}\n"
        for name, country, _ in CITIES
    )
    return f"rules:\n{rules}default: I don't know.\n"


def rows() -> list[dict[str, object]]:
    """Return two rows a city: one that can be answered, one that cannot."""
    found: list[dict[str, object]] = []
    for name, country, _ in CITIES:
        title = name.title()
        known = {"answers": [country], "answerable": True, "passages": [{"document": name, "quote": country}]}
        found.append(
            {
                "id": f"{name}-country",
                "inputs": {"question": f"{title} is the capital of which country?"},
                "expected": known,
                "tags": {"document": name},
            }
        )
        found.append(
            {
                "id": f"{name}-mayor",
                "inputs": {"question": f"Who was the mayor of {title} in 1950?"},
                "expected": {"answers": [], "answerable": False},
                "tags": {"document": name},
            }
        )
    return found


def make(folder: Path) -> Path:
    """Write the project into `folder`, with a naive model, and commit it."""
    for name, text in {
        "app.py": APP,
        "prompts/answer.md": PROMPT,
        "genaiops.yaml": PROJECT,
        "model.yaml": NAIVE,
        "data/qa.jsonl": "".join(json.dumps(row) + "\n" for row in rows()),
        **{
            f"docs/{name}.md": f"# {name.title()}\n\n{name.title()} is the capital of {country}. "
            f"About {people} people live there.\n"
            for name, country, people in CITIES
        },
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "Baseline")
    return folder


def commit(folder: Path, message: str) -> None:
    """Commit everything."""
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)


def git(folder: Path, *arguments: str) -> str:
    """Run git with an identity."""
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
