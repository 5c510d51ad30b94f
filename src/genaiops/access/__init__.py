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
    from genaiops.access.caller import KEY, URL, acting, check_at_hand, given_key
    from genaiops.access.checkpoints import checkpoint, read_anchor
    from genaiops.access.checks import LOCAL, enabled, has_users, principal_of, projects, require, roles
    from genaiops.access.keys import authenticate_key
    from genaiops.access.limits import Limit, Rate
    from genaiops.access.model import EVERYWHERE, AuditResult, Break, Checkpoint, Entry, Event, SignerRole
    from genaiops.access.names import check_project_name
    from genaiops.access.people import grants
    from genaiops.access.permissions import PERMISSIONS
    from genaiops.access.sessions import authenticate_session
    from genaiops.access.signers import OWN, KnownKey, known_keys, signing_key, trusted_folder
    from genaiops.access.tables import prepare
    from genaiops.access.vault import Erased, Sealed, Vault, note_use

_FILES = {
    "accounts": "set_password sign_in",
    "caller": "KEY URL acting check_at_hand given_key",
    "audit": "append entries verify",
    "checkpoints": "checkpoint read_anchor",
    "checks": "LOCAL enabled has_users principal_of projects require roles",
    "keys": "authenticate_key",
    "limits": "Limit Rate",
    "model": "EVERYWHERE AuditResult Break Checkpoint Entry Event SignerRole",
    "names": "check_project_name",
    "people": "grants",
    "permissions": "PERMISSIONS",
    "sessions": "authenticate_session",
    "signers": "OWN KnownKey known_keys signing_key trusted_folder",
    "tables": "prepare",
    "vault": "Erased Sealed Vault note_use",
}

__all__ = [
    "EVERYWHERE", "KEY", "LOCAL", "OWN", "PERMISSIONS", "URL", "AuditResult", "Break", "Checkpoint", "Entry",
    "Erased", "Event", "KnownKey", "Limit", "Rate", "Sealed", "SignerRole", "Vault", "acting", "append",
    "authenticate_key", "authenticate_session", "check_at_hand", "check_project_name", "checkpoint",
    "enabled", "entries", "given_key", "grants", "has_users", "known_keys", "note_use", "prepare",
    "principal_of", "projects", "read_anchor", "require", "roles", "set_password", "sign_in", "signing_key",
    "trusted_folder", "verify",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
