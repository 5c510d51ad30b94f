"""What the guard says: an action, what it rests on, and what failed on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from genaiops.core import Digest, Finding

Action = Literal["allow", "flag", "redact", "ask", "block"]
"""Let it pass; pass and be counted; pass without what was found; a person decides; stop."""

ACTIONS: tuple[Action, ...] = get_args(Action)
"""The actions, the mildest first: of several the last counts."""

FailedKind = Literal["raised", "late", "busy", "nonsense", "too_much"]
"""How a detector fails: it raised; took longer than it may, or hangs still with this text; is with as many
others as it may be at once; answered what cannot be; or the text holds more than it can look at in time."""

Refusal = Literal["", "too_long", "not_text"]
"""Why a text was not looked at: over the policy's `max_bytes`, or no text (bad UTF-8, half a character)."""


class TooMuch(Exception):
    """A detector meets more candidates than it may check: the text is refused rather than waited for.

    `found` is what it had found by then: it counts, whatever the policy's `fail` is.
    """

    def __init__(self, found: Sequence[Finding] = ()) -> None:
        super().__init__("more candidates than may be checked")
        self.found = tuple(found)


@dataclass(frozen=True, slots=True)
class Failed:
    """A detector that gave no answer. The policy's `fail` says what that means; never silently nothing."""

    detector: str
    kind: FailedKind


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding and what the policy makes of it; `by` names the rule or exception, empty where none fits."""

    finding: Finding
    action: Action
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardResult:
    """What becomes of one text.

    `text` is what may go on: as it came, or redacted; empty where it is stopped or a person must decide.
    `score`, from 0 to 1, is the highest confidence among findings that some rule, whatever its threshold,
    blocks or asks about; 1 where a failure or a refusal stops the text. `message` is for the user and never
    says what was found. `policy` is the digest of the policy and of its detectors' versions.
    """

    action: Action
    text: str
    policy: Digest
    score: float = 0.0
    findings: tuple[Judged, ...] = ()
    failed: tuple[Failed, ...] = ()
    refused: Refusal = ""
    message: str = ""

    @property
    def passes(self) -> bool:
        """Whether `text` may go on."""
        return self.action not in ("ask", "block")
