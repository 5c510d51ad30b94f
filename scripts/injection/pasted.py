"""Prompts with something pasted, harmless or with an attack in it; and short texts as tools bring them."""

import json
import random
from collections.abc import Mapping, Sequence

from scripts.injection import attacks, indirect, languages
from scripts.injection.grammar import Slots, expand, parts

_PARTS = parts("pasted")
SLOTS: Slots = _PARTS["slots"]
SHORT: Slots = {**SLOTS, **_PARTS["short"]}
_LANGUAGES = _PARTS["languages"]
_MOST = 16_000
"""Characters that are pasted at most: a longer text is read in blocks."""

Pools = Mapping[str, Mapping[str, Sequence[str]]]
"""By kind (`code`, `text`, `table`, `foreign`), by source: what may be pasted."""


Sentences = Mapping[str, Sequence[str]]
"""By kind: what may stand alone in a short text."""


def harmless(rng: random.Random, pools: Pools) -> str:
    """Return a request with something pasted, one of the two at times alone."""
    kind, body = _body(rng, pools)
    if rng.random() < 0.1:
        return _request(rng, kind) or _line(rng, body)
    if kind == "foreign" and rng.random() < 0.15:
        return _line(rng, body)
    return _joined(rng, _request(rng, kind), _fenced(rng, kind, body))


def tainted(rng: random.Random, pools: Pools) -> tuple[str, int, int]:
    """Return the same with an attack in what is pasted, before or behind it; and where that is."""
    kind, body = _body(rng, pools)
    said = attacks.direct(rng) if rng.random() < 0.75 else languages.direct(rng)
    text, start, end = indirect.planted(rng, body, said)
    request = _request(rng, kind)
    if rng.random() < 0.2 or not request:
        return text, start, end
    head = f"{request}{rng.choice(_JOINTS)}"
    return f"{head}{text}", len(head) + start, len(head) + end


def data(rng: random.Random) -> str:
    """Return made lines of a table, a log, a configuration or JSON."""
    count = rng.choice((4, 8, 20, 60, 150))
    roll = rng.random()
    if roll < 0.1:
        return indirect.table(rng)
    if roll < 0.2:
        return indirect.result(rng)
    if roll < 0.45:
        width = rng.randint(2, 7)
        joint = rng.choice((",", ";", "\t", " | "))
        makers = [rng.randrange(_CELLS) for _ in range(width)]
        head = joint.join(rng.choice(SHORT["other"]) for _ in makers)
        return "\n".join([head, *(joint.join(_cell(rng, one) for one in makers) for _ in range(count))])
    if roll < 0.65:
        return "\n".join(_logged(rng) for _ in range(count))
    items = [
        {rng.choice(SHORT["other"]): _cell(rng, rng.randrange(_CELLS)) for _ in range(rng.randint(2, 5))}
        for _ in range(count)
    ]
    if roll < 0.85:
        return json.dumps(items if rng.random() < 0.5 else {"items": items}, indent=rng.choice((None, 2)))
    return "\n".join(f"{key}: {value}" for item in items for key, value in item.items())


def short(rng: random.Random, sentences: Sentences) -> str:
    """Return a short harmless text or value; `sentences` stand alone in some."""
    count = 1 if rng.random() < 0.6 else rng.randint(2, 3)
    return _brought(rng, [_said(rng, sentences) for _ in range(count)])


def short_tainted(rng: random.Random, sentences: Sentences) -> tuple[str, int, int]:
    """Return the same with an instruction to an assistant in it; and where that is, or 0 where it is written
    in another way."""
    planted = expand(rng, rng.choice(("{urged}", "{urged}", "{forms}", "{alter}", "{act}")), indirect.DEMANDS)
    said = [planted, *(_said(rng, sentences) for _ in range(rng.choice((0, 0, 1, 2))))]
    rng.shuffle(said)
    text = _brought(rng, said)
    at = text.find(planted)
    return (text, at, at + len(planted)) if at >= 0 else (text, 0, 0)


def _said(rng: random.Random, sentences: Sentences) -> str:
    if rng.random() < 0.5:
        return rng.choice(sentences[rng.choice(sorted(sentences))])
    return expand(rng, rng.choice(("{request}", "{request}", "{readme}", "{status}")), SHORT)


def _brought(rng: random.Random, said: Sequence[str]) -> str:
    """Return what is said as a tool brings it: as it is, as the values of a record, or as JSON."""
    roll = rng.random()
    if roll < 0.4:
        return rng.choice((" ", "\n", "\n\n")).join(said)
    fields = [(rng.choice(SHORT["key"]), one) for one in said]
    around = [(rng.choice(SHORT["other"]), expand(rng, "{value}", SHORT)) for _ in range(rng.randint(0, 3))]
    pairs = [*around, *fields] if rng.random() < 0.7 else [*fields, *around]
    if roll < 0.6:
        return "\n\n".join(value for _, value in pairs)
    if roll < 0.7:
        return "\n".join(f"{key}: {value}" for key, value in pairs)
    value = dict(pairs)
    return json.dumps({"items": [value]} if roll > 0.9 else value, ensure_ascii=False)


_JOINTS = ("\n\n", "\n\n", "\n", " ", "\n---\n")
_CELLS = 7


def _request(rng: random.Random, kind: str) -> str:
    if rng.random() < 0.35:
        return rng.choice(_LANGUAGES[rng.choice(sorted(_LANGUAGES))])
    return expand(rng, rng.choice(_PARTS["text" if kind == "foreign" else kind]["requests"]), SLOTS)


def _line(rng: random.Random, body: str) -> str:
    """Return a line or a sentence of it."""
    return rng.choice([one for one in body.replace(". ", ".\n").split("\n") if one.strip()] or [body])


def _body(rng: random.Random, pools: Pools) -> tuple[str, str]:
    kind = rng.choice(
        ("code", "code", "code", "text", "text", "text", "foreign", "foreign", "foreign", "table")
    )
    if kind == "table" and rng.random() < 0.7:
        return kind, data(rng)
    pool = pools[kind][rng.choice(sorted(pools[kind]))]
    count = rng.choice((1, 1, 1, 1, 2, 4, 8))
    at = rng.randrange(len(pool))
    body = "\n".join(pool[at : at + count])[:_MOST]
    if count == 1 and rng.random() < 0.4:
        lines = body.split("\n")
        first = rng.randrange(len(lines))
        body = "\n".join(lines[first : first + rng.randint(3, 30)])
    return kind, body


def _joined(rng: random.Random, request: str, body: str) -> str:
    if not request:
        return body
    joint = rng.choice(_JOINTS)
    return f"{request}{joint}{body}" if rng.random() < 0.75 else f"{body}{joint}{request}"


def _fenced(rng: random.Random, kind: str, body: str) -> str:
    if rng.random() < (0.5 if kind == "code" else 0.1):
        return f"```{rng.choice(('', '', 'python', 'text'))}\n{body}\n```"
    return f'"{body}"' if kind == "text" and rng.random() < 0.1 else body


def _cell(rng: random.Random, maker: int) -> str:
    made = (
        f"{rng.randint(1, 99999)}",
        f"{rng.uniform(-10, 5000):.2f}",
        f"20{rng.randint(10, 29)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        expand(rng, "{who}", SLOTS),
        f"{rng.getrandbits(64):016x}",
        expand(rng, "{value}", SHORT),
        rng.choice(("true", "false", "null", "", "n/a")),
    )
    return made[maker]


def _logged(rng: random.Random) -> str:
    level = rng.choice(("INFO", "DEBUG", "WARNING", "ERROR", "info", "warn"))
    said = expand(rng, rng.choice(("{status}", "{readme}", "retry in 5 s", "GET /api/items 200")), SHORT)
    return (
        f"{_cell(rng, 2)} {rng.randint(0, 23):02}:{rng.randint(0, 59):02}:12 {level} [{_cell(rng, 0)}] {said}"
    )
