"""Whose content a version holds: the pseudonyms on its boxes. What is in them nobody here can read."""

from genaiops.access import Sealed
from genaiops.core import SEALED, Digest, Manifest, Read, decode_json, split_lines

LONGEST_BOX = 32 * 1024 * 1024


def subjects_of(manifest: Manifest, read: Read) -> frozenset[str]:
    """Return the pseudonyms of the people whose rows are sealed in a version; none where nothing is.

    Raises `UserError` where its boxes are none.
    """
    digest = manifest.get(SEALED)
    if not isinstance(digest, str):
        return frozenset()
    lines = split_lines(read(Digest(digest)), LONGEST_BOX, SEALED)
    return frozenset(decode_json(Sealed, line, where=SEALED).subject for line in lines if line)
