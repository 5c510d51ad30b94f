"""Which role may do what: one table. What does not stand in it, nobody may do."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from genaiops.access.model import Role

_ALL: frozenset[Role] = frozenset(("viewer", "builder", "reviewer", "risk", "admin"))
_MAKERS: frozenset[Role] = frozenset(("builder", "admin"))
_JUDGES: frozenset[Role] = frozenset(("reviewer", "risk"))
_RULERS: frozenset[Role] = frozenset(("risk", "admin"))
_ADMIN: frozenset[Role] = frozenset(("admin",))

# an admin rules over people and approves nothing: whoever hands out roles shall not be all of them at once
PERMISSIONS: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        "artifact.read": _ALL,
        "artifact.read_sensitive": _MAKERS | _JUDGES,
        "artifact.publish": _MAKERS,
        "artifact.deprecate": _MAKERS,
        "content.remove": _ADMIN,
        "alias.move": _MAKERS,
        "alias.override": _ADMIN,
        "approval.give": _JUDGES,
        "policy.set": _RULERS,
        "people.read": _ALL,
        "people.change": _ADMIN,
        "role.change": _ADMIN,
        "key.own": _ALL,
        "key.change": _ADMIN,
        "audit.read": _RULERS,
        "subject.erase": _RULERS,
    }
)


def allowed(roles: Collection[str], action: str) -> bool:
    """Say whether one of `roles` may do `action`; an unknown role or action is none."""
    return not PERMISSIONS.get(action, frozenset()).isdisjoint(roles)
