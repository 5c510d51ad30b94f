"""Make the committed evidence anew, when what evidence holds has changed: `python -m tests.portable.make`.

A small project with a scripted model is run on three suites: one with all that is only arithmetic, one
sequentially, and one large enough for a tail that is resampled. The private key is thrown away;
the public one is committed beside the evidence.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.support.plain_project import environment
from tests.support.small_project import commit, git

from genaiops.access import signing_key
from genaiops.core import Settings

HERE = Path(__file__).resolve().parent
WORDS = (
    "red",
    "amber",
    "green",
    "teal",
    "blue",
    "violet",
    "grey",
    "ochre",
    "umber",
    "ivory",
    "coral",
    "lime",
)
CASES = {"whole": 108, "looks": 108, "tails": 400}
MOST = max(CASES.values())
APP = """\
from genaiops import Answer, Context

asked = {}


async def answer(inputs: dict, ctx: Context) -> Answer:
    question = inputs["question"]
    asked[question] = asked.get(question, 0) + 1
    reply = await ctx.chat(question)
    if question.startswith("shaky") and asked[question] % 2 == 0:
        return Answer("grey")
    silent = reply.text == "unknown"
    return Answer(None if silent else reply.text, abstained=silent)
"""
PROJECT = """\
project: colours
app: app:answer
models: {chat: "scripted:model.yaml"}
prices: {"scripted:model.yaml": {in: 1.0, out: 2.0}}
suites:
  whole:
    dataset: data/whole.jsonl
    scorers: [answer_f1, {wrong_answers: {right: answer_f1, from: 0.6}}, exact_match, tokens, cost_usd]
    cluster: tags.shelf
    slices: [tags.wing]
    repeats: 2
    gate:
      claims:
        - {scorer: wrong_answers, is: better, by: 0.02}
        - {scorer: answer_f1, is: not_worse, margin: 0.05}
        - {scorer: exact_match, is: at_least, value: 0.3}
      rules: [ratio.cost_usd.mean.high <= 3.0, candidate.tokens.p95 <= 100.0]
  looks:
    dataset: data/looks.jsonl
    scorers: [answer_f1, cost_usd]
    cluster_missing: own
    gate: {claims: [{scorer: answer_f1, is: better, by: 0.01}]}
  tails:
    dataset: data/tails.jsonl
    scorers: [latency_ms]
    cluster: tags.shelf
    gate: {rules: [ratio.latency_ms.p95.high <= 100.0]}
"""


def words_of(at: int, many: int) -> list[str]:
    """Return the `many` words that stand for a number."""
    return [WORDS[(at * (7 + step) + step * step) % len(WORDS)] for step in range(many)]


def question(at: int) -> str:
    """Return the question of a case: every ninth is answered differently each second time."""
    return f"{'shaky' if at % 9 == 4 else 'steady'} number {at}."


def rows(many: int) -> str:
    """Return the dataset: shelves of uneven size, every sixth question without an answer."""
    lines: list[str] = []
    for at in range(many):
        answerable = at % 6 != 5
        row = {
            "id": f"c{at:03}",
            "inputs": {"question": question(at)},
            "expected": {
                "answers": [" ".join(words_of(at, 2 + at % 4))] if answerable else [],
                "answerable": answerable,
            },
            "tags": {"shelf": f"s{(at * at) % 71 % 40}", "wing": ("north", "south", "west")[at % 3]},
        }
        lines.append(json.dumps(row) + "\n")
    return "".join(lines)


def model(knowing: int) -> str:
    """Return the script of a model that knows the first words of an answer, more of them where `knowing`."""
    rules: list[str] = []
    for at in range(MOST):
        known = words_of(at, max(1, 2 + at % 4 - (0 if (at * 5) % 7 < knowing else 1 + at % 2)))
        text = "unknown" if at % 6 == 5 and at % 4 < knowing - 2 else " ".join(known)
        rules.append(f"  - {{match: {{regex: 'number {at}\\.'}}, text: {text}}}\n")
    return f"rules:\n{''.join(rules)}default: unknown\n"


def project(folder: Path) -> None:
    """Write the project, commit what is to be beaten, and change the model."""
    named = {
        "app.py": APP,
        "genaiops.yaml": PROJECT,
        "model.yaml": model(2),
        **{f"data/{suite}.jsonl": rows(many) for suite, many in CASES.items()},
    }
    for name, text in named.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "Baseline")
    (folder / "model.yaml").write_text(model(5), encoding="utf-8")


def run(folder: Path, env: dict[str, str], *arguments: str) -> Path:
    """Run ARENA and return the folder of its evidence."""
    command = [sys.executable, "-m", "genaiops", "arena", "run", "--json", *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(done.stderr)
    told = json.loads(done.stdout)
    print(f"{arguments}: {told['outcome']}: {told['headline']}")
    return Path(told["evidence"])


def nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return a member of the archive without whose it was."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main() -> None:
    """Run both suites and put their evidence and the key here."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = environment(folder)
        project(folder / "p")
        for suite in CASES:
            more = ["--sequential"] if suite == "looks" else []
            evidence = run(folder / "p", env, "--suite", suite, *more)
            shutil.copytree(evidence, folder / "made" / suite)
        settings = Settings(config_dir=folder / "config", cache_dir=folder / "cache", env={})
        (HERE / "maker.pub").write_bytes(signing_key(settings, announce=print).public.pem())
        with tarfile.open(HERE / "evidence.tar.xz", "w:xz") as archive:
            archive.add(folder / "made", ".", filter=nobodys)


if __name__ == "__main__":
    main()
