"""What is kept: a database and content-addressed blobs, in the project's `.genaiops` folder or elsewhere.

`Store.open` gives a `Database` (one writer at a time, any number of readers) and `Blobs`: SQLite and files,
or PostgreSQL and an S3-compatible bucket where the environment names them, with one behaviour. Whatever is
written is whole or absent; a full disk or a second writer is an error in words, never half a file.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.store.faults import disk_error
    from genaiops.store.files import write_new, write_pieces
    from genaiops.store.schema import freeze_rows
    from genaiops.store.seams import Blobs, Database
    from genaiops.store.store import Store, find_store

__all__ = [
    "Blobs", "Database", "Store", "disk_error", "find_store", "freeze_rows", "write_new", "write_pieces",
]  # fmt: skip

__getattr__ = attach(
    __name__,
    {
        "Blobs": "seams",
        "Database": "seams",
        "Store": "store",
        "disk_error": "faults",
        "find_store": "store",
        "freeze_rows": "schema",
        "write_new": "files",
        "write_pieces": "files",
    },
)
