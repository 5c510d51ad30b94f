"""What is kept: a database and content-addressed blobs, in the project's `.genaiops` folder or elsewhere.

`Store.open` gives a `Database` (one writer at a time, any number of readers) and `Blobs`: SQLite and files,
or PostgreSQL and an S3-compatible bucket where the environment names them, with one behaviour. Whatever is
written is whole or absent; a full disk or a second writer is an error in words, never half a file.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.store.faults import disk_error
    from genaiops.store.locks import hold
    from genaiops.store.places import file_database, shared_database
    from genaiops.store.schema import freeze
    from genaiops.store.seams import Blobs, Database
    from genaiops.store.store import Store, find_store
    from genaiops.store.streams import write_new, write_whole

__all__ = [
    "Blobs", "Database", "Store", "disk_error", "file_database", "find_store", "freeze", "hold",
    "shared_database", "write_new", "write_whole",
]  # fmt: skip

__getattr__ = attach(
    __name__,
    {
        "Blobs": "seams",
        "Database": "seams",
        "Store": "store",
        "disk_error": "faults",
        "file_database": "places",
        "find_store": "store",
        "freeze": "schema",
        "shared_database": "places",
        "hold": "locks",
        "write_new": "streams",
        "write_whole": "streams",
    },
)
