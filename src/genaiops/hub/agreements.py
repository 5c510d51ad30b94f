"""How a project works together, as a page: who proposes, reviews, approves and releases, and what must hold.

Nothing on it is written by hand: rights are the table of `genaiops.access`, people are those who hold a role
now, conditions are the policy's in force. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from genaiops.access import PERMISSIONS
from genaiops.core import check_rule, one_line
from genaiops.hub.model import Move, Version
from genaiops.hub.policy import APPROVALS, EVIDENCE_FACTS, OTHER_FACTS, PolicyFile

_STEPS: Mapping[str, str] = {
    "artifact.publish": "propose: publish a version",
    "approval.give": "review: approve exactly one version",
    "alias.move": "release, and go back: move an alias",
    "alias.override": "release in an emergency, against the policy",
    "artifact.deprecate": "say that a version is not to be used any more",
    "policy.set": "change this policy",
    "audit.read": "read the audit log",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreements:
    """What holds in a project: its policy in force with the move that put it there, and who has which role.

    Without a policy any version may be released. `holders` are accounts by role; empty where the Hub has no
    users and whoever sits at the machine may do everything.
    """

    project: str
    policy: PolicyFile | None = None
    version: Version | None = None
    move: Move | None = None
    holders: Mapping[str, Sequence[str]]


def page(agreed: Agreements) -> str:
    """Return the agreements as Markdown."""
    return "\n".join((*_head(agreed), *_who(agreed), *_what(agreed), *_otherwise(agreed), ""))


def _head(agreed: Agreements) -> Iterator[str]:
    yield f"# Working agreements: {agreed.project}"
    yield ""
    if agreed.version is None or agreed.move is None:
        yield "No policy is in force: any version may get any alias; `genaiops hub policy FILE` sets one."
    else:
        because = f": {one_line(agreed.move.why)}" if agreed.move.why else ""
        yield f"Policy `{agreed.version.reference}`."
        yield f"In force since {agreed.move.at}, by {one_line(agreed.move.by)}{because}."
    yield ""


def _who(agreed: Agreements) -> Iterator[str]:
    yield "## Who does what"
    yield ""
    yield "| step | roles | people now |"
    yield "|---|---|---|"
    for action, words in _STEPS.items():
        roles = sorted(PERMISSIONS[action])
        people = sorted({name for role in roles for name in agreed.holders.get(role, ())})
        yield f"| {words} | {', '.join(roles)} | {', '.join(map(_cell, people)) or _nobody(agreed)} |"
    yield ""


def _nobody(agreed: Agreements) -> str:
    return "**nobody**" if agreed.holders else "whoever uses this folder"


def _what(agreed: Agreements) -> Iterator[str]:
    if agreed.policy is None:
        return
    for kind, aliases in agreed.policy.require.items():
        for alias, conditions in aliases.items():
            yield f"## Before a version of `{kind}` becomes `{alias}`"
            yield ""
            yield "All of these hold, with one and the same piece of evidence, which the Hub recomputes:"
            yield ""
            for name, rule in conditions.items():
                yield f"- **{_cell(name)}**: `{rule}`"
                yield from (f"  - `{fact}`: {_meaning(fact)}" for fact in sorted(check_rule(rule)))
            yield ""


def _otherwise(agreed: Agreements) -> Iterator[str]:
    yield "## In an emergency"
    yield ""
    yield "An override moves an alias although a condition does not hold. It needs a reason, a ticket and an"
    yield "end within 24 hours, and is shown wherever the alias is. Going back (`genaiops hub rollback`)"
    yield "asks no condition, only a reason."


def _meaning(fact: str) -> str:
    if fact.startswith(APPROVALS):
        return f"how many people approved exactly this version as {fact.removeprefix(APPROVALS)}"
    return {**EVIDENCE_FACTS, **OTHER_FACTS}[fact]


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")
