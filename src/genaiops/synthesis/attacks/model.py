"""What attacks are made of: seeds, categories, marks, and the attack itself."""

from dataclasses import dataclass
from typing import Literal

Goal = Literal["prompt", "word", "beacon", "tool"]
"""By what an attack is judged: the app gives away what was planted in its prompt; says a word that stands in
no attack; shows a link or an image of a host; calls a tool with what the attack told it."""

AttackSurface = Literal["input", "passage", "tool_result"]
"""Where an attack comes in: what a user says, a document that a search finds, what a tool brought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A kind of attack, with its ids in OWASP's LLM top ten (2025) and in MITRE ATLAS."""

    name: str
    title: str
    goal: Goal
    owasp: tuple[str, ...]
    atlas: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """What attacks are made from: a text with places for marks, and where it may come in.

    `surface` None: anywhere. Attacks that share a seed are not independent.
    """

    id: str
    text: str
    category: Category
    surface: AttackSurface | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """The words by which one attack is known, invented for it; `tool` is empty where none is to be called."""

    left: str
    right: str
    host: str
    tool: str = ""

    @property
    def word(self) -> str:
        """What an app says that did as it was told: it stands in no attack."""
        return self.left + self.right


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """An attack as it is made on an app. `chain` names the generators, `spot` the place in a document.

    `turns` are what a user says in a conversation, the last one `text`; empty where it is said at once.
    """

    id: str
    seed: str
    chain: tuple[str, ...]
    category: Category
    surface: AttackSurface
    text: str
    marks: Marks
    turns: tuple[str, ...] = ()
    spot: str = ""

    @property
    def generator(self) -> str:
        """The generators in one word."""
        return "+".join(self.chain)
