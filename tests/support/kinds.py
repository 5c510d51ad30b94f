"""What a kind's diff is given where no blob may be read."""

from collections.abc import Iterator

from genaiops.core import Digest


def no_blob(digest: Digest) -> Iterator[bytes]:
    """Fail: what is compared stands in the manifests."""
    raise AssertionError(f"{digest} was read")
