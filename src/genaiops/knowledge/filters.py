"""Who may read what, and which documents a search is limited to. Decided before any search."""

import difflib
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Json, Passage, UserError
from genaiops.knowledge.snapshot import Scope


def allowed_scopes(
    scopes: Sequence[Scope], groups: frozenset[str], where: Mapping[str, Json], hidden: Collection[str]
) -> NDArray[np.bool_]:
    """Return which scopes a member of `groups` may see, less the `hidden` documents, as `where` says."""
    readable = [scope.document not in hidden and _may_read(scope, groups) for scope in scopes]
    if where:
        seen = [scope for scope, may in zip(scopes, readable, strict=True) if may]
        if seen:
            # only what the asker may read tells which keys there are
            check_keys(where, {key for scope in seen for key in scope.metadata})
        readable = [
            may and all(fits(scope.metadata.get(key), value) for key, value in where.items())
            for scope, may in zip(scopes, readable, strict=True)
        ]
    return np.array(readable, dtype=np.bool_)


def readable_scopes(scopes: Sequence[Scope], groups: frozenset[str]) -> NDArray[np.bool_]:
    """Return which scopes a member of `groups` may read, withdrawn ones too: words are counted in these."""
    return np.array([_may_read(scope, groups) for scope in scopes], dtype=np.bool_)


def _may_read(scope: Scope, groups: frozenset[str]) -> bool:
    return scope.groups is None or not groups.isdisjoint(scope.groups)


def fits(found: Json, wanted: Json) -> bool:
    """Whether a document's value is the wanted one; a list on either side means any of its items."""
    values = found if isinstance(found, list) else [found]
    choices = wanted if isinstance(wanted, list) else [wanted]
    return any(value == choice and type(value) is type(choice) for value in values for choice in choices)


def check_readers(passages: Sequence[Passage]) -> None:
    """Refuse passages whose `access` is no list of names: what cannot be read must not be open to all."""
    for passage in passages:
        groups = passage.metadata.get("access", [])
        if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
            raise UserError(
                "GAO-KNOWLEDGE-025",
                "a passage's access is not a list of groups",
                fix="give metadata['access'] as a list of names, or leave it out for everyone",
                where=passage.document,
            )


def check_keys(where: Mapping[str, Json], known: Collection[str]) -> None:
    """Refuse a key that no document has which the asker may read: a misspelt filter would find nothing."""
    for key in where:
        if key not in known:
            near = difflib.get_close_matches(key, sorted(known), 1)
            raise UserError(
                "GAO-KNOWLEDGE-026",
                f"no document has the metadata key {key!r}",
                why=f"known keys: {', '.join(sorted(known)) or 'none'}",
                fix=f"did you mean {near[0]!r}?" if near else "use a key of the documents' front matter",
            )
