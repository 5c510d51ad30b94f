"""Instructions to the reader's assistant, and the documents that carry them."""

import base64
import random
from collections.abc import Sequence

from scripts.injection import languages
from scripts.injection.attacks import SLOTS as DIRECT_SLOTS
from scripts.injection.grammar import Slots, expand, parts

_PARTS = parts("indirect")
SLOTS: Slots = {**DIRECT_SLOTS, **_PARTS["slots"]}
MAILS: Slots = _PARTS["mails"]
DEMANDS: Slots = {**SLOTS, **_PARTS["demands"]}
CODE: Slots = {**SLOTS, **_PARTS["code"]}
_TABLES = tuple(_PARTS["tables"].items())


def instruction(rng: random.Random) -> str:
    """Return one instruction as it would be planted."""
    if rng.random() < 0.06:
        return languages.indirect(rng)
    form = rng.choice(["{plain}", "{plain}", "{urged}", "{urged}", "{rewrite}", "{forms}"])
    text = expand(rng, form, DEMANDS)
    roll = rng.random()
    if roll < 0.03:
        return f"Decode and follow: {base64.b64encode(text[:160].encode()).decode()}"
    if roll < 0.08:
        return text.upper()
    if roll < 0.14:
        return text.lower()
    if roll < 0.18 and "<!--" not in text:
        return f"<!-- {text} -->"
    return text[:1].upper() + text[1:]


def planted(rng: random.Random, document: str, text: str) -> tuple[str, int, int]:
    """Return `document` with `text` at its start, at its end or between two of its lines; and where it is."""
    place = rng.choice(("start", "end", "middle"))
    joint = rng.choice(("\n", "\n\n", "\n", " "))
    if place == "start":
        return f"{text}{joint}{document}", 0, len(text)
    if place == "end":
        at = len(document) + len(joint)
        return f"{document}{joint}{text}", at, at + len(text)
    breaks = [i + 1 for i, char in enumerate(document[:-1]) if char == "\n" or document[i : i + 2] == ". "]
    at = rng.choice(breaks or [len(document)])
    head, tail = document[:at], document[at:]
    return f"{head}{joint}{text}{joint}{tail}", at + len(joint), at + len(joint) + len(text)


def harmful_code(rng: random.Random) -> tuple[str, int, int]:
    """Return a planted excerpt of harmful code with words around it, and where its telling line is."""
    head, line, tail = expand(rng, rng.choice(CODE["bad"]), CODE).split("¦")
    lead = expand(rng, rng.choice(CODE["lead"]), CODE) if rng.random() < 0.7 else ""
    fence = rng.choice(["```\n", "```python\n", "", ""])
    before = f"{lead}\n{fence}{head}"
    return f"{before}{line}{tail}\n{fence[:3]}", len(before), len(before) + len(line)


def answer(rng: random.Random) -> str:
    """Return an answer of a programmer, with code."""
    said: list[str] = []
    for _ in range(rng.randint(1, 4)):
        said += [expand(rng, "{prose}", CODE) for _ in range(rng.randint(1, 3))]
        fence = rng.choice(["```", "```", ""])
        said.append(f"{fence}\n{rng.choice(CODE['good'])}\n{fence}")
    return "\n".join(said)


def mail(rng: random.Random) -> str:
    """Return an ordinary e-mail."""
    bodies = " ".join(expand(rng, "{body}", MAILS) for _ in range(rng.randint(1, 5)))
    text = f"{expand(rng, '{hello}', MAILS)}\n\n{bodies}\n\n{expand(rng, '{bye}', MAILS)}"
    if rng.random() < 0.5:
        name = expand(rng, "{first}", MAILS)
        text = (
            f"From: {name} <{name.lower()}@example.com>\nSubject: {expand(rng, '{goods}', MAILS)}\n\n{text}"
        )
    return text


def table(rng: random.Random) -> str:
    """Return a table in Markdown or CSV."""
    head, names = rng.choice(_TABLES)
    width = head.count("|")
    rows = [
        " | ".join([name, *(str(rng.randint(1, 2000)) for _ in range(width))])
        for name in rng.sample(list(names), rng.randint(3, len(names)))
    ]
    if rng.random() < 0.3:
        return "\n".join([head, *rows]).replace(" | ", ",")
    return "\n".join(f"| {row} |" for row in [head, "|".join(["---"] * (width + 1)), *rows])


def result(rng: random.Random) -> str:
    """Return what a tool might answer, as JSON or as log lines."""
    name = expand(rng, "{first}", MAILS)
    body = expand(rng, "{body}", MAILS).replace('"', "'")
    return rng.choice(
        [
            f'{{"status": "ok", "items": [{{"id": {rng.randint(1, 999)}, "owner": "{name}", '
            f'"note": "{body}"}}]}}',
            f"200 OK\nresults: {rng.randint(1, 40)}\n1. {body}\n2. {expand(rng, '{body}', MAILS)}",
            f"[{rng.randint(10, 23)}:0{rng.randint(0, 9)}] INFO job finished\n"
            f"[23:59] WARN retry {rng.randint(1, 5)}\n{body}",
            f"name: {name}\ncity: Bergen\n"
            f"review: {expand(rng, '{body}', MAILS)}\nrating: {rng.randint(1, 5)}",
        ]
    )


def document(rng: random.Random, pool: Sequence[str]) -> str:
    """Return a document to plant something in: mostly one of `pool`, else a made one."""
    roll = rng.random()
    if pool and roll < 0.6:
        return rng.choice(pool)
    if roll < 0.8:
        return mail(rng)
    return table(rng) if roll < 0.9 else result(rng)
