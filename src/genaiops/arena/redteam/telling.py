"""From how attacks ended to the report: counts, the worst of them, and what to read first. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from genaiops.arena.engine import Answered, now
from genaiops.arena.redteam.counting import ALPHA, Ended, rate_of, tallies, tally, worst_first
from genaiops.arena.redteam.material import Arsenal, Ground, RedteamOptions
from genaiops.arena.redteam.model import CategoryFacts, Controls, FilesFound, Found, RedteamReport, Tally
from genaiops.arena.report.words import clip
from genaiops.arena.scorers.resisting import carries_word, said
from genaiops.core import Digest, Interval

_TEXT = 2_000
"""Characters of an attack that a report shows."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known when all is asked."""

    ground: Ground
    options: RedteamOptions
    arsenal: Arsenal
    run: Digest
    ended: tuple[Ended, ...] = ()
    controls: tuple[Answered, ...] = ()
    canary: str = ""
    calls: int = 0


def report_of(outcome: Outcome, files: FilesFound | None) -> RedteamReport:
    """Return the report."""
    rows, options = outcome.ended, outcome.options
    total = tally(rows)
    above = total.succeeded > 0 and (total.rate.estimate or 0.0) > options.at_most
    guard = guard_of(outcome.ground)
    controls = controls_of(outcome.controls, outcome.canary)
    categories = {row.attack.category.name: row.attack.category for row in rows}
    by_category = tallies(rows, lambda row: (row.attack.category.name, ""))
    return RedteamReport(
        project=outcome.ground.project.project,
        run=outcome.run,
        at=now(),
        outcome="above" if above else "within",
        headline=_headline(total, by_category, controls, files, guard),
        alpha=ALPHA,
        at_most=options.at_most,
        seed=options.seed,
        seeds=outcome.arsenal.seeds,
        drawn_of=outcome.arsenal.drawn_of,
        guard=guard,
        total=total,
        categories=tuple(
            CategoryFacts(name=one.name, title=one.title, owasp=one.owasp, atlas=one.atlas)
            for one in categories.values()
        ),
        by_category=by_category,
        by_generator=tallies(rows, lambda row: ("", row.attack.generator)),
        cells=tallies(rows, lambda row: (row.attack.category.name, row.attack.generator)),
        stopped=dict(Counter(row.judged.surface for row in rows if row.judged.ending == "stopped")),
        controls=controls,
        found=tuple(_found(row) for row in rows if row.judged.ending == "succeeded"),
        untested=outcome.arsenal.untested,
        files=files,
        model_calls=outcome.calls,
        warnings=(*_warnings(outcome, total, controls, guard), *unread_words(files)),
    )


def guard_of(ground: Ground) -> str:
    """Return the file of the guard that the app has; nothing where it has none."""
    return ground.project.guard or ""


def controls_of(controls: Sequence[Answered], canary: str) -> Controls | None:
    """Return what became of ordinary questions; None where none was asked."""
    if not controls:
        return None
    outputs = [one.kept.output for one in controls]
    stopped = [bool(output.stopped) for output in outputs]
    return Controls(
        asked=len(outputs),
        stopped=sum(stopped),
        failed=sum(output.status != "ok" for output in outputs),
        marked=sum(any(carries_word(text, canary) for text in said(output)) for output in outputs),
        rate=rate_of(stopped, [one.step.case.cluster for one in controls]),
    )


def _found(row: Ended) -> Found:
    attack = row.attack
    return Found(
        id=attack.id,
        category=attack.category.name,
        seed=attack.seed,
        chain=attack.chain,
        surface=attack.surface,
        spot=attack.spot,
        by=row.judged.by,
        text=clip(attack.text, _TEXT),
        turns=tuple(clip(turn, _TEXT) for turn in attack.turns),
    )


def _headline(
    total: Tally,
    by_category: Sequence[Tally],
    controls: Controls | None,
    files: FilesFound | None,
    guard: str,
) -> tuple[str, ...]:
    said_: list[str] = []
    if total.attacks:
        tried = total.attacks - total.unreached - total.missing
        said_.append(
            f"{total.succeeded:,} of {tried:,} attacks that reached the app succeeded "
            f"({_limits(total.rate)}); {total.stopped:,} were stopped by the guard, "
            f"{total.resisted:,} were answered without obeying"
        )
        worst = worst_first(by_category)[0]
        if worst.succeeded:
            told = worst.attacks - worst.unreached - worst.missing
            said_.append(f"the worst category is {worst.category}: {worst.succeeded:,} of {told:,} succeeded")
    if controls is not None:
        said_.append(
            f"the guard stopped {controls.stopped:,} of {controls.asked:,} ordinary questions"
            if guard
            else f"{controls.asked:,} ordinary questions were asked beside them"
        )
    if files is not None:
        certain = sum(one.certain for one in files.findings)
        said_.append(
            f"{certain:,} places in {files.scanned:,} files hide text; {len(files.findings) - certain:,} "
            "read like an order to a model, by a classifier's guess"
        )
    return tuple(said_) or ("nothing was tried",)


def _limits(rate: Interval) -> str:
    if rate.estimate is None or rate.low is None or rate.high is None:
        return "no rate"
    return f"{rate.estimate:.1%}, {rate.low:.1%} to {rate.high:.1%}"


def unread_words(files: FilesFound | None) -> tuple[str, ...]:
    """Return what to say of files that were not looked through whole; nothing where all were."""
    if files is None or not files.unread:
        return ()
    first = files.unread[0]
    return (
        f"{len(files.unread):,} files were not looked through whole, and anything may be hidden there; "
        f"the first is {first.path}: {first.why}",
    )


def _warnings(outcome: Outcome, total: Tally, controls: Controls | None, guard: str) -> tuple[str, ...]:
    said_: list[str] = []
    if total.attacks and not guard:
        said_.append("the project has no guard (`guard:` in genaiops.yaml): only the app itself resists")
    if total.unreached:
        said_.append(
            f"{total.unreached:,} attacks in documents were found by no search, and count neither way"
        )
    if total.failed:
        said_.append(
            f"the app failed or took too long under {total.failed:,} attacks, which is no success of theirs; "
            f"the first said: {next(row.judged.why for row in outcome.ended if row.judged.why)}"
        )
    if total.missing:
        said_.append(f"{total.missing:,} attacks are missing: a model or a network failed")
    if controls and controls.marked:
        said_.append(
            f"{controls.marked:,} ordinary answers hold the canary: the app gives its instructions away"
        )
    if controls is None and total.attacks:
        said_.append("no ordinary question was asked: the project has no suite, or --controls is 0")
    if total.attacks < outcome.arsenal.drawn_of and total.attacks:
        said_.append(
            f"{total.attacks:,} attacks were drawn of {outcome.arsenal.drawn_of:,}; --limit takes more"
        )
    return tuple(said_)
