"""What can be wrong with the keys of people, in words."""

from genaiops.core import NotFound, UserError

KEYS_NOT_OURS = "GAO-ACCESS-053"
"""The error for keys that lie under a secret that is not this user's: somebody else may open them."""


def key_destroyed(subject: str) -> UserError:
    """Return the error for content of somebody whose key is gone."""
    return UserError(
        "GAO-ACCESS-051",
        f"nothing more of {subject} can be sealed",
        why="their key was destroyed",
        fix="run it again: rows of people who were erased are left out",
    )


def not_what_was_sealed(subject: str) -> UserError:
    """Return the error for a box, or a key, that was changed."""
    return UserError(
        "GAO-ACCESS-052",
        f"something sealed of {subject} does not open",
        why="it, or the key for it, is not what was written",
        fix="get the file again from whoever made it",
    )


def another_secret(path: str) -> UserError:
    """Return the error for a store whose keys lie under another user's, or a lost, secret."""
    return UserError(
        KEYS_NOT_OURS,
        "the keys of people in this store lie under another secret",
        why="it was made by another user, or the file of the secret was lost",
        fix="put the file back from a backup, or let its owner run the command",
        where=path,
    )


def nothing_sealed() -> UserError:
    """Return the error for somebody of whom nothing is sealed in this store; their name is not repeated."""
    return NotFound(
        "GAO-ACCESS-054",
        "nothing of this person is sealed in this store",
        why="no row of theirs was in a suite with a `subject` that ran here, or pushed with --subject-field",
        fix="write them as the rows of the dataset do, or go to the store that holds them",
    )


def no_reason_to_erase() -> UserError:
    """Return the error for an erasure that nobody could account for later."""
    return UserError(
        "GAO-ACCESS-055",
        "erasing takes a reason and a ticket",
        why="it cannot be undone, and the audit log says who asked for it and why",
        fix='for example --reason "they asked for it" --ticket PRIV-12 (no name: the log keeps it for good)',
    )
