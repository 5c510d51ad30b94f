"""What can be wrong with what people ask about aliases, approvals and deprecation, in words."""

from collections.abc import Iterable

from genaiops.core import Conflict, GateSaidNo, UserError, one_line
from genaiops.hub.model import Condition, Deprecation, Move, Version
from genaiops.hub.ruling import Ruling


def bad_alias(alias: str) -> UserError:
    """Return the error for what cannot be an alias."""
    return UserError(
        "GAO-HUB-020",
        f"{alias!r} cannot be an alias",
        why="an alias is lower-case letters and digits, with . _ - between them; it is not 'latest', and it "
        "does not look like a number (v3)",
        fix="for example prod or staging",
    )


def other_artifact(artifact: str, version: Version) -> UserError:
    """Return the error for pointing an alias at a version of something else."""
    return UserError(
        "GAO-HUB-021",
        f"an alias of {artifact} cannot point at {version.short}",
        why="it is a version of another artifact",
        fix=f"name a version of {artifact}: genaiops hub list --name {artifact.rpartition('/')[2]}",
    )


def moved_meanwhile(alias: str, last: Move | None, read: str) -> UserError:
    """Return the error for a move that rests on what the alias no longer says."""
    if last is None:
        why = f"it is not set, and you expected {read}"
    else:
        because = f": {last.why}" if last.why else ""
        why = f"{last.by} moved it to {last.to_version} at {last.at}{because}"
    return Conflict(
        "GAO-HUB-022",
        f"{alias} is not where you saw it",
        why=why,
        fix=f"look again (genaiops hub log {alias}), then decide",
    )


def deprecated(version: Version, deprecation: Deprecation) -> UserError:
    """Return the error for pointing an alias at what should not be used any more."""
    return Conflict(
        "GAO-HUB-023",
        f"{version.short} is deprecated",
        why=f"{deprecation.by} at {deprecation.at}: {deprecation.reason}",
        fix=(f"use {deprecation.successor}, or " if deprecation.successor else "use another, or ")
        + "say --allow-deprecated",
    )


def nothing_before(alias: str) -> UserError:
    """Return the error for a rollback that has nowhere to go."""
    return Conflict(
        "GAO-HUB-024",
        f"{alias} cannot be rolled back",
        why="no other version was live before, apart from overrides",
        fix="move it to a version by name: genaiops hub promote",
    )


def not_an_alias(text: str) -> UserError:
    """Return the error for a reference where an alias has to be named."""
    return UserError(
        "GAO-HUB-025",
        f"{text!r} names no alias",
        why="what was live is asked of an alias",
        fix="for example app/rag-assistant:prod",
    )


def not_an_artifact(text: str) -> UserError:
    """Return the error for a reference that says more than which artifact."""
    return UserError(
        "GAO-HUB-035",
        f"{text!r} names a version",
        why="an alias is of an artifact",
        fix=f"write {text.partition('@')[0].partition(':')[0]}, then the alias, then the version",
    )


def not_exact(text: str, version: Version) -> UserError:
    """Return the error for deciding about a version by a name that may mean another one tomorrow."""
    return UserError(
        "GAO-HUB-026",
        f"{text!r} may name another version tomorrow",
        why="an approval or a deprecation is about exactly one version",
        fix=f"name it by its number or digest, today {version.short}",
    )


def policy_says_no(version: Version, alias: str, ruling: Ruling) -> GateSaidNo:
    """Return the refusal of a policy: which conditions do not hold, with their facts."""
    return GateSaidNo(
        "GAO-HUB-027",
        f"{version.short} may not become {alias}: "
        f"{len(ruling.failed)} of {len(ruling.conditions)} conditions do not hold",
        why="; ".join([*map(condition_line, ruling.failed), *ruling.useless]),
        fix="meet them and ask again; in an emergency: --override --why … --ticket … --expires …",
        where=ruling.policy.short if ruling.policy else "",
    )


def condition_line(condition: Condition) -> str:
    """Return a condition with the facts that it read, on one line."""
    result = condition.result
    said = {"true": "holds", "false": "does not hold", "inconclusive": "cannot be decided"}[result.outcome]
    known = [f"{name} = {value:g}" for name, value in result.facts.items() if value is not None]
    facts = ", ".join([*known, result.reason] if result.reason else known)
    return f"{condition.name}: {result.rule} {said} ({facts})"


def bad_override(why: str) -> UserError:
    """Return the error for an override that lacks what makes it answerable."""
    return UserError(
        "GAO-HUB-028",
        "this is not an override",
        why=why,
        fix="--override --why REASON --ticket ID --expires TIME, at most 24 hours from now",
    )


def missing_words(what: str, option: str) -> UserError:
    """Return the error for a decision without its reason."""
    return UserError(
        "GAO-HUB-029",
        f"{what} needs a reason",
        why="others will read it in the history",
        fix=f"say {option} …",
    )


def bad_role(role: str, known: Iterable[str]) -> UserError:
    """Return the error for a role in which nobody can approve."""
    return UserError(
        "GAO-HUB-030",
        f"nobody approves as {one_line(role, 60)!r}",
        why="an approval is given in a role that may do so",
        fix=f"approve as {' or '.join(known)}",
    )


def not_in_role(who: str, role: str, held: Iterable[str]) -> UserError:
    """Return the error for approving in a role that somebody does not hold."""
    return UserError(
        "GAO-HUB-080",
        f"{who} cannot approve as {role}",
        why=f"an approval counts for a role that its author holds; held: {', '.join(sorted(held))}",
        fix="approve in a role of yours, or ask an admin: genaiops access role grant",
    )


def bad_time(text: str) -> UserError:
    """Return the error for a time that cannot be read."""
    return UserError(
        "GAO-HUB-031",
        f"{text!r} is not a time",
        why="a time is a date, or date and time as in ISO 8601; without an offset it is UTC",
        fix="for example 2026-03-03 or 2026-03-03T14:00Z",
    )


def bad_successor(version: Version, successor: Version) -> UserError:
    """Return the error for a successor that cannot stand in."""
    return UserError(
        "GAO-HUB-032",
        f"{successor.short} cannot follow {version.short}",
        why="it is the same version" if successor.digest == version.digest else "it is of another kind",
        fix="name another version of that kind",
    )


def not_evidence(version: Version) -> UserError:
    """Return the error for vouching for what is no evidence."""
    return UserError(
        "GAO-HUB-093",
        f"{version.short} is not evidence",
        why="an identity vouches for the signed statement of evidence",
        fix="name the evidence of a run: genaiops hub list --kind evidence",
    )


def no_token(why: str, where: str) -> UserError:
    """Return the error for a file that holds no token."""
    return UserError(
        "GAO-HUB-094",
        "the token cannot be read",
        why=why,
        fix="name a file that holds the token alone, or - to give it on stdin",
        where=where,
    )
