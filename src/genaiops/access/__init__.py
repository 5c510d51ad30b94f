"""Who may do what, and what they did: people, keys, roles, signing keys, the audit chain.

Other rooms need two functions, and both take part in the caller's `Database.write()`: `require(connection,
principal, action, project)` raises where something is not allowed, and `append(connection, event)` writes
down that it was done. `prepare(database)` makes the tables.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.access.accounts import set_password, sign_in
    from genaiops.access.audit import append, entries, verify
    from genaiops.access.checkpoints import checkpoint, read_anchor
    from genaiops.access.checks import principal_of, require, roles
    from genaiops.access.keys import authenticate_key
    from genaiops.access.model import AuditResult, Break, Checkpoint, Entry, Event
    from genaiops.access.signers import OWN, KnownKey, known_keys, signing_key, trusted_folder
    from genaiops.access.tables import prepare

_FILES = {
    "accounts": "set_password sign_in",
    "audit": "append entries verify",
    "checkpoints": "checkpoint read_anchor",
    "checks": "principal_of require roles",
    "keys": "authenticate_key",
    "model": "AuditResult Break Checkpoint Entry Event",
    "signers": "OWN KnownKey known_keys signing_key trusted_folder",
    "tables": "prepare",
}

__all__ = [
    "OWN", "AuditResult", "Break", "Checkpoint", "Entry", "Event", "KnownKey", "append",
    "authenticate_key", "checkpoint", "entries", "known_keys", "prepare", "principal_of", "read_anchor",
    "require", "roles", "set_password", "sign_in", "signing_key", "trusted_folder", "verify",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
