"""What must hold before an alias moves: policy.yaml, and the facts that its conditions may read.

A condition is a rule over numbers (`genaiops.core.check_rule`), and only over what the Hub found out itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field

from genaiops.access import PERMISSIONS
from genaiops.core import (
    Composed,
    Digest,
    FileEntry,
    Json,
    Read,
    UserError,
    check_rule,
    decode,
    evaluate_rule,
    read_yaml,
    typed_kind,
)
from genaiops.hub.differences import diff_json
from genaiops.hub.model import Approval, CheckedEvidence, Condition

IN_FORCE = "in-force"
"""The alias that says which version of a policy counts."""

NO_PROJECT = "default"
"""The name of the policy for artifacts without a project."""

EVIDENCE_FACTS: Mapping[str, str] = {
    "evidence.pass": "1 where the verdict is pass, recomputed by the Hub, and nothing about it failed",
    "evidence.signed": "1 where a key that is known here signed it, this user's own included, or a trusted "
    "identity vouched for it",
    "evidence.signed_trusted": "1 where one of those that were put among the trusted ones signed or vouched",
    "evidence.signed_ci": "1 where one of those that are kept as a CI runner's did",
    "evidence.signed_human": "1 where one of those that are kept as a person's did",
    "evidence.scores_recomputed": "1 where the scores were computed again from the outputs",
    "evidence.lock_base": "1 where the suite was in the baseline's history",
    "evidence.lock_hub": "1 where the suite was in this Hub before the run began",
    "evidence.age_days": "days since the run ended, or since the Hub first saw it, whichever is longer ago",
    "evidence.attempts": "how often this app was tried on this suite",
    "evidence.verdicts_on_dataset": "how many verdicts there were on this dataset",
}
OTHER_FACTS: Mapping[str, str] = {
    "author_is_approver": "1 where the person who first published the version approved it",
}
APPROVALS = "approvals."
"""`approvals.ROLE`: how many people approved exactly this version in that role."""

APPROVERS: tuple[str, ...] = tuple(sorted(PERMISSIONS["approval.give"]))
"""The roles in which somebody may approve."""

_SECONDS_A_DAY = 86_400
_Pattern = Annotated[str, Field(pattern=r"^[a-z0-9*?][a-z0-9*?._-]*$")]
Conditions = dict[Annotated[str, Field(min_length=1, max_length=80)], str]


class PolicyFile(BaseModel):
    """policy.yaml: for each kind, for each alias, conditions by name. `*` and `?` stand for any characters.

    `project` is the project whose artifacts it governs; without it, those of no project.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$")] | None = None
    require: dict[_Pattern, dict[_Pattern, Conditions]]


def _compose(files: Sequence[FileEntry], read: Read) -> Composed:
    if len(files) != 1:
        raise UserError(
            "GAO-HUB-043", "a policy is one file", why=f"there are {len(files)}", fix="push one policy.yaml"
        )
    text = b"".join(read(Digest(files[0].digest))).decode("utf-8", "replace")
    policy = read_policy(text, files[0].path)
    return Composed(manifest=cast("dict[str, Json]", policy.model_dump(mode="json")), blobs={})


POLICY_KIND = typed_kind("policy", PolicyFile, diff=diff_json, compose=_compose)
"""A policy: what must hold before aliases of a project move."""


def read_policy(text: str, where: str) -> PolicyFile:
    """Return the policy in `text`; raises `UserError` naming the key, or the rule, that does not fit."""
    policy = decode(PolicyFile, read_yaml(text, where).value, where=where, code="GAO-HUB-040")
    for kind, aliases in policy.require.items():
        for alias, conditions in aliases.items():
            for name, rule in conditions.items():
                _known(check_rule(rule), f"{where}: require.{kind}.{alias}.{name}")
    return policy


def conditions_for(policy: PolicyFile, kind: str, alias: str) -> dict[str, str]:
    """Return every condition of the patterns that fit; of two with one name, both count."""
    found: dict[str, str] = {}
    for kinds, aliases in policy.require.items():
        for pattern, conditions in aliases.items():
            if fnmatchcase(kind, kinds) and fnmatchcase(alias, pattern):
                for name, rule in conditions.items():
                    found[name if found.get(name, rule) == rule else f"{name} ({kinds}, {pattern})"] = rule
    return found


def reads_evidence(conditions: Mapping[str, str]) -> bool:
    """Return whether any condition reads a fact of evidence."""
    return any(name in EVIDENCE_FACTS for rule in conditions.values() for name in check_rule(rule))


def evaluate(conditions: Mapping[str, str], facts: Mapping[str, float | None]) -> tuple[Condition, ...]:
    """Return what each condition says; an approval role that nobody used counts 0."""
    return tuple(
        Condition(name=name, result=evaluate_rule(rule, {**_no_approvals(rule), **facts}))
        for name, rule in conditions.items()
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of evidence about a version, and whether its suite was in the Hub before the run."""

    evidence: CheckedEvidence
    suite_was_here: bool


def facts_of(
    found: Found | None, approvals: Sequence[Approval], author: str | None, now: datetime
) -> dict[str, float | None]:
    """Return the facts of one version with one piece of evidence about it, or with none.

    What is not known is None: who the author is, where nobody was named when the version was published.
    """
    facts: dict[str, float | None] = dict.fromkeys((*EVIDENCE_FACTS, *OTHER_FACTS))
    for role in {approval.role for approval in approvals}:
        people = {approval.by for approval in approvals if approval.role == role}
        facts[f"{APPROVALS}{role}"] = len(people)
    own = any(approval.by == author for approval in approvals)
    # a name without an account behind it, as of the local user, says nothing about who another name is
    if author is not None and (own or not approvals or ":" in author):
        facts["author_is_approver"] = own
    return facts | (_of_evidence(found, now) if found else {})


def _of_evidence(found: Found, now: datetime) -> dict[str, float | None]:
    facts, seen = found.evidence.facts, datetime.fromisoformat(found.evidence.first_at)
    ended = datetime.fromisoformat(facts.finished_at) if facts.finished_at else seen
    signed = facts.accepted and facts.signer is not None
    vouched = {each.role for each in found.evidence.vouchers}
    roles = {*vouched, facts.signer_role if facts.accepted else None}
    return {
        "evidence.pass": found.evidence.accepted and facts.outcome == "pass",
        "evidence.signed": signed or bool(vouched),
        "evidence.signed_trusted": (signed and not facts.own_key) or bool(vouched),
        "evidence.signed_ci": "ci" in roles,
        "evidence.signed_human": "human" in roles,
        "evidence.scores_recomputed": facts.scores_recomputed,
        "evidence.lock_base": facts.lock == "base",
        "evidence.lock_hub": found.suite_was_here,
        "evidence.age_days": (now - min(seen, ended)).total_seconds() / _SECONDS_A_DAY,
        "evidence.attempts": facts.attempts,
        "evidence.verdicts_on_dataset": facts.verdicts_on_dataset,
    }


def _no_approvals(rule: str) -> dict[str, float | None]:
    return {name: 0.0 for name in check_rule(rule) if name.startswith(APPROVALS)}


def _known(names: Iterable[str], where: str) -> None:
    known = [*EVIDENCE_FACTS, *OTHER_FACTS]
    for name in sorted(names):
        role = name.removeprefix(APPROVALS)
        if name not in known and (role == name or role not in APPROVERS):
            close = get_close_matches(name, known, 1)
            raise UserError(
                "GAO-HUB-041",
                f"no condition can read {name}",
                why=f"the facts are {', '.join([*known, *(APPROVALS + role for role in APPROVERS)])}",
                fix=f"did you mean {close[0]}?" if close else "read one of these",
                where=where,
            )
