"""Does anything that the asker may not read come out by the other paths: answers, citations, traces, studies?

    python -m bench.leaks.paths [--questions 400]

A project as a person has it: documents in a folder, every second one `access: [board]`, each with a canary, a
word of its own; questions that are words and titles of documents, three times of four of closed ones. What
runs on this machine searches for one principal without groups, to whom those are closed. The app answers with
all that it was given, word for word, and cites it. Then a run of both arms, the same again (used again from
the ledger), `index search`, and `arena study rag --retrieval-only`, by the commands a person types. Looked
through for canaries of closed documents: everything printed, evidence, reports, the study's files, traces,
and every row of the database.

Expected: none. Left out are the documents themselves: files that are one byte for byte (the commit's tree,
the Hub's blobs), what was parsed of them, and the index.
"""

import argparse
import json
import os
import platform
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

RESULTS = Path(__file__).parent.parent / "results" / "leaks_paths.json"
DOCUMENTS, QUESTIONS = 300, 400
CANARY = re.compile(rb"zq[0-9a-f]{12}")
WORDS = [f"word{at}" for at in range(600)]
APP = '''"""Says all that it was given."""

from genaiops import Answer, Citation, Context


async def answer(inputs: dict[str, str], ctx: Context) -> Answer:
    passages = await ctx.search(inputs["question"], k=ctx.params.top_k)
    cited = [Citation(passage=one.id, quote=one.text) for one in passages]
    return Answer(" ".join(one.text for one in passages), passages=passages, citations=cited)
'''
PROJECT = """project: leaks
app: app:answer
params: {top_k: 5}
models: {embed: local:minilm-l6}
knowledge:
  docs: {source: data/docs, access: front_matter}
suites:
  qa:
    dataset: data/qa.jsonl
    cluster_missing: own
    scorers: [contains, citation_precision]
    gate: {alpha: 0.05, claims: [{scorer: contains, is: not_worse, margin: 0.05}]}
"""


def make_project(folder: Path, questions: int, draw: random.Random) -> set[bytes]:
    """Write the project; return the canaries of what is closed."""
    (folder / "data/docs").mkdir(parents=True)
    closed: set[bytes] = set()
    texts: list[tuple[str, str, bool]] = []
    for at in range(DOCUMENTS):
        canary, shut = f"zq{draw.getrandbits(48):012x}", at % 2 == 0
        words = draw.choices(WORDS, k=40)
        title = f"Page of {words[0]} and {words[1]}"
        text = " ".join([*words[:30], canary, *words[30:]])
        head = "---\naccess: [board]\n---\n" if shut else ""
        (folder / f"data/docs/d{at}.md").write_text(f"{head}# {title}\n\n{text}.\n", "utf-8")
        texts.append((title, " ".join(words), shut))
        if shut:
            closed.add(canary.encode())
    rows: list[str] = []
    for at in range(questions):
        aim = [one for one in texts if one[2]] if draw.random() < 0.75 else texts
        title, words, _ = draw.choice(aim)
        asked = title if draw.random() < 0.3 else " ".join(draw.sample(words.split(), 8))
        rows.append(
            json.dumps({"id": f"q{at}", "inputs": {"question": asked}, "expected": {"answers": ["zq"]}})
        )
    (folder / "data/qa.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    asks = [
        json.dumps({"id": one["id"], "query": one["inputs"]["question"]}) for one in map(json.loads, rows)
    ]
    (folder / "asked.jsonl").write_text("\n".join(asks) + "\n", "utf-8")
    (folder / "app.py").write_text(APP, "utf-8")
    (folder / "genaiops.yaml").write_text(PROJECT, "utf-8")
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "a"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return closed


def said(folder: Path) -> dict[str, bytes]:
    """Run the commands; return what each printed."""
    change = ["arena", "run", "--set", "params.top_k=8", "--json"]
    commands = {
        "run": change,
        "run, used again": change,
        "search": ["index", "search", "docs", "--queries", "asked.jsonl", "-k", "5", "--json"],
        "study": ["arena", "study", "rag", "--suite", "qa", "--retrieval-only", "--out", "study", "--json"],
    }
    found: dict[str, bytes] = {}
    for name, words in commands.items():
        ended = subprocess.run([sys.executable, "-m", "genaiops", *words], cwd=folder, capture_output=True)
        if ended.returncode not in (0, 1, 4):
            raise SystemExit(f"{name} ended with {ended.returncode}: {ended.stderr.decode()[-800:]}")
        found[name] = ended.stdout + ended.stderr
    return found


def kept(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file written, but documents and the index, and every row of the database, by place."""
    store = folder / ".genaiops"
    documents = {path.read_bytes() for path in (folder / "data/docs").iterdir()}
    for path in sorted((*store.rglob("*"), *(folder / "study").rglob("*"))):
        place = path.relative_to(folder).parts
        if not path.is_file() or place[1] in ("indexes", "parsed") or path.name.startswith("genaiops.db"):
            continue
        if (content := path.read_bytes()) not in documents:
            yield "/".join(place[:2]), content
    with sqlite3.connect(store / "genaiops.db") as database:
        database.text_factory = bytes
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            name = table.decode()
            for row in database.execute(f'SELECT * FROM "{name}"'):
                yield f"table {name}", b" ".join(one for one in row if isinstance(one, bytes))


def main() -> None:
    """Measure and write the result."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--questions", type=int, default=QUESTIONS)
    given = arguments.parse_args()
    looked, leaks, opened = Counter[str](), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, "project")
        closed = make_project(folder, given.questions, random.Random(3))
        for place, content in (*said(folder).items(), *kept(folder)):
            met = set(CANARY.findall(content))
            looked[place] += 1
            leaks[place] += len(met & closed)
            opened[place] += bool(met - closed)
    facts = {
        "questions": given.questions,
        "documents": {"closed": len(closed), "open": DOCUMENTS - len(closed)},
        "places": {
            place: {
                "looked at": count,
                "with an open document": opened[place],
                "closed canaries": leaks[place],
            }
            for place, count in sorted(looked.items())
        },
        "leaks": sum(leaks.values()),
        "machine": {"cores": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version()},
    }
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
