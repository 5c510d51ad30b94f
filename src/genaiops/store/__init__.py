"""What is kept: one SQLite database and content-addressed blobs in the project's `.genaiops` folder.

`Store.open` gives a `Database` (one writer a process, any number of readers) and `Blobs`. Whatever is written
is whole or absent; a full disk or a second writer is an error in words, never half a file.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.store.blobs import Blobs
    from genaiops.store.database import Database
    from genaiops.store.faults import disk_error
    from genaiops.store.files import write_new, write_pieces
    from genaiops.store.store import Store, find_store

__all__ = ["Blobs", "Database", "Store", "disk_error", "find_store", "write_new", "write_pieces"]

__getattr__ = attach(
    __name__,
    {
        "Blobs": "blobs",
        "Database": "database",
        "Store": "store",
        "disk_error": "faults",
        "find_store": "store",
        "write_new": "files",
        "write_pieces": "files",
    },
)
