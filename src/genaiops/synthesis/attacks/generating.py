"""From seeds to attacks: every generator that fits, then a balanced draw that the seed fixes. Pure.

Each attack has marks of its own, words invented for it, so that an answer tells which attack it obeyed.
"""

import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from genaiops.synthesis.attacks.bundled import own
from genaiops.synthesis.attacks.dressing import crescendo, filled, many_shot, mutated
from genaiops.synthesis.attacks.encodings import ENCODED
from genaiops.synthesis.attacks.model import Attack, AttackSurface, Marks, Seed
from genaiops.synthesis.attacks.planting import SPOTS

INDIRECT = "document"
_VOWELS = "aeiou"
_CONSONANTS = "bdfgklmnprtvz"


def _plain(text: str, seed: Seed, marks: Marks, chance: random.Random) -> str:
    return text


def _encoded(name: str) -> Callable[[str, Seed, Marks, random.Random], str]:
    write, how = ENCODED[name]

    def dress(text: str, seed: Seed, marks: Marks, chance: random.Random) -> str:
        written = write(text)
        return filled(own().frames.decode, how=how, text=written) if how else written

    return dress


def _mutated(text: str, seed: Seed, marks: Marks, chance: random.Random) -> str:
    return mutated(text, chance, (marks.left, marks.right, marks.host, marks.tool))


def _many_shot(text: str, seed: Seed, marks: Marks, chance: random.Random) -> str:
    return many_shot(text, own().frames, chance)


def _role_play(text: str, seed: Seed, marks: Marks, chance: random.Random) -> str:
    return filled(chance.choice(own().frames.role_play), text=text)


def _translated(text: str, seed: Seed, marks: Marks, chance: random.Random) -> str:
    """Return the wish of an own category in another language; another's text within a sentence of one."""
    language = chance.choice(sorted(own().frames.translated))
    said = own().translations.get(seed.category.name, {}).get(language)
    if said is None or seed not in own().seeds:
        return filled(own().frames.translated[language], text=text)
    return with_marks(said, marks)


_DRESSED: Mapping[str, Callable[[str, Seed, Marks, random.Random], str]] = {
    "plain": _plain,
    **{name: _encoded(name) for name in ENCODED},
    "mutation": _mutated,
    "many_shot": _many_shot,
    "role_play": _role_play,
    "translation": _translated,
}
GENERATORS: tuple[str, ...] = (
    *_DRESSED,
    "crescendo",
    *(f"{INDIRECT}:{spot}" for spot in SPOTS),
    "tool_result",
)
"""Every generator by name, in the order of the report."""


def make_attacks(
    seeds: Sequence[Seed], generators: Sequence[str], *, seed: int, limit: int, tool: str = ""
) -> list[Attack]:
    """Return attacks of the seeds by the generators, at most `limit`, the same ones for the same seed.

    What wants a tool is left out where `tool` is empty. A draw takes from every category and generator in
    turn, so that none is left out while others have many.
    """
    pairs = _balanced(_pairs(seeds, generators, tool), limit, seed)
    return [_attack(one, generator, seed, tool) for one, generator in pairs]


def count_attacks(seeds: Sequence[Seed], generators: Sequence[str], *, tool: str = "") -> int:
    """Return how many attacks there are without a limit."""
    return len(_pairs(seeds, generators, tool))


def with_marks(text: str, marks: Marks) -> str:
    """Return a seed's text with its marks in place."""
    return filled(text, left=marks.left, right=marks.right, host=marks.host, tool=marks.tool)


def invented(name: str, syllables: int) -> str:
    """Return a word that `name` fixes and that nobody would write by chance: about six bits a syllable."""
    raw = hashlib.sha256(name.encode()).digest()
    return "".join(
        _CONSONANTS[raw[2 * at] % len(_CONSONANTS)] + _VOWELS[raw[2 * at + 1] % len(_VOWELS)]
        for at in range(syllables)
    )


def _pairs(seeds: Sequence[Seed], generators: Sequence[str], tool: str) -> list[tuple[Seed, str]]:
    return [
        (one, name)
        for one in seeds
        if tool or one.category.goal != "tool"
        for name in GENERATORS
        if name in generators and one.surface in (None, _surface(name))
    ]


def _surface(generator: str) -> AttackSurface:
    if generator.startswith(INDIRECT):
        return "passage"
    return "tool_result" if generator == "tool_result" else "input"


def _attack(one: Seed, generator: str, seed: int, tool: str) -> Attack:
    name = f"{one.id}/{generator}"
    key = f"{seed}/{name}"
    marks = Marks(
        invented(f"{key}/left", 3), invented(f"{key}/right", 3), f"{invented(key, 5)}.example", tool
    )
    chance = random.Random(key)  # noqa: S311  an order, not a secret
    text = with_marks(one.text, marks)
    base = Attack(
        id=name,
        seed=one.id,
        chain=(generator,),
        category=one.category,
        surface=_surface(generator),
        text=text,
        marks=marks,
    )
    if generator == "crescendo":
        turns = crescendo(text, own().frames)
        return replace(base, text=turns[-1], turns=turns)
    if generator == "tool_result":
        return replace(base, text=filled(own().frames.tool_result, text=json.dumps(text, ensure_ascii=False)))
    if base.surface == "passage":
        return replace(base, spot=generator.partition(":")[2])
    return replace(base, text=_DRESSED[generator](text, one, marks, chance))


def _balanced(pairs: list[tuple[Seed, str]], limit: int, seed: int) -> list[tuple[Seed, str]]:
    """Return at most `limit`: one of each category and generator in turn, shuffled by the seed."""
    if len(pairs) <= limit:
        return pairs
    cells: dict[tuple[str, str], list[int]] = {}
    for at, (one, generator) in enumerate(pairs):
        cells.setdefault((one.category.name, generator), []).append(at)
    chance = random.Random(f"{seed}/draw")  # noqa: S311  an order, not a secret
    piles = [chance.sample(pile, len(pile)) for pile in cells.values()]
    chance.shuffle(piles)
    drawn: list[int] = []
    while len(drawn) < limit:
        for pile in piles:
            if pile and len(drawn) < limit:
                drawn.append(pile.pop())
    return [pairs[at] for at in sorted(drawn)]
