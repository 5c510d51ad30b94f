"""Behind the back of a store's blobs: what lies there, and what somebody else did to it."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from tests.support import stores

from genaiops.core import Digest, hex_of


class Folder:
    """The folder of blobs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Return the names of all files, unfinished ones too."""
        return [path.name for path in self._folder.rglob("*") if path.is_file()]

    def replace(self, digest: Digest, content: bytes) -> None:
        """Put other bytes in the place of a blob's."""
        name = hex_of(digest)
        (self._folder / name[:2] / name).write_bytes(content)


class Bucket:
    """The bucket that the environment names, seen by another client."""

    def __init__(self) -> None:
        self._prefix = urlsplit(os.environ["GENAIOPS_BLOBS"]).path.strip("/") + "/"
        self._client = stores.client(stores.object_store())

    def names(self) -> list[str]:
        """Return the names of all objects, and the keys of unfinished uploads."""
        found = self._client.list_objects_v2(Bucket=stores.BUCKET, Prefix=self._prefix)
        begun = self._client.list_multipart_uploads(Bucket=stores.BUCKET, Prefix=self._prefix)
        entries = [*found.get("Contents", []), *begun.get("Uploads", [])]
        return [entry["Key"].rpartition("/")[2] for entry in entries]

    def replace(self, digest: Digest, content: bytes) -> None:
        """Put other bytes in the place of a blob's."""
        name = hex_of(digest)
        key = f"{self._prefix}{name[:2]}/{name}"
        self._client.put_object(Bucket=stores.BUCKET, Key=key, Body=content)
