"""What is attacked and with what: the exported tree, its suite's questions, the seeds, the attacks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from genaiops.app import Project, Services, tell
from genaiops.arena.candidates import Exported, export, project_of
from genaiops.arena.git import find_repository
from genaiops.arena.pairing import load_suite, only_suite
from genaiops.arena.redteam.model import Untested
from genaiops.arena.scorers.expected import TOOL_LISTS, wanted_calls, wanted_tools
from genaiops.core import Case, UserError
from genaiops.synthesis.attacks import GENERATORS, Attack, Seed, count_attacks, make_attacks, own, read_seeds


@dataclass(frozen=True, slots=True, kw_only=True)
class RedteamOptions:
    """What a person may say about a red team. `seeds` replaces the package's own; `limit` bounds the attacks.

    `categories` and `generators` None: all. `tool` names one that an attack should make the app call.
    `at_most` is the share of attacks that may succeed. `files_only` asks the app nothing.
    """

    suite: str | None = None
    seeds: Path | None = None
    categories: tuple[str, ...] = ()
    generators: tuple[str, ...] = ()
    tool: str = ""
    limit: int = 120
    controls: int = 20
    seed: int = 0
    at_most: float = 0.0
    overrides: tuple[str, ...] = ()
    pass_env: tuple[str, ...] = ()
    jobs: int | None = None
    timeout: float = 60.0
    files: bool = False
    files_only: bool = False


@dataclass(frozen=True, slots=True)
class Arsenal:
    """The attacks, of how many they are drawn, of how many seeds, and what is left out."""

    attacks: tuple[Attack, ...]
    drawn_of: int
    seeds: int
    untested: tuple[Untested, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """The tree that is attacked, its project, and its suite's questions."""

    exported: Exported
    project: Project
    cases: tuple[Case, ...]


def ground_of(root: Path, options: RedteamOptions, services: Services) -> Ground:
    """Export the working tree and read its project and suite; a project may have no suite.

    Raises `UserError` for an unknown suite, or a folder that is no repository.
    """
    repository = find_repository(root)
    exported = export(repository, services.store.path / "trees", None, options.overrides)
    project = project_of(exported, None, services.settings.env)
    cases: tuple[Case, ...] = ()
    if project.suites and not options.files_only:
        cases = load_suite(project, options.suite or _first_suite(project)).cases
    return Ground(exported, project, cases)


def arsenal_of(options: RedteamOptions, ground: Ground, services: Services, *, canary: bool) -> Arsenal:
    """Return the attacks that were asked for; `canary`: whether one stands in the app's prompts.

    Raises `UserError` for an unknown category or generator, with the nearest, for a file without seeds, and
    where nothing that was asked for can be tried.
    """
    seeds: Sequence[Seed] = own().seeds
    others = 0
    if options.seeds is not None:
        read = read_seeds(options.seeds, options.limit, options.seed)
        tell(read.problems, services.console)
        seeds, others = read.seeds, read.others
    categories = list(dict.fromkeys(one.category.name for one in seeds))
    _known("category", options.categories, categories, "--category", "GAO-ARENA-420")
    _known("generator", options.generators, GENERATORS, "--generator", "GAO-ARENA-421")
    tool = options.tool or _tool_of(ground, services)
    untested = tuple(_untested(ground, tool=tool, canary=canary))
    without = {one.what for one in untested}
    wanted = [
        one
        for one in seeds
        if one.category.name in (options.categories or categories) and one.category.goal not in without
    ]
    generators = [
        one
        for one in options.generators or GENERATORS
        if "document" not in without or not one.startswith("document")
    ]
    drawn = make_attacks(wanted, generators, seed=options.seed, limit=options.limit, tool=tool)
    if not drawn:
        raise _nothing(untested)
    possible = count_attacks(wanted, generators, tool=tool) + others
    return Arsenal(tuple(drawn), possible, len({one.seed for one in drawn}), untested)


def _untested(ground: Ground, *, tool: str, canary: bool) -> Iterator[Untested]:
    """Yield what cannot be tried: the goal of attacks (`prompt`, `tool`), or `document`, and why."""
    if not tool:
        why = "no tool is known: neither guard.yaml nor a case names one that writes, and --tool names none"
        yield Untested(what="tool", why=why)
    if not canary:
        yield Untested(what="prompt", why=f"{_unplanted(ground)}, so that no canary can be planted")
    if ground.project.app.url is not None or not ground.project.knowledge:
        yield Untested(what="document", why="the project has no documents that its app searches")


def _unplanted(ground: Ground) -> str:
    """Return why no prompt of the app takes a canary."""
    if ground.project.app.url is not None:
        return "the app answers at an address, and its prompts are there"
    if any((ground.exported.root / "prompts").glob("**/*.md")):
        return "no file in prompts/ has a turn (a line `# system`, `# user` or `# assistant` above its text)"
    return "the app's prompts are not in prompts/*.md"


def _nothing(untested: Sequence[Untested]) -> UserError:
    return UserError(
        "GAO-ARENA-422",
        "no attack of those asked for can be tried",
        why="; ".join(f"{one.what}: {one.why}" for one in untested) or "no seed comes in by these generators",
        fix="ask for other categories and generators, or mend what is named",
    )


def _first_suite(project: Project) -> str:
    return next(iter(project.suites)) if len(project.suites) > 1 else only_suite(project, project)


def _tool_of(ground: Ground, services: Services) -> str:
    """Return the first tool that writes, as the guard says, else the first that a case names."""
    guard = services.guard(ground.project)
    for name, entry in guard.policy.tools.items() if guard else ():
        if entry.effect == "write":
            return name
    for case in ground.cases:
        called = wanted_calls(case) or ()
        listed = wanted_tools(case)
        for name in (
            *(one.name for one in called),
            *(name for key in TOOL_LISTS for name in listed.get(key, ())),
        ):
            return name
    return ""


def _known(what: str, given: Sequence[str], known: Sequence[str], option: str, code: str) -> None:
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            raise UserError(
                code,
                f"there is no {what} {name!r}",
                why=f"known: {', '.join(known[:40])}",
                fix=f"did you mean {near[0]!r}?" if near else "name one of these",
                where=option,
            )
