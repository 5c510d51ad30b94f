"""What a red team reports: how attacks ended, by category and generator, and how ordinary questions did."""

from dataclasses import dataclass, field

from genaiops.core import Digest, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How the attacks of one category and generator ended; an empty name stands for all.

    `rate` is the share that succeeded of those that reached the app: what no search found and what is missing
    does not count.
    """

    category: str = ""
    generator: str = ""
    attacks: int
    succeeded: int
    stopped: int
    resisted: int
    failed: int
    unreached: int
    missing: int
    rate: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryFacts:
    """What a category is, with its ids in OWASP's LLM top ten (2025) and in MITRE ATLAS."""

    name: str
    title: str
    owasp: tuple[str, ...]
    atlas: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An attack that succeeded: what it was made from, by what it succeeded, and where it came in.

    `text` is what a person sees of it, without characters that hide or act; its name and the seed of the draw
    make it again as it was.
    """

    id: str
    category: str
    seed: str
    chain: tuple[str, ...]
    surface: str
    spot: str
    by: str
    text: str
    turns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Ordinary questions of the suite under the same guard: how many it stopped, and how many failed."""

    asked: int
    stopped: int
    failed: int
    marked: int
    rate: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Untested:
    """What was not tried, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFinding:
    """What the guard's detectors found in a file: `rule` is its category, lines and columns count from 1."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    rule: str
    detector: str
    confidence: float
    reason: str
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file that was not looked through, or not whole, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesFound:
    """The files that were looked through whole, and what was found.

    `skipped` are of a kind that is no text; in an `unread` one anything may be hidden.
    """

    scanned: int
    skipped: tuple[str, ...]
    findings: tuple[FileFinding, ...]
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RedteamReport:
    """What a red team found. `outcome` is `above` where more attacks succeeded than may.

    `stopped` counts what the guard stopped by surface. `guard` is empty where the project has none.
    """

    project: str
    run: Digest
    at: str
    outcome: str
    headline: tuple[str, ...]
    alpha: float
    at_most: float
    seed: int
    seeds: int
    drawn_of: int
    guard: str
    total: Tally
    categories: tuple[CategoryFacts, ...]
    by_category: tuple[Tally, ...]
    by_generator: tuple[Tally, ...]
    cells: tuple[Tally, ...]
    stopped: dict[str, int] = field(default_factory=dict[str, int])
    controls: Controls | None = None
    found: tuple[Found, ...] = ()
    untested: tuple[Untested, ...] = ()
    files: FilesFound | None = None
    model_calls: int = 0
    warnings: tuple[str, ...] = ()
