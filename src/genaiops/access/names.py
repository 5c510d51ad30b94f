"""How accounts, groups and projects are called: small letters, so that no two names differ only by case."""

import re

from genaiops.access import faults
from genaiops.access.model import EVERYWHERE

KINDS = {"user": "user", "service": "service account", "group": "group"}
_NAME = re.compile(r"[a-z0-9]+(?:[._@-][a-z0-9]+)*")
_PROJECT = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_LONGEST = 100


def is_name(text: str) -> bool:
    """Say whether an account or a group may have this name."""
    return len(text) <= _LONGEST and _NAME.fullmatch(text) is not None


def check_subject(subject: str) -> None:
    """Raise `UserError` where `subject` is not of the form `user:NAME`, `service:NAME` or `group:NAME`."""
    kind, _, name = subject.partition(":")
    if kind not in KINDS or not is_name(name):
        raise faults.bad_name(name or subject, KINDS.get(kind, "user, service account or group"))


def check_project_name(name: str) -> None:
    """Raise `UserError` where no project can have this name; `*` stands for all projects."""
    if name != EVERYWHERE and (len(name) > _LONGEST or not _PROJECT.fullmatch(name)):
        raise faults.bad_name(name, "project")
